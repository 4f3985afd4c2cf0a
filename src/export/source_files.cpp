#include "export/source_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/derived.h"
#include "config/enum_names.h"
#include "config/json.h"
#include "data/windows.h"
#include "export/npy.h"
#include "model/embedding_plan.h"
#include "report/table.h"
#include "support/files.h"

namespace ate {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int64_t kPiece = 1 << 16;  // tokens read at a time

// The folder's files, and what each is.
class Files {
 public:
  explicit Files(fs::path folder) : folder_(std::move(folder)) {}

  // `fill` appends the numbers.
  template <class T, class Fill>
  void write(const std::string& name, const std::vector<int64_t>& shape, const std::string& help, Fill fill) {
    NpyWriter<T> file(folder_ / (name + ".npy"), shape);
    fill(file);
    file.close();
    described_[name + ".npy"] = {{"type", npy_type<T>()}, {"shape", shape}, {"holds", help}};
  }
  template <class T>
  void write(const std::string& name, const std::vector<int64_t>& shape, const std::string& help,
             const std::vector<T>& numbers) {
    write<T>(name, shape, help, [&](NpyWriter<T>& file) { file.append(numbers); });
  }
  const Json& described() const { return described_; }

 private:
  fs::path folder_;
  Json described_ = Json::object();
};

void write_corpus(const Corpus& corpus, Files& files) {
  files.write<int32_t>("corpus", {corpus.size()}, "every token of the corpus", [&](NpyWriter<int32_t>& file) {
    std::vector<int64_t> piece;
    for (int64_t first = 0; first < corpus.size(); first += kPiece) {
      piece.resize(static_cast<size_t>(std::min(kPiece, corpus.size() - first)));
      corpus.read(first, piece);
      file.append(std::vector<int32_t>(piece.begin(), piece.end()));
    }
  });
  if (!corpus.answers.empty())
    files.write("answers", {corpus.size()},
                "the answer that is asked for after each token, -1 where none is: the targets, and the mask "
                "over them",
                corpus.answers);
}

void write_training_windows(const TrialSource& trial, Files& files) {
  const Config& config = trial.config;
  const int64_t per_epoch = steps_per_epoch(config);
  files.write<int64_t>(
      "training_windows", {steps_in_all(config), config.windows.batch},
      "where the windows of each step start in the corpus, in training order", [&](NpyWriter<int64_t>& file) {
        for (int64_t step = 0; step < steps_in_all(config); ++step)
          file.append(training_windows(config, trial.corpus, trial.key, step / per_epoch, step % per_epoch));
      });
}

// The starts of every evaluation that differs from the others, one after another.
std::vector<WindowStarts> all_evaluations(const TrialSource& trial, const std::vector<int64_t>& draws) {
  std::vector<WindowStarts> all;
  const bool whole = trial.config.evaluation.windows == EvaluationWindows::whole;
  for (const int64_t draw : whole ? std::vector<int64_t>{0} : draws)
    all.push_back(evaluation_windows(trial.config, trial.corpus, trial.key, draw));
  return all;
}

void write_law_table(const LawTable& table, Files& files) {
  files.write("law_entropy", {table.rows()}, "entropy of each row of the law, nats", table.entropy);
  if (table.dense_rows() > 0)
    files.write("law_dense", {table.dense_rows(), table.vocabulary},
                "the law's first rows: probability of each token", table.dense);
  if (table.first.empty()) return;
  const auto entries = static_cast<int64_t>(table.token.size());
  files.write("law_sparse_first", {static_cast<int64_t>(table.first.size())},
              "row (dense rows + i) holds the entries first[i] .. first[i + 1] - 1 of the next two files",
              table.first);
  files.write("law_sparse_token", {entries}, "the token of each entry", table.token);
  files.write("law_sparse_probability", {entries}, "its probability", table.probability);
}

// The law of every target that is scored, as the excess loss has it.
void write_conditionals(const TrialSource& trial, const std::vector<WindowStarts>& evaluations,
                        std::vector<int64_t> shape, Files& files) {
  const Config& config = trial.config;
  const int64_t length = config.windows.length;
  const int64_t targets = targets_per_window(config);
  std::vector<int64_t> rows;
  std::vector<double> weights;
  std::vector<int32_t> tokens;
  std::vector<NextLaw> laws(static_cast<size_t>(length));
  std::vector<int64_t> window(laws.size());
  for (const WindowStarts& starts : evaluations)
    for (const int64_t start : starts) {
      trial.corpus.read(start, window);
      trial.source->next_laws(window, laws);
      for (int64_t t = length - targets; t < length; ++t) {
        const NextLaw& law = laws[static_cast<size_t>(t)];
        const bool scored =
            trial.corpus.answers.empty() || trial.corpus.answers[static_cast<size_t>(start + t)] != kNotAsked;
        rows.push_back(scored ? law.row : -1);
        weights.push_back(law.weight);
        tokens.push_back(law.token);
      }
    }
  shape.push_back(targets);
  files.write("evaluation_law_row", shape,
              "row of the law of each target of evaluation_windows; -1 where the target is not scored", rows);
  files.write("evaluation_law_weight", shape, "p(x) = (1 - weight) row(x) + weight [x = token]", weights);
  files.write("evaluation_law_token", shape, "that token", tokens);
}

// Which table, and which of its rows, each token has in the arm's embedding.
Json write_embedding(const TrialSource& trial, Files& files) {
  const EmbeddingPlan plan = plan_embedding(trial.config, trial.id.arm, trial.corpus, trial.id.seed);
  std::vector<std::pair<int64_t, int64_t>> places;  // of each row that a token can have
  Json blocks = Json::array();
  for (const EmbeddingBlock& block : plan.blocks) {
    for (int64_t i = 0; i < block.live_rows(); ++i)
      places.emplace_back(static_cast<int64_t>(blocks.size()),
                          block.live.empty() ? i : block.live[static_cast<size_t>(i)]);
    blocks.push_back(block.name);
  }
  for (int64_t i = 0; i < plan.noise_rows; ++i) places.emplace_back(-1, i);
  std::vector<int64_t> of_token;
  for (int64_t token = 0; token < trial.corpus.vocabulary; ++token) {
    const int64_t row = plan.row_of.empty() ? token : plan.row_of[static_cast<size_t>(token)];
    const auto& [block, place] = places[static_cast<size_t>(row)];
    of_token.insert(of_token.end(), {block, place});
  }
  files.write("embedding", {trial.corpus.vocabulary, 2},
              "the table of each token in this arm, by its place in embedding_tables (-1: a fixed random "
              "row), and its row",
              of_token);
  return blocks;
}

}  // namespace

