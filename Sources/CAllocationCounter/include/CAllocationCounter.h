#pragma once

#include <stdbool.h>
#include <stdint.h>

/// The number of heap allocations (malloc, calloc, realloc and the aligned forms) that this thread
/// made since it started.
uint64_t allocation_counter_read(void);

/// Whether they are counted; not so under a sanitizer, which stands in front of the allocator itself.
bool allocation_counter_counts(void);
