// OpenBLAS for the products, and gates that gcc makes vectors of.

#include <cblas.h>
#include <math.h>

#include "peer.h"

extern void openblas_set_num_threads(int threads);

struct layer {
    int inputs, hidden, gates;
    // LSTM: [inputs + hidden, 4 hidden]; GRU: [inputs, 3 hidden], then [hidden, 3 hidden].
    float *weights, *bias, *second;
    // x and h side by side, [batch, inputs + hidden], and c, [batch, hidden].
    float *both, *cell;
};

struct peer {
    int gru, batch, inputs, hidden;
    struct layer layers[2];
    float *head, *headBias, *sums, *recurrent, *top, *y;
};

static float *transposed(const float *rows, int count, int width) {
    float *out = zeros((size_t)count * width);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < width; j++) out[(size_t)j * count + i] = rows[(size_t)i * width + j];
    return out;
}

static float *copied(const float *values, int count) {
    return memcpy(zeros(count), values, count * sizeof(float));
}

/// e^x as a power of two and a polynomial of degree 5 (relative error 2.5e-7).
static inline float exponential(float x) {
    x = fminf(fmaxf(x * 1.44269504f, -126), 126);
    float whole = rintf(x), f = x - whole;
    float p = 1.327647174e-3f;
    p = p * f + 9.675541540e-3f;
    p = p * f + 5.550713276e-2f;
    p = p * f + 0.2402211972f;
    p = p * f + 0.6931469671f;
    p = p * f + 1.000000072f;
    int bits = ((int)whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

static inline float sigmoid(float x) { return 1 / (1 + exponential(-x)); }

static inline float hyperbolic(float x) {
    float e = exponential(-2 * x);
    return (1 - e) / (1 + e);
}

/// `[batch, rows] = x [batch, width, stride apart] × weights [width, rows]`
///
/// sgemm packs the weights anew in every call; for a few devices sgemv is faster one by one.
static void product(int batch, int rows, int width, const float *x, int stride,
                    const float *weights, float *out) {
    if (batch <= 6)
        for (int d = 0; d < batch; d++)
            cblas_sgemv(CblasRowMajor, CblasTrans, width, rows, 1, weights, rows,
                        x + (size_t)d * stride, 1, 0, out + (size_t)d * rows, 1);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, rows, width, 1, x, stride,
                    weights, rows, 0, out, rows);
}

static void lstm(int n, const float *restrict g, const float *restrict b, float *restrict c,
                 float *restrict h, float *restrict next) {
    for (int i = 0; i < n; i++) {
        float new = sigmoid(g[i] + b[i]) * hyperbolic(g[2 * n + i] + b[2 * n + i]);
        c[i] = sigmoid(g[n + i] + b[n + i]) * c[i] + new;
        next[i] = h[i] = sigmoid(g[3 * n + i] + b[3 * n + i]) * hyperbolic(c[i]);
    }
}

static void gru(int n, const float *restrict gx, const float *restrict gh,
                const float *restrict b, const float *restrict second, float *restrict h,
                float *restrict next) {
    for (int i = 0; i < n; i++) {
        float r = sigmoid(gx[i] + gh[i] + b[i]), z = sigmoid(gx[n + i] + gh[n + i] + b[n + i]);
        float inner = r * (gh[2 * n + i] + second[2 * n + i]);
        float new = hyperbolic(gx[2 * n + i] + b[2 * n + i] + inner);
        next[i] = h[i] = new + z * (h[i] - new);
    }
}

static void step(struct peer *p) {
    for (int l = 0; l < 2; l++) {
        struct layer *layer = &p->layers[l];
        int x = layer->inputs, n = layer->hidden, width = x + n, rows = layer->gates * n;
        const float *recurrent = layer->weights + (size_t)x * rows;
        if (p->gru) {
            product(p->batch, rows, x, layer->both, width, layer->weights, p->sums);
            product(p->batch, rows, n, layer->both + x, width, recurrent, p->recurrent);
        } else {
            product(p->batch, rows, width, layer->both, width, layer->weights, p->sums);
        }
        struct layer *upper = l == 0 ? &p->layers[1] : NULL;
        for (int d = 0; d < p->batch; d++) {
            float *h = layer->both + (size_t)d * width + x;
            float *next = upper ? upper->both + (size_t)d * 2 * n : p->top + (size_t)d * n;
            const float *g = p->sums + (size_t)d * rows;
            if (p->gru)
                gru(n, g, p->recurrent + (size_t)d * rows, layer->bias, layer->second, h, next);
            else
                lstm(n, g, layer->bias, layer->cell + (size_t)d * n, h, next);
        }
    }
    product(p->batch, p->inputs, p->hidden, p->top, p->hidden, p->head, p->y);
    for (int d = 0; d < p->batch; d++)
        for (int i = 0; i < p->inputs; i++) p->y[d * p->inputs + i] += p->headBias[i];
}

void *peer_open(const struct network *n, char *error) {
    (void)error;
    openblas_set_num_threads(1);
    struct peer *p = calloc(1, sizeof *p);
    p->gru = n->gru, p->batch = n->batch, p->inputs = n->inputs, p->hidden = n->hidden;
    int h = n->hidden, gates = n->gru ? 3 : 4, rows = gates * h;
    const float *w = n->weights;
    for (int l = 0; l < 2; l++) {
        struct layer *layer = &p->layers[l];
        int x = l == 0 ? n->inputs : h;
        float *input = transposed(w, rows, x), *recurrent = transposed(w + rows * x, rows, h);
        layer->inputs = x, layer->hidden = h, layer->gates = gates;
        layer->weights = zeros((size_t)rows * (x + h));
        memcpy(layer->weights, input, sizeof(float) * rows * x);
        memcpy(layer->weights + (size_t)rows * x, recurrent, sizeof(float) * rows * h);
        free(input), free(recurrent);
        w += (size_t)rows * (x + h);
        layer->bias = copied(w, rows);
        layer->second = copied(w + rows, rows);
        // The GRU's candidate keeps its second bias apart: the reset gate scales it.
        for (int i = 0; i < (n->gru ? 2 * h : rows); i++) layer->bias[i] += layer->second[i];
        w += 2 * rows;
        layer->both = zeros((size_t)n->batch * (x + h));
        layer->cell = zeros((size_t)n->batch * h);
    }
    p->head = transposed(w, n->inputs, h);
    p->headBias = copied(w + n->inputs * h, n->inputs);
    p->sums = zeros((size_t)n->batch * rows);
    p->recurrent = zeros((size_t)n->batch * rows);
    p->top = zeros((size_t)n->batch * h);
    p->y = zeros((size_t)n->batch * n->inputs);
    return p;
}

void peer_step(void *peer, const float *x, float *y) {
    struct peer *p = peer;
    int width = p->inputs + p->hidden;
    for (int d = 0; d < p->batch; d++)
        memcpy(p->layers[0].both + d * width, x + d * p->inputs, sizeof(float) * p->inputs);
    step(p);
    memcpy(y, p->y, sizeof(float) * p->batch * p->inputs);
}

double peer_run(void *peer, int steps) {
    for (int i = 0; i < steps / 8 + 1; i++) step(peer);
    double begin = processor_nanoseconds();
    for (int i = 0; i < steps; i++) step(peer);
    return processor_nanoseconds() - begin;
}

void peer_close(void *peer) {
    struct peer *p = peer;
    for (int l = 0; l < 2; l++) {
        struct layer *layer = &p->layers[l];
        free(layer->weights), free(layer->bias), free(layer->second);
        free(layer->both), free(layer->cell);
    }
    free(p->head), free(p->headBias), free(p->sums), free(p->recurrent), free(p->top), free(p->y);
    free(p);
}
