#include "Channels.h"
#include "Dispatch.h"

#include <math.h>

// A product and a sum are rounded one after the other, on every instruction set.
#pragma STDC FP_CONTRACT OFF

enum { LANES = TOCSIN_CHANNEL_LANES };

typedef double doubles __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef int64_t longs __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef float floats __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef int32_t integers __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef uint32_t words __attribute__((ext_vector_type(LANES), aligned(4), may_alias));

#define AT(array) (*(doubles *)(array))
#define CONST_AT(array) (*(const doubles *)(array))
#define INTS_AT(array) (*(integers *)(array))
#define CONST_INTS_AT(array) (*(const integers *)(array))
#define LONGS_AT(array) (*(longs *)(array))
#define FLOATS_AT(array) (*(floats *)(array))
#define CONST_FLOATS_AT(array) (*(const floats *)(array))

// Vectors travel by address: by value, they would depend on the instruction set of the caller.

// In pairs, so that every instruction set adds in the same order.
INLINE double sum(const doubles *x) {
    double part[LANES];
    __builtin_memcpy(part, x, sizeof part);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) part[i] += part[i + width];
    return part[0];
}

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

// Energies above the knee grow with their logarithm; few ever are.
INLINE void compress(doubles *energy, double knee) {
    const longs is_large = *energy > knee;
    bool any = false;
    for (int i = 0; i < LANES; i++) any |= is_large[i] != 0;
    if (__builtin_expect(!any, 1)) return;
    for (int i = 0; i < LANES; i++)
        if (is_large[i]) (*energy)[i] = knee * (1.0 + log((*energy)[i] / knee));
}

EVERY_INSTRUCTION_SET
struct tocsin_energy_sums tocsin_update_energies(double *fields, const double *usual,
                                                 const struct tocsin_energy_rates *rates,
                                                 const float *features, const float *expected,
                                                 size_t padded) {
    const doubles none = __builtin_nan(""), zero = 0.0, one = 1.0, most = 10.0;
    doubles trained_sum = 0.0, recent_sum = 0.0, counts = 0.0, squares = 0.0, deviations = 0.0;
    for (size_t c = 0; c < padded; c += LANES) {
        double *const at = fields + c;
        const floats feature = CONST_FLOATS_AT(features + c);
        const floats residual = feature - CONST_FLOATS_AT(expected + c);
        const longs is_there = __builtin_convertvector(feature == feature, longs);
        const longs is_counted = is_there & (CONST_AT(usual + c) != zero);
        doubles deviation = __builtin_convertvector(residual, doubles) / CONST_AT(usual + padded + c);
        deviation = is_counted ? deviation : none;
        const longs is_known = deviation == deviation;

        doubles trained = AT(at + TOCSIN_TRAINED * padded);
        doubles recent = AT(at + TOCSIN_RECENT * padded);
        doubles power = AT(at + TOCSIN_POWER * padded);
        const doubles square = is_known ? deviation * deviation : zero;
        doubles beside_training = square, beside_past = square / (power > one ? power : one);
        compress(&beside_training, rates->knee);
        compress(&beside_past, rates->knee);
        const doubles largest = rates->largest_step * power;
        const doubles change = (square < largest ? square : largest) - power;
        trained = is_known ? trained + rates->rate * (beside_training - trained) : trained;
        recent = is_known ? recent + rates->rate * (beside_past - recent) : recent;
        power = is_known ? power + rates->adaptation * change : power;
        deviation = deviation > most ? most : deviation;
        deviation = deviation < -most ? -most : deviation;

        AT(at + TOCSIN_TRAINED * padded) = trained;
        AT(at + TOCSIN_RECENT * padded) = recent;
        AT(at + TOCSIN_POWER * padded) = power;
        AT(at + TOCSIN_DEVIATION * padded) = deviation;
        const doubles counted = is_counted ? one : zero;
        AT(at + TOCSIN_COUNTED * padded) = counted;
        trained_sum += is_counted ? trained : zero;
        recent_sum += is_counted ? recent : zero;
        counts += counted;
        squares += is_known ? deviation * deviation : zero;
        deviations += is_known ? one : zero;
    }
    return (struct tocsin_energy_sums){
        .trained = sum(&trained_sum),
        .recent = sum(&recent_sum),
        .count = sum(&counts),
        .squares = sum(&squares),
        .deviations = sum(&deviations),
    };
}

// The largest so many numbers, falling.
enum { MOST_RANKS = 16 };

// Always the same steps: which of two is larger, nobody can foresee.
INLINE void sort_in(double *top, size_t ranks, double z) {
    for (size_t k = 0; k < ranks; k++) {
        const double larger = z > top[k] ? z : top[k];
        z = z > top[k] ? top[k] : z;
        top[k] = larger;
    }
}

