// Every setting of an experiment, as plain structs. The comment beside a field is its documentation; its name
// in JSON, range and help text stand once, in fields.h, from which reading, writing and the JSON Schema
// follow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/arm.h"
#include "config/kinds.h"
#include "config/seeds.h"

namespace ate {

enum class Mode {
  corrected,  // causal mask, paired arms, bands from the training part, the whole validation part scored
  published,  // as the original scripts ran it, to reproduce and explain the published numbers
};

enum class TextFormat {
  automatic,  // sentencepiece where a model is named, npy and llmc by their first bytes, uint16 for a file that
              // ends in .bin, else bytes
  bytes,      // a token is a byte
  characters,     // a token is a Unicode code point of a text in UTF-8; the vocabulary is those of the file
  uint16,         // token ids of two bytes, the lower first, as nanoGPT writes them
  uint32,         // token ids of four bytes
  npy,            // token ids as numpy.save writes them
  llmc,           // token ids behind a header, as llm.c writes them
  sentencepiece,  // text, cut by a SentencePiece model
};

// Where tokens come from. docs/sources.md tells the laws. Settings that only other kinds have must keep their
// defaults; vocabulary and exponent may stand in every config, because presets set them.
struct SourceConfig {
  SourceKind kind = SourceKind::zipf_iid;
  int64_t vocabulary = 200;  // V: number of distinct tokens; Zipf: token id = rank - 1; bytes, sentencepiece:
                             // follows from the file
  double exponent = 1.4;     // s of the Zipf law (recall: of the fillers'); 0 is uniform
  int64_t tokens = 10'000;   // n: length of the corpus; text: at most so many, by default the whole file
  double train_share = 0.8;  // leading share for training; the rest is for validation
  // zipf_markov
  int64_t order = 1;       // tokens that the next one depends on, 1 or 2
  int64_t neighbours = 4;  // that each token draws; it has about twice as many
  int64_t law_seed = 0;    // of the graph: all seeds of a study face one law
  // recall
  int64_t keys = 4;
  int64_t values = 16;
  int64_t distance = 32;  // mean number of tokens from a key in a query back to the same key in its pair
  // text
  std::string file{};
  TextFormat format = TextFormat::automatic;
  std::string model{};    // sentencepiece: the model's file
  std::string content{};  // hash of the file (and the model), found when the config is resolved
  KindSettings own = initial_settings<SourceDescription>();  // those that the kinds declare

