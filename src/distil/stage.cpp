#include "distil/stage.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "config/resolve.h"
#include "distil/teacher.h"
#include "run/signals.h"
#include "train/loop.h"
#include "train/optimiser.h"

namespace ate {
namespace {

class Stage final : public Training {
 public:
  Stage(const StagePlan& plan, const Layout& layout, Arena& arena, const Teacher& teacher,
        const StageLoss& loss)
      : plan_(plan),
        layout_(layout),
        arena_(arena),
        identity_({{"stage", plan.name},
                   {"arm", teacher.id.arm_name()},
                   {"seed", std::to_string(teacher.id.seed)},
                   {"experiment", experiment_hash(teacher.config)}}),
        loss_(loss),
        tail_(std::max<int64_t>(1, plan.steps / 10)) {}

  std::string name() const override { return plan_.name; }
  Identity identity() const override { return identity_; }
  TrainingStatus status() const override { return status_; }
  std::string reason() const override { return reason_; }
  int64_t updates() const override { return step_; }
  int64_t updates_in_all() const override { return plan_.steps; }
  std::string position() const override { return fmt::format("step {}", step_); }

  double last_loss() const { return last_loss_; }
  double mean_loss() const { return last_losses_ / static_cast<double>(tail_); }

  void advance() override {
    arena_.gradients.zero_();
    const int64_t batches = plan_.optimiser.accumulate;
    last_loss_ = 0;
    for (int64_t i = 0; i < batches; ++i)
      last_loss_ += loss_(step_ * batches + i).backward() / static_cast<double>(batches);
    if (batches > 1) arena_.gradients.div_(static_cast<double>(batches));
    if (!std::isfinite(last_loss_)) {
      status_ = TrainingStatus::diverged;
      reason_ = fmt::format("the training loss was {} at step {}", describe_number(last_loss_), step_ + 1);
      return;
    }
    update(plan_.optimiser, layout_, arena_, plan_.optimiser.learning_rate, step_ + 1);
    if (step_ >= plan_.steps - tail_) last_losses_ += last_loss_;
    if (++step_ == plan_.steps) status_ = TrainingStatus::finished;
  }

  std::string checkpoint() const override {
    // The sum of losses as its bits, so that a resumed stage reports the same number.
    uint64_t bits = 0;
    std::memcpy(&bits, &last_losses_, sizeof bits);
    std::map<std::string, std::string> metadata = identity_;
    metadata["step"] = std::to_string(step_);
    metadata["last_losses_bits"] = std::to_string(bits);
    metadata["status"] = status_name(status_);
    metadata["reason"] = reason_;
    return checkpoint_bytes(layout_, arena_, plan_.optimiser.kind->state, std::move(metadata));
  }

  void restore(const SafetensorsFile& file) override {
    read_parameters(file, layout_, arena_);
    read_state(file, plan_.optimiser.kind->state, arena_);
    const auto& metadata = file.metadata();
    const auto text = [&](const char* key) {
      const auto it = metadata.find(key);
      return it == metadata.end() ? std::string() : it->second;
    };
    step_ = static_cast<int64_t>(file.number("step"));
    const uint64_t bits = file.number("last_losses_bits");
    std::memcpy(&last_losses_, &bits, sizeof bits);
    status_ = step_ >= plan_.steps ? TrainingStatus::finished : status_named(text("status"));
    reason_ = text("reason");
  }

 private:
  const StagePlan& plan_;
  const Layout& layout_;
  Arena& arena_;
  Identity identity_;
  const StageLoss& loss_;
  int64_t tail_;  // steps whose losses are reported
  TrainingStatus status_ = TrainingStatus::running;
  std::string reason_;
  int64_t step_ = 0;
  double last_loss_ = 0, last_losses_ = 0;
};

class StageJournal final : public Journal {
 public:
  StageJournal(Stage& stage, RunFolder& run, double save_seconds)
      : Journal(stage, run, save_seconds), stage_(stage) {}

 protected:
  nlohmann::ordered_json names() const override {
    return {{"stage", stage_.name()}, {"step", stage_.updates()}};
  }
  void saved() override {
    if (!stage_.ended()) return;
    run_.event({{"event", "stage"},
                {"stage", stage_.name()},
                {"status", status_name(stage_.status())},
                {"steps", stage_.updates()},
                {"loss", stage_.mean_loss()}});
    if (stage_.status() == TrainingStatus::finished)
      spdlog::info("{}: {} steps, loss {:.4f}", stage_.name(), stage_.updates(), stage_.mean_loss());
  }
  std::vector<LivePart> live_line() const override {
    return {{fmt::format("{:<14} step {:>5}/{}", stage_.name(), stage_.updates(), stage_.updates_in_all())},
            {fmt::format("loss {:.4f}", stage_.last_loss()), 2}};
  }

 private:
  const Stage& stage_;
};

}  // namespace

StageEnd run_stage(const StagePlan& plan, const Layout& layout, Arena& arena, const Teacher& teacher,
                   const StageLoss& loss) {
  Stage stage(plan, layout, arena, teacher, loss);
  StageJournal journal(stage, *teacher.run, teacher.save_seconds);
  const LoopMember member = {&stage, &journal};
  const auto round = [&]() -> std::vector<LoopMember> {
    if (stage.ended()) return {};
    stage.advance();
    return {member};
  };
  run_loop(
      {member}, round, [] { return stop_signal() != 0; }, [] { return true; });
  if (!stage.ended()) throw interruption();
  return {stage.mean_loss(), stage.reason()};
}

}  // namespace ate
