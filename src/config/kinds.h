// What a kind of attention, of embedding, of optimiser and of source is: facts that configs, checks and counts read, and
// functions that build the parts. Each kind is a file: model/attention/, model/embeddings/, train/optimisers/, data/. No LibTorch.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/kind.h"
#include "support/error.h"

namespace at {
class Tensor;
}

namespace ate {

struct Arena;
struct AttentionConfig;
struct Bands;
struct Config;
struct EmbeddingPlan;
struct Layout;
class LayoutBuilder;
struct OptimiserConfig;
struct OptimiserStep;
class Source;
struct SourceConfig;
class SparseAttention;

// A layer's parameter by the end of its name: "selector.0.weight". Throws std::out_of_range for another.
using FindParameter = std::function<at::Tensor(const std::string& suffix)>;

struct AttentionDescription {
  const char* name;
  const char* help;  // a clause
  std::span<const KindSetting> settings{};
  // A selector learns from a loss of its own, whose weight is attention.distil.
  bool learns = false;
  // The leading part of the names of the parameters that learn from that loss alone.
  const char* selector = nullptr;
  // What is wrong with the settings of this kind; nullptr: nothing can be.
  std::vector<Problem> (*check)(const Config&) = nullptr;
  // Fits the settings that a student of this kind starts from, the teacher's where it is of the same kind and else the
  // initial ones, to the teacher's model; nullptr: nothing to fit.
  void (*fit_student)(const Config& teacher, AttentionConfig& student) = nullptr;
  // Adds the parameters of `heads` heads of a layer, with names that begin with `prefix`; nullptr: none.
  void (*add_parameters)(LayoutBuilder&, const std::string& prefix, const Config&, int64_t heads) = nullptr;
  // Floating-point operations of one head's attention over a window of T, forward, per token, as this program executes
  // them (see model/flops.h).
  double (*flops)(const Config&) = nullptr;
  // For one layer; nullptr: dense, which is part of the encoder.
  std::unique_ptr<SparseAttention> (*make)(const Config&, const FindParameter&) = nullptr;
};
template <>
std::vector<const AttentionDescription*>& registered();

struct AttentionKind : Kind<AttentionDescription> {
  using Kind::Kind;
  static const AttentionKind dense;     // every key that the mask leaves
  static const AttentionKind mlp_topk;  // the original report's selector and approximator
};

// For checks of kinds: the problem of attention.<setting> above `limit`, which is that many `of`; none where it fits.
std::vector<Problem> attention_at_most(const char* setting, int64_t value, int64_t limit, const char* of);

// Which settings an embedding reads.
struct EmbeddingSettings {
  bool ranking = false;  // bands.counted_over and unseen: how often each token occurs
  bool bands = false;    // all of bands: the cut into high, mid and low
  bool high = false;     // embedding.high
  bool mid_low = false;  // embedding.mid and low
  bool rank = false;     // embedding.rank
  bool widths = false;   // embedding.widths
};

struct EmbeddingDescription {
  const char* name;
  const char* help;  // a clause
  EmbeddingSettings reads{};
  // The bands are dealt at random, from the trial's seed.
  bool dealt_at_random = false;
  // Starts from other random numbers than its pairs.
  bool own_start = false;
  // Throws BadInput for /study/arms when it cannot be built for this shape.
  EmbeddingPlan (*plan)(const Config&, const Bands&) = nullptr;
};
template <>
std::vector<const EmbeddingDescription*>& registered();

struct EmbeddingKind : Kind<EmbeddingDescription> {
  using Kind::Kind;
  static const EmbeddingKind standard;
};

// What any of them reads.
EmbeddingSettings settings_read_by(const std::vector<EmbeddingKind>& kinds);

struct SourceDescription {
  const char* name;
  const char* help;  // a clause
  std::span<const KindSetting> settings{};
  // Fields of SourceConfig that belong to this kind alone.
  std::span<const char* const> fields{};
  // Draws are independent: its entropy is that of one token.
  bool independent = false;
  // What a window shows does not tell all that the past does: a model ends above the entropy rate.
  bool reaches_past_window = false;
  // Its tokens stay in a file of the user's, whose law is not known.
  bool in_file = false;
  // Its corpus is a row of examples of source.example tokens each. A window is one of them, and what is scored are the
  // answers that it asks for: so many of an example, on average. nullptr: a stream, whose every token is a target.
  double (*asked)(const SourceConfig&) = nullptr;
  // What is wrong with the settings of this kind; nullptr: nothing can be.
  std::vector<Problem> (*check)(const SourceConfig&) = nullptr;
  // The corpus in a clause, for people.
  std::string (*describe)(const SourceConfig&) = nullptr;
  // Throws BadInput for a file that cannot be read or is not what the config says.
  std::shared_ptr<const Source> (*open)(const SourceConfig&) = nullptr;
};
template <>
std::vector<const SourceDescription*>& registered();

struct SourceKind : Kind<SourceDescription> {
  using Kind::Kind;
  static const SourceKind zipf_iid, zipf_markov, recall, text;
};

// A flat array that an optimiser keeps beside the parameters.
struct StateArray {
  const char* name;                          // in checkpoints: "adam.first_moment"
  int64_t (*size)(const Layout&) = nullptr;  // elements; nullptr: as many as the parameters
};

struct OptimiserDescription {
  const char* name;
  const char* help;  // a clause
  std::span<const KindSetting> settings{};
  std::span<const StateArray> state{};
  // What is wrong with the settings of this kind; nullptr: nothing can be.
  std::vector<Problem> (*check)(const Config&) = nullptr;
  // One update in place, by plain operations: arena.parameters from arena.gradients, already clipped, and arena.state.
  void (*update)(const OptimiserConfig&, const Layout&, Arena&, const OptimiserStep&) = nullptr;
  // Whether the fused kernels have the same update in one pass (kernels::AdamStep), and whether its decay is decoupled.
  bool fused = false;
  bool decoupled_decay = false;
  // Whether `update` takes a stack's arrays [R, S] and its rate, too (train/optimiser.h).
  bool stacks = false;
};
template <>
std::vector<const OptimiserDescription*>& registered();

struct OptimiserKind : Kind<OptimiserDescription> {
  using Kind::Kind;
  static const OptimiserKind adam, adamw, sgd, muon;
};

}  // namespace ate
