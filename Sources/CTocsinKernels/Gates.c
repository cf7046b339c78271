// Gate activations, forward and backward, for the three kinds of cell.
//
// The loops are plain; the compiler makes vectors of them. libm is never called: its tanhf costs
// 200 times as much, and differs from machine to machine.

#include "CTocsinKernels.h"
#include "Dispatch.h"

// 2^x for |x| <= 125: a minimax polynomial of degree 5 on [-0.5, 0.5], relative error 7.5e-8.
// The nearest integer comes from adding 1.5 × 2^23. A NaN stays one.
INLINE float power_of_two(float x) {
    const float magic = 12582912.0f;
    const float shifted = x + magic;
    const float f = x - (shifted - magic);
    uint32_t bits;
    __builtin_memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    float scale;
    __builtin_memcpy(&scale, &bits, sizeof scale);
    float p = 0.001327647174f;
    p = p * f + 0.009675541540f;
    p = p * f + 0.05550713276f;
    p = p * f + 0.2402211972f;
    p = p * f + 0.6931469671f;
    p = p * f + 1.000000072f;
    return p * scale;
}

// Comparisons that are false for a NaN, so that it passes through.
INLINE float clamp(float x, float limit) {
    x = x > limit ? limit : x;
    return x < -limit ? -limit : x;
}

// At 80 the exponential is 2^115 and the result 2^-115: nothing overflows or becomes denormal.
INLINE float sigmoid(float x) {
    return 1.0f / (1.0f + power_of_two(clamp(x, 80.0f) * -1.44269504f));
}

// At 20 the result is ±1 to the last bit. Absolute error 1.4e-7.
INLINE float hyperbolic_tangent(float x) {
    const float e = power_of_two(clamp(x, 20.0f) * -2.88539008f);
    return (1.0f - e) / (1.0f + e);
}

EVERY_INSTRUCTION_SET
void tocsin_lstm_forward(float *gates, size_t gates_start, const float *hidden_sums,
                         size_t sums_start, float *state, size_t hidden_after,
                         size_t memory_before, size_t memory_after, size_t rows, size_t size) {
    for (size_t row = 0; row < rows; row++) {
        float *a = gates + gates_start + row * 4 * size;
        const float *s = hidden_sums + sums_start + row * 4 * size;
        const float *c_before = state + memory_before + row * size;
        float *c_after = state + memory_after + row * size;
        float *h_after = state + hidden_after + row * size;
        INDEPENDENT for (size_t u = 0; u < size; u++) {
            const float i = sigmoid(a[u] + s[u]);
            const float f = sigmoid(a[size + u] + s[size + u]);
            const float g = hyperbolic_tangent(a[2 * size + u] + s[2 * size + u]);
            const float o = sigmoid(a[3 * size + u] + s[3 * size + u]);
            const float c = f * c_before[u] + i * g;
            a[u] = i;
            a[size + u] = f;
            a[2 * size + u] = g;
            a[3 * size + u] = o;
            c_after[u] = c;
            h_after[u] = o * hyperbolic_tangent(c);
        }
    }
}

EVERY_INSTRUCTION_SET
void tocsin_lstm_backward(float *gates, size_t gates_start, const float *state,
                          size_t memory_before, size_t memory_after, float *d_hidden,
                          float *d_memory, size_t rows, size_t size) {
    for (size_t row = 0; row < rows; row++) {
        float *a = gates + gates_start + row * 4 * size;
        const float *c_before = state + memory_before + row * size;
        const float *c_after = state + memory_after + row * size;
        float *dh = d_hidden + row * size;
        float *dc = d_memory + row * size;
        INDEPENDENT for (size_t u = 0; u < size; u++) {
            const float i = a[u], f = a[size + u], g = a[2 * size + u], o = a[3 * size + u];
            const float t = hyperbolic_tangent(c_after[u]);
            const float d = dc[u] + dh[u] * o * (1.0f - t * t);
            a[u] = d * g * i * (1.0f - i);
            a[size + u] = d * c_before[u] * f * (1.0f - f);
            a[2 * size + u] = d * i * (1.0f - g * g);
            a[3 * size + u] = dh[u] * t * o * (1.0f - o);
            dc[u] = d * f;
            dh[u] = 0.0f;
        }
    }
}

EVERY_INSTRUCTION_SET
void tocsin_gru_forward(float *gates, size_t gates_start, const float *hidden_sums,
                        size_t sums_start, float *state, size_t hidden_before,
                        size_t hidden_after, size_t rows, size_t size) {
    for (size_t row = 0; row < rows; row++) {
        float *a = gates + gates_start + row * 3 * size;
        const float *s = hidden_sums + sums_start + row * 3 * size;
        const float *h_before = state + hidden_before + row * size;
        float *h_after = state + hidden_after + row * size;
        INDEPENDENT for (size_t u = 0; u < size; u++) {
            const float r = sigmoid(a[u] + s[u]);
            const float z = sigmoid(a[size + u] + s[size + u]);
            const float n = hyperbolic_tangent(a[2 * size + u] + r * s[2 * size + u]);
            a[u] = r;
            a[size + u] = z;
            a[2 * size + u] = n;
            h_after[u] = (1.0f - z) * n + z * h_before[u];
        }
    }
}

EVERY_INSTRUCTION_SET
void tocsin_gru_backward(float *gates, size_t gates_start, float *hidden_sums, size_t sums_start,
                         const float *state, size_t hidden_before, float *d_hidden, size_t rows,
                         size_t size) {
    for (size_t row = 0; row < rows; row++) {
        float *a = gates + gates_start + row * 3 * size;
        float *s = hidden_sums + sums_start + row * 3 * size;
        const float *h_before = state + hidden_before + row * size;
        float *dh = d_hidden + row * size;
        INDEPENDENT for (size_t u = 0; u < size; u++) {
            const float r = a[u], z = a[size + u], n = a[2 * size + u];
            const float dn = dh[u] * (1.0f - z) * (1.0f - n * n);
            const float dr = dn * s[2 * size + u] * r * (1.0f - r);
            const float dz = dh[u] * (h_before[u] - n) * z * (1.0f - z);
            a[u] = dr;
            a[size + u] = dz;
            a[2 * size + u] = dn;
            s[u] = dr;
            s[size + u] = dz;
            s[2 * size + u] = dn * r;
            dh[u] = dh[u] * z;
        }
    }
}

EVERY_INSTRUCTION_SET
void tocsin_rnn_forward(float *gates, size_t gates_start, const float *hidden_sums,
                        size_t sums_start, float *state, size_t hidden_after, size_t rows,
                        size_t size) {
    float *a = gates + gates_start;
    const float *s = hidden_sums + sums_start;
    float *h_after = state + hidden_after;
    for (size_t row = 0; row < rows; row++) {
        INDEPENDENT for (size_t u = row * size; u < (row + 1) * size; u++) {
            const float h = hyperbolic_tangent(a[u] + s[u]);
            a[u] = h;
            h_after[u] = h;
        }
    }
}

EVERY_INSTRUCTION_SET
void tocsin_rnn_backward(float *gates, size_t gates_start, float *d_hidden, size_t rows,
                         size_t size) {
    float *a = gates + gates_start;
    INDEPENDENT for (size_t u = 0; u < rows * size; u++) {
        a[u] = d_hidden[u] * (1.0f - a[u] * a[u]);
        d_hidden[u] = 0.0f;
    }
}
