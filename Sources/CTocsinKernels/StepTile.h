// Included by StepForm.h for each form: the sums of a few vectors for a few devices.
//
// Expects NAME(…), LANES, REGISTERS, MOST_SUMS, HALF, ROOM, APART, and the vector types.

// A vector of weights.
INLINE floats NAME(weights)(const float *from) {
#if HALF
    return NAME(widened)(from);
#else
    return *(const floats *)from;
#endif
}

// What the tiles of a layer work on.
typedef struct {
    // How far the next panel is, and how far behind its biases its weights are.
    size_t panel_stride;
    size_t bias_size;
    // Each device's input and hidden units before the step, one after the other.
    size_t x_stride;
    size_t input_size;
    size_t hidden_size;
    // From the sums of a device to those of the next.
    size_t sums_stride;
} NAME(work);

// Adds `steps` rows of weights × factors to the sums [device][vector].
//
// Of the factors of a row and its weights the fewer wait in registers for the others. Four rows at
// a time, so that the processor foresees the last turn.
INLINE void NAME(accumulate)(floats *sums, const float *weights, size_t panel_stride,
                             const float *x, size_t x_stride, size_t steps, const int vectors,
                             const int devices) {
    floats kept[REGISTERS];
    _Pragma("unroll 4") for (; steps > 0; steps--) {
        if (vectors < devices) {
            _Pragma("unroll") for (int v = 0; v < vectors; v++) kept[v] =
                NAME(weights)(weights + v * ROOM);
            _Pragma("unroll") for (int d = 0; d < devices; d++) {
                const floats factor = x[d * x_stride];
                floats *sum = sums + d * vectors;
                _Pragma("unroll") for (int v = 0; v < vectors; v++) {
                    sum[v] = factor * kept[v] + sum[v];
                    IN_ORDER(weights, x, sum[v]);
                }
            }
        } else {
            _Pragma("unroll") for (int d = 0; d < devices; d++) kept[d] = x[d * x_stride];
            _Pragma("unroll") for (int v = 0; v < vectors; v++) {
                const floats w =
                    NAME(weights)(weights + v / 2 * panel_stride + v % 2 * ROOM);
                _Pragma("unroll") for (int d = 0; d < devices; d++) {
                    floats *sum = sums + d * vectors + v;
                    *sum = kept[d] * w + *sum;
                }
                // Where weights are only read, one sum holds the others back.
                _Pragma("unroll") for (int d = HALF ? 0 : devices - 1; d < devices; d++)
                    IN_ORDER(weights, x, sums[d * vectors + v]);
            }
        }
        weights += 2 * ROOM;
        x++;
    }
}

// The sums of some vectors for some devices, to out[device][vector]. Of a GRU every third vector is
// n, here those from `apart` on.
INLINE void NAME(tile)(floats *out, const NAME(work) *work, const float *panel, const float *x,
                       size_t apart, const bool is_gru, const int vectors, const int devices) {
    const float *weights = panel + work->bias_size;
    const size_t panel_stride = work->panel_stride, x_stride = work->x_stride;
    const size_t sums_stride = work->sums_stride;
    floats sums[REGISTERS] __attribute__((aligned(64)));
    _Pragma("unroll") for (int v = 0; v < vectors; v++)
        _Pragma("unroll") for (int d = 0; d < devices; d++) sums[d * vectors + v] =
            *(const floats *)(panel + v / 2 * panel_stride + v % 2 * LANES);
    if (is_gru) {
        // The reset gate is applied to what the hidden units add to n: two sums.
        NAME(accumulate)(sums, weights, panel_stride, x, x_stride, work->input_size, vectors,
                         devices);
        _Pragma("unroll") for (int v = 0; v < vectors; v++) if (v % 3 == (int)apart)
            _Pragma("unroll") for (int d = 0; d < devices; d++) {
                out[d * sums_stride + v + APART] = sums[d * vectors + v];
                sums[d * vectors + v] =
                    *(const floats *)(panel + v / 2 * panel_stride + (v % 2 + 2) * LANES);
            }
        NAME(accumulate)(sums, weights + work->input_size * 2 * ROOM, panel_stride,
                         x + work->input_size, x_stride, work->hidden_size, vectors, devices);
    } else {
        NAME(accumulate)(sums, weights, panel_stride, x, x_stride,
                         work->input_size + work->hidden_size, vectors, devices);
    }
    _Pragma("unroll") for (int d = 0; d < devices; d++)
        _Pragma("unroll") for (int v = 0; v < vectors; v++)
            out[d * sums_stride + v] = sums[d * vectors + v];
}

// Tiles of `wide` vectors from `v` on, while there are so many; returns the first that is left.
INLINE size_t NAME(row)(size_t v, floats *out, const NAME(work) *work, const float *panel,
                        const float *x, size_t vectors, const bool is_gru, const int wide,
                        const int devices) {
    if (wide * devices > MOST_SUMS) return v;
    // Eight are four and four, not six and two, which would be too few sums in flight.
    for (; v + wide <= vectors && !(wide == 6 && vectors - v == 8); v += wide)
        NAME(tile)(out + v, work, panel + v / 2 * work->panel_stride, x, 2 - v % 3, is_gru, wide,
                   devices);
    return v;
}

// `devices` is a constant for the compiler in each case, and so is what fits into registers.
#define ROW(wide) v = NAME(row)(v, out, work, panel, x, vectors, is_gru, wide, devices)

INLINE void NAME(rows)(floats *out, const NAME(work) *work, const float *panel, const float *x,
                       size_t vectors, const bool is_gru, const int devices) {
    size_t v = 0;
    // Twelve half vectors come from too many places at once: lines are left half read.
    if (devices == 2 || (devices == 1 && !HALF)) ROW(12);
    if (devices == 1) ROW(8);
    ROW(6);
    ROW(4);
    ROW(2);
    ROW(1);
}

#undef ROW

// In functions of their own, so that the compiler keeps what one of them needs in registers.
#define ROWS(n)                                                                              \
    static __attribute__((noinline)) void NAME(rows##n)(                                     \
        floats *out, const NAME(work) *work, const float *panel, const float *x,             \
        size_t vectors) {                                                                    \
        NAME(rows)(out, work, panel, x, vectors, false, n);                                  \
    }                                                                                        \
    static __attribute__((noinline)) void NAME(gru_rows##n)(                                 \
        floats *out, const NAME(work) *work, const float *panel, const float *x,             \
        size_t vectors) {                                                                    \
        NAME(rows)(out, work, panel, x, vectors, true, n);                                   \
    }

ROWS(1)
ROWS(2)
ROWS(3)
ROWS(4)
ROWS(5)
ROWS(6)

#undef ROWS

#define ROWS_CASE(n)                                                                         \
    case n:                                                                                  \
        if (is_gru)                                                                          \
            NAME(gru_rows##n)(out, work, panel, x, vectors);                                 \
        else                                                                                 \
            NAME(rows##n)(out, work, panel, x, vectors);                                     \
        break;

// The sums of `vectors` vectors for up to 6 devices, as many at a time as registers hold.
INLINE void NAME(tiles)(floats *out, const NAME(work) *work, const float *panel, const float *x,
                        size_t vectors, size_t devices, const bool is_gru) {
    switch (devices) {
        ROWS_CASE(1)
        ROWS_CASE(2)
        ROWS_CASE(3)
        ROWS_CASE(4)
        ROWS_CASE(5)
        ROWS_CASE(6)
    }
}

#undef ROWS_CASE
