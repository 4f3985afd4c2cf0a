#include "run/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace ate {
namespace {

// Written by whichever thread the signal meets, read by all that train.
std::atomic<int> received = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not wait");

void on_signal(int signal) {
  if (signal == SIGINT && received == SIGINT) _exit(static_cast<int>(ExitCode::interrupted));
  received = signal;
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction at_start = {};
  sigaction(SIGHUP, nullptr, &at_start);
  if (at_start.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
}

int stop_signal() { return received; }

Interrupted interruption(const std::string& what) {
  const int signal = stop_signal();
  return {signal == SIGTERM  ? ExitCode::terminated
          : signal == SIGHUP ? ExitCode::hung_up
                             : ExitCode::interrupted,
          what};
}

}  // namespace ate
