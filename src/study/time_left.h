// How long a study still takes, from what its trials took so far. No LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ate {

class TimeLeft {
 public:
  void add_ended(const std::string& arm, double seconds);
  // One under way: what it took so far, and what its own progress says that it still takes, NaN where it cannot tell.
  void add_running(const std::string& arm, double seconds, double left);
  void add_open(const std::string& arm);

  // With as many trials at a time as are under way: 0 where none is left, NaN where none is under way or none of its arm
  // or of any other has told what it takes.
  double seconds() const;

  int64_t ended() const { return ended_; }
  int64_t all() const;

 private:
  struct OfArm {
    double seconds = 0;  // of the trials that told
    int64_t told = 0;
    int64_t open = 0;  // not begun, or under way and silent about it
  };
  void tell(const std::string& arm, double seconds);

  std::map<std::string, OfArm> arms_;
  OfArm any_;
  int64_t ended_ = 0;
  int64_t running_ = 0;
  double known_ = 0;    // seconds left of those under way that told
  double longest_ = 0;  // of these
};

}  // namespace ate
