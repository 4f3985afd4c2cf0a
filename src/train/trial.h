// One trial: an arm trained from one seed. Its numbers depend on (config, arm, seed, device type) alone.
#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "config/config.h"
#include "train/progress.h"

namespace ate {

class SafetensorsFile;
struct NamedArray;

class Trial {
 public:
  // At its start. Throws BadInput when the arm cannot be built, such as for a band with no token.
  Trial(const Config& config, TrialId id, at::Device device);
  ~Trial();

  const TrialId& id() const { return id_; }
  const Progress& progress() const { return progress_; }
  bool ended() const { return progress_.status != TrialStatus::running; }

  // One optimiser step; at the end of an epoch also the evaluation that is due, after which evaluated() is
  // true until the next step. A loss that is not finite ends the trial as diverged, its state before that
  // update kept.
  void advance();
  bool evaluated() const { return evaluated_; }

  // The validation loss as the model stands, without a record of it. After a restore it is what the checkpoint's last
  // evaluation was, when one followed its last step.
  Evaluation evaluate() const;

  // The state as a safetensors file: each parameter under its PyTorch name, Adam's moments as two flat
  // arrays, and the progress as metadata. Equal states give equal bytes.
  std::string checkpoint() const;
  // The parameters alone, under the same names, with arm and seed as metadata: for other programs.
  std::string exported() const;
  // Continues from such a file. Throws Failure when it is of another model.
  void restore(const SafetensorsFile& file);

 private:
  struct State;  // arrays, model, corpus: whatever needs LibTorch

  friend class TrialStack;

  void count_step(double loss);  // after an update: what advance() does then
  void end_epoch();
  double leak() const;
  std::string file(bool whole) const;

  Config config_;
  TrialId id_;
  Progress progress_;
  bool evaluated_ = false;
  std::unique_ptr<State> state_;
};

// Reads the progress of a checkpoint without building its trial.
Progress checkpoint_progress(const SafetensorsFile& file);

}  // namespace ate
