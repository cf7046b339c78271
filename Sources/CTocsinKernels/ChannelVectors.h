// Eight channels at a time: what the sources behind Channels.h share.

#pragma once

#include "Channels.h"
#include "Dispatch.h"

// A product and a sum are rounded one after the other, on every instruction set.
#pragma STDC FP_CONTRACT OFF

enum { LANES = TOCSIN_CHANNEL_LANES };

typedef double doubles __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef int64_t longs __attribute__((ext_vector_type(LANES), aligned(8), may_alias));
typedef float floats __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef int32_t integers __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef uint32_t words __attribute__((ext_vector_type(LANES), aligned(4), may_alias));

#define AT(array) (*(doubles *)(array))
#define CONST_AT(array) (*(const doubles *)(array))
#define INTS_AT(array) (*(integers *)(array))
#define CONST_INTS_AT(array) (*(const integers *)(array))
#define LONGS_AT(array) (*(longs *)(array))
#define FLOATS_AT(array) (*(floats *)(array))
#define CONST_FLOATS_AT(array) (*(const floats *)(array))

// Vectors travel by address: by value, they would depend on the instruction set of the caller.

// In pairs, so that every instruction set adds in the same order.
INLINE double sum(const doubles *x) {
    double part[LANES];
    __builtin_memcpy(part, x, sizeof part);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) part[i] += part[i + width];
    return part[0];
}
