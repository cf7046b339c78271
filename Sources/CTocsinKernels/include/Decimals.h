#pragma once

#include <stddef.h>
#include <stdint.h>

/// A positive number rounded to six digits: d.ddddd × 10^exponent.
struct tocsin_decimal {
    /// The digits as ASCII, the first of them lowest, and zeros behind them.
    uint64_t text;
    /// How many there are without the zeros at the end; 0 for a number that was not rounded.
    int32_t length;
    int32_t exponent;
};

/// Rounds the magnitudes of numbers from 1e-5 up to 999999.5, and leaves all others alone.
void tocsin_decimals(const double *numbers, struct tocsin_decimal *decimals, size_t count);
