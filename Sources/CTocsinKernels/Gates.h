// Gate activations of one step of all lanes, forward and backward; GatesForm.h says how they lie.

#pragma once

#include "CTocsinKernels.h"

// Turns sums into activations and the state after the step; before and after may be one place.
void tocsin_gates_forward(enum tocsin_instruction_set set, enum tocsin_layer_kind kind,
                          float *gates, const float *h_before, float *h_after,
                          const float *c_before, float *c_after, size_t lanes, size_t padded);

// Turns activations into gradients of the sums. `gradient` is that of the hidden state after the
// step as the layers above leave it; `dh` is added to it, which the next step has left. `dc` becomes
// that of the memory before the step, and a GRU's `dh` what reaches h past the sums. Of the other
// cells nothing does, and their `dh` stays as it was.
void tocsin_gates_backward(enum tocsin_instruction_set set, enum tocsin_layer_kind kind,
                           float *gates, const float *h_before, const float *h_after,
                           const float *c_before, const float *gradient, float *dh, float *dc,
                           size_t lanes, size_t padded);

// `y[panel, 16] += Σ over rows of x`, whose rows are `stride` and whose panels are `next` apart.
void tocsin_panel_sums(enum tocsin_instruction_set set, float *y, const float *x, size_t rows,
                       size_t stride, size_t panels, size_t next);
