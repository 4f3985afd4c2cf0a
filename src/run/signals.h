// SIGINT, SIGTERM and SIGHUP set a flag; whoever trains looks at it after each step, saves and stops.
#pragma once

#include <string>

#include "support/error.h"

namespace ate {

// From here on the first SIGINT, SIGTERM or SIGHUP only sets the flag; a second SIGINT ends the process at once (exit
// 130), which harms nothing: files are replaced atomically. A SIGHUP that was ignored at the start, as under nohup, stays
// ignored.
void install_signal_handlers();

// 0, or the signal that asked the process to stop.
int stop_signal();

// The one way to stop for a signal: the state is saved, main prints `what` and exits with the signal's code.
Interrupted interruption(
    const std::string& what = "the state is saved, and the same command goes on from there");

}  // namespace ate
