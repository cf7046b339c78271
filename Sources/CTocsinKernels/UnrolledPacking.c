// Weights and their gradients, to the order in which the unrolled kernels read them and back.

#include "UnrolledPlaces.h"

size_t tocsin_padded(size_t size) {
    return (size + TOCSIN_PANEL - 1) / TOCSIN_PANEL * TOCSIN_PANEL;
}

size_t tocsin_packed_count(const struct tocsin_unrolled *layer) {
    const places p = places_of(layer);
    return p.bias + p.gates * p.padded;
}

size_t tocsin_back_count(const struct tocsin_unrolled *layer) {
    const places p = places_of(layer);
    return p.back_input + p.matrix_gates * p.padded * tocsin_padded(layer->input_size);
}

size_t tocsin_gates_count(const struct tocsin_unrolled *layer) {
    const places p = places_of(layer);
    // Without room for one panel more the steps of a panel would often lie a power of two apart, and
    // few such places fit into the first cache at once.
    return (p.gates * p.padded + TOCSIN_PANEL) * layer->lanes;
}

// Where element (row `u` of gate `g`, column `k`) of a matrix stands in its panels.
INLINE size_t in_panels(const places *p, size_t inputs, size_t g, size_t u, size_t k) {
    return (g * p->panels + u / TOCSIN_PANEL) * inputs * TOCSIN_PANEL + k * TOCSIN_PANEL +
           u % TOCSIN_PANEL;
}

static void pack_matrix(const struct tocsin_unrolled *layer, const places *p, float *packed,
                        float *back, const float *w, size_t inputs) {
    const size_t rows = p->matrix_gates * p->padded;
    for (size_t g = 0; g < p->matrix_gates; g++)
        for (size_t u = 0; u < layer->size; u++, w += inputs) {
            float *column = packed + in_panels(p, inputs, g, u, 0);
            for (size_t k = 0; k < inputs; k++) column[k * TOCSIN_PANEL] = w[k];
            float *row = back + (g * p->padded + u) * TOCSIN_PANEL;
            for (size_t k = 0; k < inputs; k += TOCSIN_PANEL, row += rows * TOCSIN_PANEL) {
                const size_t some = inputs - k < TOCSIN_PANEL ? inputs - k : TOCSIN_PANEL;
                __builtin_memcpy(row, w + k, some * sizeof(float));
            }
        }
}

void tocsin_pack(const struct tocsin_unrolled *layer, float *packed, float *back,
                 const float *parameters, size_t input_weights, size_t hidden_weights,
                 size_t input_bias, size_t hidden_bias) {
    const places p = places_of(layer);
    pack_matrix(layer, &p, packed, back + p.back_input, parameters + input_weights,
                layer->input_size);
    if (layer->kind != TOCSIN_LINEAR)
        pack_matrix(layer, &p, packed + p.hidden, back, parameters + hidden_weights, layer->size);
    for (size_t g = 0; g < p.matrix_gates; g++)
        for (size_t u = 0; u < layer->size; u++) {
            const float of_input = parameters[input_bias + g * layer->size + u];
            float *bias = packed + p.bias + g * p.padded + u;
            if (layer->kind == TOCSIN_LINEAR) {
                *bias = of_input;
                continue;
            }
            const float of_hidden = parameters[hidden_bias + g * layer->size + u];
            const bool apart = layer->kind == TOCSIN_GRU && g == 2;
            *bias = apart ? of_input : of_input + of_hidden;
            if (apart) bias[p.padded] = of_hidden;
        }
}

static void unpack_matrix(const struct tocsin_unrolled *layer, const places *p,
                          const float *packed, float *w, size_t inputs) {
    for (size_t g = 0; g < p->matrix_gates; g++)
        for (size_t u = 0; u < layer->size; u++, w += inputs)
            for (size_t k = 0; k < inputs; k++)
                w[k] = packed[in_panels(p, inputs, g, u, k)];
}

void tocsin_unpack(const struct tocsin_unrolled *layer, const float *packed, float *parameters,
                   size_t input_weights, size_t hidden_weights, size_t input_bias,
                   size_t hidden_bias) {
    const places p = places_of(layer);
    unpack_matrix(layer, &p, packed, parameters + input_weights, layer->input_size);
    if (layer->kind != TOCSIN_LINEAR)
        unpack_matrix(layer, &p, packed + p.hidden, parameters + hidden_weights, layer->size);
    for (size_t g = 0; g < p.matrix_gates; g++)
        for (size_t u = 0; u < layer->size; u++) {
            const float *bias = packed + p.bias + g * p.padded + u;
            parameters[input_bias + g * layer->size + u] = *bias;
            if (layer->kind == TOCSIN_LINEAR) continue;
            const bool apart = layer->kind == TOCSIN_GRU && g == 2;
            parameters[hidden_bias + g * layer->size + u] = bias[apart ? p.padded : 0];
        }
}