  bool operator==(const SourceConfig&) const = default;
};

// How training examples are cut from the corpus.
struct WindowsConfig {
  int64_t length = 16;             // T: tokens that the model reads
  int64_t batch = 8;               // B: windows per step
  int64_t batches_per_epoch = 50;  // upper bound; never more than (n_train - T - 1) / T
};

enum class BandRule {
  rank_count,        // high and low are numbers of tokens
  rank_share,        // high and low are shares of the ranked tokens
  cumulative_share,  // high and low are shares of the occurrences
};
enum class CountedOver { training, corpus };
enum class Unseen { low, mid, noise };

// Which tokens count as frequent (high), common (mid) and rare (low).
struct BandsConfig {
  BandRule rule = BandRule::rank_count;
  double high = 20;                                  // size of the high band, in the rule's unit
  double low = 50;                                   // size of the low band, in the rule's unit
  CountedOver counted_over = CountedOver::training;  // corpus: also the validation part, as published
  Unseen unseen = Unseen::low;  // band of tokens that never occur; noise: a fixed random row
};

enum class Tables {
  band,        // one row per token of the band
  vocabulary,  // V rows per band, most of them never used, as the focused script had it
};

// Widths of the tables of allocated blocks, in columns, the block of the most frequent tokens first.
struct BlockWidths {
  std::vector<int64_t> columns{};
  bool operator==(const BlockWidths&) const = default;
};

// Widths of embedding tables, as multiples of the model's width (rounded down). A table of another width than
// the model's is projected to it.
struct EmbeddingConfig {
  EmbeddingKind kind = EmbeddingKind::standard;  // of arms that have not the name of a kind
  double high = 2.0;                             // of the high band's rows
  double mid = 1.0;
  double low = 0.25;
  double rank = 0.25;  // factorised: of its one table
  double decay = 0.3;  // mixed_dim: the width of a block falls with its number of tokens to this power
  BlockWidths widths;  // allocated: as many blocks as there are widths
  bool projection_bias = true;
  Tables tables = Tables::band;
};

enum class BodyKind {
  bag,      // mean of the window's embeddings, linear head; one target, the token after the window
  encoder,  // transformer layers, linear head; the targets are the inputs shifted by one
};
enum class Positions {
  none,
  learned,  // a table, added to the embeddings
  rotary,   // queries and keys turned by their position (Su et al. 2021), halves of a head as in GPT-NeoX
};
enum class Norm {
  post,  // x -> norm(x + f(x)), as in the original transformer
  pre,   // x -> x + f(norm(x)), as in GPT-2; a last norm (final_norm) belongs to it
};
enum class Normalisation {
  layer,  // (x - mean) / deviation (Ba et al. 2016)
  rms,    // x / root of the mean square (Zhang & Sennrich 2019)
};
enum class Activation {
  relu,
  gelu,    // the exact one, x Phi(x)
  swiglu,  // silu(gate x) * (linear1 x), three matrices (Shazeer 2020)
};
enum class Init {
  framework,  // PyTorch's defaults: N(0,1) embeddings, U(+-1/sqrt(fan_in)) linears, Xavier in-projection
  normal,     // N(0, 0.02) embeddings and linears, zero biases; the attention in-projection keeps Xavier
  gpt2,       // N(0, 0.02) all of these, the maps back to the stream by 1/sqrt(2 layers) of it; zero biases
};

// The model behind the embedding.
struct BodyConfig {
  BodyKind kind = BodyKind::bag;
  int64_t width = 64;  // d: width of the model and of the standard embedding
  int64_t layers = 1;  // encoder only, as all below
  int64_t heads = 4;   // must divide width
  // Heads of keys and values, each read by heads / kv_heads heads of queries (Ainslie et al. 2023); 0: heads.
  int64_t kv_heads = 0;
  bool qk_norm = false;  // RMS norm of each head's queries and keys, before rotary (Henry et al. 2020)
  // Hidden width of the feed-forward block, as a multiple of width; 0: none, layers are attention alone.
  int64_t feedforward = 4;
  int64_t feedforward_width = 0;  // the same as a number; 0: feedforward * width
  Norm norm = Norm::post;
  Normalisation normalisation = Normalisation::layer;  // of every norm but qk_norm
  Activation activation = Activation::relu;
  Positions positions = Positions::none;
  double rotary_base = 10'000;  // pair i of a head's hd / 2 turns by base^(-2 i / hd) a position
  bool final_norm = false;      // a norm before the head
  bool bias = true;             // of linear maps, norms and the head; the bag's head too
  bool causal = true;           // false: every position sees the whole window, its own target included
  double dropout = 0.1;  // on attention weights, both sublayer outputs and inside the feed-forward block
  std::optional<double> dropout_attention;    // on attention weights; unset, as the next two: dropout
  std::optional<double> dropout_residual;     // on both sublayer outputs
  std::optional<double> dropout_feedforward;  // inside the feed-forward block
  std::optional<double> dropout_embedding;    // on what the first layer reads; unset: none
  Init init = Init::framework;                // the bag's too
};

// How a position chooses what it reads; encoder only. Orthogonal to the embedding. Settings that other kinds
// have must keep their defaults. src/model/attention/ has a file per kind, which states what it computes.
struct AttentionConfig {
  AttentionKind kind = AttentionKind::dense;
  int64_t k = 8;       // keys that a position reads, at most the window; fewer where the mask leaves fewer
  int64_t heads = 0;   // the first so many heads of a layer are of this kind, the rest dense; 0: all
  int64_t layers = 0;  // the first so many layers; 0: all
  double distil =
      1.0;  // kinds that learn: weight of the selector's own loss, the cross-entropy between the attention
            // that all keys would get and the selector's
  KindSettings own = initial_settings<AttentionDescription>();  // those that the kinds declare

