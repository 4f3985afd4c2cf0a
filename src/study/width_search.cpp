#include "study/width_search.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <set>
#include <stdexcept>

#include "config/derived.h"
#include "config/json.h"
#include "data/bands.h"
#include "data/corpus.h"
#include "model/embedding_plan.h"
#include "model/flops.h"
#include "run/folder.h"
#include "study/finished.h"
#include "support/error.h"
#include "train/safetensors.h"

namespace ate {
namespace {

constexpr const char* kWidths = "embedding.widths";

Arm allocated(const std::string& name, const std::vector<int64_t>& widths) {
  return Arm(name, {{"embedding.kind", "\"allocated\""}, {kWidths, nlohmann::ordered_json(widths).dump()}});
}

Bands bands_of(const Config& config, int64_t seed) {
  return make_bands(config.bands, make_corpus(config.source, seed), EmptyBands::allowed);
}

// The most blocks, up to `most`, none of which is empty in any seed's corpus: an arm has the same blocks in all of them.
size_t blocks_in_all(const Config& config, const std::vector<SeedList>& seeds, int64_t most) {
  auto blocks = static_cast<size_t>(most);
  for (const SeedList& list : seeds)
    for (const int64_t seed : list) {
      const Bands bands = bands_of(config, seed);
      while (blocks > 1 && blocks_of_equal_occurrence(bands, blocks).size() < blocks) --blocks;
    }
  // Fewer blocks can have an empty one where more had none.
  return blocks == static_cast<size_t>(most) ? blocks
                                             : blocks_in_all(config, seeds, static_cast<int64_t>(blocks));
}

// Arms of widths drawn at random within the budget, no two alike; fewer than asked for where there are no more.
std::vector<Arm> random_arms(const std::vector<int64_t>& tokens, int64_t model_width, int64_t budget,
                             int64_t wanted) {
  constexpr uint32_t kDrawsPerArm = 100;
  std::vector<Arm> arms;
  std::set<std::vector<int64_t>> seen;
  for (uint32_t draw = 0; draw < kDrawsPerArm * wanted && std::ssize(arms) < wanted; ++draw)
    if (std::vector<int64_t> widths = random_widths(tokens, model_width, budget, draw);
        seen.insert(widths).second)
      arms.push_back(allocated(fmt::format("random{}", arms.size() + 1), widths));
  return arms;
}

// The tokens of each block.
std::vector<int64_t> block_sizes(const Config& config, int64_t seed, size_t most) {
  std::vector<int64_t> sizes;
  for (const TokenGroup& group : blocks_of_equal_occurrence(bands_of(config, seed), most))
    sizes.push_back(static_cast<int64_t>(group.tokens.size()));
  return sizes;
}

at::Tensor array_of(const SafetensorsFile& file, const std::string& name, int64_t rows, int64_t columns) {
  const auto bytes = static_cast<size_t>(rows * columns) * sizeof(float);
  const std::string_view content = file.array(name, bytes);
  at::Tensor out = at::empty({rows, columns}, at::kFloat);
  std::memcpy(out.data_ptr<float>(), content.data(), bytes);
  return out.to(at::kDouble);
}

// The squared singular values of the block's rows at the model's width, by the eigenvalues of their weighted second
// moments. What all rows share, the projection's bias can give: it is taken out.
std::vector<double> energies(const at::Tensor& table, const at::Tensor& projection, const at::Tensor& weights,
                             bool bias) {
  at::Tensor rows = at::matmul(table, projection.t());  // [n, d]
  if (bias) rows = rows - at::matmul(weights, rows) / weights.sum();
  const at::Tensor moments = at::matmul(rows.t(), rows * weights.unsqueeze(1));
  const at::Tensor values =
      std::get<0>(at::linalg_eigvalsh(moments).clamp_min(0).sort(-1, true)).contiguous();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

// Adds a trained over-wide model's spectra, `weight` each.
void add_spectra(const Config& config, const SafetensorsFile& file, int64_t seed, double weight,
                 std::vector<BlockSpectrum>& spectra) {
  const Corpus corpus = make_corpus(config.source, seed);
  const Bands bands = make_bands(config.bands, corpus);
  const EmbeddingPlan plan = config.embedding.kind->plan(config, bands);
  const auto total =
      static_cast<double>(std::accumulate(bands.counts.begin(), bands.counts.end(), int64_t{0}));
  std::vector<double> share(static_cast<size_t>(config.source.vocabulary), 0);
  for (size_t i = 0; i < bands.ranked.size(); ++i)
    share[static_cast<size_t>(bands.ranked[i])] = static_cast<double>(bands.counts[i]) / total;
  for (size_t i = 0; i < plan.blocks.size(); ++i) {
    const EmbeddingBlock& block = plan.blocks[i];
    const std::vector<int64_t>& tokens = block.tokens.empty() ? block.live : block.tokens;
    at::Tensor weights = at::zeros({block.rows}, at::kDouble);
    for (size_t row = 0; row < tokens.size(); ++row)
      weights[block.tokens.empty() ? tokens[row] : static_cast<int64_t>(row)] =
          share[static_cast<size_t>(tokens[row])];
    const std::vector<double> found =
        energies(array_of(file, block.name + ".weight", block.rows, block.width),
                 array_of(file, block.name + ".projection.weight", config.body.width, block.width), weights,
                 block.bias);
    BlockSpectrum& spectrum = spectra.at(i);
    spectrum.energies.resize(found.size());
    for (size_t j = 0; j < found.size(); ++j) spectrum.energies[j] += weight * found[j];
    spectrum.share += weight * weights.sum().item<double>();
  }
}

// Of the embedding's tables and projections, without biases.
int64_t embedding_parameters(const EmbeddingPlan& plan, int64_t model_width) {
  int64_t sum = 0;
  for (const EmbeddingBlock& block : plan.blocks)
    sum += block.live_rows() * block.width + (block.projected ? block.width * model_width : 0);
  return sum;
}

}  // namespace

std::vector<int64_t> widths_of(const Config& study, const Arm& arm) {
  return arm_config(study, arm).embedding.widths.columns;
}

WidthSearch search_widths(Resolved resolved, const WidthSearchOptions& options) {
  const Config asked = resolved.config;
  const SeedList& seeds = asked.study.tune.seeds;
  for (const int64_t seed : seeds)
    if (std::find(asked.study.seeds.begin(), asked.study.seeds.end(), seed) != asked.study.seeds.end())
      throw resolved.blame(BadInput(
          "/study/tune/seeds",
          fmt::format("seed {} is one of study.seeds too: what is searched on it is not tested on it",
                      seed)));
  const int64_t d = asked.body.width;
  const size_t most = blocks_in_all(asked, {seeds, asked.study.seeds}, options.blocks);
  const std::vector<int64_t> tokens = block_sizes(asked, seeds.front(), most);
  if (tokens.size() < 2)
    throw resolved.blame(BadInput("/source", "a token fills a block of two: there are no widths to choose"));
  std::vector<int64_t> full;
  for (const int64_t n : tokens) full.push_back(widest(n, d));

  WidthSearch search;
  search.seeds = seeds;
  search.budget =
      options.parameters > 0
          ? options.parameters
          : embedding_parameters(plan_embedding(asked, Arm("mixed_dim"),
                                                make_corpus(asked.source, seeds.front()), seeds.front()),
                                 d);

  // Before a model is trained, since this also shows whether the budget pays for anything.
  std::vector<Arm> others;
  try {
    others = {allocated("power", power_widths(tokens, d, search.budget, asked.embedding.decay)),
              allocated("uniform", {uniform_width(tokens, d, search.budget)})};
    const std::vector<Arm> drawn = random_arms(tokens, d, search.budget, options.random);
    others.insert(others.end(), drawn.begin(), drawn.end());
  } catch (const std::invalid_argument& error) {
    throw BadInput("--parameters", error.what());
  }

  resolved.config.study.arms = {allocated("overwide", full)};
  resolved.config.study.seeds = seeds;
  resolved.config.study.tune.axes.clear();
  resolved.config.study.budget = Budget::steps;
  StudyOptions run = options.run;
  run.command = "widths";
  const StudyOutcome trained = run_study(std::move(resolved), run);
  search.run_id = trained.result.run_id;
  const Arm overwide = trained.result.config.study.arms.front();
  const Config wide = arm_config(trained.result.config, overwide);
  for (const int64_t n : tokens) search.blocks.push_back({n, 0, {}});
  for (const TrialRecord& trial : trained.result.trials) {
    if (!finished(trial))
      throw Failure("widths", trial.id.text() + " diverged: lower optimiser.learning_rate");
    const std::filesystem::path file =
        run.out / "runs" / search.run_id / "checkpoint" / (trial.id.file() + ".safetensors");
    add_spectra(wide, SafetensorsFile(file), trial.id.seed, 1.0 / static_cast<double>(seeds.size()),
                search.blocks);
    search.flops +=
        trial.progress.flops_per_token * static_cast<double>(trial.progress.updates * tokens_per_step(wide));
    search.seconds += trial.seconds;
  }

  search.arms = {allocated("searched", prune(search.blocks, d, search.budget))};
  search.arms.insert(search.arms.end(), others.begin(), others.end());
  search.study = asked;
  search.study.study.arms = search.arms;
  search.study.name = asked.name + "-widths";
  search.study.description = fmt::format("Widths found by {} from seeds {}, against others of {} parameters",
                                         search.run_id, format_seeds(seeds), search.budget);
  const Config searched = arm_config(search.study, search.arms.front());
  search.flops_of_training =
      training_flops_per_token(searched,
                               plan_embedding(search.study, search.arms.front(),
                                              make_corpus(asked.source, seeds.front()), seeds.front())) *
      static_cast<double>(steps_in_all(searched) * tokens_per_step(searched));
  search.file = options.study.empty() ? run.out / fmt::format("study_{}.json", search.run_id) : options.study;
  write_json_file(search.file, write_config(search.study));
  return search;
}

namespace {

// The other arms of the very widths that were found.
std::vector<std::string> same_as_searched(const WidthSearch& search) {
  std::vector<std::string> names;
  const std::vector<int64_t> found = widths_of(search.study, search.arms.front());
  for (size_t i = 1; i < search.arms.size(); ++i)
    if (widths_of(search.study, search.arms[i]) == found) names.push_back(search.arms[i].name);
  return names;
}

}  // namespace

Report width_search_report(const WidthSearch& search) {
  const int64_t d = search.study.body.width;
  Report report;
  report.title = fmt::format("{}: widths of {} blocks within {} parameters", search.study.name,
                             search.blocks.size(), search.budget);
  report.facts = {fmt::format("searched on seeds {}, run {}", format_seeds(search.seeds), search.run_id)};
  Table blocks{"blocks",
               "Blocks of about equal occurrence, and what each arm gives them",
               {{"block", "block"}, {"tokens", "tokens"}, {"share", "share", 3}, {"overwide", "over-wide"}},
               {}};
  std::vector<int64_t> tokens;
  for (size_t i = 0; i < search.blocks.size(); ++i) {
    const BlockSpectrum& block = search.blocks[i];
    tokens.push_back(block.tokens);
    blocks.rows.push_back({i, block.tokens, block.share, widest(block.tokens, d)});
  }
  Table arms{"arms",
             "Arms of the study",
             {{"arm", "arm"}, {"parameters", "parameters"}, {"energy_kept", "energy kept", 4}},
             {}};
  const Corpus corpus = make_corpus(search.study.source, search.seeds.front());
  for (const Arm& arm : search.arms) {
    const std::vector<int64_t> widths = widths_of(search.study, arm);
    const bool by_block = widths.size() == search.blocks.size();
    if (by_block) blocks.columns.push_back({arm.name, arm.name});
    if (by_block)
      for (size_t i = 0; i < widths.size(); ++i) blocks.rows[i].emplace_back(widths[i]);
    const EmbeddingPlan plan = plan_embedding(search.study, arm, corpus, search.seeds.front());
    arms.rows.push_back({arm.name, embedding_parameters(plan, d),
                         by_block ? nlohmann::ordered_json(energy_kept(search.blocks, widths)) : nullptr});
  }
  report.tables = {std::move(blocks), std::move(arms)};
  report.notes = {fmt::format("The search cost {:.3g} floating-point operations ({:.1f} s), {:.1f} times one "
                              "training of the arm that it found.",
                              search.flops, search.seconds, search.flops / search.flops_of_training),
                  fmt::format("Energy kept: of the over-wide models' rows, weighed by how often each token "
                              "occurs. What that is worth "
                              "in loss the study says, on other seeds: ate study --config {}",
                              search.file.string()),
                  "The same widths under another law: add --set source.exponent=... to that command."};
  if (const std::vector<std::string> same = same_as_searched(search); !same.empty())
    report.notes.push_back(fmt::format(
        "The budget leaves little to choose: {} {} the widths of searched. Fewer --parameters or more "
        "--blocks leave more.",
        fmt::join(same, ", "), same.size() == 1 ? "has" : "have"));
  nlohmann::ordered_json spectra = nlohmann::ordered_json::array();
  for (const BlockSpectrum& block : search.blocks)
    spectra.push_back({{"tokens", block.tokens}, {"share", block.share}, {"energies", block.energies}});
  nlohmann::ordered_json found = nlohmann::ordered_json::array();
  for (const Arm& arm : search.arms)
    found.push_back({{"arm", arm.name}, {"widths", widths_of(search.study, arm)}});
  report.document = {{"run_id", search.run_id},
                     {"budget", search.budget},
                     {"seeds", format_seeds(search.seeds)},
                     {"flops", search.flops},
                     {"seconds", search.seconds},
                     {"flops_of_one_training", search.flops_of_training},
                     {"study", search.file.string()},
                     {"arms", std::move(found)},
                     {"blocks", std::move(spectra)}};
  return report;
}

}  // namespace ate
