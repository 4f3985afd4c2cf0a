// One trial: an arm trained from one seed. Its numbers depend on (config, arm, seed, device type) alone.
#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "config/trial.h"
#include "train/loop.h"
#include "train/progress.h"

namespace ate {

class Model;
class Profile;

class Trial final : public Training {
 public:
  // At its start, by the config of its arm. Throws BadInput when the arm cannot be built, such as for a band with no token.
  Trial(const Config& config, TrialId id, at::Device device);
  ~Trial() override;

  const TrialId& id() const { return id_; }
  const Progress& progress() const { return progress_; }
  const Model& model() const;

  std::string name() const override { return id_.text(); }
  std::string file() const override { return id_.file(); }
  Identity identity() const override { return identity_; }
  TrainingStatus status() const override { return progress_.status; }
  std::string reason() const override { return progress_.reason; }
  int64_t updates() const override { return progress_.updates; }
  int64_t updates_in_all() const override;
  // An evaluation followed the last step.
  bool measured() const override { return evaluated_; }
  std::string position() const override;

  // One optimiser step, and the evaluation that is due after it.
  void advance() override;

  // One optimiser step without its bookkeeping: for benches. Returns its loss.
  double step();
  // Fused steps from now on note in it where their time goes; nullptr: nowhere.
  void set_profile(Profile* profile);

  // The validation loss as the model is now, without a record of it. After a restore it is what the checkpoint's last
  // evaluation was, when one followed its last step.
  Evaluation evaluate() const;

  // Each parameter under its PyTorch name, the optimiser's state as flat arrays, and the progress as metadata.
  std::string checkpoint() const override;
  // The parameters alone, under the same names, with arm and seed as metadata: for other programs.
  std::string exported() const;
  void restore(const SafetensorsFile& file) override;

 private:
  struct State;  // arrays, model, corpus: whatever needs LibTorch

  friend class TrialStack;

  void count_step(double loss);  // after an update: what advance() does then
  void end_epoch();
  void measure();  // the evaluation that is due

  Config config_;
  TrialId id_;
  Identity identity_;
  Progress progress_;
  bool evaluated_ = false;
  std::unique_ptr<State> state_;
};

// What a checkpoint of this trial is of.
Identity trial_identity(const Config& config, const TrialId& id);

// Reads the progress of a checkpoint without building its trial.
Progress checkpoint_progress(const SafetensorsFile& file);

}  // namespace ate
