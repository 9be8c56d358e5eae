/* A wall clock that jumps for one program, without touching that of the machine: preloaded, it adds
 * CLOCK_JUMP seconds to every reading once the file CLOCK_JUMP_WHEN is there. All other clocks stay
 * as they are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t which, struct timespec *time)
{
    static int (*true_clock)(clockid_t, struct timespec *);
    if (true_clock == NULL)
        true_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = true_clock(which, time);
    const char *jump = getenv("CLOCK_JUMP");
    const char *when = getenv("CLOCK_JUMP_WHEN");
    if (!failed && which == CLOCK_REALTIME && jump != NULL && when != NULL
        && access(when, F_OK) == 0)
        time->tv_sec += atol(jump);
    return failed;
}
