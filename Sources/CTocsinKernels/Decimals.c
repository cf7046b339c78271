#include "Decimals.h"
#include "Dispatch.h"

// A product and a sum are rounded one after the other, on every instruction set.
#pragma STDC FP_CONTRACT OFF

enum { LANES = 4 };

typedef double doubles __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef int64_t longs __attribute__((ext_vector_type(LANES)));
typedef int32_t integers __attribute__((ext_vector_type(LANES)));
typedef uint64_t words __attribute__((ext_vector_type(LANES)));
typedef uint32_t halves __attribute__((ext_vector_type(2 * LANES)));
typedef uint16_t quarters __attribute__((ext_vector_type(4 * LANES)));

static const double tens[] = {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2,
                              1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9, 1e10};

// Eight digits of each number, of which the first two are zeros.
//
// Split in halves, all at once: 8 digits into 4 and 4, each into 2 and 2, each into 1 and 1.
INLINE void split(const integers *numbers, words *digits) {
    const integers upper = *numbers / 10000;
    const integers lower = *numbers - 10000 * upper;
    const words fours =
        __builtin_convertvector(upper, words) | __builtin_convertvector(lower, words) << 32;
    halves pairs;
    __builtin_memcpy(&pairs, &fours, sizeof pairs);
    const halves hundreds = (pairs * 10486) >> 20;
    pairs = (pairs - 100 * hundreds) << 16 | hundreds;
    quarters ones;
    __builtin_memcpy(&ones, &pairs, sizeof ones);
    const quarters ten = (ones * 103) >> 10;
    ones = (ones - 10 * ten) << 8 | ten;
    __builtin_memcpy(digits, &ones, sizeof *digits);
}

INLINE void round_four(const double *numbers, struct tocsin_decimal *decimals) {
    doubles size = __builtin_elementwise_abs(*(const doubles *)numbers);
    const longs usual = size >= 1e-5 & size < 999999.5;
    size = usual ? size : 1.0;
    longs bits;
    __builtin_memcpy(&bits, &size, sizeof bits);
    // log₁₀ 2 times the binary exponent is the decimal one, or one below.
    const integers binary = __builtin_convertvector(bits >> 52, integers) - 1023;
    integers exponent = (binary * 1233) >> 12;
    doubles next, scale;
    for (int i = 0; i < LANES; i++) next[i] = tens[exponent[i] + 6];
    // What is true is −1.
    exponent -= __builtin_convertvector(size >= next, integers);
    for (int i = 0; i < LANES; i++) scale[i] = tens[10 - exponent[i]];
    const doubles scaled = size * scale;
    integers number = __builtin_convertvector(scaled + 0.5, integers);
    const integers carries = number >= 1000000;
    number = carries ? 100000 : number;
    exponent -= carries;
    words digits;
    split(&number, &digits);
    digits >>= 16;
    for (int i = 0; i < LANES; i++) {
        decimals[i].text = digits[i] | 0x3030303030303030;
        decimals[i].length = usual[i] ? 8 - __builtin_clzll(digits[i]) / 8 : 0;
        decimals[i].exponent = exponent[i];
    }
}

EVERY_INSTRUCTION_SET
void tocsin_decimals(const double *numbers, struct tocsin_decimal *decimals, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) round_four(numbers + i, decimals + i);
    if (i == count) return;
    double rest[LANES] = {0};
    struct tocsin_decimal rounded[LANES];
    __builtin_memcpy(rest, numbers + i, (count - i) * sizeof *rest);
    round_four(rest, rounded);
    __builtin_memcpy(decimals + i, rounded, (count - i) * sizeof *rounded);
}
