#include "Watch.h"
#include "Dispatch.h"

typedef float floats
    __attribute__((ext_vector_type(TOCSIN_WATCH_LANES), aligned(4), may_alias));
typedef double doubles
    __attribute__((ext_vector_type(TOCSIN_WATCH_LANES), aligned(8), may_alias));
typedef int32_t integers
    __attribute__((ext_vector_type(TOCSIN_WATCH_LANES), aligned(4), may_alias));

// Three states: their sums and a column take fifteen of sixteen registers.
enum { LARGEST_SIZE = 4096, LANES = TOCSIN_WATCH_LANES, TOGETHER = 3 };

#define AT(array, i) (*(const floats *)((array) + (i)))

EVERY_INSTRUCTION_SET
void tocsin_copy_lines(void *to, const void *from, size_t bytes) {
    typedef char half __attribute__((ext_vector_type(32), aligned(32), may_alias));
    char *target = to;
    const char *source = from;
    for (; bytes >= 64; bytes -= 64, target += 64, source += 64) {
        __builtin_prefetch(target + 2048, 1, 3);
        const half first = *(const half *)source, second = *(const half *)(source + 32);
        *(half *)target = first;
        *(half *)(target + 32) = second;
    }
    if (bytes > 0) __builtin_memcpy(target, source, bytes);
}

// Vectors travel by address: by value, they would depend on the instruction set of the caller.

// In pairs, so that every instruction set adds in the same order.
INLINE float sum(const floats *x) {
    float part[LANES];
    __builtin_memcpy(part, x, sizeof part);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) part[i] += part[i + width];
    return part[0];
}

#define MAGNITUDE(x) __builtin_elementwise_abs(x)
#define SMALLER(x, y) __builtin_elementwise_min(x, y)

// |L (h − mean)|² of so many states, a constant for the compiler, sixteen rows at a time. Columns are
// loaded once for all states; even and odd ones have a sum each, since one would wait for itself.
INLINE void whitened_squares(const struct tocsin_usual_state *usual, const float *const *hidden,
                             float *squares, const int states) {
    float x[TOGETHER][LARGEST_SIZE];
    const size_t size = usual->size;
    for (int s = 0; s < states; s++)
        for (size_t i = 0; i < size; i++) x[s][i] = hidden[s][i] - usual->mean[i];
    const float *tiles = usual->whitening;
    floats total[TOGETHER] = {0.0f};
    for (size_t top = 0; top < size; top += LANES) {
        const size_t columns = top + LANES < size ? top + LANES : size;
        floats even[TOGETHER] = {0.0f}, odd[TOGETHER] = {0.0f};
        size_t c = 0;
        for (; c + 2 <= columns; c += 2)
            _Pragma("unroll") for (int s = 0; s < states; s++) {
                even[s] += AT(tiles, c * LANES) * x[s][c];
                odd[s] += AT(tiles, (c + 1) * LANES) * x[s][c + 1];
            }
        _Pragma("unroll") for (int s = 0; s < states; s++) {
            if (c < columns) even[s] += AT(tiles, c * LANES) * x[s][c];
            const floats row = even[s] + odd[s];
            total[s] += row * row;
        }
        tiles += columns * LANES;
    }
    for (int s = 0; s < states; s++) squares[s] = sum(&total[s]);
}

EVERY_INSTRUCTION_SET
void tocsin_whitened_squares(const struct tocsin_usual_state *usual, const float *const *hidden,
                             float *squares, size_t count) {
    for (; count >= TOGETHER; count -= TOGETHER, hidden += TOGETHER, squares += TOGETHER)
        whitened_squares(usual, hidden, squares, TOGETHER);
    for (; count > 0; count--, hidden++, squares++) whitened_squares(usual, hidden, squares, 1);
}

EVERY_INSTRUCTION_SET
struct tocsin_state_motion tocsin_watch_state(const struct tocsin_usual_state *usual,
                                              const float *hidden, const float *one,
                                              float *four) {
    float copy[LARGEST_SIZE + LANES];
    const float *h = hidden;
    const size_t padded = usual->padded;
    if (padded > usual->size) {
        *(floats *)(copy + padded - LANES) = 0.0f;
        __builtin_memcpy(copy, hidden, usual->size * sizeof(float));
        h = copy;
    }
    floats norm = 0.0f, step = 0.0f, pace = 0.0f;
    for (size_t i = 0; i < padded; i += LANES) {
        const floats live = AT(h, i);
        const floats moved = live - AT(one, i);
        norm += live * live;
        step += moved * moved;
        if (usual->weights) {
            const floats since = MAGNITUDE(live - AT(four, i));
            pace += AT(usual->weights, i) * SMALLER(MAGNITUDE(moved), AT(usual->limits, i));
            pace += AT(usual->weights, padded + i) * SMALLER(since, AT(usual->limits, padded + i));
        }
        *(floats *)(four + i) = live;
    }
    return (struct tocsin_state_motion){
        .norm = sum(&norm),
        .step = sum(&step),
        .pace = sum(&pace),
    };
}

// ln x for normal x > 0, off by less than 2e-7 (1 + |ln x|):
//
//     x = 2^e m,   √½ ≤ m < √2,   f = (m − 1)/(m + 1),   ln x = e ln 2 + 2 (f + f³/3 + f⁵/5 + …)
//
// |f| ≤ 0.172, so the first term left out, 2 f⁹/9, is below 3e-8.
INLINE void logarithm(floats *x) {
    integers bits;
    __builtin_memcpy(&bits, x, sizeof bits);
    const integers shifted = bits + (0x3F800000 - 0x3F3504F3);
    const integers exponent = (shifted >> 23) - 127;
    const integers mantissa = (shifted & 0x007FFFFF) + 0x3F3504F3;
    floats m;
    __builtin_memcpy(&m, &mantissa, sizeof m);
    const floats f = (m - 1.0f) / (m + 1.0f);
    const floats s = f * f;
    floats series = s * (2.0f / 7) + (2.0f / 5);
    series = series * s + (2.0f / 3);
    series = series * s + 2.0f;
    *x = __builtin_convertvector(exponent, floats) * 0.693147181f + f * series;
}

EVERY_INSTRUCTION_SET
void tocsin_stability_indices(float *shares, const struct tocsin_usual_shares *usual,
                              const double *values, double *indices, size_t count, float rate) {
    const floats floor = 1e-4f;
    for (size_t i = 0; i < count; i++) {
        const double value = values[i];
        indices[i] = 0;
        if (value != value) continue;
        // The bin is the first whose edge the value is not above.
        const integers above =
            __builtin_convertvector(value > *(const doubles *)usual[i].edges, integers);
        const integers above_before = __builtin_shufflevector(
            above, (integers)-1, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
        floats w = AT(shares, i * LANES);
        const floats target = above_before & ~above ? (floats)1.0f : (floats)0.0f;
        w += rate * (target - w);
        *(floats *)(shares + i * LANES) = w;
        w = w > floor ? w : floor;
        floats logarithms = w * AT(usual[i].inverse, 0);
        logarithm(&logarithms);
        const floats terms = (w - AT(usual[i].shares, 0)) * logarithms;
        indices[i] = sum(&terms);
    }
}
