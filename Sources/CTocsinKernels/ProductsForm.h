// One instruction set's form of the matrix products; Products.c includes this file for each.
//
// A tile of the result stands in registers while all terms are added to it: up to 6 rows × 16
// columns of 8 lanes, which are 12 of the 16 registers, or 6 × 64 of 16 lanes, 24 of 32.

typedef float NAME(floats) __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
#define floats NAME(floats)

// Vectors of a panel; rows and panels of the largest tile.
#define PARTS (TOCSIN_PANEL / LANES)
#define MOST_ROWS (PARTS * 6 <= REGISTERS * 3 / 4 ? 6 : 2)
#define MOST_PANELS (PARTS * MOST_ROWS * 4 <= REGISTERS * 3 / 4 ? 4 : 1)

// Adds `count` steps, in their order, and moves both pointers past them.
//
// For the compiler `along` is a constant: the steps of x lie side by side, and those of w a panel's
// width apart; or else the rows of x lie side by side. So is `count`: within it a step is found by
// its distance, without an addition.
INLINE void NAME(add_steps)(floats *sums, const struct tocsin_term *term, const float **first_x,
                            const float **first_w, const int rows, const int panels,
                            const bool along, const int count) {
    const size_t row = along ? term->x_row : 1, x_step = along ? 1 : term->x_step;
    const size_t panel = term->w_panel, w_step = along ? TOCSIN_PANEL : term->w_step;
    const float *x = *first_x, *x3 = x + 3 * row, *w = *first_w;
    _Pragma("unroll") for (int s = 0; s < count; s++) {
        floats weights[MOST_PANELS * PARTS];
        _Pragma("unroll") for (int p = 0; p < panels; p++)
            _Pragma("unroll") for (int i = 0; i < PARTS; i++) weights[p * PARTS + i] =
                *(const floats *)(w + s * w_step + p * panel + i * LANES);
        _Pragma("unroll") for (int r = 0; r < rows; r++) {
            const float *const of_row = !along || r < 3 ? x + r * row : x3 + (r - 3) * row;
            const floats factor = of_row[s * x_step];
            _Pragma("unroll") for (int i = 0; i < panels * PARTS; i++)
                sums[r * panels * PARTS + i] = factor * weights[i] + sums[r * panels * PARTS + i];
        }
        IN_ORDER(x, w, sums[(rows - 1) * panels * PARTS]);
        if (along) IN_ORDER(x3, w, sums[(rows - 1) * panels * PARTS]);
    }
    *first_x = x + count * x_step;
    *first_w = w + count * w_step;
}

// Adds one segment's steps, in their order.
INLINE void NAME(add_segment)(floats *sums, const struct tocsin_term *term, const float *x,
                              const float *w, const int rows, const int panels,
                              const bool along) {
    size_t steps = term->steps;
    for (; steps >= 4; steps -= 4) NAME(add_steps)(sums, term, &x, &w, rows, panels, along, 4);
    _Pragma("clang loop unroll(disable)") for (; steps > 0; steps--)
        NAME(add_steps)(sums, term, &x, &w, rows, panels, along, 1);
}

// All loops but those over rows and panels run at least once: what a tile costs beside its
// multiply-adds counts.
INLINE void NAME(product_tile)(const struct tocsin_product *product, size_t row, size_t panel,
                               const int rows, const int panels, const bool along) {
    floats sums[MOST_ROWS * MOST_PANELS * PARTS];
    const size_t y_row = product->y_row, y_panel = product->y_panel;
    const size_t from_row = product->from_row, from_panel = product->from_panel;
    float *y = product->y + row * y_row + panel * y_panel;
    const float *from = product->from + row * from_row + panel * from_panel;
    _Pragma("unroll") for (int r = 0; r < rows; r++)
        _Pragma("unroll") for (int p = 0; p < panels; p++)
            _Pragma("unroll") for (int i = 0; i < PARTS; i++)
                sums[(r * panels + p) * PARTS + i] =
                    *(const floats *)(from + r * from_row + p * from_panel + i * LANES);
    const struct tocsin_term *term = product->term, *const end = term + product->terms;
    do {
        const float *x = term->x + row * term->x_row;
        const float *w = term->w + panel * term->w_panel;
        size_t segments = term->segments;
        do {
            NAME(add_segment)(sums, term, x, w, rows, panels, along);
            x += term->x_segment;
            w += term->w_segment;
        } while (--segments > 0);
    } while (++term < end);
    _Pragma("unroll") for (int r = 0; r < rows; r++)
        _Pragma("unroll") for (int p = 0; p < panels; p++)
            _Pragma("unroll") for (int i = 0; i < PARTS; i++)
                *(floats *)(y + r * y_row + p * y_panel + i * LANES) =
                    sums[(r * panels + p) * PARTS + i];
}

// All tiles of some panels: first `larger` of one row more than `rows`, then others of `rows`.
INLINE void NAME(product_tiles)(const struct tocsin_product *product, size_t panel, size_t larger,
                                size_t others, const int rows, const int panels,
                                const bool along) {
    size_t row = 0;
    if (rows < MOST_ROWS)
        for (; larger > 0; larger--, row += rows + 1)
            NAME(product_tile)(product, row, panel, rows + 1, panels, along);
    for (; others > 0; others--, row += rows)
        NAME(product_tile)(product, row, panel, rows, panels, along);
}

// `rows` is a constant for the compiler in each case.
#define ROWS_CASE(n)                                                                      \
    case n:                                                                               \
        if (n > MOST_ROWS) break;                                                         \
        if (MOST_PANELS == 4)                                                             \
            for (; panel + 4 <= product->panels; panel += 4)                              \
                NAME(product_tiles)(product, panel, larger, others, n, 4, along);         \
        for (; panel < product->panels; panel++)                                          \
            NAME(product_tiles)(product, panel, larger, others, n, 1, along);             \
        break;

INLINE void NAME(product_panels)(const struct tocsin_product *product, const bool along) {
    const size_t tiles = (product->rows + MOST_ROWS - 1) / MOST_ROWS;
    const size_t larger = product->rows % tiles, others = tiles - larger;
    size_t panel = 0;
    switch (product->rows / tiles) {
        ROWS_CASE(1)
        ROWS_CASE(2)
        ROWS_CASE(3)
        ROWS_CASE(4)
        ROWS_CASE(5)
        ROWS_CASE(6)
    }
}

static void NAME(product)(const struct tocsin_product *product) {
    if (product->term[0].x_row == 1)
        NAME(product_panels)(product, false);
    else
        NAME(product_panels)(product, true);
}

#undef ROWS_CASE
#undef MOST_PANELS
#undef MOST_ROWS
#undef PARTS
#undef floats
