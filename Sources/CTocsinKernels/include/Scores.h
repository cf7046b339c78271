// From the energies of a tile's devices to their scores, all devices together. The equations are those
// of `AnomalyScorer` and `Calibration`.

#pragma once

#include <stddef.h>

/// Numbers of each device of a tile, field by field, [fields, room]; `room` is a multiple of eight.
enum tocsin_score_field {
    /// Sums over the channels that took part: energies beside training and beside the recent past, and
    /// how many there are, 0 if the device has no score; squared deviations, and how many.
    TOCSIN_TRAINED_SUM,
    TOCSIN_RECENT_SUM,
    TOCSIN_COUNT,
    TOCSIN_SQUARES,
    TOCSIN_DEVIATIONS,
    /// What they come to, NaN without a count: A and B, s(A) and s(B), the probability that a healthy
    /// frame has at least A, and ln(0.05 + mean squared deviation).
    TOCSIN_FUSED,
    TOCSIN_NOVELTY,
    TOCSIN_POSITIVE_FUSED,
    TOCSIN_POSITIVE_NOVELTY,
    TOCSIN_TAIL,
    TOCSIN_SURPRISE,
    TOCSIN_SCORE_FIELDS
};

/// A positive quantity that is normal in its logarithm, to which `added` was added.
struct tocsin_log_normal {
    double added, mean, spread;
};

/// What is the same for every device of a model.
struct tocsin_scoring {
    struct tocsin_log_normal trained, recent;
    /// The share of the energy beside training in A.
    double training_share;
    /// Quantiles of A, rising, and the mean excess over the last one.
    const double *quantiles;
    size_t quantile_count;
    double excess;
};

/// Works the last six fields out of the first five, for the first `count` devices.
void tocsin_score(const struct tocsin_scoring *scoring, double *fields, size_t room, size_t count);
