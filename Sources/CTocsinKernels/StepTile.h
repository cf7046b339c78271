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

// A tile: so many vectors for so many devices, all constants for the compiler. `odd` is 1 where the
// first vector is the second of its panel.
typedef struct {
    int vectors;
    int devices;
    int odd;
    bool is_gru;
} NAME(shape);

// Where a tile reads on: its weights, and the factors of all devices, or if that is split, of the
// first three and of the others.
typedef struct {
    const float *weights;
    const float *x[2];
    size_t panel_stride;
    size_t x_stride;
} NAME(reader);

// An address is too short for the factors of more than four devices. A GRU sums up twice, and its
// rows are few: there neither a second address nor turns of eight rows pay.
#define IS_SPLIT(shape) ((shape).devices > 4 && !(shape).is_gru)

// Adds `rows` rows of weights × factors to the sums [device][vector], `rows` a constant.
//
// Of the factors of a row and its weights the fewer wait in registers for the others.
INLINE void NAME(add)(floats *sums, NAME(reader) *reader, const NAME(shape) shape,
                      const int rows) {
    const int vectors = shape.vectors, devices = shape.devices;
    const bool is_split = IS_SPLIT(shape);
    floats kept[REGISTERS];
    _Pragma("unroll") for (int r = 0; r < rows; r++) {
#define FACTOR(d)                                                                            \
    (is_split ? reader->x[(d) / 3][(d) % 3 * reader->x_stride + r]                           \
              : reader->x[0][(d) * reader->x_stride + r])
#define WEIGHTS_OF(v)                                                                        \
    NAME(weights)(reader->weights + ((v) + shape.odd) / 2 * reader->panel_stride +           \
                  (((v) + shape.odd) % 2 + 2 * r) * ROOM)
        if (vectors < devices) {
            _Pragma("unroll") for (int v = 0; v < vectors; v++) kept[v] = WEIGHTS_OF(v);
            _Pragma("unroll") for (int d = 0; d < devices; d++) {
                const floats factor = FACTOR(d);
                floats *sum = sums + d * vectors;
                _Pragma("unroll") for (int v = 0; v < vectors; v++) sum[v] =
                    factor * kept[v] + sum[v];
                _Pragma("unroll") for (int v = 0; v < vectors; v++) COMPLETE(sum[v]);
            }
        } else {
            _Pragma("unroll") for (int d = 0; d < devices; d++) kept[d] = FACTOR(d);
            _Pragma("unroll") for (int v = 0; v < vectors; v++) {
                const floats w = WEIGHTS_OF(v);
                floats *sum = sums + v;
                _Pragma("unroll") for (int d = 0; d < devices; d++) sum[d * vectors] =
                    kept[d] * w + sum[d * vectors];
                _Pragma("unroll") for (int d = 0; d < devices; d++) COMPLETE(sum[d * vectors]);
            }
        }
#undef WEIGHTS_OF
#undef FACTOR
    }
    reader->weights += 2 * rows * ROOM;
    reader->x[0] += rows;
    if (is_split) reader->x[1] += rows;
}

// Adds the next `count` rows. The fewer turns, the better the processor foresees the last one.
INLINE void NAME(accumulate)(floats *sums, NAME(reader) *reader, size_t count,
                             const NAME(shape) shape) {
    if (!shape.is_gru)
        for (; count >= 8; count -= 8) NAME(add)(sums, reader, shape, 8);
    for (; count >= 4; count -= 4) NAME(add)(sums, reader, shape, 4);
    for (; count > 0; count--) NAME(add)(sums, reader, shape, 1);
}

