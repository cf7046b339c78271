// Loss and optimiser: element by element over all outputs and all parameters.
//
// Sums are taken in double: eight of every eighth element, which do not wait for each other, and
// then their sum. So they do not depend on the width of a vector.

#include "CTocsinKernels.h"
#include "Dispatch.h"

// The sum of `term` over all i below n.
#define SUM(n, term)                                                             \
    double sums[8] = {0};                                                        \
    size_t first = 0;                                                            \
    for (; first + 8 <= n; first += 8)                                           \
        _Pragma("unroll") for (size_t j = 0, i = first; j < 8; j++, i++) sums[j] += (term); \
    for (size_t j = 0, i = first; i < n; j++, i++) sums[j] += (term);            \
    double sum = 0;                                                              \
    for (size_t j = 0; j < 8; j++) sum += sums[j];                               \
    return sum;

EVERY_INSTRUCTION_SET
void tocsin_add(float *y, const float *x, size_t n) {
    INDEPENDENT for (size_t i = 0; i < n; i++) y[i] += x[i];
}

void tocsin_copy_rows(float *y, size_t y_stride, const float *x, size_t x_stride, size_t rows,
                      size_t columns) {
    for (size_t r = 0; r < rows; r++)
        __builtin_memcpy(y + r * y_stride, x + r * x_stride, columns * sizeof(float));
}

double tocsin_sum(const float *x, size_t x_start, size_t n) {
    SUM(n, x[x_start + i])
}

double tocsin_sum_of_squares(const float *x, size_t n) {
    SUM(n, (double)x[i] * x[i])
}

EVERY_INSTRUCTION_SET
void tocsin_scale(float *y, float factor, size_t n) {
    INDEPENDENT for (size_t i = 0; i < n; i++) y[i] *= factor;
}

double tocsin_squared_error(const float *output, const float *target, size_t target_start,
                            const float *weight, size_t weight_start, size_t n) {
    target += target_start;
    weight += weight_start;
    SUM(n, (double)weight[i] * (output[i] - target[i]) * (output[i] - target[i]))
}

EVERY_INSTRUCTION_SET
void tocsin_squared_error_gradient(float *gradient, const float *output, const float *target,
                                   size_t target_start, const float *weight, size_t weight_start,
                                   float scale, size_t n) {
    INDEPENDENT for (size_t i = 0; i < n; i++) gradient[i] =
        2.0f * scale * weight[weight_start + i] * (output[i] - target[target_start + i]);
}

EVERY_INSTRUCTION_SET
void tocsin_adam(float *parameters, const float *gradients, float *first, float *second, size_t n,
                 float take1, float keep2, float take2, float step_size, float root,
                 float epsilon) {
    INDEPENDENT for (size_t i = 0; i < n; i++) {
        const float g = gradients[i];
        const float m = first[i] + take1 * (g - first[i]);
        const float v = second[i] * keep2 + take2 * (g * g);
        first[i] = m;
        second[i] = v;
        parameters[i] -= step_size * (m / (__builtin_elementwise_sqrt(v) / root + epsilon));
    }
}
