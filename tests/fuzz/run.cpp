#include <nlohmann/json.hpp>

#include "config/json.h"
#include "config/resolve.h"
#include "fuzz/reader.h"
#include "helpers/temporary_folder.h"
#include "run/holder.h"
#include "study/plan.h"
#include "study/progress_head.h"
#include "study/status.h"
#include "study/stored_run.h"
#include "support/json.h"
#include "train/progress.h"

namespace ate::fuzz {
namespace {

using testing::TemporaryFolder;

// A study that tunes, as a plan may hold it.
const Resolved& tuned_study() {
  static const Resolved resolved =
      resolve({"focused", "", {"study.tune.axes={\"optimiser.learning_rate\": [1e-3, 3e-3]}"}, {}});
  return resolved;
}

std::filesystem::path run_in(const TemporaryFolder& out) { return out / "runs/study-x-0123456789"; }

}  // namespace

void read_progress(std::string_view bytes) {
  {
    const InputFileInMemory file(bytes);
    (void)read_progress_head(file.path());
  }
  const nlohmann::ordered_json document = parse_json(bytes, "progress");
  const Progress progress = progress_from_json(JsonValue(document, "progress"));
  const nlohmann::ordered_json once = to_json(progress);
  // Numbers that are none are null in a file.
  const nlohmann::ordered_json stored = nlohmann::ordered_json::parse(once.dump());
  require(to_json(progress_from_json(JsonValue(stored, "progress"))).dump() == once.dump(),
          "progress that was written is read as another");
}

void read_plan(std::string_view bytes) {
  static const TemporaryFolder out;
  put(run_in(out) / "config.json", tuned_study().document.dump());
  put(run_in(out) / "plan.json", bytes);
  const Config& config = tuned_study().config;
  (void)read_status(run_in(out));
  (void)arms_of_run(run_in(out), config);
  (void)tuning_arms_of_run(run_in(out), config);
  const nlohmann::ordered_json stored = parse_json(bytes, "plan.json");
  const nlohmann::ordered_json plan = with_request(stored, config, "plan.json", true);
  require(with_request(plan, config, "plan.json", true) == plan, "a request that is known changes a plan");
  (void)seeds_of_plan(plan, config);
  (void)tuned_of_plan(plan, "plan.json");
  (void)compare_with_plan(plan, config, "plan.json");
}

void read_run_config(std::string_view bytes) {
  static const TemporaryFolder out;
  put(run_in(out) / "config.json", bytes);
  const RunStatus status = read_status(run_in(out));
  for (const Format format : {Format::table, Format::md, Format::csv, Format::json, Format::jsonl})
    (void)render(status_report({status}), format, 80);
}

void read_lease_file(std::string_view bytes) {
  const InputFileInMemory file(bytes);
  const std::optional<LeaseFile> lease = read_lease(file.path());
  require(lease.has_value(), "a lease is none");
  require(lease->holder.token.size() == 16, "a lease without a token");
  (void)has_ended(lease->holder);
  (void)lease->holder.text();
}

}  // namespace ate::fuzz
