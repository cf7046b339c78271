#pragma once

// What the toolchain's Glibc module leaves out.
//
// Without _GNU_SOURCE: with it fd_set has other field names than in the Glibc module, and no file could
// import both.

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/// EFD_CLOEXEC and EFD_NONBLOCK are enumerators of different Swift types; this joins them.
static inline int clinux_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

#include <sys/mman.h>

/// A file in memory that nobody can shrink or grow, of `size` bytes, all zero and none of them taken up
/// yet; -1 and errno if there can be none. The calls are declared only with _GNU_SOURCE.
extern int memfd_create(const char *name, unsigned flags);
extern int fallocate(int descriptor, int mode, off_t offset, off_t length);
static inline int clinux_memory_file(const char *name, long size) {
    const int descriptor = memfd_create(name, 1 /* MFD_CLOEXEC */ | 2 /* MFD_ALLOW_SEALING */);
    if (descriptor < 0) return -1;
    if (ftruncate(descriptor, size) == 0
        && fcntl(descriptor, 1033 /* F_ADD_SEALS */, 7 /* SEAL, SHRINK, GROW */) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

/// Makes a part of a file zeros that take up nothing.
static inline int clinux_punch_hole(int descriptor, long offset, long length) {
    return fallocate(descriptor, 3 /* KEEP_SIZE, PUNCH_HOLE */, offset, length);
}

/// Maps a file in memory, shared, and keeps it out of core dumps; NULL if that cannot be.
static inline void *clinux_map(int descriptor, unsigned long size) {
    void *const memory = mmap(
        0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor, 0);
    if (memory == MAP_FAILED) return 0;
    madvise(memory, size, 16 /* MADV_DONTDUMP */);
    return memory;
}

/// A timer whose signal goes to the calling thread alone; the thread's field of struct sigevent has a name
/// of its own only with _GNU_SOURCE.
static inline int clinux_thread_timer(int number, timer_t *timer) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = number};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    return timer_create(CLOCK_MONOTONIC, &event, timer);
}

/// prctl is variadic.
static inline int clinux_forbid_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/// ptrace is variadic; for a test, which holds one thread of a program.
static inline long clinux_ptrace(int request, pid_t thread) {
    return ptrace(request, thread, 0, 0);
}

/// Declared by <pthread.h> only with _GNU_SOURCE.
extern int pthread_setname_np(pthread_t thread, const char *name);

/// Declared by <spawn.h> only with _GNU_SOURCE; for tests, which start programs.
#include <spawn.h>
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int posix_spawn_file_actions_addchdir_np(
    posix_spawn_file_actions_t *actions, const char *path);
