// SIGINT and SIGTERM set a flag; whoever runs a trial looks at it after each step, saves and stops.
#pragma once

#include "support/error.h"

namespace ate {

// From here on the first SIGINT or SIGTERM only sets the flag; a second SIGINT ends the process at once (exit
// 130), which harms nothing: files are replaced atomically.
void install_signal_handlers();

// 0, or the signal that asked the process to stop.
int stop_signal();

// What a process that stopped for `signal` exits with.
ExitCode exit_code_of(int signal);

}  // namespace ate
