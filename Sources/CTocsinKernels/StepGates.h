// Included by StepForm.h for each form: from the sums of a few blocks to what a layer puts out.
//
// Expects NAME(…), LANES, HALF, APART, and the vector types.
//
// A part is one block of one device; its sums stand one after the other. From sums to output leads
// a long chain of operations that wait for each other, but parts do not wait for each other: so
// each stage of the chain runs through all parts before the next one begins.

#include "Power.h"

// Where a part is put out, and how many of its units there are: the last block may be short.
typedef struct {
    float *output;
    size_t units;
} NAME(part);

INLINE floats NAME(load)(const float *from, size_t units) {
    if (units >= LANES) return *(const floats *)from;
    floats vector = 0.0f;
    for (size_t i = 0; i < units; i++) vector[i] = from[i];
    return vector;
}

INLINE void NAME(store)(floats vector, float *to, size_t units) {
    if (units >= LANES) {
        *(floats *)to = vector;
        return;
    }
    for (size_t i = 0; i < units; i++) to[i] = vector[i];
}

// 2^x of the first `together` vectors, which lie `stride` apart.
INLINE void NAME(next_powers)(floats *x, const size_t stride, const int together) {
    floats next[4];
    _Pragma("unroll") for (int i = 0; i < together; i++) next[i] = x[(size_t)i * stride];
    NAME(powers)(next, together);
    _Pragma("unroll") for (int i = 0; i < together; i++) x[(size_t)i * stride] = next[i];
}

// 2^x of all vectors.
INLINE void NAME(all_powers)(floats *x, const size_t stride, size_t count) {
    for (; count >= 4; count -= 4, x += 4 * stride) NAME(next_powers)(x, stride, 4);
    for (; count >= 2; count -= 2, x += 2 * stride) NAME(next_powers)(x, stride, 2);
    if (count > 0) NAME(next_powers)(x, stride, 1);
}

#define EACH_PART for (size_t p = 0; p < count; p++)
#define SIGMOID -1.44269504f
#define TANH -2.88539008f

// Sums i f g o. The memory lies `size` behind the output.
static __attribute__((noinline)) void NAME(put_out_lstm)(floats (*sums)[4],
                                                         const NAME(part) *parts,
                                                         size_t count, size_t size) {
    if (HALF) EACH_PART {
        sums[p][0] *= SIGMOID;
        sums[p][1] *= SIGMOID;
        sums[p][2] *= TANH;
        sums[p][3] *= SIGMOID;
    }
    NAME(all_powers)(sums[0], 1, 4 * count);
    EACH_PART {
        const floats i = sums[p][0], f = sums[p][1], g = sums[p][2];
        const floats before = NAME(load)(parts[p].output + size, parts[p].units);
        const floats added = (1.0f - g) / ((1.0f + i) * (1.0f + g));
        const floats c = before / (1.0f + f) + added;
        NAME(store)(c, parts[p].output + size, parts[p].units);
        sums[p][2] = c * TANH;
    }
    NAME(all_powers)(sums[0] + 2, 4, count);
    EACH_PART {
        const floats c = sums[p][2], o = sums[p][3];
        const floats h = (1.0f - c) / ((1.0f + o) * (1.0f + c));
        NAME(store)(h, parts[p].output, parts[p].units);
    }
}

// Sums r z n, of n what the hidden units add to it, and apart the rest of n.
static __attribute__((noinline)) void NAME(put_out_gru)(floats (*sums)[3],
                                                        const NAME(part) *parts,
                                                        size_t count) {
    if (HALF) EACH_PART {
        sums[p][0] *= SIGMOID;
        sums[p][1] *= SIGMOID;
        sums[p][2] *= TANH;
        (sums[p] + APART)[2] *= TANH;
    }
    NAME(all_powers)(sums[0], 3, count);
    NAME(all_powers)(sums[0] + 1, 3, count);
    EACH_PART sums[p][2] = sums[p][2] / (1.0f + sums[p][0]) + (sums[p] + APART)[2];
    NAME(all_powers)(sums[0] + 2, 3, count);
    EACH_PART {
        const floats z = sums[p][1], n = sums[p][2];
        const floats before = NAME(load)(parts[p].output, parts[p].units);
        const floats weighed = z * (1.0f - n) + before * (1.0f + n);
        const floats h = weighed / ((1.0f + z) * (1.0f + n));
        NAME(store)(h, parts[p].output, parts[p].units);
    }
}

static __attribute__((noinline)) void NAME(put_out_rnn)(floats *sums, const NAME(part) *parts,
                                                        size_t count) {
    if (HALF) EACH_PART sums[p] *= TANH;
    NAME(all_powers)(sums, 1, count);
    EACH_PART {
        const floats h = (1.0f - sums[p]) / (1.0f + sums[p]);
        NAME(store)(h, parts[p].output, parts[p].units);
    }
}

static __attribute__((noinline)) void NAME(put_out_linear)(floats *sums,
                                                           const NAME(part) *parts,
                                                           size_t count) {
    EACH_PART NAME(store)(sums[p], parts[p].output, parts[p].units);
}

#undef TANH
#undef SIGMOID
#undef EACH_PART

// Consumes the sums of `count` parts of a layer of `size` units.
INLINE void NAME(put_out)(floats *sums, const NAME(part) *parts, size_t count, size_t size,
                          const int kind) {
    switch (kind) {
    case TOCSIN_LSTM: NAME(put_out_lstm)((floats(*)[4])sums, parts, count, size); break;
    case TOCSIN_GRU: NAME(put_out_gru)((floats(*)[3])sums, parts, count); break;
    case TOCSIN_RNN: NAME(put_out_rnn)(sums, parts, count); break;
    default: NAME(put_out_linear)(sums, parts, count);
    }
}
