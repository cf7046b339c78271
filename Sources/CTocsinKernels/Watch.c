#include "Watch.h"
#include "Dispatch.h"

typedef float floats
    __attribute__((ext_vector_type(TOCSIN_WATCH_LANES), aligned(4), may_alias));
typedef int32_t integers
    __attribute__((ext_vector_type(TOCSIN_WATCH_LANES), aligned(4), may_alias));

enum { LARGEST_SIZE = 4096, LANES = TOCSIN_WATCH_LANES };

#define AT(array, i) (*(const floats *)((array) + (i)))

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

// |L x|², sixteen rows at a time. Four columns have a sum of their own each, since one sum would
// have to wait for itself.
INLINE float whitened_square(const float *tiles, const float *x, size_t size) {
    floats squares = 0.0f;
    for (size_t top = 0; top < size; top += LANES) {
        const size_t columns = top + LANES < size ? top + LANES : size;
        floats sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        size_t c = 0;
        for (; c + 4 <= columns; c += 4)
            for (int k = 0; k < 4; k++) sums[k] += AT(tiles, (c + k) * LANES) * x[c + k];
        for (; c < columns; c++) sums[0] += AT(tiles, c * LANES) * x[c];
        const floats row = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        squares += row * row;
        tiles += columns * LANES;
    }
    return sum(&squares);
}

EVERY_INSTRUCTION_SET
struct tocsin_state_motion tocsin_watch_state(const struct tocsin_usual_state *usual,
                                              const float *hidden, const float *one,
                                              float *four) {
    float h[LARGEST_SIZE + LANES], x[LARGEST_SIZE + LANES];
    const size_t padded = usual->padded;
    if (padded > 0) *(floats *)(h + padded - LANES) = 0.0f;
    __builtin_memcpy(h, hidden, usual->size * sizeof(float));
    floats norm = 0.0f, step = 0.0f, pace = 0.0f;
    for (size_t i = 0; i < padded; i += LANES) {
        const floats live = AT(h, i);
        const floats moved = live - AT(one, i);
        norm += live * live;
        step += moved * moved;
        *(floats *)(x + i) = live - AT(usual->mean, i);
        if (usual->weights) {
            const floats since = MAGNITUDE(live - AT(four, i));
            pace += AT(usual->weights, i) * SMALLER(MAGNITUDE(moved), AT(usual->limits, i));
            pace += AT(usual->weights, padded + i) * SMALLER(since, AT(usual->limits, padded + i));
        }
        *(floats *)(four + i) = live;
    }
    return (struct tocsin_state_motion){
        .norm = sum(&norm),
        .place = whitened_square(usual->whitening, x, usual->size),
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
    const integers lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const floats floor = 1e-4f;
    for (size_t i = 0; i < count; i++) {
        const double value = values[i];
        indices[i] = 0;
        if (value != value) continue;
        int bin = 0;
        for (int k = 0; k < 15; k++) bin += value > usual[i].edges[k];
        floats w = AT(shares, i * LANES);
        const floats target = lanes == bin ? (floats)1.0f : (floats)0.0f;
        w += rate * (target - w);
        *(floats *)(shares + i * LANES) = w;
        w = w > floor ? w : floor;
        floats logarithms = w * AT(usual[i].inverse, 0);
        logarithm(&logarithms);
        const floats terms = (w - AT(usual[i].shares, 0)) * logarithms;
        indices[i] = sum(&terms);
    }
}
