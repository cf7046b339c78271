// Where in the packed weights of a layer everything lies; include/Unrolled.h says in which order.

#pragma once

#include "CTocsinKernels.h"
#include "Dispatch.h"

typedef struct {
    // Of the whole weight matrices, and of those and the GRU's fourth.
    size_t matrix_gates, gates;
    // Padded size, and panels of one gate.
    size_t padded, panels;
    // Where in the packed weights the hidden units' and the biases lie.
    size_t hidden, bias;
    // And where in those for the way back the input's lie.
    size_t back_input;
} places;

INLINE places places_of(const struct tocsin_unrolled *layer) {
    places p;
    p.matrix_gates = layer->kind == TOCSIN_LSTM ? 4 : layer->kind == TOCSIN_GRU ? 3 : 1;
    p.gates = layer->kind == TOCSIN_GRU ? 4 : p.matrix_gates;
    p.padded = tocsin_padded(layer->size);
    p.panels = p.padded / TOCSIN_PANEL;
    const size_t columns = p.matrix_gates * p.padded;
    const size_t hidden_inputs = layer->kind == TOCSIN_LINEAR ? 0 : layer->size;
    p.hidden = columns * layer->input_size;
    p.bias = p.hidden + columns * hidden_inputs;
    p.back_input = layer->kind == TOCSIN_LINEAR ? 0 : columns * p.padded;
    return p;
}
