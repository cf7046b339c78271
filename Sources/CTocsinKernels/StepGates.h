// Included by StepForm.h for each form: from the sums of a block to what a layer puts out.
//
// Expects NAME(…), LANES, and the vector types.

#include "Power.h"

// The last block of a layer may be short.
INLINE floats NAME(load)(const float *from, size_t count) {
    if (count >= LANES) return *(const floats *)from;
    floats vector = 0.0f;
    for (size_t i = 0; i < count; i++) vector[i] = from[i];
    return vector;
}

INLINE void NAME(store)(floats vector, float *to, size_t count) {
    if (count >= LANES) {
        *(floats *)to = vector;
        return;
    }
    for (size_t i = 0; i < count; i++) to[i] = vector[i];
}

// From one device's sums of one block to what the layer puts out, in two halves. Each is a chain
// of a power and a division: those of several devices overlap where twice as long ones would not.
INLINE void NAME(begin_output)(floats *sums, float *memory, size_t count, const int kind) {
    switch (kind) {
    case TOCSIN_LSTM: {
        const floats i = NAME(power)(sums[0]), f = NAME(power)(sums[1]);
        const floats g = NAME(power)(sums[2]);
        const floats before = NAME(load)(memory, count);
        const floats added = (1.0f - g) / ((1.0f + i) * (1.0f + g));
        const floats c = before / (1.0f + f) + added;
        sums[2] = c * -2.88539008f;
        NAME(store)(c, memory, count);
        break;
    }
    case TOCSIN_GRU: {
        const floats r = NAME(power)(sums[0]);
        sums[3] = sums[3] / (1.0f + r) + sums[2];
        break;
    }
    default:
        break;
    }
}

INLINE void NAME(end_output)(const floats *sums, float *output, size_t count, const int kind) {
    switch (kind) {
    case TOCSIN_LSTM: {
        const floats o = NAME(power)(sums[3]), e = NAME(power)(sums[2]);
        NAME(store)((1.0f - e) / ((1.0f + o) * (1.0f + e)), output, count);
        break;
    }
    case TOCSIN_GRU: {
        const floats z = NAME(power)(sums[1]), n = NAME(power)(sums[3]);
        const floats before = NAME(load)(output, count);
        const floats weighed = z * (1.0f - n) + before * (1.0f + n);
        NAME(store)(weighed / ((1.0f + z) * (1.0f + n)), output, count);
        break;
    }
    case TOCSIN_RNN: {
        const floats e = NAME(power)(sums[0]);
        NAME(store)((1.0f - e) / (1.0f + e), output, count);
        break;
    }
    default:
        NAME(store)(sums[0], output, count);
    }
}
