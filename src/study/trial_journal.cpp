#include "study/trial_journal.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/derived.h"
#include "config/resolve.h"
#include "data/corpus.h"
#include "report/table.h"
#include "run/console.h"
#include "support/error.h"
#include "support/json.h"
#include "train/trial.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// Wall-clock is no part of a checkpoint, so that equal states are equal files; the progress file carries it.
struct StoredProgress {
  double seconds = 0;
  std::string status;
};

std::optional<StoredProgress> stored_progress(const RunFolder& run, const TrialId& id) {
  const std::filesystem::path path = run.progress(file_name(id.arm), id.seed);
  const Json document = read_json_if_sound(path);
  if (document.is_null()) return std::nullopt;
  try {
    const JsonValue value(document, path.string());
    return StoredProgress{value.at("seconds").number(), value.at("status").text()};
  } catch (const Failure& damage) {
    spdlog::warn("{}; it is written again", damage.what());
    return std::nullopt;
  }
}

void write_progress(const Config& config, const KernelsUsed& kernels, const TrialId& id, const Progress& p,
                    const RunFolder& run, const std::optional<double>& floor, double seconds,
                    double seconds_left) {
  Json evaluated = Json::array();
  Json perplexities = Json::array();
  Json updates = Json::array();
  Json tune_losses = Json::array();
  Json accuracies = Json::array();  // of a source that asks for answers
  for (const Evaluation& e : p.evaluations) {
    evaluated.push_back(e.epoch);
    perplexities.push_back(std::exp(e.loss));
    if (e.updates > 0) updates.push_back(e.updates);
    if (e.tune_loss) tune_losses.push_back(*e.tune_loss);
    if (e.accuracy) accuracies.push_back(*e.accuracy);
  }
  Json document = {{"model_name", id.arm_name()},  // the original script's name for it
                   {"arm", id.arm_name()},
                   {"seed", id.seed},
                   {"run_id", run.id()},
                   {"status", status_name(p.status)},
                   {"kernels", kernels.name},
                   {"kernels_reason", kernels.why},
                   {"epoch", p.epoch},
                   {"epochs_completed", p.epoch},
                   {"epochs_total", epochs_in_all(config)},
                   {"eta_seconds", seconds_left},
                   {"seconds", seconds},
                   {"floor", number_or_null(floor)},
                   {"eval_epochs", std::move(evaluated)},
                   {"train_losses", p.train_losses},
                   {"val_losses", p.validation_losses()},
                   {"val_perplexities", std::move(perplexities)}};
  if (!updates.empty()) document["eval_steps"] = std::move(updates);
  if (!tune_losses.empty()) document["tune_losses"] = std::move(tune_losses);
  if (!accuracies.empty()) document["val_accuracies"] = std::move(accuracies);
  write_json_file(run.progress(file_name(id.arm), id.seed), document);
}

// Mean training loss of the epoch that ended last, or of the steps of the first one.
double latest_train_loss(const Progress& p) {
  return p.train_losses.empty() ? p.epoch_loss / static_cast<double>(p.step) : p.train_losses.back();
}

// "epoch 3/50", or "step 250/2000".
std::string place_in_run(const Evaluation& e, const Config& config) {
  return fmt::format("{}/{}", place_of(e), e.updates > 0 ? steps_in_all(config) : epochs_in_all(config));
}

