#include "kernels/profile.h"

#include <ctime>

namespace ate {
namespace {

int64_t nanoseconds_of(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return int64_t{1'000'000'000} * time.tv_sec + time.tv_nsec;
}

}  // namespace

Profile::Time Profile::now() {
  return {nanoseconds_of(CLOCK_MONOTONIC), nanoseconds_of(CLOCK_THREAD_CPUTIME_ID)};
}

void Profile::close(const Time& now) {
  if (open_) spans_.push_back({part_, begin_.wall, now.wall, now.cpu - begin_.cpu});
}

void Profile::enter(StepPart part) {
  const Time time = now();
  close(time);
  part_ = part;
  begin_ = time;
  open_ = true;
}

void Profile::leave() {
  close(now());
  open_ = false;
}

}  // namespace ate
