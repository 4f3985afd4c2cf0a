// What the statistics promise, over many simulated studies: coverage, familywise error, power.
#include <cmath>

#include "catch.h"
#include "study/compare.h"
#include "study/simulation.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

// p-values of `arms` arms against one baseline that they share, so that the tests depend on each other. The
// first `different` arms do differ.
template <class Test>
std::vector<double> family(Normals& normals, int arms, int seeds, int different, Test test) {
  const std::vector<double> baseline = draws(normals, seeds, 3, 0.02);
  std::vector<double> p;
  for (int arm = 0; arm < arms; ++arm) {
    std::vector<double> differences = draws(normals, seeds, arm < different ? 3.1 : 3, 0.02);
    for (size_t i = 0; i < differences.size(); ++i) differences[i] -= baseline[i];
    p.push_back(test(differences));
  }
  return p;
}

bool any_rejected(const std::vector<double>& adjusted, int from) {
  return std::any_of(adjusted.begin() + from, adjusted.end(), [](double p) { return p <= 0.05; });
}

double t_p(const std::vector<double>& differences) { return t_test_p(summarise(differences)); }

}  // namespace

TEST_CASE("95 % intervals cover the true difference in 94 to 96 % of studies", "[study][slow]") {
  for (const int n : {2, 3, 5, 10, 20}) {
    CAPTURE(n);
    const double covered = share(20'000, [&](Normals& normals) {
      const Interval interval = t_interval(summarise(draws(normals, n, -0.02, 0.013)), 0.95);
      return interval.low <= -0.02 && -0.02 <= interval.high;
    });
    CAPTURE(covered);
    CHECK(covered >= 0.94);
    CHECK(covered <= 0.96);
  }
}

TEST_CASE("a test at 5 % is one: t and sign-flip reject so many true null hypotheses", "[study][slow]") {
  for (const int n : {3, 10}) {
    CAPTURE(n);
    const double rejected =
        share(20'000, [&](Normals& normals) { return t_p(draws(normals, n, 0, 0.013)) <= 0.05; });
    CHECK(rejected >= 0.045);
    CHECK(rejected <= 0.055);
  }
  for (const int n : {10, 15}) {
    CAPTURE(n);
    const double rejected =
        share(10'000, [&](Normals& normals) { return sign_flip_p(draws(normals, n, 0, 0.013)) <= 0.05; });
    CHECK(rejected >= 0.04);
    CHECK(rejected <= 0.055);
  }
  const double random_signs =
      share(300, [&](Normals& normals) { return sign_flip_p(draws(normals, 25, 0, 0.013)) <= 0.05; });
  CHECK(random_signs <= 0.1);
}

TEST_CASE("Holm's familywise error stays below 5.5 %, whichever arms do differ", "[study][slow]") {
  for (const int different : {0, 4, 9}) {
    CAPTURE(different);
    const double wrong_t = share(20'000, [&](Normals& normals) {
      return any_rejected(holm(family(normals, 10, 10, different, t_p)), different);
    });
    CAPTURE(wrong_t);
    CHECK(wrong_t <= 0.055);
    CHECK(wrong_t >= 0.02);  // not safe by saying nothing
    const double wrong_flip = share(5'000, [&](Normals& normals) {
      return any_rejected(holm(family(normals, 10, 10, different, sign_flip_p)), different);
    });
    CHECK(wrong_flip <= 0.055);
  }
  const double uncorrected =
      share(5'000, [&](Normals& normals) { return any_rejected(family(normals, 10, 10, 0, t_p), 0); });
  CHECK(uncorrected > 0.2);  // what the correction is for
}

TEST_CASE("equivalence is found wrongly in at most 5.5 % of studies", "[study][slow]") {
  for (const double mean : {0.03, -0.03, 0.05}) {
    CAPTURE(mean);
    const double wrong = share(20'000, [&](Normals& normals) {
      return equivalence_p(summarise(draws(normals, 10, mean, 0.02)), 0.03) <= 0.05;
    });
    CHECK(wrong <= 0.055);
    if (mean < 0.04) CHECK(wrong >= 0.045);
  }
  CHECK(share(2'000, [&](Normals& normals) {
          return equivalence_p(summarise(draws(normals, 10, 0, 0.02)), 0.03) <= 0.05;
        }) > 0.9);
}

TEST_CASE("the smallest detectable effect is detected in 77 to 83 % of studies", "[study][slow]") {
  for (const int n : {3, 10, 20})
    for (const double level : {0.05, 0.05 / 11}) {
      CAPTURE(n, level);
      const double effect = smallest_detectable({n, 0, 0.013}, level, 0.8);
      const double detected =
          share(20'000, [&](Normals& normals) { return t_p(draws(normals, n, effect, 0.013)) <= level; });
      CAPTURE(detected);
      CHECK(detected >= 0.77);
      CHECK(detected <= 0.83);
    }
}

// Each study prints an effect from its own spread. If that printed effect were the true one, how often would
// another such study find it? On average over the studies, near what is promised.
TEST_CASE("so is the effect that a study of ten or more seeds prints", "[study][slow]") {
  for (const int n : {10, 20}) {
    double sum = 0;
    constexpr uint32_t kStudies = 2'000;
    for (uint32_t study = 0; study < kStudies; ++study) {
      Normals normals(study);
      const Summary printed = summarise(draws(normals, n, 0, 0.013));
      sum += t_test_power(n, 0.013, smallest_detectable(printed, 0.05, 0.8), 0.05);
    }
    CAPTURE(n, sum / kStudies);
    CHECK(sum / kStudies >= 0.72);
    CHECK(sum / kStudies <= 0.83);
  }
}

TEST_CASE("a whole study says better or worse of equal arms in at most 5.4 %, and finds what it promised",
          "[study][slow]") {
  const auto verdicts = [](double mean, const char* word) {
    return share(2'000, [&](Normals& normals) {
      std::vector<double> standard = draws(normals, 10, 4, 0.1);
      std::vector<double> bespoke = draws(normals, 10, mean, 0.1);
      for (size_t i = 0; i < standard.size(); ++i) bespoke[i] += standard[i];
      return assess(study_config(10), "run", pairs(standard, bespoke)).comparisons[0].verdict == word;
    });
  };
  CHECK(verdicts(0, "better") + verdicts(0, "worse") <= 0.0535);  // .04 and three standard errors
  const double effect = smallest_detectable({10, 0, 0.1}, kPlannedLevel, kPower);
  CHECK(std::abs(verdicts(effect, "worse") - 0.8) <= 0.03);
  CHECK(std::abs(verdicts(-effect, "better") - 0.8) <= 0.03);
}
