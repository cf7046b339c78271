// Frames: out of their slots, scaled, and told.

#include "ChannelVectors.h"

EVERY_INSTRUCTION_SET
void tocsin_take_frame(const struct tocsin_frame *frame, double *slot, size_t padded, int64_t time,
                       int64_t held_from, bool holds) {
    const longs nothing = (int64_t)TOCSIN_NOTHING;
    const doubles none = __builtin_nan("");
    const longs never = INT64_MIN, now = time, may_hold = holds ? -1 : 0;
    for (size_t c = 0; c < padded; c += LANES) {
        const doubles value = AT(slot + c), held = AT(frame->held + c);
        const longs bits = LONGS_AT(slot + c), since = LONGS_AT(frame->since + c);
        const longs is_fresh = value == value;
        const longs is_invalid = ~is_fresh & (bits != nothing);
        const longs is_held = may_hold & (since != never) & (since >= held_from);
        AT(frame->values + c) = is_fresh ? value : is_held ? held : none;
        AT(frame->held + c) = is_fresh ? value : held;
        LONGS_AT(frame->since + c) = is_fresh ? now : since;
        LONGS_AT(slot + c) = nothing;
        INTS_AT(frame->marks + c) = __builtin_convertvector(
            (is_fresh & TOCSIN_FRESH) | (is_invalid & TOCSIN_INVALID), integers);
    }
}

// NaN stays NaN.
INLINE void clip(floats *x, float limit) {
    const floats most = limit;
    *x = *x > most ? most : *x;
    *x = *x < -most ? -most : *x;
}

EVERY_INSTRUCTION_SET
void tocsin_scale_frame(const struct tocsin_scaling *scaling, const double *values, float *features,
                  float *inputs, size_t padded) {
    const double *offsets = scaling->scales, *gains = scaling->scales + padded;
    for (size_t c = 0; c < padded; c += LANES) {
        const doubles scaled = (CONST_AT(values + c) - CONST_AT(offsets + c)) * CONST_AT(gains + c);
        floats feature = __builtin_convertvector(scaled, floats);
        floats input = feature == feature ? feature : (floats)0.0f;
        clip(&feature, scaling->residual_limit);
        clip(&input, scaling->input_limit);
        FLOATS_AT(features + c) = feature;
        FLOATS_AT(inputs + c) = input;
    }
}

EVERY_INSTRUCTION_SET
void tocsin_tell(double *numbers, double score, double novelty, double tail, const double *fields,
                 const float *expected, const double *scales, size_t padded, bool is_scored) {
    const double *recent = fields + TOCSIN_RECENT * padded;
    const double *counted = fields + TOCSIN_COUNTED * padded;
    // In whole vectors, as it will be read.
    const doubles head = {score, novelty, tail, 1, 1, 1, 1, 1};
    AT(numbers) = head;
    double *const shares = numbers + LANES, *const expectations = shares + padded;
    doubles all = 0.0;
    for (size_t c = 0; c < padded; c += LANES) all += CONST_AT(recent + c) * CONST_AT(counted + c);
    const double whole = is_scored ? sum(&all) : 0;
    const double factor = whole > 0 ? 1 : 0, divisor = whole > 0 ? whole : 1;
    for (size_t c = 0; c < padded; c += LANES) {
        AT(shares + c) = factor * CONST_AT(counted + c) * CONST_AT(recent + c) / divisor;
        const doubles feature = __builtin_convertvector(CONST_FLOATS_AT(expected + c), doubles);
        AT(expectations + c) = feature / CONST_AT(scales + padded + c) + CONST_AT(scales + c);
    }
}
