// Included by StepForm.h for each form: the sums of a few blocks for a few devices.
//
// Expects NAME(…), LANES, REGISTERS, HALF, ROOM, FITS, and the vector types.

// A vector of weights.
INLINE floats NAME(weights)(const float *from) {
#if HALF
    return NAME(widened)(from);
#else
    return *(const floats *)from;
#endif
}

// What a complete sum of a gate is still to be multiplied by.
INLINE float NAME(factor)(const int kind, const int gate) {
    if (!HALF || kind == TOCSIN_LINEAR) return 1.0f;
    const bool is_tanh = kind == TOCSIN_RNN || gate == 2 || (kind == TOCSIN_GRU && gate == 3);
    return is_tanh ? -2.88539008f : -1.44269504f;
}

// Adds `steps` rows of weights × factors to the sums [block][device][gate].
//
// Four rows at a time, so that the processor foresees the last turn.
INLINE void NAME(accumulate)(floats *sums, const float *weights, size_t block_stride,
                             const float *x, size_t x_stride, size_t steps, const int gates,
                             const int blocks, const int devices) {
    floats factors[REGISTERS];
    _Pragma("unroll 4") for (; steps > 0; steps--) {
        _Pragma("unroll") for (int d = 0; d < devices; d++) factors[d] = x[d * x_stride];
        _Pragma("unroll") for (int b = 0; b < blocks; b++)
            _Pragma("unroll") for (int g = 0; g < gates; g++) {
                const floats w = NAME(weights)(weights + b * block_stride + g * ROOM);
                floats *sum = sums + b * devices * gates + g;
                _Pragma("unroll") for (int d = 0; d < devices; d++) sum[d * gates] =
                    factors[d] * w + sum[d * gates];
                // Where weights are only read, one sum holds the others back.
                _Pragma("unroll") for (int d = HALF ? 0 : devices - 1; d < devices; d++)
                    IN_ORDER(weights, x, sum[d * gates]);
            }
        weights += gates * ROOM;
        x++;
    }
}

// What one layer works on.
typedef struct {
    // The block's weights, and how far the next block's are.
    const float *weights;
    size_t block_stride;
    // Each device's input and hidden units before the step, one after the other.
    const float *x;
    size_t x_stride;
    size_t input_size;
    size_t hidden_size;
} NAME(work);

// The sums of some blocks for some devices, to out[block][device of all][sum].
INLINE void NAME(tile)(floats *out, const NAME(work) *work, size_t first, size_t all,
                       const int kind, const int gates, const int blocks, const int devices) {
    const int count = kind == TOCSIN_GRU ? 4 : gates;
    const float *x = work->x + first * work->x_stride;
    const float *weights = work->weights + count * LANES;
    floats sums[REGISTERS] __attribute__((aligned(64)));
    _Pragma("unroll") for (int b = 0; b < blocks; b++)
        _Pragma("unroll") for (int d = 0; d < devices; d++)
            _Pragma("unroll") for (int g = 0; g < gates; g++)
                sums[(b * devices + d) * gates + g] =
                    *(const floats *)(work->weights + b * work->block_stride + g * LANES);
    out += first * count;
    if (kind == TOCSIN_GRU) {
        // The reset gate is applied to what the hidden units add to n: two sums.
        NAME(accumulate)(sums, weights, work->block_stride, x, work->x_stride, work->input_size,
                         gates, blocks, devices);
        _Pragma("unroll") for (int b = 0; b < blocks; b++)
            _Pragma("unroll") for (int d = 0; d < devices; d++) {
                floats *sum = sums + (b * devices + d) * gates + 2;
                out[(b * all + d) * count + 2] = *sum * NAME(factor)(kind, 2);
                *sum = *(const floats *)(work->weights + b * work->block_stride + 3 * LANES);
            }
        NAME(accumulate)(sums, weights + work->input_size * gates * ROOM, work->block_stride,
                         x + work->input_size, work->x_stride, work->hidden_size, gates, blocks,
                         devices);
    } else {
        NAME(accumulate)(sums, weights, work->block_stride, x, work->x_stride,
                         work->input_size + work->hidden_size, gates, blocks, devices);
    }
    _Pragma("unroll") for (int b = 0; b < blocks; b++)
        _Pragma("unroll") for (int d = 0; d < devices; d++)
            _Pragma("unroll") for (int g = 0; g < gates; g++)
                out[(b * all + d) * count + (kind == TOCSIN_GRU && g == 2 ? 3 : g)] =
                    sums[(b * devices + d) * gates + g] * NAME(factor)(kind, g);
}

// `devices` is a constant for the compiler in each case, and so is what fits into registers.
#define TILE_CASE(n)                                                                    \
    case n:                                                                             \
        if (FITS(gates * blocks, n))                                                    \
            NAME(tile)(out, work, first, all, kind, gates, blocks, n);                  \
        break;

// The sums of some blocks for all devices of the tile, a few devices at a time.
INLINE void NAME(tiles)(floats *out, const NAME(work) *work, size_t all, const int kind,
                        const int gates, const int blocks) {
    const size_t most = MOST_DEVICES(gates * blocks);
    size_t parts = (all + most - 1) / most;
    for (size_t first = 0; parts > 0; parts--) {
        const size_t n = (all - first + parts - 1) / parts;
        switch (n) {
            TILE_CASE(1)
            TILE_CASE(2)
            TILE_CASE(3)
            TILE_CASE(4)
            TILE_CASE(5)
            TILE_CASE(6)
        }
        first += n;
    }
}

#undef TILE_CASE
