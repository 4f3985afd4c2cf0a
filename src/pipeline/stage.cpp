#include "pipeline/stage.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "pipeline/model_box.h"
#include "pipeline/pipeline.h"
#include "run/console.h"
#include "run/signals.h"
#include "support/clock.h"
#include "support/error.h"
#include "train/optimiser.h"
#include "train/safetensors.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

struct StageState {
  int64_t step = 0;
  double last_losses = 0;  // sum over the last tenth of the steps
};

std::string_view bytes_of(const at::Tensor& host) {
  return {static_cast<const char*>(host.const_data_ptr()), host.nbytes()};
}

std::string stage_file(const Stage& stage, const Layout& layout, const Arena& arena,
                       const StageState& state) {
  const at::Tensor parameters = arena.parameters.cpu();
  const at::Tensor first = arena.first_moment.cpu();
  const at::Tensor second = arena.second_moment.cpu();
  std::vector<NamedArray> arrays;
  for (const ParameterTensor& tensor : layout.tensors)
    arrays.push_back({tensor.name, tensor.shape,
                      bytes_of(parameters)
                          .substr(static_cast<size_t>(tensor.offset) * sizeof(float),
                                  static_cast<size_t>(tensor.count()) * sizeof(float))});
  arrays.push_back({"adam.first_moment", {layout.size}, bytes_of(first)});
  arrays.push_back({"adam.second_moment", {layout.size}, bytes_of(second)});
  // The sum of losses as its bits, so that a resumed stage reports the same number.
  uint64_t bits = 0;
  std::memcpy(&bits, &state.last_losses, sizeof bits);
  return safetensors_bytes(arrays, {{"stage", stage.name},
                                    {"step", std::to_string(state.step)},
                                    {"last_losses_bits", std::to_string(bits)}});
}

void load_moment(at::Tensor& moment, const SafetensorsFile& file, const char* name) {
  at::Tensor host = at::empty(moment.sizes(), at::kFloat);
  std::memcpy(host.mutable_data_ptr<float>(), file.array(name, host.nbytes()).data(), host.nbytes());
  moment.copy_(host);
}

// The newest sound checkpoint, else the one before it, saying so.
std::optional<SafetensorsFile> open_stage(const RunFolder& run, const std::string& name) {
  const fs::path newest = run.checkpoint(name);
  const fs::path previous = run.previous_checkpoint(name);
  if (!fs::exists(newest) && !fs::exists(previous)) return std::nullopt;
  try {
    if (fs::exists(newest)) return SafetensorsFile(newest);
  } catch (const Failure& failure) {
    if (!fs::exists(previous))
      throw Failure(newest.string(),
                    "is damaged and there is no previous checkpoint; delete it to train the stage "
                    "again from its start");
    spdlog::warn("{}; going on from the previous checkpoint", failure.what());
  }
  return SafetensorsFile(previous);
}

StageState restore(const Stage& stage, const Layout& layout, Arena& arena, RunFolder& run) {
  StageState state;
  const std::optional<SafetensorsFile> file = open_stage(run, stage.name);
  if (!file) return state;
  load_parameters(layout, arena, *file);
  load_moment(arena.first_moment, *file, "adam.first_moment");
  load_moment(arena.second_moment, *file, "adam.second_moment");
  state.step = static_cast<int64_t>(file->number("step"));
  const uint64_t bits = file->number("last_losses_bits");
  std::memcpy(&state.last_losses, &bits, sizeof bits);
  if (state.step < stage.steps) {
    spdlog::info("{}: going on after step {}", stage.name, state.step);
    run.event({{"event", "resumed"}, {"stage", stage.name}, {"step", state.step}});
  }
  return state;
}

}  // namespace

double run_stage(const Stage& stage, const Layout& layout, Arena& arena, RunFolder& run,
                 const StageLoss& loss) {
  StageState state = restore(stage, layout, arena, run);
  const int64_t tail = std::max<int64_t>(1, stage.steps / 10);
  const auto mean = [&] { return state.last_losses / static_cast<double>(tail); };
  if (state.step == stage.steps) return mean();
  const auto save = [&] {
    write_atomically(run.checkpoint(stage.name), stage_file(stage, layout, arena, state),
                     run.previous_checkpoint(stage.name));
  };
  double saved = wall_seconds();
  double shown = 0;
  while (state.step < stage.steps) {
    if (stop_signal() != 0) {
      save();
      Console::instance().remove(stage.name);
      throw StageStopped();
    }
    arena.gradients.zero_();
    const at::Tensor value = loss(state.step);
    value.backward();
    update(stage.optimiser, arena, stage.optimiser.learning_rate, state.step + 1);
    if (state.step >= stage.steps - tail) state.last_losses += value.item<double>();
    ++state.step;
    const double time = wall_seconds();
    if (time - saved > stage.save_seconds && state.step < stage.steps) {
      save();
      saved = time;
    }
    if (time - shown > 0.2 && Console::instance().live()) {
      Console::instance().show(stage.name, fmt::format("{:<24} step {:>5}/{}  loss {:.4f}", stage.name,
                                                       state.step, stage.steps, value.item<double>()));
      shown = time;
    }
  }
  save();
  Console::instance().remove(stage.name);
  run.event({{"event", "stage"}, {"stage", stage.name}, {"steps", stage.steps}, {"loss", mean()}});
  spdlog::info("{}: {} steps, loss {:.4f}", stage.name, stage.steps, mean());
  return mean();
}

}  // namespace ate