// The sums of some vectors for some devices, to out[device][vector]. Of a GRU every third vector is
// n, here those from `apart` on.
INLINE void NAME(tile)(floats *out, const NAME(work) *work, const float *panel, const float *x,
                       size_t apart, const NAME(shape) shape) {
    const int vectors = shape.vectors, devices = shape.devices;
    const size_t stride = work->sums_stride, hidden = work->hidden_size;
    NAME(reader) reader = {panel + work->bias_size,
                           {x, IS_SPLIT(shape) ? x + 3 * work->x_stride : x},
                           work->panel_stride,
                           work->x_stride};
    // Left alone, the compiler works the second address out in every row.
    if (IS_SPLIT(shape)) __asm__("" : "+r"(reader.x[1]));
    floats sums[REGISTERS] __attribute__((aligned(64)));
#define BIAS(v, more)                                                                        \
    *(const floats *)(panel + ((v) + shape.odd) / 2 * reader.panel_stride +                  \
                      (((v) + shape.odd) % 2 + (more)) * LANES)
    _Pragma("unroll") for (int v = 0; v < vectors; v++)
        _Pragma("unroll") for (int d = 0; d < devices; d++) sums[d * vectors + v] = BIAS(v, 0);
    if (shape.is_gru) {
        // The reset gate is applied to what the hidden units add to n: two sums.
        NAME(accumulate)(sums, &reader, work->input_size, shape);
        _Pragma("unroll") for (int v = 0; v < vectors; v++) if (v % 3 == (int)apart)
            _Pragma("unroll") for (int d = 0; d < devices; d++) {
                out[d * stride + v + APART] = sums[d * vectors + v];
                sums[d * vectors + v] = BIAS(v, 2);
            }
        NAME(accumulate)(sums, &reader, hidden, shape);
    } else {
        NAME(accumulate)(sums, &reader, work->input_size + hidden, shape);
    }
#undef BIAS
    _Pragma("unroll") for (int d = 0; d < devices; d++)
        _Pragma("unroll") for (int v = 0; v < vectors; v++)
            out[d * stride + v] = sums[d * vectors + v];
}

// How far the tiles of a turn have come: so many vectors are left, the next of which has its panel,
// its place among the sums and, of a GRU, the distance to the next n.
typedef struct {
    size_t left;
    const float *panel;
    floats *out;
    size_t apart;
} NAME(place);

// Tiles of `wide` vectors while there are so many, each for all groups of devices before the next.
INLINE void NAME(row)(NAME(place) *place, const NAME(work) *work, const float *x, size_t groups,
                      const bool is_gru, const int wide, const int devices) {
    if (wide * devices > MOST_SUMS) return;
    // Of an odd number of vectors two tiles make whole panels.
    const int pair = wide == 3 ? 2 : 1;
    // Eight are four and four, not six and two, which would be too few sums in flight.
    while (place->left >= (size_t)(wide * pair) && !(wide == 6 && place->left == 8)) {
        _Pragma("unroll") for (int odd = 0; odd < pair; odd++) {
            const float *from = place->panel + odd * wide / 2 * work->panel_stride;
            const float *factors = x;
            floats *to = place->out + odd * wide;
            size_t g = groups;
            do {
                NAME(tile)(to, work, from, factors, place->apart,
                           (NAME(shape)){wide, devices, odd, is_gru});
                factors += devices * work->x_stride;
                to += devices * work->sums_stride;
            } while (--g > 0);
        }
        place->left -= wide * pair;
        place->out += wide * pair;
        place->panel += wide * pair / 2 * work->panel_stride;
        if (is_gru) place->apart = (place->apart + 2 * wide * pair) % 3;
    }
}

// `devices` is a constant for the compiler in each case, and so is what fits into registers.
#define ROW(wide) NAME(row)(&place, work, x, groups, is_gru, wide, devices)

INLINE void NAME(rows)(floats *out, const NAME(work) *work, const float *panel, const float *x,
                       size_t vectors, size_t groups, const bool is_gru, const int devices) {
    NAME(place) place = {vectors, panel, out, 2};
    // Twelve half vectors come from too many places at once: lines are left half read.
    if (devices == 2 || (devices == 1 && !HALF)) ROW(12);
    if (devices == 1) ROW(8);
    ROW(6);
    ROW(4);
    if (devices == 4 && !is_gru) ROW(3);
    ROW(2);
    ROW(1);
}

#undef ROW

// In functions of their own, so that the compiler keeps what one of them needs in registers.
#define ROWS(n)                                                                              \
    static __attribute__((noinline)) void NAME(rows##n)(                                     \
        floats *out, const NAME(work) *work, const float *panel, const float *x,             \
        size_t vectors, size_t groups) {                                                     \
        NAME(rows)(out, work, panel, x, vectors, groups, false, n);                          \
    }                                                                                        \
    static __attribute__((noinline)) void NAME(gru_rows##n)(                                 \
        floats *out, const NAME(work) *work, const float *panel, const float *x,             \
        size_t vectors, size_t groups) {                                                     \
        NAME(rows)(out, work, panel, x, vectors, groups, true, n);                           \
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
            NAME(gru_rows##n)(out, work, panel, x, vectors, groups);                         \
        else                                                                                 \
            NAME(rows##n)(out, work, panel, x, vectors, groups);                             \
        break;

// The sums of `vectors` vectors for groups of up to 6 devices, as many at a time as registers hold.
INLINE void NAME(tiles)(floats *out, const NAME(work) *work, const float *panel, const float *x,
                        size_t vectors, size_t devices, size_t groups, const bool is_gru) {
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
#undef IS_SPLIT
