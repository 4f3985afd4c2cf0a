// `ate demo`: sparse attention and bespoke embeddings in under a minute, with what each number means. No LibTorch.
#pragma once

#include <filesystem>
#include <string>

#include "report/table.h"

namespace ate {

struct DemoOptions {
  std::filesystem::path out = "tool_outputs";
  std::string device = "auto";
};

struct DemoOutcome {
  std::string text;  // for people
  Report report;     // for --format md, csv, json and jsonl
};

// Throws Interrupted when a signal asked for a stop, the state saved.
DemoOutcome run_demo(const DemoOptions& options);

}  // namespace ate
