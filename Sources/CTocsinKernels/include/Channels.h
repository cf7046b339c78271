// What is done for every channel of a frame beside the network's step, eight channels at a time:
// taking the frame out of its slot, scaling, the residual's energies, how far channels stray, and
// what a broken sensor does. Nothing here allocates.
//
// All that is known of a channel lies field by field, [fields, padded]; `padded` is the number of
// channels in whole vectors. Channels that only pad have no value, and none of them counts. The same
// numbers give the same bits on every instruction set.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// So many channels are looked at together.
enum { TOCSIN_CHANNEL_LANES = 8 };

/// Stands where no sample has arrived; a sample without a value is another NaN.
#define TOCSIN_NOTHING 0x7FF8000000007E57ULL

/// What is marked of a channel of a frame: a sample of this very period stands behind the value; a
/// sample of this period said "no value".
enum { TOCSIN_FRESH = 1, TOCSIN_INVALID = 2 };

/// A frame, and what its channels showed last; each [padded].
struct tocsin_frame {
    double *values;
    int32_t *marks;
    double *held;
    int64_t *since;
};

/// Takes the frame of `time` out of its slot, which is left without a sample.
///
/// Where there is no value, one is held that was measured at `held_from` or later, unless nothing is
/// held at all; else there is NaN.
void tocsin_take_frame(const struct tocsin_frame *frame, double *slot, size_t padded, int64_t time,
                       int64_t held_from, bool holds);

/// How channels are scaled: (value − offset) × gain, then within ± limits.
struct tocsin_scaling {
    /// [2, padded]: offset, gain.
    const double *scales;
    float residual_limit;
    float input_limit;
};

/// Scales a frame, [padded], in double precision, so that a counter of 10⁹ keeps its last digits.
///
/// `features` are NaN where values are, `inputs` 0. Both have room for whole vectors.
void tocsin_scale_frame(const struct tocsin_scaling *scaling, const double *values, float *features,
                  float *inputs, size_t padded);

/// The residual's energies, [5, padded], in this order.
enum tocsin_energy_field {
    /// Beside training, beside the recent past, and the recent power.
    TOCSIN_TRAINED,
    TOCSIN_RECENT,
    TOCSIN_POWER,
    /// The residual in units of its usual size, within ± 10; NaN if there is none.
    TOCSIN_DEVIATION,
    /// 1 for a channel that took part in the last frame, else 0.
    TOCSIN_COUNTED,
    TOCSIN_ENERGY_FIELDS
};

/// How fast energies follow; see `ChannelEnergies`.
struct tocsin_energy_rates {
    double rate, adaptation, largest_step, knee;
};

/// Sums over the channels that took part.
struct tocsin_energy_sums {
    double trained, recent, count;
    /// Of the squared deviations, and how many there are.
    double squares, deviations;
};

/// Takes in one frame's residuals; `usual` is [2, padded]: 1 for a channel that is scored, and the
/// residual's usual size.
struct tocsin_energy_sums tocsin_update_energies(double *fields, const double *usual,
                                                 const struct tocsin_energy_rates *rates,
                                                 const float *features, const float *expected,
                                                 size_t padded);

/// What of how far channels stray is the same for every frame; see `ChannelStray`.
struct tocsin_stray_rates {
    double rate, burst;
    int64_t longest_burst;
};

/// Takes in one frame's deviations, and returns by how much so many channels have strayed at least as
/// are an eighth of those that have one; at least 0.
///
/// `usual` is [3, padded]: the largest squared deviation that counts, its usual mean, and how far that
/// strays, > 0. `surprising` is how many frames of late were.
double tocsin_update_stray(double *means, int64_t *surprising, const double *deviations,
                           const double *usual, const struct tocsin_stray_rates *rates,
                           size_t padded);

/// What is remembered of each channel to tell faults, beside its last value; [6, padded], in this order,
/// and in frames.
enum tocsin_watch_field {
    TOCSIN_STILL,
    TOCSIN_ABSENT,
    TOCSIN_INVALID_FOR,
    TOCSIN_OUTSIDE,
    /// One bit per frame, the newest lowest: whether the channel jumped.
    TOCSIN_JUMPS,
    /// A cause, or −1.
    TOCSIN_CAUSE,
    TOCSIN_WATCH_FIELDS
};

/// What a sound channel does.
struct tocsin_fault_limits {
    /// [3, padded]: the lowest and the highest value, and the largest step; 0 for no limit.
    const double *values;
    /// [3, padded]: frames from which on it is stuck, absent, or bad; 0 for never stuck or absent.
    const int32_t *frames;
    /// Times are counted up to here; jumps are looked at so far back, one bit per frame; and so many of
    /// them make a fault.
    int32_t longest;
    uint32_t window;
    int32_t jumps;
};

/// What is wrong with a channel; the first that is true is its cause.
enum tocsin_fault_cause {
    TOCSIN_STUCK,
    TOCSIN_OUT_OF_RANGE,
    TOCSIN_NO_NUMBER,
    TOCSIN_RATE_OF_CHANGE,
    TOCSIN_IS_ABSENT
};

/// Takes in one frame, and returns how many channels are faulty.
size_t tocsin_update_faults(double *last, int32_t *fields, const double *values,
                            const int32_t *marks, const struct tocsin_fault_limits *limits,
                            size_t padded);

/// Writes the numbers of a score message, [8 + 2 × padded]: score, novelty and tail probability; each
/// channel's share of the novelty's sum, 0 if that is not positive; what was expected of it, in its unit.
void tocsin_tell(double *numbers, double score, double novelty, double tail, const double *fields,
                 const float *expected, const double *scales, size_t padded, bool is_scored);
