// Another process, made by fork; it says what it found through a pipe.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "catch.h"

namespace ate::testing {

// A child process that runs `work` and writes what it returns into a pipe, then waits to be killed.
class Child {
 public:
  template <class Work>
  explicit Child(Work&& work) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      const std::string text = work() + "\n";
      if (write(ends[1], text.data(), text.size()) < 0) _exit(1);
      for (;;) pause();
    }
    close(ends[1]);
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) said_ += c;
    close(ends[0]);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }
  const std::string& said() const { return said_; }

 private:
  pid_t pid_ = 0;
  std::string said_;
};

}  // namespace ate::testing
