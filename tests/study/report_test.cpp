#include "study/report.h"

#include <cmath>

#include "catch.h"
#include "helpers/errors.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

Report report_of(const Config& config, const std::vector<TrialRecord>& trials) {
  return study_report(assess(config, "study-tiny-0123456789", trials));
}

const Table* find_table(const Report& report, const std::string& name) {
  for (const Table& table : report.tables)
    if (table.name == name) return &table;
  return nullptr;
}

nlohmann::ordered_json cell(const Table& table, size_t row, const std::string& column) {
  for (size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i].name == column) return table.rows.at(row).at(i);
  return "no such column";
}

}  // namespace

TEST_CASE("a study's report says what was trained, on what, and where it is stored", "[study]") {
  Config config = study_config(3);
  config.name = "tiny";
  const Report report = report_of(config, pairs({4, 5, 6}, {3.5, 5, 5.75}));
  CHECK(report.title == "tiny, corrected mode: 3 epochs of 4 steps, seeds 0..2");
  REQUIRE(report.facts.size() == 3);
  CHECK(contains(report.facts[0], "400 independent draws of 20 tokens, Zipf exponent 1.1"));
  CHECK(contains(report.facts[0], "nats: no honest loss is lower"));
  CHECK(report.facts[1] == "kernels: fused");
  CHECK(contains(report.facts[2], "study-tiny-0123456789"));
}

TEST_CASE("a report says which kernels trained each arm, and why no faster ones", "[study]") {
  Config config = study_config(3);
  config.body.kind = BodyKind::encoder;
  config.device = "cpu";
  const std::vector<TrialRecord> trials = pairs({4, 5, 6}, {3.5, 5, 5.75});
  CHECK(report_of(config, trials).facts[1] == "kernels: fused");
  config.kernels = KernelKind::reference;
  CHECK(report_of(config, trials).facts[1] == "kernels: reference (as asked)");
  config.kernels = KernelKind::automatic;
  config.study.arms[1] = Arm("bespoke", {{"attention.kind", "\"window\""}});
  std::vector<TrialRecord> turned = trials;
  for (TrialRecord& trial : turned)
    if (trial.id.arm == Arm::bespoke) trial.id.arm = config.study.arms[1];
  const Report report = report_of(config, turned);
  CHECK(report.facts[1] == "kernels: fused; bespoke: fused (window attention by plain operations)");
  CHECK(report.document["arms"][0]["kernels"] == "fused");
  CHECK(report.document["arms"][0]["kernels_reason"] == "");
  CHECK(report.document["arms"][1]["kernels"] == "fused");
  CHECK(report.document["arms"][1]["kernels_reason"] == "window attention by plain operations");
}

TEST_CASE("the main table has a row per arm, and others follow", "[study]") {
  const Report report = report_of(study_config(3), pairs({4, 5, 6}, {3.5, 5, 5.75}));
  const Table& arms = report.tables.front();
  CHECK(arms.name == "arms");
  REQUIRE(arms.rows.size() == 2);
  CHECK(cell(arms, 0, "arm") == "standard");
  CHECK(cell(arms, 1, "parameters") == 1500);
  CHECK(cell(arms, 1, "mean_loss") == 4.75);
  CHECK(cell(arms, 0, "mean_difference").is_null());
  CHECK(cell(arms, 0, "verdict") == "baseline");
  CHECK(cell(arms, 1, "mean_difference") == -0.25);
  CHECK(cell(arms, 1, "ci95_low") < -0.25);
  CHECK(cell(arms, 1, "ci95_high") > -0.25);
  CHECK(std::abs(cell(arms, 0, "ci95_half_width").get<double>() - 4.302652730 / std::sqrt(3)) < 1e-8);
  CHECK(std::abs(cell(arms, 1, "p_holm").get<double>() - 0.2254033308) < 1e-9);
  CHECK(cell(arms, 1, "verdict") == "exploratory: undecided");
  const Table* losses = find_table(report, "losses");
  REQUIRE(losses != nullptr);
  CHECK(cell(*losses, 1, "seeds") == 3);
  CHECK(cell(*losses, 0, "sd_loss") == 1);
  CHECK(cell(*losses, 0, "loss_ratio") == 1);
  CHECK(cell(*losses, 1, "loss_ratio") == 0.95);
  CHECK(find_table(report, "canaries") != nullptr);
  const Table* comparisons = find_table(report, "comparisons");
  REQUIRE(comparisons != nullptr);
  CHECK(cell(*comparisons, 0, "n") == 3);
  CHECK(cell(*comparisons, 0, "sd_difference") == 0.25);
  CHECK(cell(*comparisons, 0, "p_sign_flip") == 0.5);
}

