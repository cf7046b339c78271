// One form of the step; Step.c includes this file for each of them: every instruction set, with
// weights of 32 bits and, where HALF is 1, of 16 bits.
//
// Expects NAME(…), LANES, REGISTERS and HALF. The weights of a layer are cut into blocks of LANES
// units:
//
//     [block][bias: one vector per sum][input, then hidden unit][gate][lane]
//
// so that all gates of a unit end in the same lane, and the weights are read once, in order. Each
// sum is `bias + Σ over inputs + Σ over hidden units`, added in that order in one register,
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
// weights: 12 + 3 + 1 of 16, or 24 + 6 + 1 of 32. No tile is of more than 6 devices.
#define FITS(sums, devices) ((sums) * (devices) + (devices) + 1 <= REGISTERS)
#define MOST_DEVICES(sums) \
    (FITS(sums, 6) ? 6 : FITS(sums, 4) ? 4 : FITS(sums, 3) ? 3 : FITS(sums, 2) ? 2 : 1)
#define MOST_SUMS (REGISTERS * 3 / 4)

// The floats that have room where a vector of weights lies.
#define ROOM (HALF ? LANES / 2 : LANES)

#include "StepGates.h"

#if HALF
#include "StepHalves.h"
#endif
#include "StepTile.h"

// Parts of several groups of blocks wait until there are enough of them to be put out together. A
// group adds at most four for each device, or eight for each of three.
#define ENOUGH_PARTS 8
#define MOST_PARTS (ENOUGH_PARTS + 4 * TOCSIN_TILE)

// Runs through blocks, `together` at a time, so that enough sums are in flight; returns the first
// block that is left.
INLINE size_t NAME(run)(size_t block, const NAME(work) *layer_work,
                        const struct tocsin_layer *layer, const device_places *devices,
                        size_t all, const int kind, const int gates, const int together) {
    floats sums[MOST_PARTS * 4] __attribute__((aligned(64)));
    NAME(part) parts[MOST_PARTS];
    const size_t count = kind == TOCSIN_GRU ? 4 : gates;
    const size_t blocks = (layer->size + LANES - 1) / LANES;
    // Rather more devices per block than more blocks: then the weights are read less often.
    const size_t turns = (all + MOST_DEVICES(gates) - 1) / MOST_DEVICES(gates);
    if (together > 1 && !FITS(gates * together, (all + turns - 1) / turns)) return block;
    NAME(work) work = *layer_work;
    size_t ready = 0;
    while (block + together <= blocks) {
        work.weights = layer_work->weights + block * work.block_stride;
        NAME(tiles)(sums + ready * count, &work, all, kind, gates, together);
        for (size_t end = block + together; block < end; block++) {
            const size_t unit = block * LANES;
            for (size_t d = 0; d < all; d++) {
                float *output = devices[d].at[layer->output] + layer->output_start + unit;
                parts[ready++] = (NAME(part)){output, layer->size - unit};
            }
        }
        if (ready < ENOUGH_PARTS && block + together <= blocks) continue;
        NAME(put_out)(sums, parts, ready, layer->size, kind);
        ready = 0;
    }
    return block;
}

INLINE void NAME(advance)(const struct tocsin_layer *layer, const float *weights,
                          const device_places *devices, size_t all, const int kind,
                          const int gates) {
    NAME(work) work;
    work.hidden_size = kind == TOCSIN_LINEAR ? 0 : layer->size;
    work.input_size = layer->input_size;
    work.weights = weights;
    const size_t inputs = work.input_size + work.hidden_size;
    work.x_stride = (inputs + 15) / 16 * 16 + 16;
    // Room for the hidden units before the step, because the step writes over them.
    float x[all * work.x_stride] __attribute__((aligned(64)));
    work.x = x;
    work.block_stride = (kind == TOCSIN_GRU ? 4 : gates) * LANES + inputs * gates * ROOM;
    for (size_t d = 0; d < all; d++) {
        float *to = x + d * work.x_stride;
        __builtin_memcpy(to, devices[d].at[layer->input] + layer->input_start,
                         work.input_size * sizeof(float));
        if (kind != TOCSIN_LINEAR)
            __builtin_memcpy(to + work.input_size,
                             devices[d].at[layer->output] + layer->output_start,
                             work.hidden_size * sizeof(float));
    }
    size_t block = 0;
    if (FITS(gates * 8, 1))
        block = NAME(run)(block, &work, layer, devices, all, kind, gates, 8);
    if (FITS(gates * 4, 1))
        block = NAME(run)(block, &work, layer, devices, all, kind, gates, 4);
    block = NAME(run)(block, &work, layer, devices, all, kind, gates, 2);
    NAME(run)(block, &work, layer, devices, all, kind, gates, 1);
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
#undef ENOUGH_PARTS
#undef MOST_SUMS
#undef ROOM
#undef MOST_DEVICES
#undef FITS
#undef floats
#undef integers
