// Compiles the file FORM_HEADER once for each instruction set: NAME(…), LANES and REGISTERS differ.

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(a) PASTE(a, FORM)

#define FORM generic
#define LANES 4
#if defined(__aarch64__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif
#include FORM_HEADER
#undef FORM
#undef LANES
#undef REGISTERS

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#define FORM avx2
#define LANES 8
#define REGISTERS 16
#include FORM_HEADER
#undef FORM
#undef LANES
#undef REGISTERS
#pragma clang attribute pop

// Features, not "arch=x86-64-v4": that one prefers vectors of 256 bits.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi,bmi2"))), \
    apply_to = function)
#define FORM avx512
#define LANES 16
#define REGISTERS 32
#include FORM_HEADER
#undef FORM
#undef LANES
#undef REGISTERS
#pragma clang attribute pop

// Calls the chosen form.
#define EACH_FORM(set, call)                        \
    switch (set) {                                  \
    case TOCSIN_AVX512: call(avx512); break;        \
    case TOCSIN_AVX2: call(avx2); break;            \
    default: call(generic);                         \
    }

#else
#define EACH_FORM(set, call) call(generic)
#endif