TEST_CASE("early stop at different epochs is said in the table, in a note and in the document", "[study]") {
  Config config = study_config(3);
  config.schedule.epochs = 30;
  config.schedule.early_stop_evaluations = 2;
  const std::vector<TrialRecord> trials = {
      ended_after(Arm::standard, 0, 30, 4), ended_after(Arm::bespoke, 0, 30, 4),
      ended_after(Arm::standard, 1, 20, 4), ended_after(Arm::bespoke, 1, 20, 4),
      ended_after(Arm::standard, 2, 15, 5), ended_after(Arm::bespoke, 2, 9, 5.75)};
  const StudyResult result = assess(config, "run", trials);
  CHECK(any_note(result,
                 "In 1 of 3 seeds early stop ended the arms after different numbers of epochs "
                 "(standard 15..30, bespoke 9..30)."));
  const Report report = study_report(result);
  CHECK(cell(report.tables.front(), 0, "epochs") == "15..30");
  CHECK(cell(report.tables.front(), 1, "epochs") == "9..30");
  CHECK(cell(report.tables.front(), 1, "mean_loss") == 13.75 / 3);  // at the last evaluation of each
  CHECK(cell(report.tables.front(), 1, "mean_difference") == 0.25);
  CHECK(report.document["arms"][1]["epochs"] == nlohmann::ordered_json{9, 30});
}

TEST_CASE("arms that stop early together get the column and no note", "[study]") {
  Config config = study_config(1);
  config.schedule.epochs = 30;
  config.schedule.early_stop_evaluations = 2;
  const std::vector<TrialRecord> trials = {ended_after(Arm::standard, 0, 15, 4),
                                           ended_after(Arm::bespoke, 0, 15, 4)};
  const StudyResult result = assess(config, "run", trials);
  CHECK(!any_note(result, "different numbers of epochs"));
  CHECK(cell(study_report(result).tables.front(), 0, "epochs") == "15");
}

TEST_CASE("without an early stop there is no column of epochs", "[study]") {
  Config config = study_config(1);
  config.schedule.epochs = 2;
  config.schedule.early_stop_evaluations = 1;
  const Report report = report_of(config, pairs({4}, {3}));
  CHECK(cell(report.tables.front(), 0, "epochs") == "no such column");
  CHECK(report.document["arms"][0]["epochs"] == nlohmann::ordered_json{2, 2});
}

TEST_CASE("tables that have nothing to say are left out", "[study]") {
  Config config = study_config(2);
  const Report encoder = report_of(config, pairs({4, 5}, {4, 5}));
  CHECK(find_table(encoder, "loss_by_position") != nullptr);
  CHECK(find_table(encoder, "seed_criteria") == nullptr);
  CHECK(cell(*find_table(encoder, "losses"), 0, "published_loss") == "no such column");
  config.body.kind = BodyKind::bag;
  config.seed_criteria.loss_ratio_below = 0.9;
  config.published_result.standard_loss = 2.9;
  const Report bag = report_of(config, pairs({4, 5}, {4, 5}));
  CHECK(find_table(bag, "loss_by_position") == nullptr);
  CHECK(find_table(bag, "seed_criteria") != nullptr);
  CHECK(cell(*find_table(bag, "losses"), 0, "published_loss") == 2.9);
  CHECK(cell(*find_table(bag, "losses"), 1, "published_loss").is_null());
  config.study.arms = {Arm::standard};
  const Report alone = report_of(config, {finished(Arm::standard, 0, {4})});
  CHECK(find_table(alone, "comparisons") == nullptr);
  CHECK(!alone.plot);
}

