// The vector kernels: one C source for all instruction sets, chosen once at start.
//
// Arrays are row-major and named with their shape. Each is passed as a base and the index of its
// first element, because Swift lends arrays, not addresses into them. Nothing here allocates.
//
// Bits: each element of a product is summed in the order of the inner index, whatever the number
// of rows, so that one device and a batch of lanes get the same bits on the same machine.

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "Channels.h"
#include "Decimals.h"
#include "Scores.h"
#include "Watch.h"

/// Adds vectors: `y[n] += x[n]`.
void tocsin_add(float *y, const float *x, size_t n);

/// `y[rows, columns] = x[rows, columns]`, whose rows are `y_stride` and `x_stride` apart.
void tocsin_copy_rows(float *y, size_t y_stride, const float *x, size_t x_stride, size_t rows,
                      size_t columns);

/// The sum of `x[n]`.
double tocsin_sum(const float *x, size_t x_start, size_t n);

/// The sum of the squares of `x[n]`.
double tocsin_sum_of_squares(const float *x, size_t n);

/// `y[n] *= factor`.
void tocsin_scale(float *y, float factor, size_t n);

/// The sum of `weight × (output − target)²` over n elements.
double tocsin_squared_error(const float *output, const float *target, size_t target_start,
                            const float *weight, size_t weight_start, size_t n);

/// `gradient[n] = 2 × scale × weight × (output − target)`.
void tocsin_squared_error_gradient(float *gradient, const float *output, const float *target,
                                   size_t target_start, const float *weight, size_t weight_start,
                                   float scale, size_t n);

/// One step of Adam, in the order in which torch.optim.Adam rounds.
///
/// `take1` is 1 − β1, `keep2` β2 and `take2` 1 − β2, each rounded from double; `step_size` is the
/// learning rate over the first moment's correction, `root` the square root of the second's.
void tocsin_adam(float *parameters, const float *gradients, float *first, float *second, size_t n,
                 float take1, float keep2, float take2, float step_size, float root,
                 float epsilon);

// One step of a whole network.

/// The forms in which the step is compiled.
enum tocsin_instruction_set : int {
    TOCSIN_GENERIC,
    TOCSIN_AVX2,
    TOCSIN_AVX512,
};

/// Whether this machine runs a form.
bool tocsin_supports(enum tocsin_instruction_set set);

/// The number of units of a block of weights.
size_t tocsin_lanes(enum tocsin_instruction_set set);

/// What a layer computes.
enum tocsin_layer_kind : int {
    TOCSIN_LINEAR,
    TOCSIN_RNN,
    TOCSIN_GRU,
    TOCSIN_LSTM,
};

/// What a layer reads or writes of a device.
enum tocsin_place : int {
    TOCSIN_FEATURES,
    TOCSIN_RECURRENT,
    TOCSIN_CODE,
    TOCSIN_FORECAST,
    TOCSIN_RECONSTRUCTION,
    TOCSIN_PLACES,
};

/// A layer of a network: from `input_start` of one place to `output_start` of another.
///
/// A recurrent layer's output is its hidden state; an LSTM's memory follows it. Sizes are at most
/// 4096.
struct tocsin_layer {
    enum tocsin_layer_kind kind;
    enum tocsin_place input;
    enum tocsin_place output;
    size_t input_start;
    size_t output_start;
    size_t input_size;
    size_t size;
    /// Where the layer's packed weights begin, in floats; StepForm.h says how they are packed.
    size_t weights;
};

/// What a weight takes.
enum tocsin_weight_type : int {
    TOCSIN_SINGLE,
    TOCSIN_HALF,
};

/// Whether a form has steps with half weights.
bool tocsin_converts_halves(enum tocsin_instruction_set set);

/// A network's layers in order, and their weights, packed for an instruction set and a type.
///
/// Half weights lie two in the place of a float.
struct tocsin_program {
    enum tocsin_instruction_set set;
    enum tocsin_weight_type weight_type;
    const struct tocsin_layer *layers;
    size_t layer_count;
    const float *weights;
};

/// The most devices that are stepped together: a multiple of the 6 that fit into registers, and so
/// many that weights from the last cache cost little.
enum { TOCSIN_TILE = 24 };

/// Advances one device by one sample.
void tocsin_step(const struct tocsin_program *program, const float *features, float *recurrent,
                 float *code, float *forecast, float *reconstruction);

/// Where a device's places lie in its record: the recurrent state first, then these.
struct tocsin_record {
    size_t stride;
    size_t code;
    size_t forecast;
    size_t reconstruction;
};

/// Advances `count` devices by one sample each, in tiles, with the bits that tocsin_step gives.
///
/// `features` is [count, feature_count]; device i's record begins at indices[i] × stride.
void tocsin_step_records(const struct tocsin_program *program, const float *features,
                         size_t feature_count, float *records,
                         const struct tocsin_record *record, const ptrdiff_t *indices,
                         size_t count);

/// As tocsin_step_records, for records that lie anywhere: record i begins at addresses[i].
void tocsin_step_addresses(const struct tocsin_program *program, const float *features,
                           size_t feature_count, float *const *addresses,
                           const struct tocsin_record *record, size_t count);

/// Runs independent multiply-adds, and returns the number of operations, two each.
double tocsin_peak(enum tocsin_instruction_set set, size_t rounds);

/// Makes 24 additions a round, as many at once as the core can: they take longer while a neighbour
/// runs on the same core.
void tocsin_additions(size_t rounds);

#include "Unrolled.h"
