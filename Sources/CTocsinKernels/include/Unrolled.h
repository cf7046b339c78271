// A layer over a chunk of several steps and lanes: forward with everything kept, and backward.
//
// Lanes are rows. What goes between layers is row-major, [step, lane, units], units padded with 0 to
// whole panels; the gates lie in panels, [step][gate][panel][lane][16], and after each step's is room
// for one panel more.
//
// Packed weights of a layer, each matrix as panels of sixteen columns, [panel][inputs][16]:
//
//     W_i transposed | W_h transposed | biases, [gate][padded]     for the way there
//     W_h | W_i, both with their rows padded, gate by gate         for the way back
//
// The GRU has a fourth gate for the hidden units' part of n; to it belongs the last bias. Gradients
// of the weights lie as the weights for the way there.

#pragma once

#include <stddef.h>

/// The columns of a panel of a matrix.
enum { TOCSIN_PANEL = 16 };

/// The sizes of a recurrent or linear layer.
struct tocsin_unrolled {
    enum tocsin_layer_kind kind;
    enum tocsin_instruction_set set;
    size_t input_size;
    /// The distance of the input's rows.
    size_t input_stride;
    size_t size;
    size_t lanes;
    size_t steps;
};

/// `size`, padded to whole panels.
size_t tocsin_padded(size_t size);

/// The number of packed weights for the way there.
size_t tocsin_packed_count(const struct tocsin_unrolled *layer);

/// The number of packed weights for the way back.
size_t tocsin_back_count(const struct tocsin_unrolled *layer);

/// The number of floats that one step's gates take.
size_t tocsin_gates_count(const struct tocsin_unrolled *layer);

/// Packs a layer's weights for both ways; a linear layer has no hidden weights.
void tocsin_pack(const struct tocsin_unrolled *layer, float *packed, float *back,
                 const float *parameters, size_t input_weights, size_t hidden_weights,
                 size_t input_bias, size_t hidden_bias);

/// Writes packed gradients where the weights are.
void tocsin_unpack(const struct tocsin_unrolled *layer, const float *packed, float *parameters,
                   size_t input_weights, size_t hidden_weights, size_t input_bias,
                   size_t hidden_bias);

/// Advances all lanes by all steps.
///
/// `state` holds the hidden states, [steps + 1, lanes, padded], and from `memory` on an LSTM's
/// memory.
void tocsin_unrolled_forward(const struct tocsin_unrolled *layer, const float *input,
                             size_t input_start, const float *packed, float *state,
                             size_t memory, float *gates);

/// Takes `gradient`, of the hidden states after each step, back through the chunk.
///
/// `carried`, [2, lanes, padded], is scratch. `packed_gradient` is added to. So is, if `adds`,
/// `input_gradient`, [steps, lanes, input_stride]; else it is overwritten, and it may be null.
void tocsin_unrolled_backward(const struct tocsin_unrolled *layer, const float *input,
                              size_t input_start, const float *weights, const float *state,
                              size_t memory, float *gates, const float *gradient,
                              float *carried, float *packed_gradient, float *input_gradient,
                              bool adds);

/// A linear layer on `steps × lanes` rows: `output`, [rows, padded].
void tocsin_linear_forward(const struct tocsin_unrolled *layer, const float *input,
                           size_t input_start, const float *packed, float *output);

/// The way back of a linear layer; `gradient` is [rows, padded], the others as for a recurrent one.
void tocsin_linear_backward(const struct tocsin_unrolled *layer, const float *input,
                            size_t input_start, const float *back, const float *gradient,
                            float *packed_gradient, float *input_gradient, bool adds);
