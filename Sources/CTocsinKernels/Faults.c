// What a sensor does when it breaks.

#include "ChannelVectors.h"

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
