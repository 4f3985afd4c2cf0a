// Checks of what the document trained: bespoke against standard embeddings.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "claims/check.h"
#include "config/derived.h"
#include "data/bands.h"
#include "data/corpus.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPublished = "mode=published";

// The last validation loss of each seed whose two arms finished, standard then bespoke.
std::vector<std::pair<double, double>> paired_losses(const StudyResult& result) {
  std::vector<std::pair<double, double>> pairs;
  for (const TrialRecord& standard : result.trials)
    for (const TrialRecord& bespoke : result.trials)
      if (standard.id.seed == bespoke.id.seed && standard.id.arm == Arm::standard &&
          bespoke.id.arm == Arm::bespoke && standard.progress.status == TrainingStatus::finished &&
          bespoke.progress.status == TrainingStatus::finished)
        pairs.emplace_back(standard.progress.evaluations.back().loss,
                           bespoke.progress.evaluations.back().loss);
  return pairs;
}

std::string seeds(const CheckContext& context, int quick, int full) {
  return fmt::format("study.seeds=\"0..{}\"", (context.full() ? full : quick) - 1);
}

Config config_of(const std::string& preset, std::vector<std::string> sets) {
  Choice choice;
  choice.preset = preset;
  choice.sets = std::move(sets);
  return resolve(choice).config;
}

// Standard against bespoke.
StudyResult both_arms(CheckContext& context, const std::string& preset, std::vector<std::string> sets) {
  sets.emplace_back("study.arms=[\"standard\",\"bespoke\"]");
  return context.study({preset, "", std::move(sets), {}});
}

struct Parameters {
  int64_t standard = 0;
  int64_t bespoke = 0;
  double ratio() const { return static_cast<double>(bespoke) / static_cast<double>(standard); }
};

Parameters count_parameters(const std::string& preset, std::vector<std::string> sets) {
  const Config config = config_of(preset, std::move(sets));
  return {count_model(config, Arm::standard).parameters, count_model(config, Arm::bespoke).parameters};
}

const ArmResult& arm_of(const StudyResult& result, const Arm& arm) {
  return *std::find_if(result.arms.begin(), result.arms.end(),
                       [&](const ArmResult& a) { return a.arm == arm; });
}

// As the focused script ran, for so many epochs. reproduced: the claimed ratio of losses lies among those
// of the seeds. contradicted: it lies outside.
Finding check_loss_ratio(const Claim& claim, CheckContext& context) {
  const StudyResult result = both_arms(context, claim.given["preset"],
                                       {kPublished, seeds(context, 20, 100),
                                        fmt::format("schedule.epochs={}", claim.given["epochs"].get<int>())});
  std::vector<double> ratios;
  for (const auto& [standard, bespoke] : paired_losses(result)) ratios.push_back(standard / bespoke);
  if (ratios.empty()) return {Verdict::not_run, "no seed finished both arms", {}};
  std::sort(ratios.begin(), ratios.end());
  const double claimed = claim.given["ratio"];
  Finding finding;
  finding.verdict =
      claimed >= ratios.front() && claimed <= ratios.back() ? Verdict::reproduced : Verdict::contradicted;
  finding.found =
      fmt::format("{:.2f}x to {:.2f}x over {} seeds", ratios.front(), ratios.back(), ratios.size());
  finding.evidence = {
      fmt::format(
          "Standard loss over bespoke loss after {} epochs of the {} preset, published mode: median {:.3f}. "
          "The original report does not say what its synthetic task was; it has withdrawn the claim.",
          claim.given["epochs"].get<int>(), claim.given["preset"].get<std::string>(),
          ratios[ratios.size() / 2]),
      fmt::format(
          "From a loss of {:.2f} nats, {:.0f} times better would be {:.2f}: {} the source's entropy, {:.4f}.",
          arm_of(result, Arm::standard).loss.mean, claimed, arm_of(result, Arm::standard).loss.mean / claimed,
          arm_of(result, Arm::standard).loss.mean / claimed < result.floor.value_or(0) ? "far below"
                                                                                       : "above",
          result.floor.value_or(0))};
  return finding;
}

