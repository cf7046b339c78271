// One form of the step; Step.c includes this file for each of them: every instruction set, with
// weights of 32 bits and, where HALF is 1, of 16 bits.
//
// Expects NAME(…), LANES, REGISTERS and HALF. The units of a layer are cut into blocks of LANES. A
// block has a vector of sums for each gate, so that all gates of a unit end in the same lane. The
// vectors of all blocks, one after the other, stand in panels of two, the last filled up with 0:
//
//     [panel][bias][vector][lane], then [panel][input, then hidden unit][vector][lane]
//
// A GRU has two biases: that of what the inputs add to n, and that of what the hidden units add.
// Weights are read in order, a cache line at a time, once for a group of devices; only tiles of
// three vectors halve every third line.
//
// Each sum is `bias + Σ over inputs + Σ over hidden units`, added in that order in one register,
// whatever stands beside it in the tile: hence a device's bits do not depend on its company.
//
// The factors −log₂e (sigmoid) and −2 log₂e (tanh) are part of the packed weights, so that
// E = 2^sum is e^−x or e^−2x without another multiplication. Half weights are those of the file,
// which the factors would round once more, and each complete sum is multiplied. Biases are always
// of 32 bits, and so is all arithmetic.

typedef float NAME(floats) __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef int32_t NAME(integers) __attribute__((ext_vector_type(LANES), aligned(4), may_alias));

#define floats NAME(floats)
#define integers NAME(integers)

// The sums of a tile stand in registers, and beside them a factor for each device and a vector of
// weights, or the other way round: 12 + 3 + 1 of 16, or 24 + 6 + 1 of 32.
#define MOST_SUMS (REGISTERS * 3 / 4)
#define MOST_DEVICES 6

// The vectors that are summed up before they are put out: whole panels and whole blocks. So many
// that parts of blocks do not wait for each other, and of many devices so few that their weights
// stay in the nearest cache.
#define TURN(devices, gates)                                                                 \
    ((devices) == 1                  ? 32 - 32 % (2 * (gates))                               \
     : (devices) == 2                ? 24                                                    \
     : (devices) <= 8                ? 12                                                    \
     : (gates) == 3                  ? 6                                                     \
                                     : 4)
#define MOST_PARTS (4 * TOCSIN_TILE)

// How far behind a sum lies what is kept apart of it: the sums of a turn are at most so many.
#define APART (6 * TOCSIN_TILE)

// The floats that have room where a vector of weights lies.
#define ROOM (HALF ? LANES / 2 : LANES)

#include "StepGates.h"

#if HALF
#include "StepHalves.h"
#endif
#include "StepTile.h"

// Of a few vectors, for which a call is dear: without COMPLETE the compiler calls memcpy.
INLINE void NAME(copy)(float *to, const float *from, size_t count) {
    for (; count >= 4 * LANES; count -= 4 * LANES) {
        floats a = *(const floats *)from;
        const floats b = *(const floats *)(from + LANES);
        const floats c = *(const floats *)(from + 2 * LANES);
        const floats d = *(const floats *)(from + 3 * LANES);
        COMPLETE(a);
        *(floats *)to = a;
        *(floats *)(to + LANES) = b;
        *(floats *)(to + 2 * LANES) = c;
        *(floats *)(to + 3 * LANES) = d;
        to += 4 * LANES;
        from += 4 * LANES;
    }
    for (; count >= LANES; count -= LANES) {
        floats vector = *(const floats *)from;
        COMPLETE(vector);
        *(floats *)to = vector;
        to += LANES;
        from += LANES;
    }
    for (; count > 0; count--) {
        float element = *from++;
        COMPLETE(element);
        *to++ = element;
    }
}

// The turns of up to 8 devices leave as many parts as those of a whole tile.
_Static_assert(8 * 12 <= MOST_PARTS && 12 * 8 <= APART, "sums have no room");

// So many groups of so many devices each, which stand in tiles together.
typedef struct {
    size_t count;
    size_t devices;
} NAME(groups);

// Cuts devices into groups; returns how many kinds, at most 3. Seven are 4 and 3, and eight are 4
// and 4, because with 16 registers tiles of 4 × 3 and 3 × 4 read least for what they compute.
INLINE size_t NAME(cut)(NAME(groups) *groups, size_t devices) {
    size_t count = 0;
    if (devices > 2 * MOST_DEVICES) {
        const size_t full = (devices - MOST_DEVICES - 1) / MOST_DEVICES;
        groups[count++] = (NAME(groups)){full, MOST_DEVICES};
        devices -= full * MOST_DEVICES;
    }
    if (devices <= MOST_DEVICES) {
        groups[count++] = (NAME(groups)){1, devices};
    } else if (devices % 2 == 0) {
        groups[count++] = (NAME(groups)){2, devices / 2};
    } else {
        groups[count++] = (NAME(groups)){1, devices / 2 + 1};
        groups[count++] = (NAME(groups)){1, devices / 2};
    }
    return count;
}

