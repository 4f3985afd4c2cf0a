// `ate train` with a procedure of several stages: the seed's pipeline, and the frontier. No LibTorch in this header.
#pragma once

#include <filesystem>

#include "config/resolve.h"
#include "report/plot.h"
#include "report/table.h"

namespace ate {

struct PipelineOptions {
  std::filesystem::path out = "tool_outputs";
  bool fresh = false;
  double save_seconds = 30;  // most wall-clock between two checkpoints
  bool plot = false;         // frontier: make PipelineOutcome::plot, for a finished run by scoring it again
  std::string command = "train";
};

struct PipelineOutcome {
  bool complete = false;
  int stop_signal = 0;  // SIGINT or SIGTERM: the stage under way is saved
  Report report;        // its document is what result.json holds
  Plot plot{};          // where it was asked for
};

// Runs what config.train says, each stage from its checkpoint; a finished run's report is printed as it was stored.
// Throws BadInput before anything is written.
PipelineOutcome run_pipeline(Resolved resolved, const PipelineOptions& options);

// A signal stopped a stage; its state is saved.
struct StageStopped {};

}  // namespace ate