  bool operator==(const AttentionConfig&) const = default;
};

// What weight decay pulls to 0.
enum class Decayed {
  all,
  matrices,  // tensors of two dimensions or more, tables among them; biases and gains are left alone
};

struct OptimiserConfig {
  OptimiserKind kind = OptimiserKind::adam;
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  // adamw, muon: decoupled; adam, sgd: added to the gradient
  Decayed decayed = Decayed::all;
  double clip_norm =
      0;  // largest norm of the gradient; 0 does not clip. What learns from a side loss alone has a norm
          // of its own.
  int64_t accumulate = 1;  // batches whose mean gradient makes one update (a step)
  KindSettings own = initial_settings<OptimiserDescription>();  // those that the kinds declare
};

// train/schedule.h has the laws.
enum class Decay {
  constant,
  cosine,  // over the run
  linear,  // over the run
  wsd,     // constant, then linear over the last decay_share of the run (MiniCPM's warm-up, stable, decay)
};
// What the decay is stepped by.
enum class ScheduleUnit { epoch, step };

// How long to train and how the learning rate moves.
struct ScheduleConfig {
  int64_t epochs = 50;
  int64_t steps = 0;  // end after so many, in an epoch's middle too; 0: after all epochs
  Decay decay = Decay::constant;
  ScheduleUnit unit = ScheduleUnit::epoch;
  int64_t warmup_steps = 0;  // in which the rate grows to learning_rate
  double minimum_share = 0;  // of learning_rate: where the decay ends
  double decay_share = 0.1;  // wsd: of the run, at its end
  // Stop when this number of evaluations gained less than early_stop_gain over the one before them; 0: never.
  int64_t early_stop_evaluations = 0;
  double early_stop_gain = 0.001;  // nats
  // Stop when an evaluation's accuracy reaches this, of a source that asks for answers; 0: never.
  double early_stop_accuracy = 0;
};

enum class EvaluationWindows {
  whole,    // the validation part once, by windows side by side (bag: every start); a last part that is
            // shorter than a window is not scored
  sampled,  // `batches` batches of random windows, drawn anew each time, as published
};

// The validation part has a leading share to tune on; what is reported is of the rest.
enum class EvaluationPart { test, tune };

// When and on what the validation loss is taken: after epoch index 0, every index divisible by `every`, and
// the last.
struct EvaluationConfig {
  int64_t every = 10;
  EvaluationWindows windows = EvaluationWindows::whole;
  int64_t batches = 10;
  double tune_share = 0;  // of the validation part's tokens; 0 leaves all of them to the test
  EvaluationPart part = EvaluationPart::test;
  int64_t every_steps = 0;  // after every so many steps, and the last, instead of by epochs; 0: by epochs
  bool best = false;        // score the tune part too, and tell the test loss where the tune loss was lowest
};

// What the original script called success. Unset criteria were not part of that script.
struct SeedCriteriaConfig {
  std::optional<double> loss_ratio_below;       // bespoke loss / standard loss
  std::optional<double> parameter_ratio_below;  // bespoke parameters / standard parameters
  std::optional<bool> both_improve;             // each arm's last loss below its first
  std::optional<int64_t> evaluations_at_least;  // in each arm
  std::optional<double> settled_within;         // |last - fifth last loss|, in nats, in each arm
};

// What was printed elsewhere, to show beside what comes out. Unset: nothing was.
struct PublishedResultConfig {
  std::optional<double> standard_loss;  // the seed's document
  std::optional<double> bespoke_loss;
  std::string printed_by{};      // what printed the next two, of the baseline
  std::optional<double> loss{};  // nats
  std::optional<double> accuracy{};
};

// What all arms get the same of: what the baseline spends on schedule.epochs.
enum class Budget {
  steps,    // optimiser steps
  tokens,   // tokens read in training: steps times batch times length
  flops,    // floating-point operations of training, as model/flops.h counts them
  seconds,  // time of training, by steps timed on this machine before the first trial
};

// Numbers of seeds, growing, after which verdicts are taken.
struct Looks {
  std::vector<int64_t> after{};
  bool operator==(const Looks&) const = default;
};

// Values of one setting to tune over, smallest first where they are numbers.
struct TuneAxis {
  std::string path;                 // "optimiser.learning_rate"
  std::vector<std::string> values;  // JSON texts; two at least
  bool operator==(const TuneAxis&) const = default;
};
using TuneAxes = std::vector<TuneAxis>;

// How each arm gets its own settings before the test: every arm the same grid, seeds and part of the data. See
// study/tuning.h.
struct TuneConfig {
  TuneAxes axes{};                      // none: arms are not tuned
  SeedList seeds = {1000, 1001, 1002};  // none of study.seeds
  int64_t grow = 3;                     // most values that a grid gets at an end where an arm does best
  bool operator==(const TuneConfig&) const = default;
};

// What is compared. Neither the lists nor the margin change a trial's numbers, so a study can be extended and
// keeps what is finished.
struct StudyConfig {
  std::vector<Arm> arms = {Arm::standard, Arm::bespoke};  // the first is the baseline
  SeedList seeds = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};        // in JSON "0..9", "0,3,7" or a list
  bool paired = true;    // arms of a seed share windows, trunk initialisation and dropout masks
  double margin = 0.01;  // differences below this share of the source's entropy (where that is not known, of
                         // the baseline's mean loss) do not matter: the margin of "equivalent"
  Budget budget = Budget::steps;
  Looks looks;  // none: after all seeds
  TuneConfig tune;
};

