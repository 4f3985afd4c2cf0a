// A process of our own, with nothing on its standard input and its outputs thrown away.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace ate {

struct ChildTimes {
  int exit_code;        // -1: it was killed
  double wall_seconds;  // from before its start until after its end
  double cpu_seconds;   // user and system
};

class Child {
 public:
  // Starts `program` with these arguments. Throws Failure when it cannot be started.
  Child(const std::filesystem::path& program, const std::vector<std::string>& arguments);
  ~Child();  // kills it if it still runs
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool running();
  void signal(int number);  // nothing where it has ended
  // Until it has ended; one that takes longer is killed.
  ChildTimes wait(double most_seconds);

 private:
  bool collect(bool block);  // whether it has ended

  pid_t id_ = -1;
  double started_;
  bool ended_ = false;
  ChildTimes times_{};
};

// A millisecond, for loops that wait for something.
void sleep_briefly();

}  // namespace ate
