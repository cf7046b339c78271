#pragma once

#include <stdint.h>

/// The number of heap allocations (malloc, calloc, realloc and the aligned forms) that this thread
/// made since it started.
uint64_t allocation_counter_read(void);
