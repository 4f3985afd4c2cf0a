// In child processes: what a signal did to a process stays done.
#include "run/signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "catch.h"

using namespace ate;

namespace {

// The exit code of a child that does `work`, or minus the signal that ended it.
int exit_of(const std::function<int()>& work) {
  const pid_t pid = fork();
  if (pid == 0) {
    install_signal_handlers();
    _exit(work());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("no signal has come before one is sent", "[run]") {
  CHECK(stop_signal() == 0);
  CHECK(exit_of([] { return stop_signal(); }) == 0);
}

TEST_CASE("the first signal sets the flag and the process goes on", "[run]") {
  for (const int signal : {SIGINT, SIGTERM})
    CHECK(exit_of([&] {
            raise(signal);
            return stop_signal() == signal ? 7 : 8;
          }) == 7);
}

TEST_CASE("a second SIGINT ends the process at once with 130", "[run]") {
  CHECK(exit_of([] {
          raise(SIGINT);
          raise(SIGINT);
          return 7;
        }) == 130);
}

TEST_CASE("a second SIGTERM does not: schedulers send several", "[run]") {
  CHECK(exit_of([] {
          raise(SIGTERM);
          raise(SIGTERM);
          return stop_signal() == SIGTERM ? 7 : 8;
        }) == 7);
}

TEST_CASE("a SIGINT after a SIGTERM only asks again", "[run]") {
  CHECK(exit_of([] {
          raise(SIGTERM);
          raise(SIGINT);
          return 7;
        }) == 7);
}
