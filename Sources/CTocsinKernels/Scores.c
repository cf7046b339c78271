#include "Scores.h"
#include "Dispatch.h"

enum { LANES = 8 };

typedef double doubles __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef int64_t longs __attribute__((ext_vector_type(LANES)));

// Vectors travel by address: by value, they would depend on the instruction set of the caller.

#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10

// ln((1 + f)/(1 − f)) = 2 (f + f³/3 + f⁵/5 + …) for |f| ≤ 0.172: the first term left out is below 3e-18.
INLINE void logarithm_of_ratio(const doubles *f, doubles *result) {
    const doubles s = *f * *f, s2 = s * s, s4 = s2 * s2;
    const doubles low = (2.0 / 3 + s * (2.0 / 5)) + s2 * (2.0 / 7 + s * (2.0 / 9));
    const doubles high = (2.0 / 11 + s * (2.0 / 13)) + s2 * (2.0 / 15 + s * (2.0 / 17));
    const doubles last = 2.0 / 19 + s * (2.0 / 21);
    *result = 2.0 * *f + *f * s * (low + s4 * (high + s4 * last));
}

// ln x for normal x > 0, within some units in the last place of the larger of it and 1; NaN for NaN.
INLINE void logarithm(const doubles *x, doubles *result) {
    longs bits;
    __builtin_memcpy(&bits, x, sizeof bits);
    // From √½ to √2.
    const longs shifted = bits + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD);
    // A small number added to 2^52 + 2^51 as an integer is that number added to it as a float.
    const longs biased = ((shifted >> 52) - 1023) + 0x4338000000000000;
    doubles exponent, m;
    __builtin_memcpy(&exponent, &biased, sizeof exponent);
    exponent -= 0x1.8p52;
    const longs mantissa = (shifted & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD;
    __builtin_memcpy(&m, &mantissa, sizeof m);
    const doubles f = (m - 1.0) / (m + 1.0);
    doubles part;
    logarithm_of_ratio(&f, &part);
    *result = exponent * LN2_HIGH + (part + exponent * LN2_LOW);
    *result = *x == *x ? *result : *x;
}

// e^x for x ≤ 0; 0 below −708, NaN for NaN.
INLINE void exponential(const doubles *x, doubles *result) {
    const doubles magic = 0x1.8p52;
    const longs is_tiny = *x < -708.0;
    const doubles y = is_tiny ? (doubles)-708.0 : *x;
    const doubles shifted = y * 1.44269504088896340736 + magic;
    const doubles n = shifted - magic;
    const doubles r = (y - n * LN2_HIGH) - n * LN2_LOW;
    // Taylor's series up to r¹³/13!, on |r| ≤ 0.347.
    const doubles r2 = r * r, r4 = r2 * r2;
    const doubles a = (1.0 + r) + r2 * (1.0 / 2 + r * (1.0 / 6));
    const doubles b = (1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720 + r * (1.0 / 5040));
    const doubles c =
        (1.0 / 40320 + r * (1.0 / 362880)) + r2 * (1.0 / 3628800 + r * (1.0 / 39916800));
    const doubles d = 1.0 / 479001600 + r * (1.0 / 6227020800);
    const doubles power = a + r4 * (b + r4 * (c + r4 * d));
    longs bits, exponent;
    __builtin_memcpy(&bits, &power, sizeof bits);
    __builtin_memcpy(&exponent, &shifted, sizeof exponent);
    bits += exponent << 52;
    doubles scaled;
    __builtin_memcpy(&scaled, &bits, sizeof scaled);
    *result = *x == *x ? (is_tiny ? (doubles)0.0 : scaled) : *x;
}

// s(a) = ln(1 + e^a) = max(a, 0) + ln(1 + e^−|a|).
INLINE void positive(const doubles *a, doubles *result) {
    const doubles negative = -__builtin_elementwise_abs(*a);
    doubles e, part;
    exponential(&negative, &e);
    // Of 1 + e beyond √2 the half is taken; a small e keeps all its digits.
    const longs is_large = e > 0.41421356237309505;
    const doubles f = (is_large ? e - 1.0 : e) / (e + (is_large ? (doubles)3.0 : (doubles)2.0));
    logarithm_of_ratio(&f, &part);
    part += is_large ? (doubles)0.693147180559945309417 : (doubles)0.0;
    *result = (*a > 0.0 ? *a : (doubles)0.0) + part;
}

INLINE void standard_score(const struct tocsin_log_normal *usual, const doubles *energy,
                           doubles *result) {
    const doubles x = *energy + usual->added;
    doubles logarithms;
    logarithm(&x, &logarithms);
    *result = (logarithms - usual->mean) / usual->spread;
}

// How probable a healthy frame is to have at least `a`, of the first `devices` lanes.
INLINE void tail(const struct tocsin_scoring *scoring, const doubles *a, doubles *result,
                 size_t devices) {
    const size_t count = scoring->quantile_count;
    *result = 1.0;
    if (count == 0) return;
    const double *q = scoring->quantiles;
    const double last = q[count - 1];
    const doubles excess = (last - *a) / scoring->excess;
    const doubles beyond = excess < 0.0 ? excess : (doubles)0.0;
    doubles decay;
    exponential(&beyond, &decay);
    for (size_t i = 0; i < LANES && i < devices; i++) {
        const double x = (*a)[i];
        // Which quantiles it has reached nobody can foresee: all are looked at.
        size_t reached = 0;
        for (size_t k = 0; k < count; k++) reached += q[k] <= x;
        double left = 1;
        if (reached == count) {
            left = decay[i] / (double)count;
        } else if (reached > 0) {
            const double width = q[reached] - q[reached - 1];
            const double share = width > 0 ? (x - q[reached - 1]) / width : 0;
            left = 1 - ((double)(reached - 1) + share) / (double)count;
        }
        (*result)[i] = left;
    }
}

EVERY_INSTRUCTION_SET
void tocsin_score(const struct tocsin_scoring *scoring, double *fields, size_t room, size_t count) {
#define FIELD(name) (*(doubles *)(fields + name * room + i))
    for (size_t i = 0; i < count; i += LANES) {
        const doubles counts = FIELD(TOCSIN_COUNT);
        const doubles energy = FIELD(TOCSIN_TRAINED_SUM) / counts;
        const doubles recent_energy = FIELD(TOCSIN_RECENT_SUM) / counts;
        const doubles square = 0.05 + FIELD(TOCSIN_SQUARES) / FIELD(TOCSIN_DEVIATIONS);
        doubles beside, novelty;
        standard_score(&scoring->trained, &energy, &beside);
        standard_score(&scoring->recent, &recent_energy, &novelty);
        const double share = scoring->training_share;
        const doubles fused = share * beside + (1 - share) * novelty;
        FIELD(TOCSIN_FUSED) = fused;
        FIELD(TOCSIN_NOVELTY) = novelty;
        positive(&fused, &FIELD(TOCSIN_POSITIVE_FUSED));
        positive(&novelty, &FIELD(TOCSIN_POSITIVE_NOVELTY));
        tail(scoring, &fused, &FIELD(TOCSIN_TAIL), count - i);
        logarithm(&square, &FIELD(TOCSIN_SURPRISE));
    }
#undef FIELD
}
