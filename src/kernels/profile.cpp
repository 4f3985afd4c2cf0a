#include "kernels/profile.h"

#include <chrono>

namespace ate {
namespace {

int64_t clock_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void Profile::close(int64_t now) {
  if (begin_ != 0) spans_.push_back({part_, begin_, now});
}

void Profile::enter(StepPart part) {
  const int64_t now = clock_now();
  close(now);
  part_ = part;
  begin_ = now;
}

void Profile::leave() {
  close(clock_now());
  begin_ = 0;
}

}  // namespace ate
