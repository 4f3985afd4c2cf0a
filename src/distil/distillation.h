// `ate train` with a procedure of several stages: the original report's pipeline, and the frontier. No LibTorch in this
// header.
#pragma once

#include <filesystem>

#include "config/resolve.h"
#include "distil/result.h"
#include "run/leases.h"

namespace ate {

struct DistillationOptions {
  std::filesystem::path out = "tool_outputs";
  bool fresh = false;
  double save_seconds = 30;        // most wall-clock between two checkpoints
  double silence = kLeaseSilence;  // seconds after which a process that says nothing loses the run to another
  std::string command = "train";
};

struct DistillationOutcome {
  std::string run_id;
  Config config;
  DistillationResult result;
  bool reused = false;  // nothing was left to do
};

// Runs what config.train says, each stage from its checkpoint; a finished run's result is read back. A stage that diverges
// is named in the result, and the rest goes on. Throws BadInput before anything is written, Interrupted when a signal asked
// for a stop, the stage under way saved.
DistillationOutcome run_distillation(Resolved resolved, const DistillationOptions& options);

}  // namespace ate
