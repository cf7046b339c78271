// Matrix products over panels of sixteen columns: what forward, way back and gradients share.

#pragma once

#include "CTocsinKernels.h"

// What is added to y[rows, columns]: Σ over segments and steps of x[row, step] · w[step, column].
//
// In all terms of a product x_row is 1, or x_step is 1 and w_step TOCSIN_PANEL.
struct tocsin_term {
    const float *x;
    size_t x_row, x_step, x_segment;
    // The sixteen columns of a panel lie side by side.
    const float *w;
    size_t w_step, w_panel, w_segment;
    size_t steps, segments;
};

// `y[row, panel] = from[row, panel] + terms`.
//
// What it begins from may be y itself, or one row for all: a bias, with from_row 0.
// There is at least one row, panel, term and segment. Each element is summed in the order of terms,
// segments and steps, whatever the tile it is in.
struct tocsin_product {
    float *y;
    size_t y_row, y_panel;
    const float *from;
    size_t from_row, from_panel;
    size_t rows, panels;
    struct tocsin_term term[2];
    size_t terms;
};

void tocsin_multiply(enum tocsin_instruction_set set, const struct tocsin_product *product);
