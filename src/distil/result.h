// What a distillation found: plain numbers, written as JSON and read back. Reports and claims are made from these. No
// LibTorch.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ate {

class JsonValue;

// The answers to queries of a recall source whose key is so far back.
struct DistanceScore {
  int64_t nearest = 0;   // tokens from the key in the query back to the same key
  int64_t furthest = 0;  // 0: the key is not in the window
  int64_t targets = 0;
  double teacher_loss = 0, loss = 0;  // nats per answer
  double accuracy = 0;                // the share of answers that the model likes best
};

// How good a model with sparse attention is next to its dense teacher, on the whole validation part.
struct Score {
  int64_t targets = 0;
  double teacher_loss = 0, loss = 0;             // nats per target
  double standard_error = 0;                     // of their mean difference
  std::optional<double> teacher_excess, excess;  // exact, where the source's law is known
  double kl = 0;                                 // mean KL(teacher || model) at the logits, nats
  double logit_error = 0;                        // |logits - teacher's| / |teacher's|, over all of them
  double accuracy = 0, teacher_accuracy = 0;     // top-1, of the next token
  double agreement = 0;                          // both like the same token best
  double recall = 0;         // attention mass that the choice holds, mean over queries and sparse heads
  double oracle_recall = 0;  // of the best choice of k keys
  double leak = 0;           // causality canary: how far an earlier logit moves, see Progress::leak
  std::vector<DistanceScore> distances;  // recall sources only

  double difference() const { return loss - teacher_loss; }
};

// How well a selector finds the keys of one head, against what needs no selector at all.
struct SelectorQuality {
  int64_t queries = 0;
  // Top-1: the share of queries whose strongest key is chosen first.
  double accuracy = 0;
  double chance = 0;  // of a visible position drawn at random
  double constant =
      0;  // of the best single position for each query position, counted on the collected windows
  // Mean attention mass held by k keys.
  double mass = 0;           // the selector's
  double mass_chance = 0;    // of k visible positions drawn at random
  double mass_constant = 0;  // of the best k positions for each query position, by mean attention
  double mass_window = 0;    // of the last k
  double mass_oracle = 0;    // of the k strongest keys
  // Content shuffled before the last position, which stays: the share of windows in which the strongest key of the last
  // query moved to another position, and in which the selector's first choice did.
  double strongest_moved = 0, choice_moved = 0;
};

// The original report's one head.
struct HeadResult {
  double selector_loss = 0;      // cross-entropy to the strongest key, nats, last tenth of the steps
  double approximator_loss = 0;  // mean squared error, last tenth
  double approximator_r2 = 0;  // 1 - that error / the variance of the teacher's outputs, on held-out windows
  SelectorQuality quality;
  Score score;         // of the hybrid: the teacher with head 0 of layer 0 replaced
  std::string failed;  // why selector or approximator diverged; "": neither did
};

struct StudentResult {
  std::string name;
  std::string attention;  // its kind
  int64_t k = 0;
  std::string failed;  // why it diverged, and has no score; "": it did not
  Score score;
};

// The original report's pipeline, and students, on one source.
struct SourceResult {
  std::string name;    // "random", "recall" or the config's own source
  std::string source;  // its kind
  std::optional<double> floor;
  HeadResult head;
  std::vector<StudentResult> students;
};

struct PipelineResult {
  std::vector<SourceResult> worlds;
};

struct FrontierPoint {
  StudentResult student;
  double flops = 0;    // of one head, forward, per token
  double seconds = 0;  // of one layer's attention on a batch, forward, median
};

// Students of every kind and k of one teacher, with what each costs.
struct FrontierResult {
  double teacher_loss = 0;
  double dense_flops = 0;
  double dense_seconds = 0;  // plain operations, as the students' are
  std::vector<FrontierPoint> points;
};

using DistillationResult = std::variant<PipelineResult, FrontierResult>;

// What diverged, a clause each.
std::vector<std::string> failures(const DistillationResult& result);

// The result file: field names and meaning are a contract with scripts. `length`: T.
nlohmann::ordered_json to_json(const DistillationResult& result, const std::string& run_id,
                               const std::string& preset, int64_t length);

// Throws Failure, with the place, for a document that is no such result, or of an earlier version.
DistillationResult distillation_from_json(const JsonValue& document);

}  // namespace ate
