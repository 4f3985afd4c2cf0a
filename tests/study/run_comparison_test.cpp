#include "study/run_comparison.h"

#include <cmath>

#include "catch.h"
#include "config/json.h"
#include "helpers/errors.h"
#include "study/tiny_study.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr double kMargin = 0.01;

StoredRun stored(const Config& config, const std::vector<TrialRecord>& trials,
                 const std::string& name = "a") {
  StoredRun run;
  run.name = name;
  run.result = assess(config, name, trials);
  run.config = write_config(config);
  return run;
}

StoredRun of_pairs(const std::vector<double>& standard, const std::vector<double>& bespoke) {
  return stored(study_config(static_cast<int>(standard.size())), pairs(standard, bespoke));
}

const std::vector<double> kStandard = {4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5};
const std::vector<double> kBespoke = {4.5, 4, 5.5, 5, 6.5, 6, 7.5, 7, 8.5, 8};

std::vector<double> shifted(std::vector<double> values, double by, double spread = 0) {
  for (size_t i = 0; i < values.size(); ++i) values[i] += by + (i % 2 == 0 ? spread : -spread);
  return values;
}

}  // namespace

TEST_CASE("a run against itself: no difference in any arm, nor in what an arm is to the baseline",
          "[study]") {
  const StoredRun run = of_pairs(kStandard, kBespoke);
  const RunComparison comparison = compare_runs(run, run, kMargin);
  REQUIRE(comparison.differences.size() == 3);
  CHECK(comparison.differences[0].name == "standard");
  CHECK(comparison.differences[1].name == "bespoke");
  CHECK(comparison.differences[2].name == "bespoke - standard");
  CHECK(comparison.margin == Approx(kMargin * *run.result.floor));
  for (const RunDifference& d : comparison.differences) {
    CHECK(d.difference.n == 10);
    CHECK(d.difference.mean == 0);
    CHECK(d.left == d.right);
    CHECK(d.verdict == "equivalent");
  }
}

TEST_CASE("pairs are taken seed by seed, right less left", "[study]") {
  // standard shifts by .5 at every seed, more than its spread over seeds would let unpaired means tell.
  const RunComparison comparison = compare_runs(of_pairs(kStandard, kBespoke),
                                                of_pairs(shifted(kStandard, 0.5, 0.001), kBespoke), kMargin);
  const RunDifference& standard = comparison.differences[0];
  CHECK(standard.left == Approx(6.25));
  CHECK(standard.right == Approx(6.75));
  CHECK(standard.difference.mean == Approx(0.5));
  CHECK(standard.verdict == "worse");
  CHECK(comparison.differences[1].verdict == "equivalent");
  // What bespoke is to standard has moved as far, the other way.
  CHECK(comparison.differences[2].difference.mean == Approx(-0.5));
  CHECK(comparison.differences[2].verdict == "better");
}

TEST_CASE("runs are compared over the seeds and arms that finished in both", "[study]") {
  const StoredRun left = of_pairs(kStandard, kBespoke);
  Config fewer = study_config(3);
  fewer.study.arms = {Arm::standard, Arm::tied};
  const StoredRun right = stored(fewer, {finished(Arm::standard, 1, {9, 4.25}),
                                         finished(Arm::standard, 2, {9, 5}), diverged(Arm::standard, 0)});
  const RunComparison comparison = compare_runs(left, right, kMargin);
  REQUIRE(comparison.differences.size() == 1);
  CHECK(comparison.differences[0].name == "standard");
  CHECK(comparison.differences[0].difference.n == 2);
  CHECK(comparison.differences[0].left == Approx(4.75));
  CHECK(comparison.differences[0].right == Approx(4.625));
}

TEST_CASE("without a common baseline arms are compared alone", "[study]") {
  Config turned = study_config(10);
  turned.study.arms = {Arm::bespoke, Arm::standard};
  const RunComparison comparison =
      compare_runs(of_pairs(kStandard, kBespoke), stored(turned, pairs(kStandard, kBespoke)), kMargin);
  CHECK(comparison.differences.size() == 2);
}

