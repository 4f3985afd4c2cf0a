// Profiled steps as a trace that chrome://tracing and ui.perfetto.dev show.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "kernels/profile.h"

namespace ate {

// Steps of one kind, one after the other; a line of the picture.
struct TraceLane {
  std::string name;  // "bespoke bf16"
  std::vector<std::vector<Profile::Span>> steps;
};

// Trace Event Format (Google, "Trace Event Format"): complete events, microseconds from the first one on.
// Each step is an event around those of its parts; thread ids count the lanes from 1.
std::string chrome_trace(const std::vector<TraceLane>& lanes);

// Throws BadInput with `flag` as the address when the file cannot be written. Leaves no file behind.
void check_trace_path(const std::string& flag, const std::filesystem::path& path);

}  // namespace ate
