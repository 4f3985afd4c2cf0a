#include "distil/teacher.h"

#include <ATen/ATen.h>

#include <atomic>

#include "run/signals.h"
#include "study/trial_runner.h"
#include "support/error.h"
#include "train/checkpoint.h"

namespace ate {

at::Tensor Teacher::tokens_of(const at::Tensor& windows) const {
  return windows.narrow(1, 0, config.windows.length).contiguous().to(device);
}

Teacher train_teacher(const std::string& name, const Config& config, at::Device device,
                      std::shared_ptr<RunFolder> run, double save_seconds) {
  const TrialId id = {config.study.arms.front(), config.study.seeds.front()};
  Config dense = config;
  dense.attention = {};
  // The presets' numbers are from before the fused kernels had such layers, and hang on every rounding of the teacher.
  const bool as_recorded = dense.body.norm == Norm::pre || dense.body.activation == Activation::gelu;
  if (dense.kernels == KernelKind::automatic && as_recorded) dense.kernels = KernelKind::reference;
  const std::atomic<bool> cancelled = false;
  const TrialUnit unit = {{id}};
  const TrialRecord record = TrialRunner(dense, unit, device, *run, save_seconds, cancelled).run().front();
  if (record.progress.status == TrainingStatus::running) throw interruption();
  if (record.progress.status == TrainingStatus::diverged)
    throw Failure("teacher " + id.text(), record.progress.reason);
  Teacher teacher{name, config, id, device, std::move(run), save_seconds, TrialData(config, id), nullptr};
  teacher.model = std::make_unique<Instance>(dense, id, teacher.data.corpus, device);
  read_parameters(SafetensorsFile(teacher.run->checkpoint(id.text())), teacher.model->layout,
                  teacher.model->arena);
  return teacher;
}

}  // namespace ate
