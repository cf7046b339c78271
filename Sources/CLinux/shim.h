#pragma once

// What the toolchain's Glibc module leaves out.
//
// Without _GNU_SOURCE: with it fd_set has other field names than in the Glibc module, and no file could
// import both.

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// EFD_CLOEXEC and EFD_NONBLOCK are enumerators of different Swift types; this joins them.
static inline int clinux_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/// Declared by <pthread.h> only with _GNU_SOURCE.
extern int pthread_setname_np(pthread_t thread, const char *name);

/// Declared by <spawn.h> only with _GNU_SOURCE; for tests, which start programs.
#include <spawn.h>
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int posix_spawn_file_actions_addchdir_np(
    posix_spawn_file_actions_t *actions, const char *path);
