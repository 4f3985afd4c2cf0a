// Studies of tiny models, and where they leave what.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "helpers/temporary_folder.h"
#include "study/study.h"

namespace ate::testing {

inline Resolved tiny_study(std::vector<std::string> more = {}) {
  std::vector<std::string> sets = {"name=tiny",
                                   "device=cpu",
                                   "source={\"vocabulary\": 20, \"exponent\": 1.1, \"tokens\": 400}",
                                   "windows={\"length\": 6, \"batch\": 4, \"batches_per_epoch\": 3}",
                                   "bands={\"high\": 4, \"low\": 6}",
                                   "body={\"kind\": \"encoder\", \"width\": 8, \"heads\": 2}",
                                   "schedule.epochs=3",
                                   "evaluation.every=1",
                                   "study.seeds=0,1"};
  sets.insert(sets.end(), more.begin(), more.end());
  return resolve({"", "", sets, {}});
}

inline StudyOptions options_in(const TemporaryFolder& out) {
  StudyOptions options;
  options.command = "study";
  options.out = out.path();
  options.jobs = 1;
  return options;
}

inline StudyOutcome run_in(const TemporaryFolder& out, std::vector<std::string> sets = {}) {
  return run_study(tiny_study(std::move(sets)), options_in(out));
}

inline std::filesystem::path folder_of(const TemporaryFolder& out, const StudyOutcome& outcome) {
  return out.path() / "runs" / outcome.result.run_id;
}

inline std::filesystem::path checkpoint_of(const TemporaryFolder& out, const StudyOutcome& outcome,
                                           const std::string& trial) {
  return folder_of(out, outcome) / "checkpoint" / (trial + ".safetensors");
}

// The result without what differs from run to run: the clock, and what was planned first.
inline nlohmann::ordered_json timeless(const StudyOutcome& outcome) {
  nlohmann::ordered_json result = to_json(outcome.result);
  result.erase("plan");
  for (nlohmann::ordered_json& trial : result["trials"]) trial.erase("seconds");
  if (result.contains("costs"))
    for (nlohmann::ordered_json& cost : result["costs"]) cost.erase("seconds_per_step");
  return result;
}

}  // namespace ate::testing