EVERY_INSTRUCTION_SET
double tocsin_update_stray(double *means, int64_t *surprising, const double *deviations,
                           const double *usual, const struct tocsin_stray_rates *rates,
                           size_t padded) {
    const doubles zero = 0.0, one = 1.0, lowest = -__builtin_inf();
    doubles squares = 0.0, counts = 0.0;
    for (size_t c = 0; c < padded; c += LANES) {
        const doubles deviation = CONST_AT(deviations + c), limit = CONST_AT(usual + c);
        const doubles square = deviation * deviation;
        const longs is_known = deviation == deviation;
        squares += is_known ? (square < limit ? square : limit) : zero;
        counts += is_known ? one : zero;
    }
    const double present = sum(&counts);
    if (present == 0) return 0;
    const bool is_surprising = sum(&squares) > rates->burst * present;
    const int64_t later = *surprising + (is_surprising ? 1 : -1);
    *surprising = later < 0 ? 0 : later > rates->longest_burst ? rates->longest_burst : later;
    const double rate = !is_surprising || *surprising == rates->longest_burst ? rates->rate : 0.0;

    const size_t eighth = (size_t)present / 8;
    const size_t rank = eighth < MOST_RANKS - 1 ? eighth : MOST_RANKS - 1;
    doubles largest = lowest;
    double top[MOST_RANKS];
    for (int k = 0; k < MOST_RANKS; k++) top[k] = lowest[0];
    for (size_t c = 0; c < padded; c += LANES) {
        const doubles deviation = CONST_AT(deviations + c), limit = CONST_AT(usual + c);
        const longs is_known = deviation == deviation;
        const doubles square = deviation * deviation;
        doubles mean = AT(means + c);
        mean += is_known ? rate * ((square < limit ? square : limit) - mean) : zero;
        AT(means + c) = mean;
        const doubles away = mean - CONST_AT(usual + padded + c);
        const doubles z = is_known ? away / CONST_AT(usual + 2 * padded + c) : lowest;
        largest = z > largest ? z : largest;
        if (rank == 0) continue;
        for (int i = 0; i < LANES; i++) sort_in(top, rank + 1, z[i]);
    }
    if (rank == 0)
        for (int i = 0; i < LANES; i++) top[0] = largest[i] > top[0] ? largest[i] : top[0];
    return top[rank] > 0 ? top[rank] : 0;
}

// How many bits are set, of 32.
INLINE void count_bits(words *x) {
    words bits = *x - (*x >> 1 & 0x55555555);
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
    *x = ((bits + (bits >> 4)) & 0x0F0F0F0F) * 0x01010101 >> 24;
}

EVERY_INSTRUCTION_SET
size_t tocsin_update_faults(double *last, int32_t *fields, const double *values,
                            const int32_t *marks, const struct tocsin_fault_limits *limits,
                            size_t padded) {
    const integers zero = 0, longest = limits->longest;
    integers faulty = 0;
    for (size_t c = 0; c < padded; c += LANES) {
        int32_t *const at = fields + c;
        const double *const bounds = limits->values + c;
        const doubles value = CONST_AT(values + c), before = AT(last + c);
        const integers marked = CONST_INTS_AT(marks + c);
        const integers is_fresh = (marked & TOCSIN_FRESH) != 0;
        const integers is_invalid = (marked & TOCSIN_INVALID) != 0;
        const doubles largest = CONST_AT(bounds + 2 * padded);
        const doubles step = __builtin_elementwise_abs(value - before);
        const integers leaps = __builtin_convertvector((largest > 0.0) & (step > largest), integers);
        const integers is_same = __builtin_convertvector(value == before, integers);
        const integers is_inside = __builtin_convertvector(
            (value >= CONST_AT(bounds)) & (value <= CONST_AT(bounds + padded)), integers);

        integers still = INTS_AT(at + TOCSIN_STILL * padded);
        integers absent = INTS_AT(at + TOCSIN_ABSENT * padded);
        integers invalid = INTS_AT(at + TOCSIN_INVALID_FOR * padded);
        integers outside = INTS_AT(at + TOCSIN_OUTSIDE * padded);
        words jumps = *(words *)(at + TOCSIN_JUMPS * padded);
        // Across frames without a sample, a channel may go anywhere.
        const integers jumped = is_fresh & (absent == 0) & leaps;
        jumps = (jumps << 1 & limits->window) | ((words)jumped & 1);
        // What is true is −1.
        still = is_fresh ? (is_same ? still - (still < longest) : zero) : still;
        invalid = is_invalid ? invalid - (invalid < longest) : zero;
        outside = is_fresh ? (is_inside ? zero : outside - (outside < longest)) : outside;
        absent = is_fresh ? zero : absent - (absent < longest);

        const integers most_still = CONST_INTS_AT(limits->frames + c);
        const integers most_absent = CONST_INTS_AT(limits->frames + padded + c);
        const integers most_bad = CONST_INTS_AT(limits->frames + 2 * padded + c);
        words count = jumps;
        count_bits(&count);
        integers cause = -1;
        const integers is_absent = (most_absent > 0) & (absent >= most_absent);
        cause = is_absent ? (integers)TOCSIN_IS_ABSENT : cause;
        const integers is_stuck = (most_still > 0) & (still >= most_still);
        cause = is_stuck ? (integers)TOCSIN_STUCK : cause;
        cause = (integers)count >= limits->jumps ? (integers)TOCSIN_RATE_OF_CHANGE : cause;
        cause = invalid >= most_bad ? (integers)TOCSIN_NO_NUMBER : cause;
        cause = outside >= most_bad ? (integers)TOCSIN_OUT_OF_RANGE : cause;
        faulty -= cause >= 0;

        const longs takes = __builtin_convertvector(is_fresh, longs);
        AT(last + c) = takes ? value : before;
        INTS_AT(at + TOCSIN_STILL * padded) = still;
        INTS_AT(at + TOCSIN_ABSENT * padded) = absent;
        INTS_AT(at + TOCSIN_INVALID_FOR * padded) = invalid;
        INTS_AT(at + TOCSIN_OUTSIDE * padded) = outside;
        *(words *)(at + TOCSIN_JUMPS * padded) = jumps;
        INTS_AT(at + TOCSIN_CAUSE * padded) = cause;
    }
    size_t count = 0;
    for (int i = 0; i < LANES; i++) count += (size_t)faulty[i];
    return count;
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
