#include "export/source_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/derived.h"
#include "data/bands.h"
#include "data/windows.h"
#include "study/describe_corpus.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kInRow = 16;         // tokens of a window in a row
constexpr size_t kMembersShown = 10;  // tokens of a band

std::string title_of(const TrialSource& trial) {
  return fmt::format("{}: source {}, seed {}", trial.config.name, trial.config.source.kind->name,
                     trial.id.seed);
}

std::string describe_split(const TrialSource& trial) {
  std::vector<std::string> parts;
  const Json split = split_of(trial);
  for (const auto& [name, range] : split.items())
    if (range[0] != range[1])
      parts.push_back(fmt::format("{} {} to {}", name, range[0].get<int64_t>(), range[1].get<int64_t>() - 1));
  return fmt::format("split: {}", fmt::join(parts, ", "));
}

Table facts_table(const TrialSource& trial) {
  Table table{
      "facts", "What the law tells", {{"name", "fact"}, {"value", "value", 4}, {"meaning", "meaning"}}, {}};
  const auto add = [&](const std::string& name, double value, const std::string& meaning) {
    table.rows.push_back({name, number_or_null(value), meaning});
  };
  const Source& source = *trial.source;
  if (source.entropy())
    add("floor", *source.entropy(),
        asks(trial.config.source) ? "nats per answer: no honest loss is lower"
                                  : "nats per token: no honest loss is lower");
  if (asks(trial.config.source))
    add("answers_per_window", scored_per_window(trial.config), "asked for in a window, on average");
  for (const SourceFact& fact : source.facts())
    if (fact.name != "answers_per_example") add(fact.name, fact.value, fact.help);
  return table;
}

Table bands_of(const TrialSource& trial) {
  Table table{"bands",
              "Frequency bands, most frequent first",
              {{"band", "band"},
               {"tokens", "tokens"},
               {"share", "share of the training part", 4},
               {"first", "first"}},
              {}};
  const Bands bands = make_bands(trial.config.bands, trial.corpus, EmptyBands::allowed);
  const std::vector<int64_t> counts = trial.corpus.counts(trial.corpus.training);
  for (size_t band = 0; band < kBandNames.size(); ++band) {
    const std::vector<int32_t>& members = bands.members.at(band);
    double share = 0;
    std::vector<std::string> first;
    for (size_t i = 0; i < members.size(); ++i) {
      share += static_cast<double>(counts[static_cast<size_t>(members[i])]) /
               static_cast<double>(trial.corpus.training);
      if (i < kMembersShown) first.push_back(trial.source->token_text(members[i]));
    }
    table.rows.push_back(
        {kBandNames.at(band), members.size(), share, fmt::format("{}", fmt::join(first, " "))});
  }
  return table;
}

// One window: its tokens, its targets (-1 where nothing is asked) and the entropy of their laws.
struct Shown {
  int64_t start;
  std::vector<int64_t> tokens, targets;
  std::vector<double> entropy;
};

Shown read_window(const TrialSource& trial, int64_t start) {
  const auto length = static_cast<size_t>(trial.config.windows.length);
  Shown out{start, std::vector<int64_t>(length), std::vector<int64_t>(length), {}};
  trial.corpus.read(start, out.tokens);
  if (trial.corpus.answers.empty())
    trial.corpus.read(start + 1, out.targets);
  else
    trial.corpus.read_answers(start, out.targets);
  if (trial.config.body.kind == BodyKind::bag)
    std::fill(out.targets.begin(), out.targets.end() - 1, kNotAsked);
  if (trial.source->laws() == nullptr) return out;
  std::vector<NextLaw> laws(length);
  trial.source->next_laws(out.tokens, laws);
  for (const NextLaw& law : laws) out.entropy.push_back(entropy_nats(*trial.source->laws(), law));
  return out;
}

