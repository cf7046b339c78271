// Included by StepForm.h for the forms with half weights: how a vector of them becomes floats.
//
// Every half is a float: nothing is rounded, and all forms give the same number.

typedef uint16_t NAME(halves) __attribute__((ext_vector_type(LANES), aligned(2), may_alias));

INLINE floats NAME(widened)(const float *from) {
    const NAME(halves) halves = *(const NAME(halves) *)from;
#if CONVERTS_HALVES
    typedef _Float16 numbers __attribute__((ext_vector_type(LANES)));
    numbers narrow;
    __builtin_memcpy(&narrow, &halves, sizeof narrow);
    return __builtin_convertvector(narrow, floats);
#else
    // Exponent and fraction move to a float's places, with an exponent that is 112 too small. The
    // multiplication puts it right, and makes normal numbers of the subnormal ones. Weights are
    // finite, so that no infinity has to be kept.
    const integers wide = __builtin_convertvector(halves, integers);
    const integers magnitude = (wide & 0x7fff) << 13;
    floats result;
    __builtin_memcpy(&result, &magnitude, sizeof result);
    result *= 0x1p112f;
    integers bits;
    __builtin_memcpy(&bits, &result, sizeof bits);
    bits |= (wide & 0x8000) << 16;
    __builtin_memcpy(&result, &bits, sizeof result);
    return result;
#endif
}