TEST_CASE("arms of one name pair, whatever each run set in them, and both sets are told", "[study]") {
  const auto of = [](const std::string& name, std::vector<Arm> arms, double shift) {
    Config config = study_config(10);
    config.study.arms = std::move(arms);
    std::vector<TrialRecord> trials;
    for (size_t arm = 0; arm < config.study.arms.size(); ++arm)
      for (size_t seed = 0; seed < 10; ++seed)
        trials.push_back(finished(config.study.arms[arm], static_cast<int64_t>(seed),
                                  {9, kStandard[seed] + shift * static_cast<double>(arm)}));
    return stored(config, trials, name);
  };
  const ArmSetting slow{"optimiser.learning_rate", "0.001"};
  const ArmSetting fast{"optimiser.learning_rate", "0.01"};
  const StoredRun left = of("a", {Arm("standard", {slow}), Arm("wide", {{"body.width", "16"}, slow})}, 0.25);
  const StoredRun right = of("b", {Arm("standard", {fast}), Arm("wide", {{"body.width", "16"}, slow})}, 0.5);
  const RunComparison comparison = compare_runs(left, right, kMargin);
  REQUIRE(comparison.differences.size() == 3);
  CHECK(comparison.differences[1].name == "wide");
  CHECK(comparison.differences[1].difference.mean == Approx(0.25));
  CHECK(comparison.differences[2].name == "wide - standard");
  CHECK(comparison.differences[2].difference.mean == Approx(0.25));
  REQUIRE(comparison.arms.size() == 1);  // wide sets the same in both
  const Report report = run_comparison_report(comparison, left, right);
  CHECK(report.facts.back() ==
        "arm standard sets optimiser.learning_rate=0.001 on the left, optimiser.learning_rate=0.01 on the "
        "right");
  CHECK(report.document["arms"] ==
        nlohmann::ordered_json::parse(R"([{"arm": "standard", "left": {"optimiser.learning_rate": 0.001},
                                            "right": {"optimiser.learning_rate": 0.01}}])"));
  // The same arm pairs before one of its name.
  const RunComparison twins = compare_runs(of("c", {Arm("wide", {slow}), Arm("wide", {fast})}, 0),
                                           of("d", {Arm("wide", {fast}), Arm("wide", {slow})}, 1), kMargin);
  CHECK(twins.arms.empty());
  CHECK(twins.differences[0].difference.mean == Approx(1));
  CHECK(twins.differences[1].difference.mean == Approx(0));
}

TEST_CASE("a leak in one of two runs leaves no verdict", "[study]") {
  std::vector<TrialRecord> trials = pairs(kStandard, kBespoke);
  trials[0].progress.leak = 1;
  const RunComparison comparison =
      compare_runs(of_pairs(kStandard, kBespoke), stored(study_config(10), trials), kMargin);
  CHECK(comparison.differences[0].verdict == "none: a canary failed");
}

TEST_CASE("runs that cannot be compared", "[study]") {
  const StoredRun left = of_pairs(kStandard, kBespoke);
  Config other = study_config(10);
  other.source.exponent = 1.2;
  CHECK(contains(complaint_of<BadInput>(
                     [&] { compare_runs(left, stored(other, pairs(kStandard, kBespoke), "b"), kMargin); }),
                 "b: is of another corpus than a"));
  Config apart = study_config(10);
  apart.study.seeds = {20};
  CHECK(contains(complaint_of<BadInput>([&] {
                   compare_runs(left, stored(apart, {finished(Arm::standard, 20, {9, 4})}), kMargin);
                 }),
                 "nothing pairs"));
}

