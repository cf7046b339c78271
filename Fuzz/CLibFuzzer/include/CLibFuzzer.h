#pragma once

#include <stddef.h>
#include <stdint.h>

/// What libFuzzer calls with each input; 0 to keep the input if it reached something new, -1 not to.
typedef int (*FuzzerTarget)(const uint8_t *data, size_t size);

/// libFuzzer's loop, from its library without a `main`.
int LLVMFuzzerRunDriver(int *argc, char ***argv, FuzzerTarget target);
