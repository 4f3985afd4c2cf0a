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
    std::signal(SIGHUP, SIG_DFL);  // under nohup it is ignored, and would stay so
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
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
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

TEST_CASE("each signal has its exit code", "[run]") {
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}})
    CHECK(exit_of([signal = signal] {
            raise(signal);
            return static_cast<int>(interruption().code());
          }) == code);
}

TEST_CASE("a SIGHUP that was ignored at the start, as under nohup, stays ignored", "[run]") {
  CHECK(exit_of([] {
          std::signal(SIGHUP, SIG_IGN);
          install_signal_handlers();
          raise(SIGHUP);
          return stop_signal() == 0 ? 7 : 8;
        }) == 7);
}
