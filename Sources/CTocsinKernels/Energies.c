// How large residuals are, and how far channels stray.

#include "ChannelVectors.h"

#include <math.h>

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
