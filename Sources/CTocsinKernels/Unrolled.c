// A layer over a chunk of steps and lanes; include/Unrolled.h says how everything lies.

#include "CTocsinKernels.h"
#include "Dispatch.h"
#include "Gates.h"
#include "Products.h"
#include "UnrolledPlaces.h"

// Rows of one update of the weights' gradients, at least: enough that loading and storing a tile
// of them costs little, and so few that they stay in the second cache.
enum { GRADIENT_ROWS = 64 };

// One step's sums, y[panel][lane][16], of what rows of x add through panels of weights.
static struct tocsin_term forward_term(const float *x, size_t stride, const float *w,
                                       size_t inputs) {
    return (struct tocsin_term){x, stride, 1, 0, w, TOCSIN_PANEL, inputs * TOCSIN_PANEL, 0,
                                inputs, 1};
}

static void sums(const struct tocsin_unrolled *layer, const places *p, const float *x,
                 const float *h, const float *packed, float *gates) {
    const float *bias = packed + p->bias, *hidden = packed + p->hidden;
    struct tocsin_product product = {gates, TOCSIN_PANEL, layer->lanes * TOCSIN_PANEL,
                                     bias, 0, TOCSIN_PANEL,
                                     layer->lanes, p->matrix_gates * p->panels,
                                     {forward_term(x, layer->input_stride, packed,
                                                   layer->input_size),
                                      forward_term(h, p->padded, hidden, layer->size)}, 2};
    if (layer->kind != TOCSIN_GRU) {
        tocsin_multiply(layer->set, &product);
        return;
    }
    // r and z read both; of n there is one sum for the input and one for the hidden units.
    const size_t two = 2 * p->panels, three = 3 * p->panels;
    product.panels = two;
    tocsin_multiply(layer->set, &product);
    product.panels = p->panels;
    product.terms = 1;
    product.y = gates + two * product.y_panel;
    product.from = bias + 2 * p->padded;
    product.term[0].w += two * product.term[0].w_panel;
    tocsin_multiply(layer->set, &product);
    product.term[0] = product.term[1];
    product.y = gates + three * product.y_panel;
    product.from = bias + 3 * p->padded;
    product.term[0].w += two * product.term[0].w_panel;
    tocsin_multiply(layer->set, &product);
}

void tocsin_unrolled_forward(const struct tocsin_unrolled *layer, const float *input,
                             size_t input_start, const float *packed, float *state,
                             size_t memory, float *gates) {
    const places p = places_of(layer);
    const size_t row = layer->lanes * p.padded, of_step = tocsin_gates_count(layer);
    for (size_t step = 0; step < layer->steps; step++) {
        float *h = state + step * row, *c = state + memory + step * row;
        float *a = gates + step * of_step;
        sums(layer, &p, input + input_start + step * layer->lanes * layer->input_stride, h,
             packed, a);
        tocsin_gates_forward(layer->set, layer->kind, a, h, h + row, c, c + row, layer->lanes,
                             p.padded);
    }
}

// Begins from 0, not from what is there.
static void overwrite(struct tocsin_product *product) {
    static const float zeros[TOCSIN_PANEL];
    product->from = zeros;
    product->from_row = product->from_panel = 0;
}

// `y[lane][units] = gates · w`, or if `adds` `+=`, for the input's gates or for the hidden units'.
static void back(const struct tocsin_unrolled *layer, const places *p, const float *gates,
                 const float *w, float *y, size_t stride, size_t panels, bool is_hidden,
                 bool adds) {
    const size_t rows = p->matrix_gates * p->padded, panel = layer->lanes * TOCSIN_PANEL;
    const bool apart = is_hidden && layer->kind == TOCSIN_GRU;
    struct tocsin_term term = {gates, TOCSIN_PANEL, 1, panel, w, TOCSIN_PANEL,
                               rows * TOCSIN_PANEL, TOCSIN_PANEL * TOCSIN_PANEL, TOCSIN_PANEL,
                               apart ? 2 * p->panels : p->matrix_gates * p->panels};
    struct tocsin_product product = {y, stride, TOCSIN_PANEL, y, stride, TOCSIN_PANEL,
                                     layer->lanes, panels, {term, term}, apart ? 2 : 1};
    if (!adds) overwrite(&product);
    product.term[1].x += 3 * p->panels * panel;
    product.term[1].w += 2 * p->padded * TOCSIN_PANEL;
    product.term[1].segments = p->panels;
    tocsin_multiply(layer->set, &product);
}

// `y[panel][input][16] += Σ over steps and lanes of x[input] · gates[panel][16]`.
static void add_outer(const struct tocsin_unrolled *layer, const places *p, const float *x,
                      size_t stride, size_t inputs, const float *gates, size_t panels,
                      float *y, size_t steps) {
    const struct tocsin_product product = {
        y, TOCSIN_PANEL, inputs * TOCSIN_PANEL, y, TOCSIN_PANEL, inputs * TOCSIN_PANEL,
        inputs, panels,
        {{x, 1, stride, layer->lanes * stride, gates, TOCSIN_PANEL, layer->lanes * TOCSIN_PANEL,
          tocsin_gates_count(layer), layer->lanes, steps}}, 1};
    tocsin_multiply(layer->set, &product);
}

