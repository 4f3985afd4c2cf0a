// What a study found: a pure function of its config and its trials. No LibTorch.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "study/statistics.h"
#include "train/progress.h"

namespace ate {

// A trial as the study sees it.
struct TrialRecord {
  TrialId id;
  Progress progress;
  double seconds = 0;  // wall-clock spent training, over all resumes
};

// What an arm came to on the targets of one frequency band.
struct BandResult {
  int64_t targets = 0;           // over all finished seeds
  Summary loss;                  // over the finished seeds that had such targets, nats
  std::optional<double> excess;  // mean over the finished seeds, nats, where the law is known (see BandScore)
};

struct ArmResult {
  Arm arm = Arm::standard;
  int64_t parameters = 0;           // of the first seed: bands can differ by a few tokens between seeds
  double flops_per_token = 0;       // of a training step, see model/flops.h; of the first seed
  Summary loss;                     // final validation loss over the finished seeds, nats
  double mean_standard_error = 0;   // mean over seeds of one loss's sampling error, nats
  int64_t targets = 0;              // targets behind each loss
  std::optional<double> excess;     // mean loss - floor, where the floor is known
  std::optional<double> published;  // what the seed's document printed
  std::vector<double> by_position;  // mean over seeds
  std::array<BandResult, 3> bands;  // high, mid, low
};

struct Comparison {
  Arm arm = Arm::standard;
  Arm baseline = Arm::standard;
  Summary difference;  // final loss of arm - baseline, seed by seed, nats
  Interval ci95;
  double p_t = 0;
  double loss_ratio = 0;  // of the mean losses
  std::string
      verdict;  // better, worse, undecided; "exploratory: " before it under 10 seeds; "none" with the reason
};

struct Canary {
  std::string name;
  bool passed = true;
  std::string detail;
};

struct SeedCriterion {
  std::string name;
  double value = 0;
  double threshold = 0;
  bool met = false;
};

struct StudyResult {
  std::string run_id;
  Config config;
  std::optional<double> floor;  // entropy of the source, nats per token
  std::vector<ArmResult> arms;
  std::vector<TrialRecord> trials;
  std::vector<Comparison> comparisons;
  std::vector<Canary> canaries;
  std::vector<SeedCriterion> seed_criteria;
  std::vector<std::string> notes;  // what can be said, a sentence each
};

// Seeds below which a difference is called exploratory.
inline constexpr int kSeedsForVerdict = 10;

// Compares the arms over the trials given; trials that did not finish are left out pair by pair and named in
// a note.
StudyResult assess(const Config& config, const std::string& run_id, std::vector<TrialRecord> trials);

// The result file: field names and meaning are a contract with scripts.
nlohmann::ordered_json to_json(const StudyResult& result);

}  // namespace ate