// What trains a model. src/config/kernels.h says which configs the fused kernels can run.
enum class KernelKind {
  automatic,  // fused where they can run the config, else reference
  fused,      // own kernels for the CPU, several operations in one pass
  reference,  // plain LibTorch operations, on every device
};
// Type of the factors of matrix products in training. Weights, sums and all else are fp32 in each, and so is the
// evaluation; all kernels but the fused ones round what a product in bf16 gives (see model/precision.h).
enum class Dtype { fp32, tf32, bf16 };

enum class Procedure {
  model,     // one model, from its start
  pipeline,  // the seed's: dense teacher, selector, approximator, hybrid; then students of the teacher
  frontier,  // students of every kind and k distilled from one dense teacher
};

// What `ate train` does with the config. Studies read none of it.
struct TrainConfig {
  Procedure procedure = Procedure::model;
  int64_t collect_batches = 32;  // of queries, values, attention and head outputs of the teacher
  int64_t rows = 1024;           // queries in a step of selector and approximator
  int64_t selector_steps = 400;
  int64_t approximator_steps = 600;
  double learning_rate = 1e-3;  // Adam, of selector and approximator
  int64_t student_steps = 300;  // of distilling a student from the teacher, all its parameters
  double student_learning_rate = 1e-3;
  double student_clip_norm = 1.0;  // as optimiser.clip_norm, of the students
  // The same again on a recall source of this vocabulary, where attention is needed: so many epochs for its
  // teacher; 0 leaves it out. 4 keys, 16 values, asked for 3/8 of a window later (at least 21 tokens).
  int64_t recall_epochs = 0;
  int64_t recall_tokens = 200'000;  // length of its corpus
  std::vector<AttentionKind> kinds = {AttentionKind("mlp_topk"), AttentionKind("oracle_topk"),
                                      AttentionKind("window"), AttentionKind("lowrank_topk"),
                                      AttentionKind("block_topk")};  // of the students
  bool operator==(const TrainConfig&) const = default;
};

struct Config {
  std::string name = "custom";
  std::string description;
  Mode mode = Mode::corrected;
  std::string device =
      "auto";  // auto, cpu, cuda, cuda:N or mps; auto takes the first of cuda, mps, cpu that is there
  KernelKind kernels = KernelKind::automatic;
  Dtype dtype = Dtype::fp32;
  SourceConfig source;
  WindowsConfig windows;
  BandsConfig bands;
  EmbeddingConfig embedding;
  BodyConfig body;
  AttentionConfig attention;
  OptimiserConfig optimiser;
  ScheduleConfig schedule;
  EvaluationConfig evaluation;
  SeedCriteriaConfig seed_criteria;
  PublishedResultConfig published_result;
  StudyConfig study;
  TrainConfig train;
};

}  // namespace ate
