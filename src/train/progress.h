// What a trial has measured so far. Plain data, no LibTorch: checkpoints, progress files and reports all read
// it.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/trial.h"

namespace ate {

class JsonValue;

enum class TrainingStatus { running, finished, diverged };
const char* status_name(TrainingStatus status);
// running for a name that is none.
TrainingStatus status_named(const std::string& name);

// The targets of one frequency band.
struct BandScore {
  int64_t targets = 0;  // how many of the band were scored
  double loss = 0;      // mean over them, nats; 0 without targets
  // What a target of the band costs more under the model than under the law, on average over the law, not only
  // over the targets drawn, nats. Weighed by how likely the law makes the bands, these add up to the whole
  // excess; below 0 where the model gives the band more than it is due. Unset without a known law.
  std::optional<double> excess;
};

// One evaluation on validation windows.
struct Evaluation {
  int64_t epoch = 0;          // index of the epoch it followed
  double loss = 0;            // mean cross-entropy, nats per target
  double standard_error = 0;  // of that mean, by batch means (train/batch_means.h)
  int64_t targets = 0;        // how many were scored
  std::vector<double>
      by_position;  // mean loss at each position of the window, nats; NaN where nothing is asked
  // Exact excess loss: mean over the targets of KL(true law of the next token given the visible past || model),
  // nats; unset where the source's law is not known. The law is the causal one: of a model that sees its
  // targets it says nothing.
  std::optional<double> excess{};
  std::array<BandScore, 3> bands{};   // high, mid, low; targets outside all bands are in none
  int64_t updates = 0;                // after how many, where evaluations go by steps; else 0
  std::optional<double> tune_loss{};  // on the tune part, where evaluation.best asks for it, nats
  std::optional<double>
      accuracy{};  // share of the answers asked for that the model finds likeliest; else unset
};

// "epoch 3", or "step 250" where evaluations go by steps: after which it was made.
std::string place_of(const Evaluation& evaluation);

// The evaluation of the lowest loss on the tune part; nullptr where there is none.
const Evaluation* best_by_tuning(const std::vector<Evaluation>& evaluations);

// Everything about a trial but its arrays; all of it is in the checkpoint.
struct Progress {
  TrainingStatus status = TrainingStatus::running;
  int64_t parameters = 0;      // of the model
  double flops_per_token = 0;  // of a training step, see model/flops.h
  double leak = 0;             // causality canary: how far a logit moves when a token it must not see changes
  int64_t epoch = 0;           // epochs completed; also the index of the epoch under way
  int64_t step = 0;            // steps completed in that epoch
  int64_t updates = 0;         // optimiser updates since the start
  double epoch_loss = 0;       // sum of the step losses of the epoch under way
  std::vector<double> train_losses;  // mean training loss of each completed epoch, nats
  std::vector<Evaluation> evaluations;
  std::string reason;  // why a trial diverged or stopped early; "" otherwise

  std::vector<double> validation_losses() const;
};

// A loss for people: "nan" has no sign.
std::string describe_number(double value);

nlohmann::ordered_json to_json(const Progress& progress);
Progress progress_from_json(const JsonValue& document);  // throws Failure, with the place

}  // namespace ate