// The paired study decides. reproduced: its 95 % interval has the printed difference in it and 0 outside.
// contradicted: the printed difference lies outside the interval. arithmetic only: both lie inside, so that
// the printed difference is a possible draw and shows nothing.
Finding check_loss_difference(const Claim& claim, CheckContext& context) {
  const std::string preset = claim.given["preset"];
  const StudyResult paired = both_arms(context, preset, {});
  const StudyResult published = both_arms(context, preset, {kPublished, seeds(context, 10, 100)});
  const Comparison& c = paired.comparisons.front();
  const double standard = claim.given["standard"];
  const double bespoke = claim.given["bespoke"];
  const double printed = bespoke - standard;
  const auto inside = [&](double value) { return value >= c.ci95.low && value <= c.ci95.high; };
  std::vector<double> single;
  for (const auto& [a, b] : paired_losses(published)) single.push_back(b - a);
  const Summary spread = summarise(single);
  Finding finding;
  finding.verdict = !inside(printed) ? Verdict::contradicted
                    : inside(0)      ? Verdict::arithmetic_only
                                     : Verdict::reproduced;
  finding.found = fmt::format("{:+.1f} % ({:+.4f} nats, 95 % {:+.4f} to {:+.4f})", -100 * (c.loss_ratio - 1),
                              c.difference.mean, c.ci95.low, c.ci95.high);
  finding.evidence = {
      fmt::format("Paired over {} seeds, the whole validation part scored: {}. Printed: {:+.4f} nats.",
                  c.difference.n, c.verdict, printed),
      fmt::format("One run as published could not show it: over {} seeds the difference of single runs has a "
                  "standard deviation of {:.2f} nats, {:.0f} times what was printed, as each loss is the "
                  "mean of {} windows and has a sampling error of {:.2f} nats.",
                  spread.n, spread.deviation, spread.deviation / std::abs(printed),
                  arm_of(published, Arm::standard).targets,
                  arm_of(published, Arm::standard).mean_standard_error),
      fmt::format("Both printed losses, {:.4f} and {:.4f}, are {} the source's entropy of {:.4f} nats, which "
                  "no model passes but by the luck of its windows.",
                  standard, bespoke,
                  std::max(standard, bespoke) < paired.floor.value_or(0) ? "below" : "around",
                  paired.floor.value_or(0))};
  return finding;
}

// reproduced: the ratio comes out, and does so without rows that no token can reach. arithmetic only: only
// with them. contradicted: not at all.
Finding check_parameter_ratio(const Claim& claim, CheckContext&) {
  const std::string preset = claim.given["preset"];
  const double claimed = claim.given["ratio"];
  const Parameters published = count_parameters(preset, {kPublished});
  const Parameters live = count_parameters(preset, {});
  Finding finding;
  finding.verdict = !prints_as(published.ratio(), claimed, 2) ? Verdict::contradicted
                    : prints_as(live.ratio(), claimed, 2)     ? Verdict::reproduced
                                                              : Verdict::arithmetic_only;
  finding.found = fmt::format("{:.4f}x; {:.4f}x without dead rows", published.ratio(), live.ratio());
  finding.evidence = {
      fmt::format("As published {} against {} parameters. Each band's table has a row for every token, most "
                  "of them never read; with its own tokens' rows alone it is {} against {}.",
                  published.bespoke, published.standard, live.bespoke, live.standard)};
  return finding;
}

// reproduced: a model of that width has the claimed ratio. contradicted: it has another.
Finding check_parameter_width(const Claim& claim, CheckContext&) {
  const std::string preset = claim.given["preset"];
  const double claimed = claim.given["ratio"];
  const int64_t width = claim.given["d"];
  const Parameters wide = count_parameters(preset, {kPublished, fmt::format("body.width={}", width)});
  const Parameters as_run = count_parameters(preset, {kPublished});
  Finding finding;
  finding.verdict = prints_as(wide.ratio(), claimed, 2) ? Verdict::reproduced : Verdict::contradicted;
  finding.found = fmt::format("d = {} gives {:.2f}x", width, wide.ratio());
  finding.evidence = {fmt::format(
      "At d = {} the two models have {} and {} parameters, {:.4f}x; the preset's own width gives {} and {}, "
      "{:.4f}x.",
      width, wide.standard, wide.bespoke, wide.ratio(), as_run.standard, as_run.bespoke, as_run.ratio())};
  return finding;
}

