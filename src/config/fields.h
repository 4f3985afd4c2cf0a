// The fields of every config struct, once: JSON name, member, range, help. A visitor is anything with
//   field(name, member, help), field(name, member, bounds, help) and section(name, struct, help).
// Reading, writing, hashing and the schema are such visitors.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/enum_names.h"

namespace ate {

// "dense: every key; window: the last k".
template <class Description>
std::string kinds_help() {
  std::string help;
  for (const Description* kind : registered<Description>())
    help += (help.empty() ? "" : "; ") + std::string(kind->name) + ": " + kind->help;
  return help;
}

// The kinds that have the setting.
template <class Description>
std::vector<std::string> owners_of(std::string_view setting) {
  std::vector<std::string> owners;
  for (const Description* kind : registered<Description>())
    for (const KindSetting& own : kind->settings)
      if (setting == own.name) owners.emplace_back(kind->name);
  return owners;
}

// What follows was added after the first runs were named: their hash counts it only where it is not at its default, so
// that they keep their names. Returns `v`.
template <class Visitor>
Visitor& later(Visitor& v) {
  if constexpr (requires { v.next_is_later(); }) v.next_is_later();
  return v;
}

// Fields that the kinds declare, each once.
template <class Description, class Visitor>
void describe_own(Visitor& v, KindSettings& settings) {
  std::string seen = " ";
  for (const Description* kind : registered<Description>())
    for (const KindSetting& own : kind->settings) {
      if (seen.find(" " + std::string(own.name) + " ") != std::string::npos) continue;
      seen += std::string(own.name) + " ";
      std::string help;
      for (const std::string& owner : owners_of<Description>(own.name))
        help += (help.empty() ? "" : ", ") + owner;
      help += std::string(": ") + own.help;
      if (!own.original) later(v);
      std::visit([&](auto& value) { v.field(own.name, value, own.bounds, help); }, settings.value(own));
    }
}

inline constexpr double kMaxCount = 1e12;  // far above any study; keeps products inside 63 bits
inline constexpr int64_t kMostTokens = 1LL << 32;
inline constexpr int64_t kLargestVocabulary = 1 << 24;

template <class Visitor>
void describe(Visitor& v, SourceConfig& s) {
  v.field("kind", s.kind, "Law of the corpus. " + kinds_help<SourceDescription>());
  v.field(
      "vocabulary", s.vocabulary, between(2, kLargestVocabulary),
      "V, number of distinct tokens; Zipf: token id = rank - 1; follows from the file for bytes, characters "
      "and sentencepiece");
  v.field("exponent", s.exponent, between(0, 20),
          "s of the Zipf law (recall: of the fillers'); 0 is uniform");
  v.field("tokens", s.tokens, between(2, kMostTokens),
          "n, length of the corpus in tokens; text: at most so many, the whole file when not set");
  v.field("train_share", s.train_share, inside(0, 1),
          "Leading share for training; the rest is for validation");
  v.field("order", s.order, between(1, 2), "zipf_markov: tokens that the next one depends on");
  v.field("neighbours", s.neighbours, between(1, 1 << 16), "zipf_markov: neighbours that each token draws");
  v.field("law_seed", s.law_seed, between(0, kLargestSeed),
          "zipf_markov: seed of the graph; all seeds of a study face one law");
  v.field("keys", s.keys, between(1, 1 << 20), "recall: number of keys");
  v.field("values", s.values, between(2, 1 << 20), "recall: number of values");
  v.field(
      "distance", s.distance, between(6, kMaxCount),
      "recall: mean number of tokens from a key in a query back to the same key in its pair; at least 5 * "
      "keys + 1");
  v.field("file", s.file, "text: the file, from the folder that ate runs in");
  v.field(
      "format", s.format,
      "text: bytes; characters: code points of UTF-8, the vocabulary being the file's; uint16, uint32: token "
      "ids of 2 or 4 bytes, no header; npy: as numpy.save writes them; "
      "llmc: as llm.c does; sentencepiece: text cut by a model; auto: sentencepiece with a model, npy and "
      "llmc by their first bytes, uint16 for a file that ends in .bin, else bytes");
  v.field("model", s.model, "text: the SentencePiece model's file");
  v.field("content", s.content,
          "text: hash of the file (and the model), found by itself; another is refused");
  describe_own<SourceDescription>(v, s.own);
}

template <class Visitor>
void describe(Visitor& v, WindowsConfig& s) {
  v.field("length", s.length, between(1, 1 << 20), "T, tokens that the model reads");
  v.field("batch", s.batch, between(1, 1 << 20), "B, windows per step");
  v.field("batches_per_epoch", s.batches_per_epoch, between(1, kMaxCount),
          "Steps per epoch; never more than (n_train - T - 1) / T");
}

template <class Visitor>
void describe(Visitor& v, BandsConfig& s) {
  v.field(
      "rule", s.rule,
      "Unit of high and low. rank_count: tokens; rank_share: share of the ranked tokens; cumulative_share: "
      "share of the occurrences");
  v.field("high", s.high, at_least(0), "Size of the high (frequent) band, in the rule's unit");
  v.field("low", s.low, at_least(0), "Size of the low (rare) band, in the rule's unit");
  v.field("counted_over", s.counted_over,
          "What the counts are taken from; corpus includes the validation part");
  v.field("unseen", s.unseen, "Band of tokens that never occur; noise: a fixed random row outside all bands");
}

template <class Visitor>
void describe(Visitor& v, EmbeddingConfig& s) {
  later(v).field("kind", s.kind,
                 "Of an arm that has not the name of a kind itself. " + kinds_help<EmbeddingDescription>());
  v.field("high", s.high, between(0.001, 1000), "Width of the high band's rows, as a multiple of body.width");
  v.field("mid", s.mid, between(0.001, 1000), "Width of the mid band's rows, as a multiple of body.width");
  v.field("low", s.low, between(0.001, 1000), "Width of the low band's rows, as a multiple of body.width");
  v.field("rank", s.rank, between(0.001, 1000),
          "factorised: width of its table, as a multiple of body.width");
  v.field("decay", s.decay, between(0, 10),
          "mixed_dim: a block's width falls with its number of tokens to this power");
  later(v).field(
      "widths", s.widths,
      "allocated: columns of each block's table, the most frequent tokens first; ate widths finds them");
  v.field("projection_bias", s.projection_bias, "Whether projections to the model's width have a bias");
  v.field("tables", s.tables,
          "Rows of each band's table: its own tokens (band), or all V of them (vocabulary)");
}

template <class Visitor>
void describe(Visitor& v, BodyConfig& s) {
  v.field("kind", s.kind,
          "bag: mean of the embeddings and a linear head, one target; encoder: transformer layers");
  v.field("width", s.width, between(1, 1 << 16), "d, width of the model and of the standard embedding");
  v.field("layers", s.layers, between(1, 1024), "Encoder layers");
  v.field("heads", s.heads, between(1, 1024), "Attention heads; must divide width");
  later(v).field("kv_heads", s.kv_heads, between(0, 1024),
                 "Heads of keys and values, each read by heads / kv_heads heads of queries; 0: heads");
  later(v).field("qk_norm", s.qk_norm,
                 "RMS norm of each head's queries and keys, with a gain, before rotary");
  v.field("feedforward", s.feedforward, between(0, 1024),
          "Feed-forward hidden width as a multiple of width; 0: layers of attention alone");
  later(v).field("feedforward_width", s.feedforward_width, between(0, 1 << 20),
                 "Feed-forward hidden width as a number; 0: feedforward times width");
  later(v).field("norm", s.norm, "A norm after each residual sum (post) or before each sublayer (pre)");
  later(v).field("normalisation", s.normalisation,
                 "Every norm. layer: by mean and deviation; rms: by the root of the mean square");
  later(v).field("activation", s.activation,
                 "Inside the feed-forward block. gelu: the exact one; swiglu: silu(gate x) * (linear1 x), a "
                 "third matrix");
  v.field("positions", s.positions,
          "none; learned: a table that is added; rotary: queries and keys are turned");
  later(v).field("rotary_base", s.rotary_base, above(1),
                 "rotary: pair i of a head's hd / 2 turns by base^(-2 i / hd) a position");
  v.field("final_norm", s.final_norm, "A norm before the head");
  later(v).field("bias", s.bias, "Whether linear maps, norms and the head have biases");
  v.field("causal", s.causal, "Mask later positions; without it every position sees its own target");
  v.field("dropout", s.dropout, from_to_below(0, 1),
          "On attention weights, both sublayer outputs and inside the feed-forward block");
  later(v).field("dropout_attention", s.dropout_attention, from_to_below(0, 1),
                 "On attention weights; unset: dropout");
  later(v).field("dropout_residual", s.dropout_residual, from_to_below(0, 1),
                 "On both sublayer outputs; unset: dropout");
  later(v).field("dropout_feedforward", s.dropout_feedforward, from_to_below(0, 1),
                 "Inside the feed-forward block; unset: dropout");
  later(v).field("dropout_embedding", s.dropout_embedding, from_to_below(0, 1),
                 "On what the first layer reads; unset: 0");
  v.field("init", s.init,
          "framework: PyTorch's defaults; normal: N(0, 0.02), zero biases, Xavier in-projection; gpt2: N(0, "
          "0.02) there too, and by 1/sqrt(2 layers) of it in the maps back to the stream");
}

template <class Visitor>
void describe(Visitor& v, AttentionConfig& s) {
  v.field("kind", s.kind, kinds_help<AttentionDescription>());
  v.field("k", s.k, between(1, 1 << 20),
          "Keys that a position reads, at most windows.length; certified, threshold: at least so many");
  v.field("heads", s.heads, between(0, 1024),
          "The first so many heads of a layer are of this kind, the rest dense; 0: all");
  v.field("layers", s.layers, between(0, 1024), "The first so many layers have such heads; 0: all");
  v.field("distil", s.distil, at_least(0),
          "Kinds that learn: weight of the selector's own loss against the attention over all keys");
  describe_own<AttentionDescription>(v, s.own);
}

template <class Visitor>
void describe(Visitor& v, TrainConfig& s) {
  v.field(
      "procedure", s.procedure,
      "What ate train does. model: one model; pipeline: dense teacher, selector, approximator, hybrid, then "
      "students; frontier: students of every kind and k");
  v.field("collect_batches", s.collect_batches, between(1, 1 << 20),
          "Batches of the teacher's queries, values, attention and outputs to learn from");
  v.field("rows", s.rows, between(1, 1 << 20), "Queries in a step of selector and approximator");
  v.field("selector_steps", s.selector_steps, between(1, 1e9), "Steps of the selector");
  v.field("approximator_steps", s.approximator_steps, between(1, 1e9), "Steps of the approximator");
  v.field("learning_rate", s.learning_rate, above(0), "Of selector and approximator (Adam)");
  v.field("student_steps", s.student_steps, between(1, 1e9),
          "Steps of distilling a student from the teacher, all its parameters");
  v.field("student_learning_rate", s.student_learning_rate, above(0),
          "Of students; all but this and student_clip_norm is optimiser's");
  later(v).field("student_clip_norm", s.student_clip_norm, at_least(0),
                 "Largest norm of a student's gradient, in place of optimiser.clip_norm; 0 does not clip");
  v.field("recall_epochs", s.recall_epochs, between(0, 1e9),
          "Epochs of a second teacher on a recall source, where attention is needed; 0: none");
  v.field("recall_tokens", s.recall_tokens, between(2, kMostTokens), "Length of that source's corpus");
  v.field("kinds", s.kinds, "Attention kinds of the students");
}

template <class Visitor>
void describe(Visitor& v, OptimiserConfig& s) {
  v.field("kind", s.kind, kinds_help<OptimiserDescription>());
  v.field("learning_rate", s.learning_rate, above(0), "Learning rate at its highest");
  v.field("beta1", s.beta1, from_to_below(0, 1), "Decay of the first moment");
  v.field("beta2", s.beta2, from_to_below(0, 1), "Decay of the second moment");
  v.field("epsilon", s.epsilon, above(0), "Added to the root of the second moment");
  v.field("weight_decay", s.weight_decay, at_least(0), "Weight decay, of the parameters in decayed");
  later(v).field(
      "decayed", s.decayed,
      "What weight_decay acts on; matrices: tensors of two dimensions or more, no bias and no gain");
  v.field("clip_norm", s.clip_norm, at_least(0), "Largest norm of the whole gradient; 0 does not clip");
  later(v).field("accumulate", s.accumulate, between(1, 1 << 16),
                 "Batches of windows.batch windows whose mean gradient makes one step");
  describe_own<OptimiserDescription>(v, s.own);
}

template <class Visitor>
void describe(Visitor& v, ScheduleConfig& s) {
  v.field("epochs", s.epochs, between(1, 1e9), "Epochs to train");
  later(v).field("steps", s.steps, between(0, kMaxCount),
                 "End after so many optimiser steps, inside an epoch too; 0: after all epochs");
  v.field("decay", s.decay,
          "Learning rate over the run, down to minimum_share; wsd: constant, then linear over the last "
          "decay_share");
  later(v).field("unit", s.unit, "What the decay is stepped by");
  later(v).field("warmup_steps", s.warmup_steps, between(0, kMaxCount),
                 "First steps, in which the rate grows linearly: step i of n has (i + 1) / (n + 1) of it");
  later(v).field("minimum_share", s.minimum_share, between(0, 1),
                 "Share of learning_rate at which the decay ends");
  later(v).field("decay_share", s.decay_share, Bounds{0, 1, true},
                 "wsd: share of the run, at its end, in which the rate decays");
  v.field("early_stop_evaluations", s.early_stop_evaluations, between(0, 1e9),
          "Stop when this number of evaluations gained less than early_stop_gain over the one before them; "
          "0: never");
  v.field("early_stop_gain", s.early_stop_gain, at_least(0), "In nats");
  later(v).field(
      "early_stop_accuracy", s.early_stop_accuracy, between(0, 1),
      "Stop when an evaluation's accuracy reaches this, of a source that asks for answers; 0: never");
}

template <class Visitor>
void describe(Visitor& v, EvaluationConfig& s) {
  v.field("every", s.every, between(1, 1e9),
          "After epoch index 0, every index divisible by this, and the last");
  v.field("windows", s.windows,
          "whole: the validation part once, by windows side by side (bag: every start), without a last part "
          "that is shorter than a window; sampled: random windows, drawn anew each time");
  v.field("batches", s.batches, between(1, kMaxCount), "Batches of random windows (sampled only)");
  later(v).field("tune_share", s.tune_share, from_to_below(0, 1),
                 "Leading share of the validation part that is for tuning; the rest is for the test");
  later(v).field("part", s.part, "The part that is scored");
  later(v).field("every_steps", s.every_steps, between(0, kMaxCount),
                 "After every so many steps, and the last, instead of by epochs; 0: by epochs");
  later(v).field("best", s.best,
                 "Score the tune part at each evaluation too, and tell the test loss where the tune loss was "
                 "lowest");
}

template <class Visitor>
void describe(Visitor& v, SeedCriteriaConfig& s) {
  v.field("loss_ratio_below", s.loss_ratio_below, above(0), "Bespoke loss / standard loss below this");
  v.field("parameter_ratio_below", s.parameter_ratio_below, above(0),
          "Bespoke / standard parameters below this");
  v.field("both_improve", s.both_improve, "Each arm's last validation loss below its first");
  v.field("evaluations_at_least", s.evaluations_at_least, between(1, 1e9), "Evaluations in each arm");
  v.field("settled_within", s.settled_within, above(0),
          "|last - fifth last validation loss| below this, in nats");
}

template <class Visitor>
void describe(Visitor& v, PublishedResultConfig& s) {
  v.field("standard_loss", s.standard_loss, above(0), "Final loss of the standard arm, in nats");
  v.field("bespoke_loss", s.bespoke_loss, above(0), "Final loss of the bespoke arm, in nats");
  later(v).field("printed_by", s.printed_by, "What printed the next two");
  later(v).field("loss", s.loss, above(0), "Loss of the baseline, in nats");
  later(v).field("accuracy", s.accuracy, between(0, 1), "Accuracy of the baseline");
}

template <class Visitor>
void describe(Visitor& v, TuneConfig& s) {
  v.field("axes", s.axes,
          "Settings to tune, each with its values: a list, or {\"from\", \"to\", \"points\"} for numbers at "
          "equal "
          "ratios");
  v.field("seeds", s.seeds, "Seeds to tune with, none of study.seeds");
  v.field(
      "grow", s.grow, between(0, 64),
      "Most values that a grid gets at an end where an arm does best; an arm that still does best there is "
      "untuned");
}

template <class Visitor>
void describe(Visitor& v, StudyConfig& s) {
  v.field("arms", s.arms,
          "Arms of the study, the first is the baseline: kinds of embedding, or {\"name\", \"set\"} with the "
          "settings in which an arm differs");
  v.field("seeds", s.seeds, "Seeds: \"0..9\", \"0,3,7\" or a list of whole numbers from 0 to 4294967295");
  v.field("paired", s.paired, "Arms of a seed share windows, trunk initialisation and dropout masks");
  v.field(
      "margin", s.margin, between(0, 1),
      "Differences below this share of the source's entropy (unknown: of the baseline's mean loss) do not "
      "matter: the margin of the verdict equivalent; 0 leaves none");
  later(v).field(
      "budget", s.budget,
      "What all arms get the same of, as the baseline spends it on schedule.epochs: optimiser steps, "
      "tokens read, floating-point operations, or seconds by steps timed beforehand");
  later(v).field("looks", s.looks,
                 "Numbers of seeds, growing, after which verdicts are taken; none: after study.seeds");
  later(v).section("tune", s.tune, "Settings that each arm gets by itself before the test");
}

template <class Visitor>
void describe(Visitor& v, Config& s) {
  v.field("name", s.name, "Part of the run's id: letters, digits, '.', '_' and '-'");
  v.field("description", s.description, "One line for people");
  v.field("mode", s.mode, "corrected, or published: as the original scripts ran it");
  v.field("device", s.device, "auto, cpu, cuda, cuda:N or mps");
  later(v).field(
      "kernels", s.kernels,
      "What trains the model. fused: own kernels, for an encoder on a CPU; reference: plain LibTorch "
      "operations; auto: fused where they can");
  later(v).field(
      "dtype", s.dtype,
      "Of the factors of matrix products in training; sums, weights and evaluation are fp32. bf16: dense "
      "attention alone; tf32: on CUDA");
  v.section("source", s.source, "Where tokens come from");
  v.section("windows", s.windows, "How training examples are cut from the corpus");
  v.section("bands", s.bands, "Which tokens count as frequent, common and rare");
  v.section("embedding", s.embedding, "Widths of embedding tables");
  v.section("body", s.body, "The model behind the embedding");
  later(v).section("attention", s.attention, "How a position chooses what it reads");
  v.section("optimiser", s.optimiser, "How parameters are updated");
  v.section("schedule", s.schedule, "How long to train");
  v.section("evaluation", s.evaluation, "When and on what the validation loss is taken");
  v.section("seed_criteria", s.seed_criteria, "What the original script called success");
  v.section("published_result", s.published_result,
            "What was printed elsewhere, to show beside what comes out");
  v.section("study", s.study, "What is compared");
  later(v).section("train", s.train, "What ate train does; studies read none of it");
}

}  // namespace ate
