#include "study/trial_journal.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "config/derived.h"
#include "data/corpus.h"
#include "run/console.h"
#include "support/clock.h"
#include "support/error.h"
#include "train/safetensors.h"
#include "train/trial.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr double kShowSeconds = 0.2;  // between two updates of a live line

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  const auto total = static_cast<int64_t>(std::llround(seconds));
  if (total >= 3600) return fmt::format("{}h{:02}m", total / 3600, total / 60 % 60);
  if (total >= 60) return fmt::format("{}m{:02}s", total / 60, total % 60);
  return fmt::format("{}s", total);
}

// The newest sound checkpoint of a trial, or nothing. A damaged one is named and the previous one used.
std::optional<SafetensorsFile> open_checkpoint(const RunFolder& run, const TrialId& id) {
  const fs::path newest = run.checkpoint(id.text());
  const fs::path previous = run.previous_checkpoint(id.text());
  if (!fs::exists(newest) && !fs::exists(previous)) return std::nullopt;
  try {
    if (fs::exists(newest)) return SafetensorsFile(newest);
  } catch (const Failure& failure) {
    if (!fs::exists(previous))
      throw Failure(newest.string(), "is damaged and there is no previous checkpoint; delete it to train " +
                                         id.text() + " again from the start");
    spdlog::warn("{}; going on from the previous checkpoint", failure.what());
  }
  try {
    return SafetensorsFile(previous);
  } catch (const Failure& failure) {
    throw Failure(previous.string(), "is damaged, as is the newer checkpoint; delete both to train " +
                                         id.text() + " again from the start");
  }
}

// Wall-clock is no part of a checkpoint, so that equal states are equal files; the progress file carries it.
double seconds_from_progress_file(const RunFolder& run, const TrialId& id) {
  const fs::path path = run.progress(id.arm_name(), id.seed);
  if (!fs::exists(path)) return 0;
  const Json document = Json::parse(read_whole_file(path), nullptr, /*allow_exceptions=*/false);
  return document.is_object() ? document.value("seconds", 0.0) : 0;
}

}  // namespace

TrialJournal::TrialJournal(const Config& config, TrialId id, RunFolder& run, double save_seconds)
    : config_(config),
      id_(id),
      run_(run),
      save_seconds_(save_seconds),
      floor_(source_entropy(config.source)) {}

std::optional<TrialRecord> TrialJournal::ended_record(TrialId id, const RunFolder& run) {
  try {
    TrialRecord record;
    record.id = id;
    record.progress = checkpoint_progress(SafetensorsFile(run.checkpoint(id.text())));
    if (record.progress.status == TrialStatus::running) return std::nullopt;
    record.seconds = seconds_from_progress_file(run, id);
    return record;
  } catch (const Failure&) {
    return std::nullopt;  // none, or a damaged one: open() goes on from the one before, and says so
  }
}

void TrialJournal::open(Trial& trial) {
  restore(trial);
  started_ = saved_ = wall_seconds();
  first_update_ = trial.progress().updates;
}

bool TrialJournal::due() const {
  const double time = wall_seconds();
  return time - saved_ > save_seconds_ || (Console::instance().live() && time - shown_ > kShowSeconds);
}

void TrialJournal::note(const Trial& trial) {
  if (trial.evaluated()) report_evaluation(trial);
  const double time = wall_seconds();
  if (trial.ended() || trial.evaluated() || time - saved_ > save_seconds_) save(trial);
  if (time - shown_ > kShowSeconds) {
    show_progress(trial);
    shown_ = time;
  }
}

TrialRecord TrialJournal::close(const Trial& trial, bool keep) {
  if (!trial.ended() && keep) save(trial);
  Console::instance().remove(id_.text());
  if (trial.progress().status == TrialStatus::diverged)
    spdlog::warn("{} diverged: {}; its state is kept, the study goes on", id_.text(),
                 trial.progress().reason);
  TrialRecord record;
  record.id = id_;
  record.progress = trial.progress();
  record.seconds = saved_seconds_;
  return record;
}

void TrialJournal::restore(Trial& trial) {
  const std::optional<SafetensorsFile> file = open_checkpoint(run_, id_);
  if (!file) return;
  trial.restore(*file);
  seconds_before_ = saved_seconds_ = seconds_from_progress_file(run_, id_);
  spdlog::info("{}: going on after epoch {}, step {}", id_.text(), trial.progress().epoch,
               trial.progress().step);
  run_.event({{"event", "resumed"},
              {"arm", id_.arm_name()},
              {"seed", id_.seed},
              {"epoch", trial.progress().epoch},
              {"epochs_completed", trial.progress().epoch},
              {"step", trial.progress().step}});
}

