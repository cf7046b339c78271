// ONNX Runtime by its C API.
//
// PyPI has the library without its header. The table of functions is part of the library's ABI: it
// only ever grows at its end, so that a function keeps its place in it.

#include "peer.h"

typedef struct {
    const void *const *(*get)(unsigned version);
    const char *(*version)(void);
} api_base;

extern const api_base *OrtGetApiBase(void);

typedef void *status;

// Places in the table, as of its first version and, for bindings, of its third.
enum {
    MESSAGE = 2, CREATE_ENVIRONMENT = 3, CREATE_SESSION = 7, CREATE_OPTIONS = 10,
    SET_OPTIMISATION = 23, SET_THREADS = 24, CREATE_TENSOR = 49, CREATE_MEMORY = 69,
    RELEASE_SESSION = 95, RELEASE_VALUE = 96, RUN_BOUND = 133, CREATE_BINDING = 134,
    RELEASE_BINDING = 135, BIND_INPUT = 136, BIND_OUTPUT = 137,
};

static const void *const *api;
static void *environment, *options, *memory;
#define CALL(place, ...) ((status (*)())api[place])(__VA_ARGS__)

struct peer {
    void *session;
    // States go from one set of buffers to the other and back, so that nothing is copied.
    void *binding[2];
    void *values[32];
    int valueCount, turn;
    float *x, *y;
    size_t size;
};

static void *failure(status status, char *error) {
    snprintf(error, 512, "%s", ((const char *(*)())api[MESSAGE])(status));
    return NULL;
}

#define TRY(...)                                             \
    do {                                                     \
        status failed = __VA_ARGS__;                         \
        if (failed) return failure(failed, error);           \
    } while (0)

static void *start(char *error) {
    api = OrtGetApiBase()->get(3);
    if (!api) return strcpy(error, "no such version of the API"), NULL;
    TRY(CALL(CREATE_ENVIRONMENT, 3, "peer", &environment));
    TRY(CALL(CREATE_OPTIONS, &options));
    TRY(CALL(SET_OPTIMISATION, options, 99));
    TRY(CALL(SET_THREADS, options, 1));
    TRY(CALL(CREATE_MEMORY, 0, 0, &memory));
    return memory;
}

void *peer_open(const struct network *n, char *error) {
    if (!api && !start(error)) return NULL;
    struct peer *peer = calloc(1, sizeof *peer);
    TRY(CALL(CREATE_SESSION, environment, n->onnx, options, &peer->session));
    TRY(CALL(CREATE_BINDING, peer->session, &peer->binding[0]));
    TRY(CALL(CREATE_BINDING, peer->session, &peer->binding[1]));
    long shapes[] = {1, n->batch, n->inputs, 1, n->batch, n->hidden};
    const long *features = shapes + !n->fused, *hidden = shapes + 3 + !n->fused;
    size_t rank = 2 + n->fused;
    peer->size = (size_t)n->batch * n->inputs;
    peer->x = zeros(peer->size);
    peer->y = zeros(peer->size);
    for (int i = 0; i < 2; i++) {
        void *value;
        float *data = i == 0 ? peer->x : peer->y;
        TRY(CALL(CREATE_TENSOR, memory, data, peer->size * 4, features, rank, 1, &value));
        peer->values[peer->valueCount++] = value;
        for (int turn = 0; turn < 2; turn++)
            TRY(CALL(i == 0 ? BIND_INPUT : BIND_OUTPUT, peer->binding[turn], i == 0 ? "x" : "y",
                     value));
    }
    const char *in[] = {"h0", "h1", "c0", "c1"}, *out[] = {"h0_", "h1_", "c0_", "c1_"};
    size_t states = (size_t)n->batch * n->hidden;
    for (int i = 0; i < (n->gru ? 2 : 4); i++)
        for (int turn = 0; turn < 2; turn++) {
            void *value;
            TRY(CALL(CREATE_TENSOR, memory, zeros(states), states * 4, hidden, rank, 1, &value));
            peer->values[peer->valueCount++] = value;
            TRY(CALL(BIND_INPUT, peer->binding[turn], in[i], value));
            TRY(CALL(BIND_OUTPUT, peer->binding[1 - turn], out[i], value));
        }
    return peer;
}

static void run(struct peer *peer, int steps) {
    status (*step)(void *, void *, void *) = (status (*)(void *, void *, void *))api[RUN_BOUND];
    for (int i = 0; i < steps; i++) {
        if (step(peer->session, NULL, peer->binding[peer->turn])) abort();
        peer->turn = 1 - peer->turn;
    }
}

void peer_step(void *p, const float *x, float *y) {
    struct peer *peer = p;
    memcpy(peer->x, x, peer->size * 4);
    run(peer, 1);
    memcpy(y, peer->y, peer->size * 4);
}

double peer_run(void *p, int steps) {
    run(p, steps / 8 + 1);
    double begin = processor_nanoseconds();
    run(p, steps);
    return processor_nanoseconds() - begin;
}

void peer_close(void *p) {
    struct peer *peer = p;
    for (int i = 0; i < 2; i++) ((void (*)())api[RELEASE_BINDING])(peer->binding[i]);
    for (int i = 0; i < peer->valueCount; i++) ((void (*)())api[RELEASE_VALUE])(peer->values[i]);
    ((void (*)())api[RELEASE_SESSION])(peer->session);
    free(peer);
}
