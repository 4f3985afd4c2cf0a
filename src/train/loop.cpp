#include "train/loop.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "run/console.h"
#include "run/folder.h"
#include "support/timing.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kShowSeconds = 0.2;  // between two updates of a live line

}  // namespace

Journal::Journal(Training& training, RunFolder& run, double save_seconds, const Lease* lease)
    : training_(training), run_(run), save_seconds_(save_seconds), lease_(lease) {}

Journal::~Journal() { Console::instance().remove(training_.name()); }

void Journal::check_lease() const {
  if (lease_ != nullptr)
    lease_->check();
  else if (!run_.leases().joined())
    throw LeaseLost(run_.folder().string(),
                    "this process was silent too long, and another may have taken the run over");
}

void Journal::open() {
  if (const auto file = open_checkpoint(run_, training_.file(), training_.identity())) {
    training_.restore(*file);
    resumed();
    // Taken up from the previous one: the newest is damaged or of something else, and is made whole.
    if (file->path() != run_.checkpoint(training_.file()))
      write_atomically(run_.checkpoint(training_.file()), training_.checkpoint());
    if (!training_.ended()) {
      spdlog::info("{}: going on after {}", training_.name(), training_.position());
      Json event = {{"event", "resumed"}};
      event.update(names());
      run_.event(event);
    }
  }
  started_ = saved_ = wall_seconds();
  first_update_ = training_.updates();
}

bool Journal::due() const {
  const double time = wall_seconds();
  return time - saved_ > save_seconds_ || (Console::instance().live() && time - shown_ > kShowSeconds);
}

void Journal::note() {
  const double time = wall_seconds();
  if (training_.ended() || training_.measured() || time - saved_ > save_seconds_) {
    check_lease();
    if (training_.measured()) report_measurement();
    save();
  }
  if (!Console::instance().live() || time - shown_ <= kShowSeconds) return;
  const double rate = static_cast<double>(training_.updates() - first_update_) / seconds();
  std::vector<LivePart> parts = live_line();
  parts.push_back({fmt::format("{:.0f} steps/s", rate), 4});
  parts.push_back({fmt::format("{} left", duration(seconds_left())), 1});
  Console::instance().show(training_.name(), std::move(parts));
  shown_ = time;
}

void Journal::close(bool keep) {
  if (!training_.ended() && keep) {
    check_lease();
    save();
  }
  Console::instance().remove(training_.name());
  if (training_.status() == TrainingStatus::diverged)
    spdlog::warn("{} diverged: {}; its state is kept, the rest goes on", training_.name(),
                 training_.reason());
}

void Journal::save() {
  write_atomically(run_.checkpoint(training_.file()), training_.checkpoint(),
                   run_.previous_checkpoint(training_.file()));
  saved();
  saved_ = wall_seconds();
}

double Journal::seconds() const { return wall_seconds() - started_; }

// From the steps since this process took the training up; another machine may have done the earlier ones.
double Journal::seconds_left() const {
  if (training_.ended()) return 0;
  const int64_t left = training_.updates_in_all() - training_.updates();
  const int64_t done = training_.updates() - first_update_;
  return done == 0 ? std::nan("") : seconds() / static_cast<double>(done) * static_cast<double>(left);
}

void run_loop(const std::vector<LoopMember>& members, const std::function<std::vector<LoopMember>()>& round,
              const std::function<bool()>& stopped, const std::function<bool()>& keep) {
  for (const LoopMember& member : members) member.journal->open();
  while (!stopped()) {
    const std::vector<LoopMember> trained = round();
    if (trained.empty()) break;
    for (const LoopMember& member : trained) member.journal->note();
  }
  for (const LoopMember& member : members) member.journal->close(keep());
}

}  // namespace ate
