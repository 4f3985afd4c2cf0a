// The command line as a whole.
#pragma once

namespace ate {

// Parses and runs; returns the exit code. Bad usage is thrown as BadInput, with the nearest known name.
int run_command_line(int argc, char** argv);

}  // namespace ate
