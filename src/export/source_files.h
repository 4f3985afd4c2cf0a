// What a trial trains and is scored on, as files that other programs read: `ate source write`. No LibTorch.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "config/trial.h"
#include "data/corpus.h"
#include "data/source.h"

namespace ate {

struct TrialSource {
  TrialSource(const Config& study, const TrialId& trial);

  TrialId id;
  Config config;  // the arm's
  RandomKey key;
  std::shared_ptr<const Source> source;
  Corpus corpus;
};

// The parts of the corpus, each as [begin, end).
nlohmann::ordered_json split_of(const TrialSource& trial);

// Writes all files into `folder`, which is there and empty, and source.json, which says what each is; returns it. Evaluations
// that draw their windows anew each time have these numbers (train/schedule.h). Throws Failure.
nlohmann::ordered_json write_source(const TrialSource& trial, const std::vector<int64_t>& evaluation_draws,
                                    const std::filesystem::path& folder);

}  // namespace ate
