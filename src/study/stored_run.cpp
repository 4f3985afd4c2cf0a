#include "study/stored_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/json.h"
#include "study/finished.h"
#include "support/error.h"
#include "support/files.h"
#include "train/safetensors.h"
#include "train/trial.h"

namespace ate {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json read_json(const fs::path& path) {
  if (!fs::is_regular_file(path)) return nullptr;
  return Json::parse(read_whole_file(path), nullptr, /*allow_exceptions=*/false);
}

Config read_stored_config(const fs::path& folder, const Json& document) {
  if (!document.is_object())
    throw BadInput(
        folder.string(),
        "is no run's folder: it has no config.json; runs are in tool_outputs/runs, or --out's runs");
  Config config;
  std::vector<Problem> problems;
  read_config(document, config, problems);
  for (Problem& problem : problems) problem.where = (folder / "config.json").string() + ": " + problem.where;
  if (!problems.empty()) throw BadInput(std::move(problems));
  return config;
}

// The trial as it stood after so many epochs.
void go_back(TrialRecord& trial, int64_t epoch, const fs::path& folder) {
  std::vector<Evaluation>& evaluations = trial.progress.evaluations;
  std::vector<int64_t> epochs;
  for (size_t i = 0; i < evaluations.size(); ++i) {
    epochs.push_back(evaluations[i].epoch + 1);
    if (epochs.back() != epoch) continue;
    evaluations.resize(i + 1);
    return;
  }
  throw BadInput(folder.string(), fmt::format("{} was not evaluated after epoch {}, but after {}",
                                              trial.id.text(), epoch, fmt::join(epochs, ", ")));
}

}  // namespace

StoredRun read_run(const fs::path& folder, int64_t epoch) {
  StoredRun run;
  run.name = folder.string();
  const Config config = read_stored_config(folder, read_json(folder / "config.json"));
  run.config = write_config(config);
  run.environment = read_json(folder / "environment.json");
  std::vector<TrialRecord> trials;
  for (const int64_t seed : config.study.seeds)
    for (const Arm arm : config.study.arms) {
      TrialRecord trial;
      trial.id = {arm, seed};
      const fs::path checkpoint = folder / "checkpoint" / (trial.id.text() + ".safetensors");
      if (!fs::exists(checkpoint)) continue;
      trial.progress = checkpoint_progress(SafetensorsFile(checkpoint));
      if (!finished(trial)) continue;
      if (epoch > 0) go_back(trial, epoch, folder);
      trials.push_back(std::move(trial));
    }
  if (trials.empty()) throw BadInput(folder.string(), "no trial of an arm and a seed has finished");
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  run.result = assess(config, named.filename().string(), std::move(trials));
  return run;
}

}  // namespace ate