TrialSource::TrialSource(const Config& study, const TrialId& trial)
    : id(trial),
      config(arm_config(study, trial.arm)),
      key(trial_key(config, trial)),
      source(open_source(config.source)),
      corpus(source->corpus(trial.seed)) {}

Json split_of(const TrialSource& trial) {
  const int64_t cut = trial.corpus.training + tuning_tokens(trial.config);
  return {{"training", {0, trial.corpus.training}},
          {"tuning", {trial.corpus.training, cut}},
          {"test", {cut, trial.corpus.size()}}};
}

Json write_source(const TrialSource& trial, const std::vector<int64_t>& evaluation_draws,
                  const fs::path& folder) {
  const Config& config = trial.config;
  const Json settings = write_config(config);
  Files files(folder);
  write_corpus(trial.corpus, files);
  write_training_windows(trial, files);
  const std::vector<WindowStarts> evaluations = all_evaluations(trial, evaluation_draws);
  const bool sampled = config.evaluation.windows == EvaluationWindows::sampled;
  std::vector<int64_t> shape;
  if (sampled) shape.push_back(static_cast<int64_t>(evaluations.size()));
  shape.push_back(static_cast<int64_t>(evaluations.front().size()));
  files.write<int64_t>("evaluation_windows", shape,
                       sampled
                           ? "where the windows of each evaluation start, a row for each of evaluation_draws"
                           : "where the windows of every evaluation start",
                       [&](NpyWriter<int64_t>& file) {
                         for (const WindowStarts& starts : evaluations) file.append(starts);
                       });
  if (trial.source->laws() != nullptr) {
    write_law_table(*trial.source->laws(), files);
    write_conditionals(trial, evaluations, shape, files);
  }
  const Json tables = write_embedding(trial, files);
  const bool answers = !trial.corpus.answers.empty();
  Json out = {{"name", config.name},
              {"arm", trial.id.arm_name()},
              {"seed", trial.id.seed},
              {"source", settings["source"]},
              {"vocabulary", trial.corpus.vocabulary},
              {"window", config.windows.length},
              {"targets", answers                             ? "answers, where they are not -1"
                          : config.body.kind == BodyKind::bag ? "the token after the window"
                                                              : "the tokens of the window, one further"},
              {"floor_nats", number_or_null(trial.source->entropy())},
              {"split", split_of(trial)},
              {"evaluated", enum_name(config.evaluation.part)},
              {"evaluation_draws", evaluation_draws},
              {"steps_per_epoch", steps_per_epoch(config)},
              {"embedding_tables", tables},
              {"files", files.described()}};
  write_atomically(folder / "source.json", out.dump(2) + "\n");
  return out;
}

}  // namespace ate
