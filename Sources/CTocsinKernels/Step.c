// One step of a network for up to TOCSIN_TILE devices at once: the kernels that the daemon runs.
//
// The source of the arithmetic is StepForm.h, compiled for each instruction set with as many lanes
// as its vectors have, and for weights of 32 and of 16 bits. Which form runs is the caller's
// choice, because the weights are packed for it.

#include "CTocsinKernels.h"
#include "Dispatch.h"

// What a device brings to a step, in the order of enum tocsin_place.
typedef struct {
    float *at[TOCSIN_PLACES];
} device_places;

// By shifts and a multiplication, halves cost 1.8 to 2.9 times the time of floats.
#if defined(__aarch64__)
#define BASELINE_CONVERTS_HALVES 1
#else
#define BASELINE_CONVERTS_HALVES 0
#endif

#define PASTE_(a, b, c) a##_##b##_##c
#define PASTE(a, b, c) PASTE_(a, b, c)
#define NAME(a) PASTE(a, FORM, WEIGHTS)

// Sixteen vector registers: 6 devices × 2 vectors are 12 sums, 2 vectors of weights and 1 factor.
#define FORM generic
#define LANES 4
#define REGISTERS 16
#define CONVERTS_HALVES BASELINE_CONVERTS_HALVES
#include "StepForms.h"

#if defined(__x86_64__)

#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#define FORM avx2
#define LANES 8
#define REGISTERS 16
#define CONVERTS_HALVES 1
#include "StepForms.h"
#pragma clang attribute pop

// Features, not "arch=x86-64-v4": that one prefers vectors of 256 bits.
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c,bmi,bmi2"))), \
    apply_to = function)
#define FORM avx512
#define LANES 16
#define REGISTERS 32
#define CONVERTS_HALVES 1
#include "StepForms.h"
#pragma clang attribute pop

#endif

bool tocsin_supports(enum tocsin_instruction_set set) {
    switch (set) {
    case TOCSIN_GENERIC:
        return true;
#if defined(__x86_64__)
    case TOCSIN_AVX2:
        return __builtin_cpu_supports("x86-64-v3");
    case TOCSIN_AVX512:
        return __builtin_cpu_supports("x86-64-v4");
#endif
    default:
        return false;
    }
}

size_t tocsin_lanes(enum tocsin_instruction_set set) {
    return set == TOCSIN_AVX512 ? 16 : set == TOCSIN_AVX2 ? 8 : 4;
}

bool tocsin_converts_halves(enum tocsin_instruction_set set) {
    return set != TOCSIN_GENERIC || BASELINE_CONVERTS_HALVES;
}

// One of the forms of StepForm.h.
typedef void step_form(const struct tocsin_layer *layers, size_t layer_count,
                       const float *weights, const device_places *devices, size_t count);

static step_form *form_of(const struct tocsin_program *program) {
    const bool half = program->weight_type == TOCSIN_HALF;
    switch (program->set) {
#if defined(__x86_64__)
    case TOCSIN_AVX512:
        return half ? step_avx512_half : step_avx512_single;
    case TOCSIN_AVX2:
        return half ? step_avx2_half : step_avx2_single;
#endif
    default:
#if BASELINE_CONVERTS_HALVES
        if (half) return step_generic_half;
#endif
        return step_generic_single;
    }
}

void tocsin_step(const struct tocsin_program *program, const float *features, float *recurrent,
                 float *code, float *forecast, float *reconstruction) {
    const device_places device = {
        {(float *)features, recurrent, code, forecast, reconstruction}};
    form_of(program)(program->layers, program->layer_count, program->weights, &device, 1);
}

// Where the record of a row begins: at a given address, or at an index in one piece of memory.
typedef struct {
    float *const *addresses;
    float *records;
    const ptrdiff_t *indices;
} record_places;

INLINE float *record_start(const record_places *places, size_t row, size_t stride) {
    if (places->addresses) return places->addresses[row];
    return places->records + (size_t)places->indices[row] * stride;
}

static void step_all(const struct tocsin_program *program, const float *features,
                     size_t feature_count, const record_places *places,
                     const struct tocsin_record *record, size_t count) {
    step_form *const step = form_of(program);
    device_places devices[TOCSIN_TILE];
    size_t done = 0;
    while (done < count) {
        // Tiles of about the same size: 13 devices are 7 and 6, not 12 and 1.
        const size_t left = count - done;
        const size_t tiles = (left + TOCSIN_TILE - 1) / TOCSIN_TILE;
        const size_t wanted = (left + tiles - 1) / tiles;
        size_t n = 0;
        for (; n < wanted; n++) {
            float *start = record_start(places, done + n, record->stride);
            bool is_new = true;
            for (size_t i = 0; i < n; i++) is_new &= devices[i].at[TOCSIN_RECURRENT] != start;
            // A device's second sample needs the state after its first.
            if (!is_new) break;
            devices[n] = (device_places){{
                (float *)features + (done + n) * feature_count,
                start,
                start + record->code,
                start + record->forecast,
                start + record->reconstruction,
            }};
        }
        // Of a large fleet the next records are not in a near cache yet.
        const size_t ahead = left - n < n ? left - n : n;
        for (size_t i = 0; i < ahead; i++) {
            const float *next = record_start(places, done + n + i, record->stride);
            for (size_t at = 0; at < record->stride; at += 16) __builtin_prefetch(next + at, 1);
        }
        step(program->layers, program->layer_count, program->weights, devices, n);
        done += n;
    }
}

void tocsin_step_records(const struct tocsin_program *program, const float *features,
                         size_t feature_count, float *records,
                         const struct tocsin_record *record, const ptrdiff_t *indices,
                         size_t count) {
    const record_places places = {NULL, records, indices};
    step_all(program, features, feature_count, &places, record, count);
}

void tocsin_step_addresses(const struct tocsin_program *program, const float *features,
                           size_t feature_count, float *const *addresses,
                           const struct tocsin_record *record, size_t count) {
    const record_places places = {addresses, NULL, NULL};
    step_all(program, features, feature_count, &places, record, count);
}

double tocsin_peak(enum tocsin_instruction_set set, size_t rounds) {
    switch (set) {
#if defined(__x86_64__)
    case TOCSIN_AVX512:
        return peak_avx512_single(rounds);
    case TOCSIN_AVX2:
        return peak_avx2_single(rounds);
#endif
    default:
        return peak_generic_single(rounds);
    }
}

void tocsin_additions(size_t rounds) {
    size_t sums[6] = {0};
    for (; rounds > 0; rounds--) {
        _Pragma("unroll") for (int i = 0; i < 24; i++) {
            sums[i % 6]++;
            // Volatile, because the compiler would otherwise leave them all out.
            __asm__ volatile("" : "+r"(sums[i % 6]));
        }
    }
}
