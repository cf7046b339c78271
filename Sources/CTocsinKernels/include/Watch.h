// What is done for every frame beside the network's step: where the hidden state is, how it moves,
// and how the distribution of a quantity differs from its usual one. Nothing here allocates.

#pragma once

#include <stddef.h>

/// Fetches memory into the caches, without waiting for it.
static inline void tocsin_fetch(const void *start, size_t bytes) {
    const char *line = start, *end = line + bytes;
    // Four lines at a time: nothing unrolls this loop where it is inlined.
    for (; end - line >= 256; line += 256)
        for (int i = 0; i < 4; i++) __builtin_prefetch(line + 64 * i, 1, 3);
    for (; line < end; line += 64) __builtin_prefetch(line, 1, 3);
}

/// Copies memory, of which both places begin at a cache line, line by line; quicker for a few of them
/// than memcpy, whose string instructions take long to begin.
///
/// What stands 2 KB behind the copied lines at the target is fetched: there the next copies will go.
void tocsin_copy_lines(void *to, const void *from, size_t bytes);

/// Vectors here have so many lanes, on every instruction set; arrays are padded with 0 to whole ones.
enum { TOCSIN_WATCH_LANES = 16 };

/// What is usual of a hidden state; `padded` is its size in whole vectors, at most 4096.
struct tocsin_usual_state {
    size_t size;
    size_t padded;
    /// [padded]
    const float *mean;
    /// The lower triangle L in tiles of sixteen rows, column by column, up to the diagonal's last.
    const float *whitening;
    /// a, then b, [2, padded]; null if there are none.
    const float *weights;
    /// A, then B, [2, padded].
    const float *limits;
};

/// What one frame's hidden state comes to.
struct tocsin_state_motion {
    /// Σ h² and Σ (h − h of one frame ago)².
    float norm, step;
    /// Σ a min(|h − h of one frame ago|, A) + b min(|h − h of four frames ago|, B).
    float pace;
};

/// Writes Σ (L (h − mean))² for `count` hidden states, [size] each; the same bits however many they are.
void tocsin_whitened_squares(const struct tocsin_usual_state *usual, const float *const *hidden,
                             float *squares, size_t count);

/// Compares a hidden state, [size], with the states of `one` and of `four` frames ago, [padded], and
/// writes it over the latter.
struct tocsin_state_motion tocsin_watch_state(const struct tocsin_usual_state *usual,
                                              const float *hidden, const float *one,
                                              float *four);

/// The usual distribution of a quantity, in at most sixteen bins.
struct tocsin_usual_shares {
    /// Rising; beyond the last one, and at the end, infinite.
    double edges[16];
    /// At least 10⁻⁴, and 10⁻⁴ beyond the last bin.
    float shares[16];
    /// One over each.
    float inverse[16];
};

/// Moves the shares of quantities, [count, 16], by `rate` towards the bins that their values fall
/// into, and writes Σ (w − p) ln(w / p) for each, where w is at least 10⁻⁴; 0 for a value that is NaN,
/// whose shares stay. Beyond the last bin shares are 0.
void tocsin_stability_indices(float *shares, const struct tocsin_usual_shares *usual,
                              const double *values, double *indices, size_t count, float rate);
