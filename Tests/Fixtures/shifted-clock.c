// Lets a program believe that its clock was set: LD_PRELOAD for tests.
//
// $SHIFTED_CLOCK names a file of eight bytes: how many seconds the time of day is ahead, as a
// number of this machine. It is mapped, so that a write to it takes effect at once.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile long *shift;

__attribute__((constructor)) static void map_shift(void) {
    const char *path = getenv("SHIFTED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *address = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (address != MAP_FAILED) shift = address;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && shift) time->tv_sec += *shift;
    return result;
}
