// Matrix products, in register tiles of up to 6 rows × 16 columns.
//
// 6 × 16 keeps 12 of the 16 AVX2 registers as sums. A single row takes 64 columns at a time
// instead, so that enough sums are in flight to hide the latency of the multiply-add.
//
// `a * b + c` stands in one expression everywhere, so that the compiler fuses it in vectors and in
// tails alike (-ffp-contract=on, clang's default for C), or, without the instruction, nowhere.

#include "CTocsinKernels.h"
#include "Dispatch.h"

typedef float float4 __attribute__((ext_vector_type(4), aligned(4), may_alias));
typedef float float8 __attribute__((ext_vector_type(8), aligned(4), may_alias));
typedef float float16 __attribute__((ext_vector_type(16), aligned(4), may_alias));
typedef float float1;

// One tile: `rows` × `blocks` vectors of `y`; x(row, step) lies at row × row_stride + step ×
// step_stride. The sums are carried in registers over all steps, in the order of the steps.
#define DEFINE_TILE(vector, width)                                                               \
    INLINE void tile_##vector(float *y, const float *x, const float *w, size_t row_stride,       \
                              size_t step_stride, size_t steps, size_t columns, const int rows,  \
                              const int blocks) {                                                \
        vector sums[6][4];                                                                       \
        _Pragma("unroll") for (int r = 0; r < rows; r++) {                                       \
            _Pragma("unroll") for (int b = 0; b < blocks; b++) sums[r][b] =                      \
                *(const vector *)(y + r * columns + b * width);                                  \
        }                                                                                        \
        for (size_t k = 0; k < steps; k++) {                                                     \
            vector weights[4];                                                                   \
            _Pragma("unroll") for (int b = 0; b < blocks; b++) weights[b] =                      \
                *(const vector *)(w + k * columns + b * width);                                  \
            _Pragma("unroll") for (int r = 0; r < rows; r++) {                                   \
                const float factor = x[r * row_stride + k * step_stride];                        \
                _Pragma("unroll") for (int b = 0; b < blocks; b++) sums[r][b] =                  \
                    factor * weights[b] + sums[r][b];                                            \
            }                                                                                    \
        }                                                                                        \
        _Pragma("unroll") for (int r = 0; r < rows; r++) {                                       \
            _Pragma("unroll") for (int b = 0; b < blocks; b++)                                   \
                *(vector *)(y + r * columns + b * width) = sums[r][b];                           \
        }                                                                                        \
    }                                                                                            \
    INLINE void rows_##vector(float *y, const float *x, const float *w, size_t row_stride,       \
                              size_t step_stride, size_t rows, size_t steps, size_t columns) {   \
        size_t r = 0;                                                                            \
        for (; r + 6 <= rows; r += 6)                                                            \
            tile_##vector(y + r * columns, x + r * row_stride, w, row_stride, step_stride,       \
                          steps, columns, 6, 1);                                                 \
        for (; r + 2 <= rows; r += 2)                                                            \
            tile_##vector(y + r * columns, x + r * row_stride, w, row_stride, step_stride,       \
                          steps, columns, 2, 1);                                                 \
        for (; r < rows; r++)                                                                    \
            tile_##vector(y + r * columns, x + r * row_stride, w, row_stride, step_stride,       \
                          steps, columns, 1, 1);                                                 \
    }

DEFINE_TILE(float16, 16)
DEFINE_TILE(float8, 8)
DEFINE_TILE(float4, 4)
DEFINE_TILE(float1, 1)

INLINE void product_add(float *y, const float *x, const float *w, size_t row_stride,
                        size_t step_stride, size_t rows, size_t steps, size_t columns) {
    size_t c = 0;
    if (rows == 1)
        for (; c + 64 <= columns; c += 64)
            tile_float16(y + c, x, w + c, row_stride, step_stride, steps, columns, 1, 4);
    for (; c + 16 <= columns; c += 16)
        rows_float16(y + c, x, w + c, row_stride, step_stride, rows, steps, columns);
    for (; c + 8 <= columns; c += 8)
        rows_float8(y + c, x, w + c, row_stride, step_stride, rows, steps, columns);
    for (; c + 4 <= columns; c += 4)
        rows_float4(y + c, x, w + c, row_stride, step_stride, rows, steps, columns);
    for (; c < columns; c++)
        rows_float1(y + c, x, w + c, row_stride, step_stride, rows, steps, columns);
}

EVERY_INSTRUCTION_SET
void tocsin_multiply_add(float *y, size_t y_start, const float *x, size_t x_start, const float *w,
                         size_t w_start, size_t rows, size_t inner, size_t columns) {
    product_add(y + y_start, x + x_start, w + w_start, inner, 1, rows, inner, columns);
}

EVERY_INSTRUCTION_SET
void tocsin_transposed_multiply_add(float *y, size_t y_start, const float *a, size_t a_start,
                                    const float *b, size_t b_start, size_t k, size_t m, size_t n) {
    // 64 steps of both operands stay in the first two caches while every tile passes over them.
    for (size_t first = 0; first < k; first += 64) {
        const size_t steps = k - first < 64 ? k - first : 64;
        product_add(y + y_start, a + a_start + first * m, b + b_start + first * n, 1, m, m, steps,
                    n);
    }
}

EVERY_INSTRUCTION_SET
void tocsin_column_sums_add(float *y, size_t y_start, const float *a, size_t a_start, size_t rows,
                            size_t n) {
    for (size_t r = 0; r < rows; r++) {
        INDEPENDENT for (size_t i = 0; i < n; i++) y[y_start + i] += a[a_start + r * n + i];
    }
}

void tocsin_fill_rows(float *y, size_t y_start, const float *bias, size_t bias_start, size_t rows,
                      size_t n) {
    for (size_t r = 0; r < rows; r++)
        __builtin_memcpy(y + y_start + r * n, bias + bias_start, n * sizeof(float));
}

void tocsin_transpose(float *y, size_t y_start, const float *x, size_t x_start, size_t rows,
                      size_t columns) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            y[y_start + c * rows + r] = x[x_start + r * columns + c];
}
