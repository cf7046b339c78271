// What every peer's shim offers: a network with its states, stepped and timed in C.

#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Two recurrent layers and a linear head, and how many devices are stepped at once.
struct network {
    int gru, inputs, hidden, batch;
    /// All tensors one after the other, as PyTorch has them: of each layer weight_ih, weight_hh,
    /// bias_ih and bias_hh, then the head's weight and bias.
    const float *weights;
    /// The same network as an ONNX file, and whether its tensors have a first axis of length 1.
    const char *onnx;
    int fused;
};

/// A peer with all states 0; `NULL` if it cannot be had, and why in `error`, of 512 bytes.
void *peer_open(const struct network *network, char *error);

/// One step of all devices: features `x`, forecasts `y`, both `[batch, inputs]`.
void peer_step(void *peer, const float *x, float *y);

/// So many steps on the features that were given last; returns nanoseconds of processor time.
double peer_run(void *peer, int steps);

void peer_close(void *peer);

#ifdef __cplusplus
}
#endif

/// All threads of the process count, so that none can hide.
static inline double processor_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

/// Zeros at the beginning of a cache line.
static inline float *zeros(size_t count) {
    size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
    float *floats = (float *)aligned_alloc(64, bytes);
    memset(floats, 0, bytes);
    return floats;
}
