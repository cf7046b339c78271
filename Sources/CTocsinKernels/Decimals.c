#include "Decimals.h"
#include "Dispatch.h"

// A product and a sum are rounded one after the other, on every instruction set.
#pragma STDC FP_CONTRACT OFF

enum { LANES = TOCSIN_DECIMAL_LANES };

typedef double doubles __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef int64_t longs __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef uint64_t words __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef float floats __attribute__((ext_vector_type(LANES)));
typedef int32_t integers __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef uint32_t halves __attribute__((ext_vector_type(2 * LANES)));
typedef uint16_t quarters __attribute__((ext_vector_type(4 * LANES)));

// Eight digits of each number, of which the first two are zeros.
//
// Split in halves, all at once: 8 digits into 4 and 4, each into 2 and 2, each into 1 and 1.
INLINE void split(const integers *numbers, words *digits) {
    // Half a unit more than a multiple of 10000 is never rounded below it.
    const floats parts = (__builtin_convertvector(*numbers, floats) + 0.5f) * 1e-4f;
    const integers upper = __builtin_convertvector(parts, integers);
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

// 10^power for powers from 0 to 15, exactly.
INLINE void power_of_ten(const longs *power, doubles *result) {
    const doubles one = 1.0;
    // The highest bit of a lane decides.
    const doubles ones = *power << 63 ? (doubles)1e1 : one;
    const doubles twos = *power << 62 ? (doubles)1e2 : one;
    const doubles fours = *power << 61 ? (doubles)1e4 : one;
    const doubles eights = *power << 60 ? (doubles)1e8 : one;
    *result = (ones * twos) * (fours * eights);
}

// How many of the eight bytes of each number there are up to the highest that is not 0; the numbers
// are below 2^52.
INLINE void count_bytes(const words *numbers, integers *counts) {
    // 2^52 + x has x in its low bits; of x as a number, the exponent tells the highest bit.
    const words biased = *numbers | 0x4330000000000000;
    doubles number;
    __builtin_memcpy(&number, &biased, sizeof number);
    number -= 0x1p52;
    words bits;
    __builtin_memcpy(&bits, &number, sizeof bits);
    const integers exponent = __builtin_convertvector(bits >> 52, integers);
    // 0 has an exponent far below.
    *counts = __builtin_elementwise_max((exponent - 1015) >> 3, (integers)0);
}

INLINE void round_all(const double *numbers, struct tocsin_decimals *decimals) {
    doubles size = __builtin_elementwise_abs(*(const doubles *)numbers);
    const longs usual = (size >= 1e-5) & (size < 999999.5);
    size = usual ? size : (doubles)1.0;
    longs bits;
    __builtin_memcpy(&bits, &size, sizeof bits);
    // log₁₀ 2 times the binary exponent is the decimal one, or one below.
    const integers binary = __builtin_convertvector(bits >> 52, integers) - 1023;
    const integers guess = (binary * 1233) >> 12;
    const longs power = __builtin_convertvector(5 - guess, longs);
    doubles scale;
    power_of_ten(&power, &scale);
    doubles scaled = size * scale;
    // What is true is −1.
    const longs is_more = scaled >= 999999.5;
    scaled = is_more ? scaled * 0.1 : scaled;
    const integers number = __builtin_convertvector(scaled + 0.5, integers);
    words digits;
    split(&number, &digits);
    digits = (words)usual & digits >> 16;
    *(words *)decimals->text = digits | 0x3030303030303030;
    *(integers *)decimals->exponent = guess - __builtin_convertvector(is_more, integers);
    count_bytes(&digits, (integers *)decimals->length);
}

EVERY_INSTRUCTION_SET
void tocsin_round(const double *numbers, struct tocsin_decimals *decimals, size_t vectors) {
    for (size_t i = 0; i < vectors; i++) round_all(numbers + i * LANES, decimals + i);
}

char *tocsin_write_members(char *place, const struct tocsin_names *names, const double *numbers,
                           const struct tocsin_decimals *decimals, double least, size_t first,
                           size_t end, size_t *next) {
    for (size_t i = first; i < end; i++) {
        const double number = numbers[i];
        if (!(number > least)) continue;
        const char *name = names->text + names->starts[i];
        const uint32_t name_length = names->lengths[i];
        // Nearly all are that short.
        __builtin_memcpy(place, name, 16);
        for (uint32_t at = 16; at < name_length; at += 16)
            __builtin_memcpy(place + at, name + at, 16);
        place += name_length;
        const struct tocsin_decimals *const rounded = decimals + i / LANES;
        const int32_t length = rounded->length[i % LANES];
        if (length == 0) {
            *next = i;
            return place;
        }
        place = tocsin_write_decimal(place, number < 0, rounded->text[i % LANES], length,
                                     rounded->exponent[i % LANES]);
        *place++ = ',';
    }
    *next = end;
    return place;
}