void TrialJournal::save(const Trial& trial) {
  write_atomically(run_.checkpoint(id_.text()), trial.checkpoint(), run_.previous_checkpoint(id_.text()));
  saved_seconds_ = seconds();
  write_progress(trial);
  saved_ = wall_seconds();
}

void TrialJournal::report_evaluation(const Trial& trial) {
  const Progress& p = trial.progress();
  const Evaluation& e = p.evaluations.back();
  run_.event({{"event", "evaluation"},
              {"arm", id_.arm_name()},
              {"seed", id_.seed},
              {"epoch", e.epoch},  // from 0, as the original script counts
              {"epochs_completed", e.epoch + 1},
              {"train_loss", p.train_losses.back()},
              {"val_loss", e.loss},
              {"perplexity", std::exp(e.loss)},
              {"excess", e.excess ? Json(*e.excess) : Json(nullptr)},
              {"seconds", seconds()}});
  const std::string text =
      fmt::format("{}: epoch {}/{}, loss {:.4f} nats (perplexity {:.2f}{})", id_.text(), e.epoch + 1,
                  config_.schedule.epochs, e.loss, std::exp(e.loss),
                  floor_ ? fmt::format(", {:+.4f} to the floor {:.4f}", e.loss - *floor_, *floor_) : "");
  // On a terminal the live line says it; a log line is left for the end of the trial.
  if (Console::instance().live() && !trial.ended())
    spdlog::debug(text);
  else
    spdlog::info(text);
}

void TrialJournal::write_progress(const Trial& trial) const {
  const Progress& p = trial.progress();
  Json evaluated = Json::array();
  Json perplexities = Json::array();
  for (const Evaluation& e : p.evaluations) {
    evaluated.push_back(e.epoch);
    perplexities.push_back(std::exp(e.loss));
  }
  write_json_file(run_.progress(id_.arm_name(), id_.seed),
                  {{"model_name", id_.arm_name()},  // the original script's name for it
                   {"arm", id_.arm_name()},
                   {"seed", id_.seed},
                   {"run_id", run_.id()},
                   {"status", status_name(p.status)},
                   {"epoch", p.epoch},
                   {"epochs_completed", p.epoch},
                   {"epochs_total", config_.schedule.epochs},
                   {"eta_seconds", seconds_left(trial)},
                   {"seconds", saved_seconds_},
                   {"floor", floor_ ? Json(*floor_) : Json(nullptr)},
                   {"eval_epochs", std::move(evaluated)},
                   {"train_losses", p.train_losses},
                   {"val_losses", p.validation_losses()},
                   {"val_perplexities", std::move(perplexities)}});
}

void TrialJournal::show_progress(const Trial& trial) const {
  if (!Console::instance().live()) return;
  const Progress& p = trial.progress();
  const double rate = static_cast<double>(p.updates - first_update_) / (wall_seconds() - started_);
  const std::string loss = p.step > 0 ? fmt::format("{:.4f}", p.epoch_loss / static_cast<double>(p.step))
                           : p.train_losses.empty() ? "-"
                                                    : fmt::format("{:.4f}", p.train_losses.back());
  std::vector<LivePart> parts = {
      {fmt::format("{:<14} epoch {:>4}/{}", id_.text(), std::min(p.epoch + 1, config_.schedule.epochs),
                   config_.schedule.epochs)},
      {fmt::format("train {} nats", loss), 2}};
  if (floor_) parts.push_back({fmt::format("floor {:.4f}", *floor_), 3});
  parts.push_back({fmt::format("{:.0f} steps/s", rate), 4});
  parts.push_back({fmt::format("{} left", duration(seconds_left(trial))), 1});
  Console::instance().show(id_.text(), std::move(parts));
}

double TrialJournal::seconds() const { return seconds_before_ + wall_seconds() - started_; }

// From the steps since this process took the trial up; another machine may have done the earlier ones.
double TrialJournal::seconds_left(const Trial& trial) const {
  const Progress& p = trial.progress();
  if (p.status != TrialStatus::running) return 0;
  const int64_t left = config_.schedule.epochs * steps_per_epoch(config_) - p.updates;
  const int64_t done = p.updates - first_update_;
  return done == 0 ? std::nan("")
                   : (wall_seconds() - started_) / static_cast<double>(done) * static_cast<double>(left);
}

}  // namespace ate