// Quick: trains a few steps, enough for the canaries, and says what they find; the loss is not reproduced.
// Full: trains the claim's epochs at a constant learning rate, as the first of the preset's many epochs
// have it, as published and then causal and paired. reproduced: an honest model (every canary passes) reaches the
// loss within 0.05 nats as published. arithmetic only: a leaking one does. contradicted: none does.
Finding check_leaking_loss(const Claim& claim, CheckContext& context) {
  const std::string preset = claim.given["preset"];
  const double claimed = claim.given["loss"];
  const int epochs = claim.given["epochs"];
  const std::vector<std::string> first_epochs = {fmt::format("schedule.epochs={}", epochs),
                                                 "schedule.decay=constant"};
  std::vector<std::string> sets = {kPublished, "study.seeds=\"0\""};
  if (context.full())
    sets.insert(sets.end(), first_epochs.begin(), first_epochs.end());
  else
    sets.insert(sets.end(), {"schedule.epochs=1", "windows.batches_per_epoch=5"});
  const StudyResult published = both_arms(context, preset, std::move(sets));
  const auto failed = std::find_if(published.canaries.begin(), published.canaries.end(),
                                   [](const Canary& canary) { return !canary.passed; });
  const bool leaks = failed != published.canaries.end();
  const double length = static_cast<double>(published.config.windows.length);
  const double floor = published.floor.value_or(0);

  Finding finding;
  finding.evidence = {
      fmt::format("{} nats is {} the source's entropy, {:.4f}, the least that an honest model can reach; "
                  "entropy / T = {:.3f} is what copying the visible targets leaves.",
                  claimed, claimed < floor ? "far below" : "above", floor, floor / length)};
  if (leaks) finding.evidence.push_back("Canary: " + failed->detail + ".");
  if (!context.full()) {
    finding.verdict = Verdict::not_run;
    finding.found = fmt::format("too long for --quick{}", leaks ? "; the model sees its targets" : "");
    const Config corrected = config_of(preset, {});
    const int64_t steps = 2 * epochs * steps_per_epoch(corrected);
    finding.evidence.push_back(fmt::format(
        "--full trains {} as published, {} steps, and as many in corrected mode from {}, {} steps; it goes "
        "on "
        "where it was interrupted.",
        counted(epochs, "epoch"), steps, counted(static_cast<int64_t>(corrected.study.seeds.size()), "seed"),
        steps * static_cast<int64_t>(corrected.study.seeds.size())));
    return finding;
  }
  const double loss = arm_of(published, Arm::standard).loss.mean;
  const bool reached = std::abs(loss - claimed) < 0.05;
  finding.verdict = !reached ? Verdict::contradicted : leaks ? Verdict::arithmetic_only : Verdict::reproduced;
  const std::vector<double>& positions = arm_of(published, Arm::standard).by_position;
  finding.evidence.push_back(
      fmt::format("After {} epochs as published the loss is {:.3f} nats; at the last position, whose target "
                  "is hidden, {:.3f}.",
                  epochs, loss, positions.empty() ? loss : positions.back()));
  const StudyResult corrected = both_arms(context, preset, first_epochs);
  const Comparison& c = corrected.comparisons.front();
  finding.evidence.push_back(fmt::format(
      "Causal and paired, {} from {}: a loss of {:.3f} nats; bespoke - standard {:+.4f} nats, 95 % "
      "{:+.4f} to {:+.4f}, {}.",
      counted(epochs, "epoch"), counted(c.difference.n, "seed"), arm_of(corrected, Arm::standard).loss.mean,
      c.difference.mean, c.ci95.low, c.ci95.high, c.verdict));
  finding.evidence.push_back(
      fmt::format("The preset's {} epochs are a study of their own: ate validate-bespoke --preset {}.",
                  config_of(preset, {}).schedule.epochs, preset));
  finding.found = fmt::format("{:.3f} nats by copying; paired and causal: {}", loss, c.verdict);
  return finding;
}

// Shares of the tokens in the high, mid and low bands.
std::array<double, 3> band_shares(const Config& config) {
  const Bands bands = make_bands(config.bands, make_corpus(config.source, config.study.seeds.front()));
  std::array<double, 3> shares{};
  for (size_t band = 0; band < shares.size(); ++band)
    shares.at(band) =
        static_cast<double>(bands.members.at(band).size()) / static_cast<double>(config.source.vocabulary);
  return shares;
}

