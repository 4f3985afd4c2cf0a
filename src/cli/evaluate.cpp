#include "cli/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/settings.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

bool under(const std::string& pointer, const std::string& parent) { return pointer.rfind(parent, 0) == 0; }

bool is_one_of(const std::string& pointer, const std::vector<std::string>& pointers) {
  return std::find(pointers.begin(), pointers.end(), pointer) != pointers.end();
}

// What an evaluation may have otherwise than the training: which windows it scores, where it runs, where the text lies
// (its content is compared).
bool may_differ(const std::string& pointer, const Config& config) {
  if (pointer == "/evaluation/batches") return config.evaluation.windows == EvaluationWindows::sampled;
  return is_one_of(pointer, {"/evaluation/windows", "/device", "/source/file", "/source/model"});
}

// What changes nothing in an evaluation; from a preset or a file it may come.
bool is_no_matter(const std::string& pointer) {
  return under(pointer, "/seed_criteria/") || under(pointer, "/published_result/") ||
         under(pointer, "/train/") ||
         is_one_of(pointer,
                   {"/name", "/description", "/dtype", "/kernels", "/study/margin", "/study/arms",
                    "/study/seeds", "/evaluation/every", "/evaluation/every_steps", "/evaluation/batches"});
}

std::string why_not(const std::string& pointer, const TrialId& id, const Json* trained) {
  if (pointer == "/study/arms" || pointer == "/study/seeds")
    return fmt::format("the checkpoint is of {}, seed {}", id.arm_name(), id.seed);
  if (pointer == "/dtype") return "an evaluation is in fp32, whatever the training was in: leave it out";
  if (pointer == "/kernels") return "an evaluation runs on plain operations: leave it out";
  if (pointer == "/evaluation/every" || pointer == "/evaluation/every_steps")
    return "one evaluation is made, now: leave it out";
  if (pointer == "/evaluation/batches")
    return "the whole validation part is scored: set evaluation.windows=sampled too";
  if (is_no_matter(pointer)) return "an evaluation does not read it: leave it out";
  return "an evaluation trains nothing" +
         (trained == nullptr ? std::string() : ", and the checkpoint was trained with " + trained->dump()) +
         ": leave it out";
}

bool is_of(const TrialId& id, const std::string& pointer, const Config& config) {
  if (pointer == "/study/arms")
    return config.study.arms.size() == 1 && config.study.arms[0].name == id.arm.name;
  return pointer == "/study/seeds" && config.study.seeds == SeedList{id.seed};
}

}  // namespace

Resolved evaluated_config(const ExperimentFlags& flags, const StoredModel& stored,
                          const std::string& address) {
  if (!stored.resolved && !flags.given())
    throw BadInput(address, "lies in no run folder with a config.json; give --preset or --config too");
  // What only training reads must not keep a model from being scored on another device.
  const std::vector<std::string> own = {"kernels=auto", "dtype=fp32"};
  Resolved resolved = flags.resolve_over(stored.config_file, own);
  const auto trained =
      stored.resolved ? settings_of(stored.resolved->document) : std::map<std::string, Json>();
  std::vector<Problem> problems;
  for (const auto& [pointer, value] : settings_of(resolved.document)) {
    const auto before = trained.find(pointer);
    const bool known = before != trained.end();
    const bool typed = made_by_flag(resolved, pointer) && resolved.origin.at(pointer) != "--set " + own[0] &&
                       resolved.origin.at(pointer) != "--set " + own[1];
    const bool own_setting = pointer == "/dtype" || pointer == "/kernels";
    const bool same = own_setting ? value == "fp32" || value == "auto" : known && before->second == value;
    if (same || may_differ(pointer, resolved.config) || is_of(stored.id, pointer, resolved.config)) continue;
    if (is_no_matter(pointer) && !typed) continue;
    // Far from its run folder a config that was given is all that says what was trained, but for arm and seed.
    if (!known && pointer != "/study/arms" && pointer != "/study/seeds") continue;
    const auto where = resolved.address.find(pointer);
    problems.push_back({where == resolved.address.end() ? pointer : where->second,
                        why_not(pointer, stored.id, known ? &before->second : nullptr)});
  }
  if (!problems.empty()) throw BadInput(std::move(problems));
  return resolved;
}

}  // namespace ate
