#include "study/kept_trials.h"

#include <nlohmann/json.hpp>

#include "config/resolve.h"
#include "report/exact_integer.h"
#include "run/folder.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFile = "trials.json";

// A trial a line, so that a difference between two files shows which one changed.
std::string text_of(const std::map<std::string, Json>& trials) {
  std::string out = "{";
  for (const auto& [name, progress] : trials)
    out += (out.size() > 1 ? ",\n" : "\n") + Json(name).dump() + ": " + dump_json(progress);
  return out + "\n}\n";
}

}  // namespace

std::map<std::string, KeptTrial> read_kept_trials(const std::filesystem::path& folder) {
  std::map<std::string, KeptTrial> trials;
  const std::filesystem::path path = folder / kFile;
  const Json document = read_json_file(path);
  if (document.is_null()) return trials;
  for (const auto& [name, value] : JsonValue(document, path.string()).members()) {
    KeptTrial& trial = trials[name];
    trial.progress = progress_from_json(value);
    if (const auto experiment = value.find("experiment")) trial.experiment = experiment->text();
  }
  return trials;
}

void keep_trials(const RunFolder& run, const Config& study, const std::vector<TrialRecord>& records) {
  const Lease turn = run.turn();
  const Json before = read_json_if_sound(run.folder() / kFile);
  std::map<std::string, Json> trials;
  if (before.is_object())
    for (const auto& [name, progress] : before.items()) trials[name] = progress;
  bool changed = !before.is_object();
  for (const TrialRecord& record : records) {
    if (record.progress.status == TrainingStatus::running) continue;
    Json trial = to_json(record.progress);
    trial["experiment"] = trial_hash(study, record.id.arm);
    trial = Json::parse(dump_json(trial));  // as it is read back: what is no number is written as null
    Json& place = trials[record.id.file()];
    changed = changed || place != trial;
    place = std::move(trial);
  }
  if (changed) write_atomically(run.folder() / kFile, text_of(trials));
}

}  // namespace ate
