// One model: what `ate train` says of it, and its evaluation from a checkpoint. No LibTorch in this header.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "config/resolve.h"
#include "report/table.h"
#include "study/result.h"

namespace ate {

// What a checkpoint's metadata say, and the config of its run.
struct StoredModel {
  TrialId id;
  Progress progress;                 // the evaluations of its training among it
  std::optional<Resolved> resolved;  // of the run folder that the file lies in, where it does
  std::string config_file{};         // that folder's config.json; "" where there is none
};

// Throws BadInput naming `flag` when the file is no sound checkpoint.
StoredModel find_model(const std::string& flag, const std::filesystem::path& file);

class Trial;

// Builds the model of a checkpoint and loads it. Throws BadInput naming `flag` when the file is of another shape.
std::unique_ptr<Trial> load_trial(const std::string& flag, const std::filesystem::path& file,
                                  const Resolved& resolved, TrialId id);

struct EvaluatedModel {
  TrialRecord record;  // its progress holds the one evaluation
  Config config;
  std::optional<double> floor;
};

// Loads the model and scores it on the validation windows. Throws as load_trial.
EvaluatedModel evaluate_model(const std::string& flag, const std::filesystem::path& file,
                              const Resolved& resolved, TrialId id);

// Writes the parameters of a checkpoint to a file of their own, docs/checkpoints.md. Throws as load_trial.
void export_model(const std::string& flag, const std::filesystem::path& file, const Resolved& resolved,
                  TrialId id, const std::filesystem::path& to);

// One model's numbers. `checkpoint`: where it is stored.
Report model_report(const Config& config, const std::string& run_id, const TrialRecord& record,
                    const std::optional<double>& floor, const std::filesystem::path& checkpoint);

}  // namespace ate
