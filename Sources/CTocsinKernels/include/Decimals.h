// Numbers as text of six significant digits, and lists of them for messages.
//
// Which way a number goes must not depend on its digits, its sign or its size, as long as it is an
// everyday one: a branch that nobody can foresee costs more than all of the rest. So everything is
// written that might be needed, and what counts is counted.

#pragma once

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// So many numbers are rounded together.
enum { TOCSIN_DECIMAL_LANES = 8 };

/// Positive numbers rounded to six digits: d.ddddd × 10^exponent.
struct tocsin_decimals {
    /// The digits as ASCII, the first of them lowest, and zeros behind them.
    uint64_t text[TOCSIN_DECIMAL_LANES];
    /// How many there are without the zeros at the end; 0 for a number that was not rounded.
    int32_t length[TOCSIN_DECIMAL_LANES];
    int32_t exponent[TOCSIN_DECIMAL_LANES];
};

/// Rounds the magnitudes of numbers from 1e-5 up to 999999.5, and leaves all others alone; `numbers`
/// are so many whole vectors.
void tocsin_round(const double *numbers, struct tocsin_decimals *decimals, size_t vectors);

/// No number is longer, and so far beyond its place one writes.
enum { TOCSIN_LONGEST_NUMBER = 32 };

/// Writes a number whose exponent lies between −5 and 8, and returns what is behind it.
static inline char *tocsin_write_decimal(char *place, bool is_negative, uint64_t text,
                                         ptrdiff_t length, ptrdiff_t exponent) {
    *place = '-';
    place += is_negative;
    // What stands before the digits of a small number, and behind those of a large one.
    memcpy(place, "0.000000" "00000000", 16);
    const bool is_small = exponent < 0;
    const ptrdiff_t leading = is_small ? 1 - exponent : 0;
    char *const digits = place + leading;
    memcpy(digits, &text, 8);
    // The point of a small number is written behind all digits, where it does not count.
    const ptrdiff_t whole = is_small ? 0 : exponent + 1;
    const ptrdiff_t point = is_small ? 8 : whole;
    const uint64_t fraction = text >> (8 * point & 63);
    digits[point] = '.';
    memcpy(digits + point + 1, &fraction, 8);
    return digits + (length > whole ? length : whole) + (length > point);
}

/// The members of a list: `"name":` of each, in multiples of sixteen bytes.
struct tocsin_names {
    const char *text;
    /// Where each begins, and how long it is.
    const uint32_t *starts;
    const uint32_t *lengths;
};

/// Writes `"name":number,` for the numbers from `first` on, those that are not above `least` left out,
/// and returns what is behind them.
///
/// It stops at one that was not rounded, whose name is written, and sets `next` to it; or to `end`.
char *tocsin_write_members(char *place, const struct tocsin_names *names, const double *numbers,
                           const struct tocsin_decimals *decimals, double least, size_t first,
                           size_t end, size_t *next);
