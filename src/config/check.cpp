#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "config/check_body.h"
#include "config/check_schedule.h"
#include "config/check_study.h"
#include "config/derived.h"
#include "config/fields.h"
#include "config/json.h"
#include "config/kernels.h"
#include "config/names.h"
#include "config/resolve.h"
#include "support/names.h"

namespace ate {
namespace {

bool is_device_name(const std::string& name) {
  if (name == "auto" || name == "cpu" || name == "cuda" || name == "mps") return true;
  return name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() < 9 &&
         name.find_first_not_of("0123456789", 5) == std::string::npos;
}

// "window has no such setting, only lowrank_topk has: ...".
std::string foreign(const char* kind, const std::vector<std::string>& owners, const std::string& section) {
  return fmt::format("{} has no such setting, only {} {}: leave it out or set {}.kind", kind,
                     fmt::join(owners, " and "),
                     owners.size() == 1 && owners[0].rfind("the ", 0) != 0 ? "has" : "have", section);
}

// Settings that the config's kind does not declare and that are not at their initial values.
template <class Description>
std::vector<Problem> foreign_settings(const std::string& section, const Kind<Description>& kind,
                                      const KindSettings& settings) {
  std::vector<Problem> problems;
  for (const Description* other : registered<Description>())
    for (const KindSetting& setting : other->settings) {
      const auto has = [&](const KindSetting& own) { return std::string_view(own.name) == setting.name; };
      const std::string where = "/" + section + "/" + setting.name;
      if (std::any_of(kind->settings.begin(), kind->settings.end(), has) ||
          KindSettings(settings).value(setting) == setting.initial ||
          std::any_of(problems.begin(), problems.end(), [&](const Problem& p) { return p.where == where; }))
        continue;
      problems.push_back({where, foreign(kind->name, owners_of<Description>(setting.name), section)});
    }
  return problems;
}

// Fields of other kinds that are not at their defaults: a setting that does nothing is a mistake.
std::vector<Problem> foreign_fields(const SourceConfig& source) {
  Config config;
  const nlohmann::ordered_json plain = write_config(config)["source"];
  config.source = source;
  const nlohmann::ordered_json asked = write_config(config)["source"];
  std::vector<Problem> problems;
  for (const SourceDescription* other : registered<SourceDescription>())
    for (const char* field : other->fields)
      if (source.kind != SourceKind(*other) && asked[field] != plain[field])
        problems.push_back(
            {std::string("/source/") + field,
             fmt::format("{} has no such setting, only {} has: leave it out or set source.kind={}",
                         source.kind->name, other->name, other->name)});
  return problems;
}

std::vector<Problem> check_source(const SourceConfig& source) {
  std::vector<Problem> problems = foreign_fields(source);
  for (Problem& problem : foreign_settings("source", source.kind, source.own))
    problems.push_back(std::move(problem));
  if (source.kind->check != nullptr)
    for (Problem& problem : source.kind->check(source)) problems.push_back(std::move(problem));
  return problems;
}

std::vector<std::string> learning_kinds() {
  std::vector<std::string> names;
  for (const AttentionDescription* kind : registered<AttentionDescription>())
    if (kind->learns) names.emplace_back(kind->name);
  return names;
}

// Settings of sparse or learning kinds, which others must leave alone.
std::vector<Problem> foreign_settings(const AttentionConfig& a) {
  const AttentionConfig plain;
  const bool dense = a.kind == AttentionKind::dense;
  const struct {
    const char* name;
    bool foreign;
    bool changed;
    std::vector<std::string> owners;
  } settings[] = {{"k", dense, a.k != plain.k, {"the sparse kinds"}},
                  {"heads", dense, a.heads != plain.heads, {"the sparse kinds"}},
                  {"layers", dense, a.layers != plain.layers, {"the sparse kinds"}},
                  {"distil", !a.kind->learns, a.distil != plain.distil, learning_kinds()}};
  std::vector<Problem> problems;
  for (const auto& setting : settings)
    if (setting.foreign && setting.changed)
      problems.push_back(
          {std::string("/attention/") + setting.name, foreign(a.kind->name, setting.owners, "attention")});
  for (Problem& problem : foreign_settings("attention", a.kind, a.own))
    problems.push_back(std::move(problem));
  return problems;
}

std::vector<Problem> check_attention(const Config& c) {
  const AttentionConfig& a = c.attention;
  std::vector<Problem> problems = foreign_settings(a);
  if (a.kind == AttentionKind::dense) return problems;
  const auto at_most = [&](const char* name, int64_t value, int64_t limit, const char* of) {
    for (Problem& problem : attention_at_most(name, value, limit, of)) problems.push_back(std::move(problem));
  };
  if (c.body.kind == BodyKind::bag)
    problems.push_back({"/attention/kind", fmt::format("{} needs attention, which the bag has not: set "
                                                       "body.kind=encoder or attention.kind=dense",
                                                       a.kind->name)});
  at_most("k", a.k, c.windows.length, "positions of a window");
  at_most("heads", a.heads, c.body.heads, "heads");
  at_most("layers", a.layers, c.body.layers, "layers");
  if (a.kind->check != nullptr)
    for (Problem& problem : a.kind->check(c)) problems.push_back(std::move(problem));
  return problems;
}

// Settings that none of the embeddings reads must not stop a study: presets set them for all arms.
std::vector<Problem> check_embedding(const Config& c, const std::vector<EmbeddingKind>& embeddings) {
  const EmbeddingSettings reads = settings_read_by(embeddings);
  std::vector<Problem> problems;
  const bool counts = c.bands.rule == BandRule::rank_count;
  const double all = counts ? static_cast<double>(c.source.vocabulary) : 1.0;
  if (reads.bands && counts &&
      (c.bands.high != std::floor(c.bands.high) || c.bands.low != std::floor(c.bands.low)))
    problems.push_back({"/bands/high", "rank_count takes whole numbers of tokens for high and low"});
  if (reads.bands && c.bands.high + c.bands.low > all)
    problems.push_back(
        {"/bands/high",
         fmt::format("high and low together take {}, more than the {}", c.bands.high + c.bands.low,
                     counts ? fmt::format("{} tokens of the vocabulary", all) : "whole, 1")});
  const struct {
    const char* pointer;
    double factor;
    bool read;
  } widths[] = {{"/embedding/high", c.embedding.high, reads.high},
                {"/embedding/mid", c.embedding.mid, reads.mid_low},
                {"/embedding/low", c.embedding.low, reads.mid_low},
                {"/embedding/rank", c.embedding.rank, reads.rank}};
  for (const auto& width : widths)
    if (width.read && band_width(width.factor, c.body) < 1)
      problems.push_back(
          {width.pointer, fmt::format("{} times the width {} leaves no column", width.factor, c.body.width)});
  if (reads.widths && c.embedding.widths.columns.empty())
    problems.push_back(
        {"/embedding/widths", "allocated takes a list of widths, such as [16,8,4,2]: ate widths finds them"});
  return problems;
}

}  // namespace

std::vector<Problem> attention_at_most(const char* setting, int64_t value, int64_t limit, const char* of) {
  if (value <= limit) return {};
  return {{std::string("/attention/") + setting,
           fmt::format("{} is more than the {} {}: set attention.{} to at most {}", value, limit, of, setting,
                       limit)}};
}

namespace {

void append(std::vector<Problem>& problems, std::vector<Problem> more) {
  problems.insert(problems.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// What a source that asks for answers needs of the rest.
void check_examples(const Config& c, std::vector<Problem>& problems) {
  const int64_t example = example_length(c.source);
  if (c.windows.length != example)
    problems.push_back(
        {"/windows/length",
         fmt::format("a window is an example, and {}'s have {} tokens: set windows.length to {}, or "
                     "source.example to {}",
                     c.source.kind->name, example, example, c.windows.length)});
  if (c.body.kind == BodyKind::bag)
    problems.push_back(
        {"/body/kind", fmt::format("{} asks inside of a window, and the bag predicts the token after "
                                   "it: set body.kind=encoder",
                                   c.source.kind->name)});
}

void check_windows(const Config& c, std::vector<Problem>& problems) {
  const int64_t train = training_tokens(c.source);
  const int64_t validation = c.source.tokens - train;
  const int64_t tune = tuning_tokens(c);
  const int64_t needed = c.windows.length + 1;
  // Less than two windows of training tokens leave (n_train - T - 1) / T batches, which is none.
  if (train < 2 * c.windows.length + 1 || validation < needed)
    problems.push_back(
        {"/windows/length",
         fmt::format(
             "a window of {} tokens and its target do not fit: the training part has {} tokens (at least {} "
             "needed), the validation part {} (at least {} needed)",
             c.windows.length, train, 2 * c.windows.length + 1, validation, needed)});
  else if (c.evaluation.tune_share > 0 && std::min(tune, validation - tune) < needed)
    problems.push_back(
        {"/evaluation/tune_share",
         fmt::format("leaves {} tokens to tune on and {} to test on: at least {} are needed in each", tune,
                     validation - tune, needed)});
  else if (asks(c.source))
    for (const auto& [what, begin, end] : {std::tuple{"training part", int64_t{0}, train},
                                           {"part to tune on", train, train + tune},
                                           {"part to test on", train + tune, c.source.tokens}})
      if (end > begin && window_places(c, begin, end).count < 1)
        problems.push_back({"/source/tokens",
                            fmt::format("the {} holds no whole example of {} tokens: set more source.tokens",
                                        what, c.windows.length)});
}

// What a model of these embeddings needs, all else alike.
std::vector<Problem> check_model(const Config& c, const std::vector<EmbeddingKind>& embeddings) {
  std::vector<Problem> problems;
  append(problems, check_source(c.source));
  if (asks(c.source)) check_examples(c, problems);
  check_windows(c, problems);
  append(problems, check_body(c.body));
  append(problems, check_attention(c));
  append(problems, foreign_settings("optimiser", c.optimiser.kind, c.optimiser.own));
  if (c.optimiser.kind->check != nullptr) append(problems, c.optimiser.kind->check(c));
  append(problems, check_schedule(c));
  append(problems, check_embedding(c, embeddings));
  return problems;
}

}  // namespace

std::vector<Problem> check_config(const Config& c) {
  std::vector<Problem> problems;
  if (!safe_in_file_names(c.name)) problems.push_back({"/name", std::string("expected ") + kSafeName});
  const bool device = is_device_name(c.device);
  if (!device)
    problems.push_back({"/device", "expected auto, cpu, cuda, cuda:N or mps, got \"" + c.device + "\""});

  std::vector<EmbeddingKind> built_in;
  for (const Arm& arm : c.study.arms)
    if (arm.set.empty()) built_in.emplace_back(arm.name);
  if (!built_in.empty()) {
    if (device) append(problems, check_kernels(c));
    append(problems, check_model(c, built_in));
  }
  append(problems, check_evaluation(c.evaluation));
  append(problems, check_arms(c));
  if (problems.empty()) append(problems, check_tuning(c));
  return problems;
}

std::vector<Problem> check_arm_config(const Config& of_arm) {
  std::vector<Problem> problems;
  if (is_device_name(of_arm.device)) append(problems, check_kernels(of_arm));
  append(problems, check_model(of_arm, {of_arm.embedding.kind}));
  return problems;
}

std::vector<Problem> check_training(const Config& c) {
  std::vector<Problem> problems;
  if (c.train.procedure == Procedure::model) return problems;
  if (c.body.kind == BodyKind::bag)
    problems.push_back({"/train/procedure", fmt::format("{} needs attention, which the bag has not: set "
                                                        "body.kind=encoder or train.procedure=model",
                                                        enum_name(c.train.procedure))});
  if (asks(c.source))
    problems.push_back(
        {"/train/procedure", fmt::format("{} scores every token of a window, and {} asks for some: set "
                                         "train.procedure=model or another source.kind",
                                         enum_name(c.train.procedure), c.source.kind->name)});
  if (c.train.procedure == Procedure::pipeline && c.attention.kind != AttentionKind::mlp_topk)
    problems.push_back({"/train/procedure",
                        "pipeline trains a selector and an approximator: set "
                        "attention.kind=mlp_topk or train.procedure=model"});
  return problems;
}

}  // namespace ate