TEST_CASE("a report of two runs names all that differs between them", "[study]") {
  Config faster = study_config(10);
  faster.optimiser.learning_rate *= 2;
  StoredRun left = of_pairs(kStandard, kBespoke);
  StoredRun right = stored(faster, pairs(kStandard, kBespoke), "b");
  left.epoch = right.epoch = 2;
  left.environment = {{"commit", "abc"}, {"device", "cpu"}, {"jobs", 2}};
  right.environment = {{"commit", "def"}, {"device", "cpu"}, {"products", "abacus"}, {"jobs", 1}};
  const Report report = run_comparison_report(compare_runs(left, right, kMargin), left, right);
  REQUIRE(report.facts.size() == 6);
  CHECK(report.facts[2] == "after epoch 2");
  CHECK(contains(report.facts[3], "optimiser.learning_rate: "));
  CHECK(report.facts[4] == "commit: \"abc\" on the left, \"def\" on the right");
  CHECK(report.facts[5] == "products: not recorded on the left, \"abacus\" on the right");
  CHECK(report.notes.empty());
  CHECK(report.tables.at(0).rows.size() == 3);
  CHECK(report.document["epoch"] == 2);
  CHECK(report.document["settings"][0]["setting"] == "optimiser.learning_rate");
  CHECK(report.document["environment"][0]["name"] == "commit");
  CHECK(report.document["comparisons"][2]["comparison"] == "bespoke - standard");
}

TEST_CASE("trials that did not count and canaries that failed are named", "[study]") {
  std::vector<TrialRecord> trials = pairs(kStandard, kBespoke);
  trials[2] = diverged(Arm::standard, 1);
  trials[0].progress.leak = 1;
  const StoredRun left = of_pairs(kStandard, kBespoke);
  const StoredRun right = stored(study_config(10), trials, "b");
  const RunComparison comparison = compare_runs(left, right, kMargin);
  CHECK(comparison.differences[0].difference.n == 9);
  const Report report = run_comparison_report(comparison, left, right);
  REQUIRE(report.notes.size() == 2);
  CHECK(contains(report.notes[0],
                 "Left out, on the right: standard-s1, which diverged: the training loss was inf"));
  CHECK(contains(report.notes[1], "On the right the canary causality standard failed"));
  CHECK(report.document["left_out"]["left"].empty());
  CHECK(report.document["left_out"]["right"][0]["seed"] == 1);
}

TEST_CASE("without an entropy the margin is of a baseline that finished, on either side", "[study]") {
  Config config = study_config(10);
  config.source.kind = SourceKind::text;
  config.source.file = "here.txt";
  std::vector<TrialRecord> only_bespoke = pairs(kStandard, kBespoke);
  for (TrialRecord& trial : only_bespoke)
    if (trial.id.arm == Arm::standard) trial = diverged(Arm::standard, trial.id.seed);
  const StoredRun left = stored(config, only_bespoke);
  config.source.file = "elsewhere.txt";  // a text that was moved is the same corpus
  const StoredRun right = stored(config, pairs(kStandard, kBespoke), "b");
  const RunComparison comparison = compare_runs(left, right, kMargin);
  CHECK(comparison.margin == Approx(0.0625));
  CHECK(compare_runs(right, left, kMargin).margin == Approx(0.0625));
  const RunComparison unknown = compare_runs(left, left, kMargin);
  CHECK(std::isnan(unknown.margin));
  for (const std::string& text : {run_comparison_report(unknown, left, left).tables[0].title,
                                  run_comparison_report(unknown, left, left).plot->title})
    CHECK(!contains(text, "nan"));
}

TEST_CASE("a run folder read back has the study's numbers, at its end or after an earlier epoch", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out);
  const std::filesystem::path folder = folder_of(out, outcome);
  const StoredRun at_end = read_run(folder, 0);
  CHECK(at_end.result.run_id == outcome.result.run_id);
  CHECK(at_end.config == write_config(outcome.result.config));
  CHECK(at_end.environment.is_object());
  REQUIRE(at_end.result.trials.size() == 4);
  for (size_t i = 0; i < 2; ++i) CHECK(at_end.result.arms[i].loss.mean == outcome.result.arms[i].loss.mean);
  CHECK(read_run(folder / "", 0).result.run_id == outcome.result.run_id);

  const StoredRun earlier = read_run(folder, 2);
  CHECK(earlier.result.trials[0].progress.evaluations.size() == 2);
  CHECK(earlier.result.trials[0].progress.evaluations.back().loss ==
        outcome.result.trials[0].progress.evaluations[1].loss);
  CHECK(contains(complaint_of<BadInput>([&] { read_run(folder, 7); }),
                 "standard-s0 was not evaluated after epoch 7, but after 1, 2, 3"));
}

