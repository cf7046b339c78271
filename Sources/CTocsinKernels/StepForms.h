// The forms of the step for one instruction set: with weights of 32 bits and, if it has an
// instruction that makes floats of halves, with weights of 16 bits.
//
// Expects FORM, LANES, REGISTERS and CONVERTS_HALVES; takes them back.

#define WEIGHTS single
#define HALF 0
#include "StepForm.h"
#undef WEIGHTS
#undef HALF

#if CONVERTS_HALVES
#define WEIGHTS half
#define HALF 1
#include "StepForm.h"
#undef WEIGHTS
#undef HALF
#endif

#undef FORM
#undef LANES
#undef REGISTERS
#undef CONVERTS_HALVES
