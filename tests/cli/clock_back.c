/* For LD_PRELOAD: once the file $CLOCK_BACK is there, the wall clock of this process is two hours behind. Files keep the
 * times of their file system, as on a machine whose clock is wrong. Built by the test that uses it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long behind(void) { return getenv("CLOCK_BACK") && access(getenv("CLOCK_BACK"), F_OK) == 0 ? 7200 : 0; }

int clock_gettime(clockid_t clock, struct timespec* now) {
  static int (*get)(clockid_t, struct timespec*) = NULL;
  if (!get) get = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int done = get(clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec -= behind();
  return done;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval* now, void* zone) {
  struct timespec precise;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}
