// At what numbers of seeds a study decides, and at what levels.
#include "study/decision.h"

#include <cmath>

#include "catch.h"
#include "helpers/errors.h"
#include "study/anytime.h"
#include "study/compare.h"
#include "study/notes.h"
#include "study/report.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr double kDecisionMargin = 0.05;

OrderedDifferences in_order(const std::vector<double>& values) {
  OrderedDifferences out;
  for (size_t i = 0; i < values.size(); ++i) {
    out.places.push_back(static_cast<int>(i));
    out.values.push_back(values[i]);
  }
  return out;
}

// So many values around a mean, one above it, one below.
std::vector<double> around(double mean, double scale, int n) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(mean + (i % 2 == 0 ? scale : -scale) * (1 + 0.1 * (i % 5)));
  return values;
}

std::vector<double> joined(std::vector<double> values, const std::vector<double>& more) {
  values.insert(values.end(), more.begin(), more.end());
  return values;
}

Decision decide_one(const std::vector<double>& values, const SeedPlan& plan) {
  return decide({in_order(values)}, kDecisionMargin, static_cast<int>(values.size()), looks_of(plan)).at(0);
}

SeedPlan planned(int seeds, std::vector<int> looks = {}) { return {{}, seeds, std::move(looks)}; }

}  // namespace

TEST_CASE("looks spend the plan's level: half of what is left, the last one all of it", "[study]") {
  const std::vector<Look> one = looks_of(planned(10));
  REQUIRE(one.size() == 1);
  CHECK(one[0].seeds == 10);
  CHECK(one[0].level == 0.04);
  const std::vector<Look> three = looks_of(planned(40, {10, 20, 40}));
  REQUIRE(three.size() == 3);
  CHECK(three[1].seeds == 20);
  CHECK(three[0].level == 0.02);
  CHECK(three[1].level == 0.01);
  CHECK(three[2].level == 0.01);
  double spent = kExtensionLevel;
  for (const Look& look : looks_of(planned(99, {5, 9, 12, 40, 70, 99}))) spent += look.level;
  CHECK(std::abs(spent - kLevel) < 1e-15);
  CHECK(level_at(three, 3) == 0.02);
  CHECK(level_at(three, 19) == 0.02);
  CHECK(level_at(three, 20) == 0.01);
  CHECK(level_at(one, 11) == kExtensionLevel);
}

TEST_CASE("the plan's seeds are tested at .04, and the p is the t test's", "[study]") {
  // p between .04 and .05: significant by itself, not in a study.
  const std::vector<double> values = around(-0.094, 0.1, 10);
  const double p = t_test_p(summarise(values));
  REQUIRE(p > 0.04);
  REQUIRE(p < 0.05);
  const Decision open = decide_one(values, planned(10));
  CHECK(open.outcome == Outcome::undecided);
  CHECK(open.p == p);
  CHECK(open.by == "the plan's 10 seeds");
  CHECK(!open.extended);
  const Decision better = decide_one(around(-0.11, 0.1, 10), planned(10));
  CHECK(better.outcome == Outcome::better);
  CHECK(better.level == 0.04);
  CHECK(decide_one(around(0.11, 0.1, 10), planned(10)).outcome == Outcome::worse);
  CHECK(decide_one(around(0.001, 0.01, 10), planned(10)).outcome == Outcome::equivalent);
}

TEST_CASE("before the first look and between looks nothing is tested", "[study]") {
  const std::vector<double> clear = around(-0.5, 0.1, 19);
  CHECK(decide_one({clear.begin(), clear.begin() + 9}, planned(10)).by.empty());
  const std::vector<double> dim = around(-0.094, 0.1, 10);  // not at the first look's .02
  const SeedPlan plan = planned(40, {10, 20, 40});
  const std::vector<double> nineteen = joined(dim, {clear.begin(), clear.begin() + 9});
  CHECK(decide_one(nineteen, plan).outcome == Outcome::undecided);
  CHECK(decide_one(nineteen, plan).by == "the look at 10 seeds");
  const Decision later = decide_one(joined(dim, {clear.begin(), clear.begin() + 10}), plan);
  CHECK(later.outcome == Outcome::better);
  CHECK(later.by == "the look at 20 seeds");
  CHECK(later.level == 0.01);
}

TEST_CASE("what a look decided stays, whatever later seeds say", "[study]") {
  const std::vector<double> turned = joined(around(-0.2, 0.1, 10), around(0.9, 0.1, 10));
  for (const SeedPlan& plan : {planned(20, {10, 20}), planned(10)}) {
    const Decision decision = decide_one(turned, plan);
    CHECK(decision.outcome == Outcome::better);
    CHECK(decision.mean < 0);
    CHECK(contains(decision.by, "10 seeds"));
  }
}