TEST_CASE("the plot under the main table shows every comparison with its verdict", "[study]") {
  const StudyResult result = assess(study_config(3), "run", pairs({4, 5, 6}, {3.5, 5, 5.75}));
  const IntervalPlot plot = differences_plot(result);
  REQUIRE(plot.rows.size() == 1);
  CHECK(plot.margin == result.margin);
  CHECK(plot.rows[0].label == "bespoke");
  CHECK(plot.rows[0].value == -0.25);
  CHECK(plot.rows[0].low == result.comparisons[0].ci95.low);
  CHECK(plot.rows[0].high == result.comparisons[0].ci95.high);
  CHECK(plot.rows[0].remark == "exploratory: undecided");
  const IntervalRow one_seed = differences_plot(assess(study_config(1), "run", pairs({4}, {3}))).rows[0];
  CHECK(one_seed.value == -1);
  CHECK(one_seed.remark == "no verdict");
  const std::string text = render(study_report(result), Format::table);
  CHECK(text.find(text_plot(plot, 100)) < text.find("Canaries"));
}

TEST_CASE("a report begins its notes with where the run departed from its plan", "[study]") {
  StudyResult result = assess(study_config(3), "run", pairs({4, 5, 6}, {3.5, 5, 5.75}));
  const size_t notes = study_report(result).notes.size();
  result.plan = {"abc", {"seed 2 added"}};
  const Report report = study_report(result);
  CHECK(report.notes.size() == notes + 1);
  CHECK(contains(report.notes[0], "seed 2 added"));
  CHECK(report.document["plan"]["hash"] == "abc");
  CHECK(report.document["plan"]["departures"][0] == "seed 2 added");
}

TEST_CASE("losses by position show which targets are in the input", "[study]") {
  for (const bool causal : {true, false}) {
    Config config = study_config(2);
    config.body.causal = causal;
    std::vector<TrialRecord> trials = pairs({4, 5}, {4, 5});
    for (TrialRecord& trial : trials) trial.progress.evaluations.back().by_position = {1, 2, 3, 4, 5, 6};
    const Report report = report_of(config, trials);
    const Table* positions = find_table(report, "loss_by_position");
    REQUIRE(positions != nullptr);
    for (size_t row = 0; row < positions->rows.size(); ++row) {
      const auto position = cell(*positions, row, "position").get<int>();
      CHECK(cell(*positions, row, "standard") == position);
      const bool visible = !causal && position < 6;
      CHECK(cell(*positions, row, "target") == (visible ? "is in the input" : "unseen"));
    }
    CHECK(cell(*positions, 0, "position") == 1);
    CHECK(cell(*positions, positions->rows.size() - 1, "position") == 6);
  }
}

TEST_CASE("a failed canary stands out", "[study]") {
  std::vector<TrialRecord> trials = pairs({4, 5}, {4, 5});
  trials[0].progress.leak = 0.5;
  const Report report = report_of(study_config(2), trials);
  const Table* canaries = find_table(report, "canaries");
  CHECK(cell(*canaries, 0, "passed") == "NO");
  CHECK(cell(*canaries, 1, "passed") == "yes");
}

TEST_CASE("every row of every table is as long as its heading, in every state of a study", "[study]") {
  const std::vector<std::vector<TrialRecord>> states = {
      {}, pairs({4}, {3}), pairs({4, 5}, {3, 4}), {diverged(Arm::standard, 0), diverged(Arm::bespoke, 0)}};
  for (const auto& trials : states) {
    Config config = study_config(2);
    config.seed_criteria.loss_ratio_below = 0.9;
    config.schedule.early_stop_evaluations = 1;  // pairs have two of the three epochs
    const Report report = report_of(config, trials);
    for (const Table& table : report.tables)
      for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
    for (const Format format : {Format::table, Format::md, Format::csv, Format::json, Format::jsonl})
      CHECK(!contains(render(report, format), "nan"));
    CHECK(report.document.contains("run_id"));
  }
}

TEST_CASE("every trial has a row for programs, and none for people", "[study]") {
  const Report report =
      report_of(study_config(2), {finished(Arm::standard, 0, {4}), diverged(Arm::bespoke, 0)});
  const Table* trials = find_table(report, "trials");
  REQUIRE(trials != nullptr);
  CHECK(trials->machine);
  REQUIRE(trials->rows.size() == 2);
  CHECK(cell(*trials, 0, "val_loss") == 4);
  CHECK(cell(*trials, 0, "reason").is_null());
  CHECK(cell(*trials, 1, "status") == "diverged");
  CHECK(cell(*trials, 1, "reason") == report.document["trials"][1]["reason"]);
}