static void add_gradients(const struct tocsin_unrolled *layer, const places *p, const float *x,
                          const float *h, const float *gates, float *packed, size_t steps) {
    const size_t panels = p->matrix_gates * p->panels, panel = layer->lanes * TOCSIN_PANEL;
    float *hidden = packed + p->hidden;
    add_outer(layer, p, x, layer->input_stride, layer->input_size, gates, panels, packed, steps);
    if (layer->kind == TOCSIN_GRU) {
        const size_t two = 2 * p->panels;
        add_outer(layer, p, h, p->padded, layer->size, gates, two, hidden, steps);
        add_outer(layer, p, h, p->padded, layer->size, gates + 3 * p->panels * panel, p->panels,
                  hidden + two * layer->size * TOCSIN_PANEL, steps);
    } else {
        add_outer(layer, p, h, p->padded, layer->size, gates, panels, hidden, steps);
    }
    for (size_t step = 0; step < steps; step++)
        tocsin_panel_sums(layer->set, packed + p->bias, gates + step * tocsin_gates_count(layer),
                          layer->lanes, TOCSIN_PANEL, p->gates * p->panels, panel);
}

void tocsin_unrolled_backward(const struct tocsin_unrolled *layer, const float *input,
                              size_t input_start, const float *weights, const float *state,
                              size_t memory, float *gates, const float *gradient,
                              float *carried, float *packed_gradient, float *input_gradient,
                              bool adds) {
    const places p = places_of(layer);
    const size_t row = layer->lanes * p.padded, of_step = tocsin_gates_count(layer);
    const size_t input_row = layer->lanes * layer->input_stride;
    const size_t together = (GRADIENT_ROWS + layer->lanes - 1) / layer->lanes;
    float *dh = carried, *dc = carried + row;
    __builtin_memset(carried, 0, 2 * row * sizeof(float));
    size_t done = layer->steps;
    for (size_t step = layer->steps; step-- > 0;) {
        const float *h = state + step * row, *c = state + memory + step * row;
        float *a = gates + step * of_step;
        tocsin_gates_backward(layer->set, layer->kind, a, h, h + row, c, gradient + step * row,
                              dh, dc, layer->lanes, p.padded);
        // A GRU's hidden state also reaches the next one past the gates.
        back(layer, &p, a, weights, dh, p.padded, p.panels, true, layer->kind == TOCSIN_GRU);
        if (input_gradient)
            back(layer, &p, a, weights + p.back_input, input_gradient + step * input_row,
                 layer->input_stride, tocsin_padded(layer->input_size) / TOCSIN_PANEL, false,
                 adds);
        if (done - step == together || step == 0) {
            add_gradients(layer, &p, input + input_start + step * input_row, h, a,
                          packed_gradient, done - step);
            done = step;
        }
    }
}

void tocsin_linear_forward(const struct tocsin_unrolled *layer, const float *input,
                           size_t input_start, const float *packed, float *output) {
    const places p = places_of(layer);
    const struct tocsin_product product = {
        output, p.padded, TOCSIN_PANEL, packed + p.bias, 0, TOCSIN_PANEL,
        layer->steps * layer->lanes, p.panels,
        {forward_term(input + input_start, layer->input_stride, packed, layer->input_size)}, 1};
    tocsin_multiply(layer->set, &product);
}

void tocsin_linear_backward(const struct tocsin_unrolled *layer, const float *input,
                            size_t input_start, const float *back, const float *gradient,
                            float *packed_gradient, float *input_gradient, bool adds) {
    const places p = places_of(layer);
    const size_t rows = layer->steps * layer->lanes, stride = layer->input_stride;
    const size_t full = rows / GRADIENT_ROWS;
    struct tocsin_term outer = {input + input_start, 1, stride, 0, gradient, p.padded,
                                TOCSIN_PANEL, 0, GRADIENT_ROWS, 1};
    const size_t panel = layer->input_size * TOCSIN_PANEL;
    struct tocsin_product weights = {packed_gradient, TOCSIN_PANEL, panel,
                                     packed_gradient, TOCSIN_PANEL, panel,
                                     layer->input_size, p.panels, {outer}, 1};
    for (size_t i = 0; i <= full; i++) {
        weights.term[0].steps = i < full ? GRADIENT_ROWS : rows % GRADIENT_ROWS;
        tocsin_multiply(layer->set, &weights);
        weights.term[0].x += GRADIENT_ROWS * stride;
        weights.term[0].w += GRADIENT_ROWS * p.padded;
    }
    tocsin_panel_sums(layer->set, packed_gradient + p.bias, gradient, rows, p.padded, p.panels,
                      TOCSIN_PANEL);
    if (!input_gradient) return;
    // The hidden state above is padded, and so is the code.
    struct tocsin_product below = {
        input_gradient, stride, TOCSIN_PANEL, input_gradient, stride, TOCSIN_PANEL, rows,
        tocsin_padded(layer->input_size) / TOCSIN_PANEL,
        {{gradient, p.padded, 1, 0, back, TOCSIN_PANEL, p.padded * TOCSIN_PANEL, 0, layer->size,
          1}}, 1};
    if (!adds) overwrite(&below);
    tocsin_multiply(layer->set, &below);
}