TEST_CASE("seeds beyond the plan are tested at .01 by the e-process, not by the t test", "[study]") {
  const std::vector<double> values = around(-0.0755, 0.1, 16);
  REQUIRE(t_test_p(summarise({values.begin(), values.begin() + 10})) > 0.04);
  REQUIRE(t_test_p(summarise(values)) < 0.04);
  const Decision open = decide_one(values, planned(10));
  CHECK(open.outcome == Outcome::undecided);
  CHECK(open.extended);
  CHECK(open.level == 0.01);
  CHECK(open.p == anytime_tests(values, kDecisionMargin).back().p);
  const std::vector<double> more = joined(around(-0.094, 0.1, 10), around(-0.2, 0.1, 20));
  const Decision better = decide_one(more, planned(10));
  CHECK(better.outcome == Outcome::better);
  CHECK(contains(better.by, "the extension to "));
  CHECK(better.p <= 0.01);
}

TEST_CASE("a decision does not depend on when one looked: once made it is the same for all more seeds",
          "[study]") {
  const std::vector<std::vector<double>> all = {joined(around(-0.094, 0.1, 10), around(-0.2, 0.1, 20)),
                                                joined(around(0, 0.07, 10), around(0, 0.005, 20)),
                                                joined(around(0.3, 0.1, 10), around(-0.5, 0.1, 20))};
  std::vector<Decision> before(3);
  std::vector<OrderedDifferences> comparisons;
  for (const auto& values : all) comparisons.push_back(in_order(values));
  for (int ended = 2; ended <= 30; ++ended) {
    std::vector<OrderedDifferences> seen;
    for (const auto& values : all) seen.push_back(in_order({values.begin(), values.begin() + ended}));
    const std::vector<Decision> now = decide(seen, kDecisionMargin, ended, looks_of(planned(10)));
    for (size_t i = 0; i < now.size(); ++i) {
      CAPTURE(ended, i);
      if (before[i].outcome != Outcome::undecided) {
        CHECK(now[i].outcome == before[i].outcome);
        CHECK(now[i].by == before[i].by);
        CHECK(now[i].p == before[i].p);
      }
    }
    before = now;
  }
  CHECK(before[0].outcome == Outcome::better);
  CHECK(before[1].outcome == Outcome::equivalent);
  CHECK(before[2].outcome == Outcome::worse);
  CHECK(contains(before[1].by, "the extension to "));
}

TEST_CASE("every test is corrected by Holm over all comparisons", "[study]") {
  const std::vector<double> values = around(-0.1, 0.1, 10);
  const double p = t_test_p(summarise(values));
  REQUIRE(p < 0.04);
  REQUIRE(3 * p > 0.04);
  const std::vector<Decision> three = decide({in_order(values), in_order(values), in_order(values)},
                                             kDecisionMargin, 10, looks_of(planned(10)));
  for (const Decision& decision : three) {
    CHECK(decision.p == 3 * p);
    CHECK(decision.outcome == Outcome::undecided);
  }
  const std::vector<double> longer = around(-0.3, 0.1, 12);
  const std::vector<Decision> extended = decide({in_order(longer), in_order(around(0, 0.1, 12))},
                                                kDecisionMargin, 12, looks_of(planned(3, {3})));
  CHECK(extended[0].outcome == Outcome::better);
  CHECK(extended[0].by == "the extension to 9 seeds");
  CHECK(extended[1].outcome == Outcome::undecided);
}

TEST_CASE("a seed that diverged keeps its place and leaves its difference out", "[study]") {
  OrderedDifferences gap = in_order(around(-0.5, 0.1, 12));
  gap.places.erase(gap.places.begin() + 4);
  gap.values.erase(gap.values.begin() + 4);
  const Decision decision = decide({gap}, kDecisionMargin, 12, looks_of(planned(10))).at(0);
  CHECK(decision.by == "the plan's 10 seeds");
  CHECK(decision.p == t_test_p(summarise({gap.values.begin(), gap.values.begin() + 9})));
}

