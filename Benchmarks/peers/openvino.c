// OpenVINO by its C API.

#include <openvino/c/openvino.h>

#include "peer.h"

struct peer {
    ov_model_t *model;
    ov_compiled_model_t *compiled;
    // States go from one set of buffers to the other and back, so that nothing is copied.
    ov_infer_request_t *request[2];
    ov_tensor_t *tensors[16];
    int tensorCount, turn;
    float *x, *y;
    size_t size;
};

static ov_core_t *core;

#define TRY(...)                                                                           \
    do {                                                                                   \
        ov_status_e failed = __VA_ARGS__;                                                  \
        if (failed) return snprintf(error, 512, "%s: %s", ov_get_error_info(failed),       \
                                    ov_get_last_err_msg()), NULL;                          \
    } while (0)

void *peer_open(const struct network *n, char *error) {
    if (!core) TRY(ov_core_create(&core));
    struct peer *peer = calloc(1, sizeof *peer);
    TRY(ov_core_read_model(core, n->onnx, NULL, &peer->model));
    TRY(ov_core_compile_model(core, peer->model, "CPU", 8, &peer->compiled,
                              ov_property_key_inference_num_threads, "1",
                              ov_property_key_num_streams, "1",
                              ov_property_key_hint_inference_precision, "f32",
                              ov_property_key_hint_enable_cpu_pinning, "NO"));
    for (int turn = 0; turn < 2; turn++)
        TRY(ov_compiled_model_create_infer_request(peer->compiled, &peer->request[turn]));

    int64_t features[] = {1, n->batch, n->inputs}, hidden[] = {1, n->batch, n->hidden};
    int64_t rank = 2 + n->fused;
    ov_shape_t shape, states;
    TRY(ov_shape_create(rank, features + !n->fused, &shape));
    TRY(ov_shape_create(rank, hidden + !n->fused, &states));
    const char *in[] = {"x", "y", "h0", "h1", "c0", "c1"};
    const char *out[] = {"", "", "h0_", "h1_", "c0_", "c1_"};
    peer->size = (size_t)n->batch * n->inputs;
    for (int i = 0; i < (n->gru ? 4 : 6); i++)
        for (int copy = 0; copy < (i < 2 ? 1 : 2); copy++) {
            size_t count = (size_t)n->batch * (i < 2 ? n->inputs : n->hidden);
            float *data = zeros(count);
            ov_tensor_t *tensor;
            TRY(ov_tensor_create_from_host_ptr(F32, i < 2 ? shape : states, data, &tensor));
            peer->tensors[peer->tensorCount++] = tensor;
            if (i == 0) peer->x = data;
            if (i == 1) peer->y = data;
            if (i < 2) TRY(ov_infer_request_set_tensor(peer->request[1], in[i], tensor));
            TRY(ov_infer_request_set_tensor(peer->request[copy], in[i], tensor));
            if (i >= 2) TRY(ov_infer_request_set_tensor(peer->request[1 - copy], out[i], tensor));
        }
    return peer;
}

static void run(struct peer *peer, int steps) {
    for (int i = 0; i < steps; i++) {
        if (ov_infer_request_infer(peer->request[peer->turn])) abort();
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
    for (int i = 0; i < 2; i++) ov_infer_request_free(peer->request[i]);
    for (int i = 0; i < peer->tensorCount; i++) ov_tensor_free(peer->tensors[i]);
    ov_compiled_model_free(peer->compiled);
    ov_model_free(peer->model);
    free(peer);
}