void add_rows(const TrialSource& trial, size_t number, const Shown& window, Table& table) {
  for (size_t first = 0; first < window.tokens.size(); first += kInRow) {
    std::vector<std::string> tokens;
    std::vector<std::string> asked;
    double entropy = 0;
    double scored = 0;
    for (size_t t = first; t < std::min(first + kInRow, window.tokens.size()); ++t) {
      tokens.push_back(trial.source->token_text(window.tokens[t]));
      if (window.targets[t] == kNotAsked) continue;
      asked.push_back(fmt::format("{}:{}", t, trial.source->token_text(window.targets[t])));
      if (!window.entropy.empty()) entropy += window.entropy[t];
      ++scored;
    }
    std::vector<Json> row = {number, first, fmt::format("{}", fmt::join(tokens, " "))};
    if (asks(trial.config.source)) row.emplace_back(fmt::format("{}", fmt::join(asked, " ")));
    if (!window.entropy.empty()) row.push_back(scored > 0 ? Json(entropy / scored) : Json(nullptr));
    table.rows.push_back(std::move(row));
  }
}

}  // namespace

Report source_report(const TrialSource& trial, int64_t windows) {
  Report report;
  report.title = title_of(trial);
  report.facts = {describe_corpus(trial.config, trial.source->entropy()), describe_split(trial)};
  report.tables = {facts_table(trial), bands_of(trial)};
  Table table{"windows",
              "The first training windows",
              {{"window", "window"}, {"position", "position"}, {"tokens", "tokens"}},
              {},
              2};
  if (asks(trial.config.source)) table.columns.push_back({"asked", "asked (position:answer)"});
  if (trial.source->laws() != nullptr)
    table.columns.push_back({"entropy", "entropy of the targets (nats)", 4});
  Json shown = Json::array();
  const int64_t batch = trial.config.windows.batch;
  const int64_t per_epoch = steps_per_epoch(trial.config);
  for (int64_t i = 0; i < windows; ++i) {
    const int64_t step = i / batch;
    const WindowStarts starts =
        training_windows(trial.config, trial.corpus, trial.key, step / per_epoch, step % per_epoch);
    const Shown window = read_window(trial, starts[static_cast<size_t>(i % batch)]);
    add_rows(trial, static_cast<size_t>(i), window, table);
    shown.push_back({{"start", window.start}, {"tokens", window.tokens}, {"targets", window.targets}});
    if (!window.entropy.empty()) shown.back()["target_entropy"] = window.entropy;
  }
  report.tables.push_back(std::move(table));
  Json facts = Json::object();
  for (const std::vector<Json>& row : report.tables[0].rows) facts[row[0].get<std::string>()] = row[1];
  Json bands = Json::array();
  for (const std::vector<Json>& row : report.tables[1].rows)
    bands.push_back({{"band", row[0]}, {"tokens", row[1]}, {"share", row[2]}});
  report.document = {{"name", trial.config.name}, {"source", trial.config.source.kind->name},
                     {"seed", trial.id.seed},     {"floor_nats", number_or_null(trial.source->entropy())},
                     {"facts", std::move(facts)}, {"split", split_of(trial)},
                     {"bands", std::move(bands)}, {"windows", std::move(shown)}};
  return report;
}

Report files_report(const TrialSource& trial, const Json& written, const std::filesystem::path& folder) {
  Report report;
  report.title = title_of(trial);
  report.facts = {describe_corpus(trial.config, trial.source->entropy()), describe_split(trial),
                  "folder: " + folder.string()};
  Table table{"files", "", {{"file", "file"}, {"shape", "shape"}, {"type", "type"}, {"holds", "holds"}}, {}};
  for (const auto& [name, file] : written["files"].items()) {
    std::vector<int64_t> shape = file["shape"];
    table.rows.push_back({name, fmt::format("{}", fmt::join(shape, " x ")), file["type"], file["holds"]});
  }
  table.rows.push_back({"source.json", nullptr, "JSON", "what these files are, for programs"});
  report.tables.push_back(std::move(table));
  report.document = written;
  report.document["folder"] = folder.string();
  return report;
}

}  // namespace ate
