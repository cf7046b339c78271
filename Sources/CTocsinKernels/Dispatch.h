// What every kernel source shares: the instruction sets, and unaligned vectors.

#pragma once

#include <stddef.h>
#include <stdint.h>

// The dynamic linker picks the best form once, when the program starts. Other architectures are
// compiled for their baseline, which on aarch64 has vectors and fused multiply-add. So is all under
// ThreadSanitizer, which instruments the picking and is not there yet when it is called.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define EVERY_INSTRUCTION_SET \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_INSTRUCTION_SET
#endif

#define INLINE static inline __attribute__((always_inline))

// Elements of one loop do not depend on each other, even where an array is updated in place.
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")

// Reads nothing from a or b before `sum` is complete. Left alone, the compiler reads ahead, and
// then has no register for one of the sums.
#if defined(__x86_64__)
#define IN_ORDER(a, b, sum) __asm__("" : "+r"(a), "+r"(b), "+v"(sum))
#elif defined(__aarch64__)
#define IN_ORDER(a, b, sum) __asm__("" : "+r"(a), "+r"(b), "+w"(sum))
#else
#define IN_ORDER(a, b, sum)
#endif

// Reads nothing at all before `sum` is complete. Unlike IN_ORDER, addresses stay known, so that
// several rows need no instruction to get from one to the next.
#if defined(__x86_64__)
#define COMPLETE(sum) __asm__("" : "+v"(sum) : : "memory")
#elif defined(__aarch64__)
#define COMPLETE(sum) __asm__("" : "+w"(sum) : : "memory")
#else
#define COMPLETE(sum)
#endif
