#include "study/time_left.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ate {

void TimeLeft::tell(const std::string& arm, double seconds) {
  for (OfArm* of : {&arms_[arm], &any_}) {
    of->seconds += seconds;
    ++of->told;
  }
}

void TimeLeft::add_ended(const std::string& arm, double seconds) {
  ++ended_;
  tell(arm, seconds);
}

void TimeLeft::add_running(const std::string& arm, double seconds, double left) {
  ++running_;
  if (std::isnan(left)) {
    ++arms_[arm].open;
    return;
  }
  tell(arm, seconds + left);
  known_ += left;
  longest_ = std::max(longest_, left);
}

void TimeLeft::add_open(const std::string& arm) { ++arms_[arm].open; }

int64_t TimeLeft::all() const {
  int64_t open = 0;
  for (const auto& [name, arm] : arms_) open += arm.open;
  return any_.told + open;
}

double TimeLeft::seconds() const {
  if (all() == ended_) return 0;
  if (running_ == 0 || any_.told == 0) return std::numeric_limits<double>::quiet_NaN();
  double work = known_;
  for (const auto& [name, arm] : arms_) {
    const OfArm& like = arm.told > 0 ? arm : any_;
    work += static_cast<double>(arm.open) * like.seconds / static_cast<double>(like.told);
  }
  return std::max(longest_, work / static_cast<double>(running_));
}

}  // namespace ate
