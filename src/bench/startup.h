// How long a whole process of this program takes, from its start to its exit. No LibTorch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/table.h"

namespace ate {

struct StartupTiming {
  std::string command;               // as a user would type it
  std::vector<double> wall_seconds;  // of each run
  std::vector<double> cpu_seconds;   // user and system
};

// Runs `program` in turns: its help, two commands that print, a finished run again, and a half-done run,
// which reads its checkpoint, takes a step, saves it, and is then told to stop. The runs are of the preset
// `definitive`, in a temporary folder. Throws Failure when a command does not end as it should,
// Interrupted when a signal asked for a stop.
std::vector<StartupTiming> measure_startup(const std::filesystem::path& program, int rounds);

Report startup_report(const std::vector<StartupTiming>& timings);

}  // namespace ate