namespace {

// A study of bespoke against standard, whose differences by seed 0, 1, ... are these.
StudyResult study_of(const std::vector<double>& differences) {
  std::vector<double> standard(differences.size(), 4.0);
  std::vector<double> bespoke = differences;
  for (double& loss : bespoke) loss += 4;
  return assess(study_config(static_cast<int>(differences.size())), "run", pairs(standard, bespoke));
}

Comparison compare_with(const StudyResult& result, const SeedPlan& plan) {
  return compare_arms(result, plan).at(0);
}

}  // namespace

TEST_CASE("a study's verdict is what its plan's tests decided", "[study]") {
  const std::vector<double> values = around(-0.0755, 0.1, 16);
  const StudyResult result = study_of(values);
  const Comparison whole = result.comparisons[0];  // all 16 seeds planned
  CHECK(whole.verdict == "better");
  CHECK(whole.decision.by == "the plan's 16 seeds");
  CHECK(whole.decision.p == whole.p_holm);
  const Comparison added = compare_with(result, planned(10));
  CHECK(added.verdict == "undecided");
  CHECK(added.p_holm == whole.p_holm);  // it says what the t test says
  REQUIRE(added.anytime);
  CHECK(std::abs(added.anytime->p - anytime_tests(values, 0).back().p) < 1e-9);
  CHECK(added.smallest_detectable > whole.smallest_detectable);
  CHECK(compare_with(result, planned(20)).verdict ==
        "none: not all seeds of the plan's first test have ended");
}

TEST_CASE("the e-process takes the seeds in the plan's order, not in the order of their numbers", "[study]") {
  const std::vector<double> values = {3, -4, 3, -4, -1, -1.1, -0.9, -1, -1.05, -0.95};
  const StudyResult result = study_of(values);
  SeedPlan plan = planned(6);
  CHECK(compare_with(result, plan).anytime->p > 0.2);
  plan.order = {4, 5, 6, 7, 8, 9};  // 0..3 were added later
  const Comparison c = compare_with(result, plan);
  CHECK(c.anytime->p < 0.02);
  CHECK(c.decision.by == "the plan's 6 seeds");
  CHECK(c.verdict == "better");
}

TEST_CASE("a trial under way holds the plan's test back; one that diverged does not", "[study]") {
  std::vector<TrialRecord> trials = pairs(std::vector<double>(10, 4.0), std::vector<double>(10, 4.5));
  trials[7].progress.evaluations.back().loss = 4.51;
  const auto verdict = [&] { return assess(study_config(10), "run", trials).comparisons[0].verdict; };
  CHECK(verdict() == "worse");
  trials[5].progress.status = TrainingStatus::diverged;
  CHECK(verdict() == "exploratory: worse");
  trials[5].progress.status = TrainingStatus::running;
  CHECK(verdict() == "none: not all seeds of the plan's first test have ended");
  trials.pop_back();
  trials[5].progress.status = TrainingStatus::finished;
  CHECK(verdict() == "none: not all seeds of the plan's first test have ended");
}

TEST_CASE("the report shows what holds at any time where seeds were added, and says which test decided",
          "[study]") {
  const auto columns = [](const StudyResult& result) {
    std::string names;
    for (const Table& table : study_report(result).tables)
      if (table.name == "comparisons")
        for (const Column& column : table.columns) names += column.name + " ";
    return names;
  };
  StudyResult result = study_of(joined(around(-0.094, 0.1, 10), around(-0.2, 0.1, 20)));
  CHECK(!contains(columns(result), "anytime"));
  CHECK(to_json(result)["comparisons"][0]["decided_by"] == "the plan's 30 seeds");
  result.comparisons = compare_arms(result, planned(10));
  CHECK(contains(columns(result), "p_holm_anytime anytime_low anytime_high decided_by"));
  const auto json = to_json(result)["comparisons"][0];
  CHECK(contains(json["decided_by"].get<std::string>(), "the extension to "));
  CHECK(json["level"] == 0.01);
  CHECK(json["p_verdict"] <= 0.01);
  CHECK(json["p_anytime"] == json["p_holm_anytime"]);
  CHECK(json["anytime_interval"][1] < 0);
  CHECK(contains(write_notes(result).at(0), "better, by the extension to "));
  result.comparisons = compare_arms(study_of(around(-0.0755, 0.1, 16)), planned(10));
  CHECK(to_json(result)["comparisons"][0]["decided_by"].is_null());
  CHECK(contains(write_notes(result).at(0), "is of no account, as the number of seeds was not planned"));
  result.comparisons =
      compare_arms(study_of(joined(around(-0.2, 0.1, 10), around(0.9, 0.1, 10))), planned(10));
  CHECK(contains(write_notes(result).at(0), "though the mean over all seeds has the other sign"));
}
