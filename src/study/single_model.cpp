#include "study/single_model.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "data/corpus.h"
#include "study/stored_run.h"
#include "support/error.h"
#include "support/files.h"
#include "train/device.h"
#include "train/safetensors.h"
#include "train/trial.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

// A sound file, or BadInput: the user named it.
SafetensorsFile open_named(const std::string& flag, const fs::path& file) {
  try {
    return SafetensorsFile(file);
  } catch (const Failure& failure) {
    throw BadInput(flag + " " + file.string(), failure.problems().front().what);
  }
}

}  // namespace

StoredModel find_model(const std::string& flag, const fs::path& file) {
  const SafetensorsFile stored = open_named(flag, file);
  StoredModel model;
  const auto& metadata = stored.metadata();
  const auto arm = metadata.find("arm");
  const auto seed = metadata.find("seed");
  if (arm == metadata.end() || seed == metadata.end() || metadata.count("progress") == 0)
    throw BadInput(flag + " " + file.string(),
                   "is no checkpoint of a trial: it has no arm, seed and progress");
  model.id.seed = static_cast<int64_t>(stored.number("seed"));
  model.progress = checkpoint_progress(stored);
  const fs::path folder = fs::absolute(file).parent_path().parent_path();
  std::vector<Arm> arms = built_in_arms();
  if (fs::exists(folder / "config.json")) {
    model.config_file = (folder / "config.json").string();
    model.resolved = resolve({"", model.config_file, {}, {}});
    arms = arms_of_run(folder, model.resolved->config);
    for (Arm& tuning : tuning_arms_of_run(folder, model.resolved->config)) arms.push_back(std::move(tuning));
  }
  // Of arms that share a name, the one whose file this is.
  const auto is_its = [&](const Arm& known) {
    return known.name == arm->second && file_name(known) + "-s" + seed->second == file.stem().string();
  };
  auto known = std::find_if(arms.begin(), arms.end(), is_its);
  if (known == arms.end())
    known = std::find_if(arms.begin(), arms.end(), [&](const Arm& k) { return k.name == arm->second; });
  if (known == arms.end()) throw BadInput(flag + " " + file.string(), "is of an unknown arm, " + arm->second);
  model.id.arm = *known;
  return model;
}

std::unique_ptr<Trial> load_trial(const std::string& flag, const fs::path& file, const Resolved& resolved,
                                  TrialId id) {
  const SafetensorsFile stored = open_named(flag, file);
  at::set_num_threads(1);  // as it was trained: other numbers of threads add in another order
  try {
    auto trial = std::make_unique<Trial>(resolved.config, id, choose_device(resolved.config.device));
    trial->restore(stored);
    return trial;
  } catch (const BadInput& error) {
    throw resolved.blame(error);
  } catch (const Failure& failure) {
    throw BadInput(flag + " " + file.string(),
                   failure.problems().front().what + "; its run folder's config.json says which");
  }
}

EvaluatedModel evaluate_model(const std::string& flag, const fs::path& file, const Resolved& resolved,
                              TrialId id) {
  const std::unique_ptr<Trial> trial = load_trial(flag, file, resolved, id);
  EvaluatedModel out;
  out.record.id = id;
  out.record.progress = trial->progress();
  out.record.progress.evaluations = {trial->evaluate()};
  out.record.progress.evaluations.front().epoch = trial->progress().epoch - 1;
  out.config = resolved.config;
  out.floor = source_entropy(resolved.config.source);
  return out;
}

void export_model(const std::string& flag, const fs::path& file, const Resolved& resolved, TrialId id,
                  const fs::path& to) {
  write_atomically(to, load_trial(flag, file, resolved, id)->exported());
}

}  // namespace ate
