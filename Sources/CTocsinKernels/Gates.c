// Gate activations, forward and backward, for the three kinds of cell; GatesForm.h says how.

#include "Gates.h"
#include "Dispatch.h"

#define FORM_HEADER "GatesForm.h"
#include "EveryForm.h"

void tocsin_gates_forward(enum tocsin_instruction_set set, enum tocsin_layer_kind kind,
                          float *gates, const float *h_before, float *h_after,
                          const float *c_before, float *c_after, size_t lanes, size_t padded) {
#define CALL(form) \
    gates_forward_##form(kind, gates, h_before, h_after, c_before, c_after, lanes, padded)
    EACH_FORM(set, CALL)
#undef CALL
}

void tocsin_gates_backward(enum tocsin_instruction_set set, enum tocsin_layer_kind kind,
                           float *gates, const float *h_before, const float *h_after,
                           const float *c_before, const float *gradient, float *dh, float *dc,
                           size_t lanes, size_t padded) {
#define CALL(form)                                                                     \
    gates_backward_##form(kind, gates, h_before, h_after, c_before, gradient, dh, dc, lanes, \
                          padded)
    EACH_FORM(set, CALL)
#undef CALL
}

void tocsin_panel_sums(enum tocsin_instruction_set set, float *y, const float *x, size_t rows,
                       size_t stride, size_t panels, size_t next) {
#define CALL(form) panel_sums_##form(y, x, rows, stride, panels, next)
    EACH_FORM(set, CALL)
#undef CALL
}