// reproduced: every script, as published, has the widths and cuts the tokens into the shares, to the percent.
// contradicted: one has not.
Finding check_band_widths(const Claim& claim, CheckContext&) {
  const Json& given = claim.given;
  const auto equal = [](double a, double b) { return std::abs(a - b) < 0.005; };
  Finding finding;
  size_t matching = 0;
  for (const Json& preset : given["presets"]) {
    const Config config = config_of(preset, {kPublished});
    const std::array<double, 3> shares = band_shares(config);
    const EmbeddingConfig& widths = config.embedding;
    const bool matches = equal(widths.high, given["high"]) && equal(widths.mid, 1) &&
                         equal(widths.low, given["low"]) &&
                         std::equal(shares.begin(), shares.end(), given["shares"].begin(),
                                    [&](double share, const Json& claimed) { return equal(share, claimed); });
    matching += matches ? 1 : 0;
    finding.found += fmt::format("{}{}: {:+.0f} %, {:+.0f} % at {:.0f}/{:.0f}/{:.0f}",
                                 finding.found.empty() ? "" : "; ", config.name, 100 * (widths.high - 1),
                                 100 * (widths.low - 1), 100 * shares[0], 100 * shares[1], 100 * shares[2]);
    const Parameters as_run = count_parameters(preset, {kPublished});
    const Parameters as_claimed =
        count_parameters(preset, {kPublished, "bands.rule=rank_share",
                                  fmt::format("bands.high={}", given["shares"][0].get<double>()),
                                  fmt::format("bands.low={}", given["shares"][2].get<double>()),
                                  fmt::format("embedding.high={}", given["high"].get<double>()),
                                  fmt::format("embedding.low={}", given["low"].get<double>())});
    finding.evidence.push_back(fmt::format(
        "{} as it ran has {} parameters, {:.4f}x the standard model's; with the claimed widths and shares "
        "it would have {}, {:.4f}x.",
        config.name, as_run.bespoke, as_run.ratio(), as_claimed.bespoke, as_claimed.ratio()));
  }
  finding.verdict = matching == given["presets"].size() ? Verdict::reproduced : Verdict::contradicted;
  return finding;
}

constexpr Member kPreset = {"preset", MemberType::text, "The preset of the script that ran",
                            {},       nullptr,          preset_names};
constexpr Member kEpochs = {"epochs", MemberType::whole, "Epochs of training", between(1, 1'000'000'000)};
constexpr Member kClaimedRatio = {"ratio", MemberType::number, "The ratio claimed", above(0)};

constexpr Member kLossRatio[] = {kPreset, kEpochs, kClaimedRatio};
constexpr Member kLossDifference[] = {
    kPreset,
    {"standard", MemberType::number, "Printed loss of the standard arm, nats"},
    {"bespoke", MemberType::number, "Printed loss of the bespoke arm, nats"},
};
constexpr Member kParameterRatio[] = {kPreset, kClaimedRatio};
constexpr Member kParameterWidth[] = {
    kPreset, {"d", MemberType::whole, "The width claimed", between(1, 1 << 16)}, kClaimedRatio};
constexpr Member kLeakingLoss[] = {kPreset, {"loss", MemberType::number, "Printed loss, nats"}, kEpochs};
constexpr Member kBandWidths[] = {
    {"presets", MemberType::texts, "The presets of the scripts that ran", {}, nullptr, preset_names},
    {"high", MemberType::number, "Width of frequent tokens, as a multiple of the model's", above(0)},
    {"low", MemberType::number, "Width of rare tokens", above(0)},
    {"shares", MemberType::numbers, "Shares of the tokens that are frequent, common and rare", inside(0, 1)},
};

std::vector<Problem> band_widths_problems(const Claim& claim) {
  if (claim.given["shares"].size() == 3) return {};
  return {{"/shares", "expected three shares: of frequent, common and rare tokens"}};
}

}  // namespace

extern const CheckDescription loss_ratio_check, loss_difference_check, parameter_ratio_check,
    parameter_width_check, leaking_loss_check, band_widths_check;

constinit const CheckDescription loss_ratio_check = {
    .name = "loss_ratio",
    .help = "how many times smaller bespoke's loss is, over seeds, as published",
    .given = kLossRatio,
    .run = check_loss_ratio,
};
constinit const CheckDescription loss_difference_check = {
    .name = "loss_difference",
    .help = "a printed difference of two losses, by a paired study",
    .given = kLossDifference,
    .run = check_loss_difference,
};
constinit const CheckDescription parameter_ratio_check = {
    .name = "parameter_ratio",
    .help = "bespoke's parameters over standard's, with and without rows that no token reads",
    .given = kParameterRatio,
    .run = check_parameter_ratio,
};
constinit const CheckDescription parameter_width_check = {
    .name = "parameter_width",
    .help = "whether a width gives a printed ratio of parameters",
    .given = kParameterWidth,
    .run = check_parameter_width,
};
constinit const CheckDescription leaking_loss_check = {
    .name = "leaking_loss",
    .help = "a printed loss below the source's entropy: whether the model sees its targets",
    .given = kLeakingLoss,
    .run = check_leaking_loss,
};
constinit const CheckDescription band_widths_check = {
    .name = "band_widths",
    .help = "widths of frequent and rare tokens, and the shares of tokens that have them",
    .given = kBandWidths,
    .run = check_band_widths,
    .problems = band_widths_problems,
};

}  // namespace ate
