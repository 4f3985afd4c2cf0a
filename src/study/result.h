// What a study found: a pure function of its config and its trials. No LibTorch.
#pragma once

#include <array>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "study/decision.h"
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

// The primary number: what arms are compared by, at a trial's last evaluation.
enum class Metric {
  excess,  // exact excess loss: mean KL to the source's law, nats per target
  loss,    // sampled cross-entropy, where the law is not known
};
const char* metric_name(Metric metric);

struct EpochRange {
  int64_t least = 0;
  int64_t most = 0;
};
std::string format_epochs(const EpochRange& range);  // "9..15", or "9" where both are that

// What an arm came to where the loss on the tune part was lowest, over the finished seeds, each at its own place.
struct BestLoss {
  Summary loss;                  // on the test part, nats
  std::optional<double> excess;  // its mean, nats
  double tune_loss = 0;          // mean, nats
  double steps = 0;              // mean number of steps until then
};

struct ArmResult {
  Arm arm = Arm::standard;
  int64_t parameters = 0;          // of the first seed: bands can differ by a few tokens between seeds
  double flops_per_token = 0;      // of a training step, see model/flops.h; of the first seed
  Summary loss;                    // final validation loss over the finished seeds, nats
  double mean_standard_error = 0;  // mean over seeds of one loss's sampling error, nats
  int64_t targets = 0;             // targets behind each loss
  std::optional<double> excess;    // mean exact excess loss; without one mean loss - floor, where it is known
  Interval ci95;                   // of the mean primary number over the finished seeds, nats
  std::optional<EpochRange> epochs{};  // after which the finished seeds had their last evaluations
  std::optional<double> published;     // what the original report printed
  std::optional<BestLoss> best{};      // with evaluation.best
  std::vector<double> by_position;     // mean over seeds
  std::array<BandResult, 3> bands;     // high, mid, low
};

// What can be said after every seed, however often one looks (study/anytime.h), over the seeds in the plan's order.
struct AnytimeNumbers {
  double p = 1;
  double p_holm = 1;  // adjusted over all the comparisons
  Interval interval;  // confidence sequence at kExtensionLevel / comparisons, nats; infinite for few seeds
};

// Tests of differences seed by seed, one of several comparisons made together.
struct PairedTest {
  Summary difference;  // nats
  Interval ci95;       // of its mean, for this comparison by itself
  double p_t = 0;      // paired t test
  double p_sign_flip = 0;
  double p_holm = 0;                        // p_t adjusted over all the comparisons
  double p_holm_sign_flip = 0;              // p_sign_flip adjusted likewise
  double p_equivalence = 0;                 // two one-sided t tests against the margin
  double p_holm_equivalence = 0;            // adjusted likewise
  double smallest_detectable = 0;           // nats, seen with 80 % power by one test at the verdict's level
  double smallest_detectable_holm = 0;      // the same at that level / comparisons, so whatever others show
  std::optional<AnytimeNumbers> anytime{};  // without a plan none
  Decision decision{};                      // what the verdict says, and the test behind it
  // better, worse, equivalent or undecided; "exploratory: " before it under 10 seeds; "none: " and the reason
  std::string verdict;
};

// An arm against the baseline: primary number of arm - baseline, over the seeds that finished in both.
struct Comparison : PairedTest {
  Arm arm = Arm::standard;
  Arm baseline = Arm::standard;
  double loss_ratio = 0;  // of the mean losses
};

// What an arm came to at one point of the tuning grid.
struct TunedPoint {
  std::vector<ArmSetting> set;
  Summary loss;               // primary number over the tuning seeds that finished, nats
  Interval ci95;              // of its mean
  int diverged = 0;           // seeds that did not
  std::vector<double> seeds;  // the primary number of each tuning seed, NaN where it diverged
};

struct TunedArm {
  Arm arm;                           // as asked for
  std::vector<TunedPoint> points{};  // in the grid's order
  size_t best = 0;                   // of the points: the lowest mean over seeds of which none diverged
  std::string untuned{};             // why the best is no optimum, a clause; "" where it may be one
};

// How the arms got their settings.
struct Tuning {
  TuneAxes grid;  // as it was in the end
  SeedList seeds;
  Metric metric = Metric::loss;
  std::vector<TunedArm> arms;  // in the study's order
  int64_t trials = 0;
  double seconds = 0;  // of training them
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

// Where a run stands to what was planned before its first step (study/plan.h).
struct PlanRecord {
  std::string hash;                     // "" when no plan is known
  std::vector<std::string> departures;  // what was changed since, a clause each
};

struct StudyResult {
  std::string run_id;
  Config config;
  PlanRecord plan;
  std::optional<double> floor;  // entropy of the source, nats per token
  Metric metric = Metric::loss;
  double margin = 0;  // of equivalence, nats; NaN when neither an entropy nor a baseline is known
  std::vector<ArmResult> arms;
  std::vector<TrialRecord> trials;
  std::vector<Comparison> comparisons;
  std::vector<Canary> canaries;
  std::vector<SeedCriterion> seed_criteria;
  std::optional<Tuning> tuning{};
  std::map<std::string, double> seconds_per_step{};  // as Beforehand has it
  std::vector<std::string> notes;                    // what can be said, a sentence each
};

// Seeds below which a difference is called exploratory.
inline constexpr int kSeedsForVerdict = 10;

// What was fixed before the test.
struct Beforehand {
  SeedPlan seeds;  // by default all seeds are planned, and no looks
  std::optional<Tuning> tuning{};
  std::map<std::string, double>
      seconds_per_step{};  // of each arm by its name, as timed for a budget of seconds
};

// Compares the arms over the trials given; trials that did not finish are left out pair by pair and named in
// a note. The plan is the caller's to fill in.
StudyResult assess(const Config& config, const std::string& run_id, std::vector<TrialRecord> trials,
                   Beforehand beforehand = {});

// Adds the numbers of a test, n first, to an object; its verdict is the caller's to add.
void add_numbers(nlohmann::ordered_json& out, const PairedTest& test);

// The result file: field names and meaning are a contract with scripts.
nlohmann::ordered_json to_json(const StudyResult& result);

}  // namespace ate
