// Both forms of the step for one instruction set: with weights of 32 bits, and of 16 bits.
//
// Expects FORM, LANES, REGISTERS and CONVERTS_HALVES, whether halves become floats by an
// instruction; takes them back.

#define WEIGHTS single
#define HALF 0
#include "StepForm.h"
#undef WEIGHTS
#undef HALF

#define WEIGHTS half
#define HALF 1
#include "StepForm.h"
#undef WEIGHTS
#undef HALF

#undef FORM
#undef LANES
#undef REGISTERS
#undef CONVERTS_HALVES