// Nothing where there is none, or a damaged one: the loop goes on from the one before, and says so.
std::optional<Progress> latest_progress(const Config& config, const TrialId& id, const RunFolder& run,
                                        const std::map<std::string, KeptTrial>& kept) {
  namespace fs = std::filesystem;
  const fs::path newest = run.checkpoint(id.file());
  if (!fs::exists(newest) && !fs::exists(run.previous_checkpoint(id.file()))) {
    const auto it = kept.find(id.file());
    if (it == kept.end() || it->second.experiment != trial_hash(config, id.arm)) return std::nullopt;
    return it->second.progress;
  }
  try {
    const SafetensorsFile file(newest);
    if (!why_another(file, trial_identity(config, id)).empty()) return std::nullopt;
    return checkpoint_progress(file);
  } catch (const Failure&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<TrialRecord> ended_record(const Config& config, const TrialId& id, bool stacked,
                                        const RunFolder& run, const std::map<std::string, KeptTrial>& kept) {
  const std::optional<Progress> progress = latest_progress(config, id, run, kept);
  if (!progress || progress->status == TrainingStatus::running) return std::nullopt;
  TrialRecord record;
  record.id = id;
  record.progress = *progress;
  const std::optional<StoredProgress> stored = stored_progress(run, id);
  if (stored) record.seconds = stored->seconds;
  if (!stored || stored->status != status_name(record.progress.status))
    write_progress(arm_config(config, id.arm), kernels_used(arm_config(config, id.arm), stacked), id,
                   record.progress, run, source_entropy(config.source), record.seconds, 0);
  return record;
}

TrialJournal::TrialJournal(const Config& config, Trial& trial, bool stacked, RunFolder& run,
                           double save_seconds, const Lease* lease)
    : Journal(trial, run, save_seconds, lease),
      config_(arm_config(config, trial.id().arm)),
      kernels_(kernels_used(config_, stacked)),
      trial_(trial),
      floor_(source_entropy(config_.source)) {}

TrialRecord TrialJournal::record() const {
  TrialRecord record;
  record.id = trial_.id();
  record.progress = trial_.progress();
  record.seconds = saved_seconds_;
  return record;
}

Json TrialJournal::names() const {
  return {{"arm", trial_.id().arm_name()},
          {"seed", trial_.id().seed},
          {"epoch", trial_.progress().epoch},
          {"epochs_completed", trial_.progress().epoch},
          {"step", trial_.progress().step}};
}

void TrialJournal::resumed() {
  if (const auto stored = stored_progress(run_, trial_.id()))
    seconds_before_ = saved_seconds_ = stored->seconds;
}

void TrialJournal::saved() {
  saved_seconds_ = all_seconds();
  write_progress(config_, kernels_, trial_.id(), trial_.progress(), run_, floor_, saved_seconds_,
                 seconds_left());
}

void TrialJournal::report_measurement() {
  const Progress& p = trial_.progress();
  const Evaluation& e = p.evaluations.back();
  Json event = {{"event", "evaluation"},
                {"arm", trial_.id().arm_name()},
                {"seed", trial_.id().seed},
                {"epoch", e.epoch},  // from 0, as the original script counts
                {"epochs_completed", e.epoch + 1},
                {"train_loss", latest_train_loss(p)},
                {"val_loss", e.loss},
                {"perplexity", std::exp(e.loss)},
                {"excess", number_or_null(e.excess)},
                {"seconds", all_seconds()}};
  if (e.updates > 0) event["steps_completed"] = e.updates;
  if (e.tune_loss) event["tune_loss"] = *e.tune_loss;
  if (e.accuracy) event["accuracy"] = *e.accuracy;
  run_.event(event);
  const std::string text =
      fmt::format("{}: {}, loss {:.4f} nats ({} {}{})", trial_.name(), place_in_run(e, config_), e.loss,
                  e.accuracy ? "accuracy" : "perplexity",
                  e.accuracy ? fmt::format("{:.4f}", *e.accuracy) : fmt::format("{:.2f}", std::exp(e.loss)),
                  floor_ ? fmt::format(", {:+.4f} to the floor {:.4f}", e.loss - *floor_, *floor_) : "");
  // On a terminal the live line says it; a log line is left for the end of the trial.
  if (Console::instance().live() && !trial_.ended())
    spdlog::debug(text);
  else
    spdlog::info(text);
}

std::vector<LivePart> TrialJournal::live_line() const {
  const Progress& p = trial_.progress();
  const std::string loss = p.step > 0 ? fmt::format("{:.4f}", p.epoch_loss / static_cast<double>(p.step))
                           : p.train_losses.empty() ? "-"
                                                    : fmt::format("{:.4f}", p.train_losses.back());
  std::vector<LivePart> parts = {
      {fmt::format("{:<14} epoch {:>4}/{}", trial_.name(), std::min(p.epoch + 1, epochs_in_all(config_)),
                   epochs_in_all(config_))},
      {fmt::format("train {} nats", loss), 2}};
  if (floor_) parts.push_back({fmt::format("floor {:.4f}", *floor_), 3});
  return parts;
}

}  // namespace ate