TEST_CASE("a run folder read back has every trial that is there, whatever was asked for last", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome all = run_in(out, {"study.seeds=0..2"});
  const std::filesystem::path folder = folder_of(out, all);
  std::filesystem::remove(checkpoint_of(out, all, "standard-s1"));
  std::filesystem::remove(folder / "DONE");
  run_in(out, {"study.seeds=2", R"(study.arms=["bespoke","standard"])"});
  CHECK(read_run(folder, 0).result.trials.size() == 6);  // trials.json has what the lost checkpoint said
  std::filesystem::remove(folder / "trials.json");
  const StoredRun run = read_run(folder, 0);
  CHECK(run.result.trials.size() == 5);
  CHECK((run.result.config.study.arms == std::vector<Arm>{Arm::bespoke, Arm::standard}));
  CHECK(run.result.config.study.seeds == std::vector<int64_t>{0, 1, 2});
}

TEST_CASE("folders that are no finished runs", "[study]") {
  const TemporaryFolder out;
  CHECK(contains(complaint_of<BadInput>([&] { read_run(out.path(), 0); }), "is no run's folder"));
  CHECK(contains(complaint_of<BadInput>([&] { read_run(out / "nowhere", 0); }), "is no run's folder"));
  CHECK(contains(complaint_of<BadInput>([&] { read_run("", 0); }), "\"\": is no run's folder"));
  CHECK(contains(complaint_of<BadInput>([&] { read_run(std::string(5000, 'x'), 0); }), "is no run's folder"));
  const StudyOutcome outcome = run_in(out);
  const std::filesystem::path folder = folder_of(out, outcome);
  out.write("cut", bytes_of_file(checkpoint_of(out, outcome, "bespoke-s1")).substr(0, 1000));
  std::filesystem::rename(out / "cut", checkpoint_of(out, outcome, "bespoke-s1"));
  CHECK(contains(complaint_of<Failure>([&] { read_run(folder, 0); }), "bespoke-s1.safetensors"));
  std::filesystem::remove_all(folder / "checkpoint");
  std::filesystem::remove(folder / "trials.json");
  CHECK(contains(complaint_of<BadInput>([&] { read_run(folder, 0); }),
                 "no trial of an arm and a seed has finished"));
  out.write("torn", "{");
  std::filesystem::rename(out / "torn", folder / "config.json");
  CHECK(contains(complaint_of<BadInput>([&] { read_run(folder, 0); }), "config.json:1:2: not valid JSON"));
}

TEST_CASE("two runs are compared by one test at .05: there is no plan that would spend some of it",
          "[study]") {
  Config config = study_config(10);
  config.study.arms = {Arm::standard};
  std::vector<TrialRecord> left;
  std::vector<TrialRecord> right;
  for (int seed = 0; seed < 10; ++seed) {
    const double spread = (seed % 2 == 0 ? 0.1 : -0.1) * (1 + 0.1 * (seed % 5));
    left.push_back(finished(Arm::standard, seed, {4.0}));
    right.push_back(finished(Arm::standard, seed, {3.906 + spread}));
  }
  const RunComparison comparison = compare_runs(stored(config, left), stored(config, right, "b"), kMargin);
  const RunDifference& d = comparison.differences.at(0);
  REQUIRE(d.p_t > 0.04);
  REQUIRE(d.p_t < 0.05);
  CHECK(d.verdict == "better");
  CHECK(d.decision.level == 0.05);
  CHECK(!d.anytime);
  CHECK(d.smallest_detectable == smallest_detectable(d.difference, 0.05, 0.8));
}
