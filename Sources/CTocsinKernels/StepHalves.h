// Included by StepForm.h for the forms with half weights: how a vector of them becomes floats.
//
// Every half is a float: nothing is rounded, and all forms give the same number.

typedef uint16_t NAME(halves) __attribute__((ext_vector_type(LANES), aligned(2), may_alias));

INLINE floats NAME(widened)(const float *from) {
    typedef _Float16 numbers __attribute__((ext_vector_type(LANES)));
    const NAME(halves) halves = *(const NAME(halves) *)from;
    numbers narrow;
    __builtin_memcpy(&narrow, &halves, sizeof narrow);
    return __builtin_convertvector(narrow, floats);
}