INLINE void NAME(advance)(const struct tocsin_layer *layer, const float *weights,
                          const device_places *devices, size_t all, const int kind,
                          const int gates) {
    NAME(work) work;
    work.hidden_size = kind == TOCSIN_LINEAR ? 0 : layer->size;
    work.input_size = layer->input_size;
    const size_t inputs = work.input_size + work.hidden_size;
    work.x_stride = (inputs + 15) / 16 * 16 + 16;
    // Room for the hidden units before the step, because the step writes over them.
    float x[all * work.x_stride] __attribute__((aligned(64)));
    work.bias_size = (kind == TOCSIN_GRU ? 4 : 2) * LANES;
    work.panel_stride = work.bias_size + inputs * 2 * ROOM;
    float *outputs[TOCSIN_TILE];
    NAME(part) parts[MOST_PARTS];
    for (size_t d = 0; d < all; d++) {
        float *to = x + d * work.x_stride;
        outputs[d] = devices[d].at[layer->output] + layer->output_start;
        NAME(copy)(to, devices[d].at[layer->input] + layer->input_start, work.input_size);
        if (kind != TOCSIN_LINEAR)
            NAME(copy)(to + work.input_size, outputs[d], work.hidden_size);
    }
    const size_t blocks = (layer->size + LANES - 1) / LANES;
    const size_t most = TURN(all, gates) / gates;
    NAME(groups) groups[3];
    const size_t kinds = NAME(cut)(groups, all);
    floats sums[2 * APART] __attribute__((aligned(64)));
    for (size_t block = 0; block < blocks; block += most) {
        const size_t here = blocks - block < most ? blocks - block : most;
        const size_t vectors = here * gates;
        const float *panel = weights + block * gates / 2 * work.panel_stride;
        work.sums_stride = vectors;
        for (size_t g = 0, first = 0; g < kinds; g++) {
            NAME(tiles)(sums + first * vectors, &work, panel, x + first * work.x_stride,
                        vectors, groups[g].devices, groups[g].count, kind == TOCSIN_GRU);
            first += groups[g].devices * groups[g].count;
        }
        for (size_t b = 0; b < here; b++) {
            const size_t unit = (block + b) * LANES;
            NAME(part) *part = parts + b;
            for (size_t d = 0; d < all; d++, part += here)
                *part = (NAME(part)){outputs[d] + unit, layer->size - unit};
        }
        NAME(put_out)(sums, parts, here * all, layer->size, kind);
    }
}

static __attribute__((noinline)) void NAME(lstm)(const struct tocsin_layer *layer,
                                                 const float *weights,
                                                 const device_places *devices, size_t count) {
    NAME(advance)(layer, weights, devices, count, TOCSIN_LSTM, 4);
}

static __attribute__((noinline)) void NAME(gru)(const struct tocsin_layer *layer,
                                                const float *weights,
                                                const device_places *devices, size_t count) {
    NAME(advance)(layer, weights, devices, count, TOCSIN_GRU, 3);
}

static __attribute__((noinline)) void NAME(rnn)(const struct tocsin_layer *layer,
                                                const float *weights,
                                                const device_places *devices, size_t count) {
    NAME(advance)(layer, weights, devices, count, TOCSIN_RNN, 1);
}

static __attribute__((noinline)) void NAME(linear)(const struct tocsin_layer *layer,
                                                   const float *weights,
                                                   const device_places *devices, size_t count) {
    NAME(advance)(layer, weights, devices, count, TOCSIN_LINEAR, 1);
}

static void NAME(step)(const struct tocsin_layer *layers, size_t layer_count,
                       const float *weights, const device_places *devices, size_t count) {
    for (size_t l = 0; l < layer_count; l++) {
        const float *start = weights + layers[l].weights;
        switch (layers[l].kind) {
        case TOCSIN_LSTM:
            NAME(lstm)(layers + l, start, devices, count);
            break;
        case TOCSIN_GRU:
            NAME(gru)(layers + l, start, devices, count);
            break;
        case TOCSIN_RNN:
            NAME(rnn)(layers + l, start, devices, count);
            break;
        default:
            NAME(linear)(layers + l, start, devices, count);
        }
    }
}

#if !HALF
// As many multiply-adds as the machine makes: each sum waits only for itself.
static double NAME(peak)(size_t rounds) {
    // Volatile, because the compiler would otherwise work the result out, or leave it out.
    volatile float known = 0.999f;
    floats sums[MOST_SUMS];
    const floats factor = known, term = 1.0f - known;
    for (int i = 0; i < MOST_SUMS; i++) sums[i] = (float)i;
    for (size_t r = 0; r < rounds; r++) {
        _Pragma("unroll") for (int i = 0; i < MOST_SUMS; i++) sums[i] =
            sums[i] * factor + term;
    }
    for (int i = 1; i < MOST_SUMS; i++) sums[0] += sums[i];
    for (int i = 0; i < LANES; i++) known = sums[0][i];
    return 2.0 * MOST_SUMS * LANES * (double)rounds;
}
#endif

#undef MOST_PARTS
#undef TURN
#undef APART
#undef ROOM
#undef MOST_DEVICES
#undef MOST_SUMS
#undef floats
#undef integers
