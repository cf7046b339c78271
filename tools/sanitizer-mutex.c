// The slow half of Swift's Mutex, for builds with ThreadSanitizer only.
//
// The fast half is compiled into our own code, where the sanitizer sees it. The slow half waits inside a
// library that is built without it, so that whatever a contended lock protects looks like a race. Linked into
// the program these take the library's place. They spin: such builds are slow anyway.

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) _Atomic uint32_t *

// Synchronization._MutexHandle._lockSlow(UInt32) -> ()
SWIFT void lock(uint32_t owner, SELF word) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void lock(uint32_t owner, SELF word) {
    uint32_t free = 0;
    while (!atomic_compare_exchange_weak_explicit(word, &free, owner, memory_order_acquire,
                                                  memory_order_relaxed)) {
        free = 0;
        sched_yield();
    }
}

// Synchronization._MutexHandle._unlockSlow() -> ()
SWIFT void unlock(SELF word) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
SWIFT void unlock(SELF word) { atomic_store_explicit(word, 0, memory_order_release); }
