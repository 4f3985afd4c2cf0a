// The training loop: resume, step, save, show, stop, diverge. A trial of a study and a stage of a distillation differ in
// their loss and in what they measure, in nothing else.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "run/console.h"
#include "train/checkpoint.h"
#include "train/progress.h"

namespace ate {

class Lease;

// What trains step by step, and can be saved and taken up again after any of them.
class Training {
 public:
  virtual ~Training() = default;

  virtual std::string name() const = 0;                // for people: "bespoke-s3"
  virtual std::string file() const { return name(); }  // names its checkpoint
  virtual Identity identity() const = 0;
  virtual TrainingStatus status() const = 0;
  virtual std::string reason() const = 0;      // why it diverged or stopped early; "" otherwise
  virtual int64_t updates() const = 0;         // since its start
  virtual int64_t updates_in_all() const = 0;  // when it ends as planned
  virtual bool measured() const {
    return false;
  }                                          // the last step ended with a measurement, which is worth saving
  virtual std::string position() const = 0;  // "epoch 3, step 20"

  // One update, and the measurement that is due after it. A loss that is not finite ends the training as diverged, its
  // state before that update kept.
  virtual void advance() = 0;

  // Equal states give equal bytes.
  virtual std::string checkpoint() const = 0;
  // Goes on from such a file. Throws Failure when it is of another model.
  virtual void restore(const SafetensorsFile& file) = 0;

  bool ended() const { return status() != TrainingStatus::running; }
};

// What a training leaves on disk and on the terminal while it runs: checkpoints, events, the live line.
class Journal {
 public:
  // `save_seconds`: most wall-clock between two checkpoints. `lease`: of this training; nullptr where the process has the
  // run alone.
  Journal(Training& training, RunFolder& run, double save_seconds, const Lease* lease = nullptr);
  virtual ~Journal();  // ends the live line
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Takes the training up from its newest sound checkpoint, if there is one, and starts the clock.
  void open();
  // After one step or several: reports a measurement, saves when that is due, updates the live line. Throws LeaseLost
  // when another process has taken the training over: nothing is written then.
  void note();
  // Whether note() would save or show something by the clock.
  bool due() const;
  // Ends the live line; a training that has not ended is saved where it is, if `keep` and it is still this process's.
  void close(bool keep);

  double seconds_left() const;  // from the steps of this process; NaN before the first

 protected:
  virtual nlohmann::ordered_json names() const = 0;  // of the training, for events: {"arm": ..., "seed": ...}
  virtual void resumed() {}
  virtual void report_measurement() {}
  virtual void saved() {}                               // after the checkpoint
  virtual std::vector<LivePart> live_line() const = 0;  // for a terminal; rate and time left are added

  double seconds() const;  // trained in this process

  Training& training_;
  RunFolder& run_;

 private:
  void save();
  void check_lease() const;

  double save_seconds_;
  const Lease* lease_;
  int64_t first_update_ = 0;  // of this process
  double started_ = 0;
  double saved_ = 0;
  double shown_ = 0;
};

struct LoopMember {
  Training* training;
  Journal* journal;
};

// Runs `round` until it trains nothing more or `stopped` says so, then closes all: each is saved where it is if `keep`
// says so then. `round` advances some of the members and returns them.
void run_loop(const std::vector<LoopMember>& members, const std::function<std::vector<LoopMember>()>& round,
              const std::function<bool()>& stopped, const std::function<bool()>& keep);

}  // namespace ate
