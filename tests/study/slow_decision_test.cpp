// What the plan's levels promise when seeds are added: how often a study of equal arms decides that they differ, and
// what a t test would do there. docs/method.md quotes the shares that this prints.
#include <algorithm>
#include <iostream>

#include "catch.h"
#include "study/anytime.h"
#include "study/decision.h"
#include "study/simulation.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr uint32_t kStudies = 20'000;
constexpr double kDeviation = 0.013;
constexpr double kSize = 0.05 + 0.0046;  // and three standard errors of a share of kStudies

OrderedDifferences all_places(const std::vector<double>& values) {
  OrderedDifferences out;
  out.values = values;
  for (size_t i = 0; i < values.size(); ++i) out.places.push_back(static_cast<int>(i));
  return out;
}

bool differs(const Decision& decision) {
  return decision.outcome == Outcome::better || decision.outcome == Outcome::worse;
}

// Whether a study that plans these looks and goes on to all the seeds there are decides that the arms differ. As a
// decision stays, that is whether one who looks after every seed ever sees it.
bool decides(const std::vector<double>& values, const std::vector<int>& looks, double margin = 0) {
  return differs(decide({all_places(values)}, margin, static_cast<int>(values.size()),
                        looks_of({{}, looks.back(), looks}))[0]);
}

double t_p_of_first(const std::vector<double>& values, int n) {
  return t_test_p(summarise({values.begin(), values.begin() + n}));
}

// Whether a t test at .05 ever rejects, made at each of these numbers of seeds.
bool t_rejects(const std::vector<double>& values, int from, int to, int step) {
  for (int n = from; n <= to; n += step)
    if (t_p_of_first(values, n) <= 0.05) return true;
  return false;
}

template <class Event>
double printed_share(const char* what, int seeds, double effect, Event event) {
  const double found = share(kStudies, [&](Normals& normals) {
    return event(draws(normals, seeds, effect * kDeviation, kDeviation));
  });
  std::cout << what << ": " << found << std::endl;
  return found;
}

}  // namespace

TEST_CASE("a study of equal arms decides in at most 5 % that they differ, however seeds are added",
          "[study][slow]") {
  const auto planned = [](int seeds) {
    return [=](const std::vector<double>& values) { return decides(values, {seeds}); };
  };
  const double once = printed_share("10 seeds as planned", 10, 0, planned(10));
  CHECK(once <= 0.04 + 0.0042);
  CHECK(once >= 0.04 - 0.0042);
  const double extended = printed_share("10 seeds planned, 20 trained", 20, 0, planned(10));
  CHECK(extended <= kSize);
  CHECK(extended > once);
  const double every = printed_share("3 seeds planned, a look at every seed to 100", 100, 0, planned(3));
  CHECK(every <= kSize);
  CHECK(every >= 0.035);
  const double looks = printed_share("looks at 10, 20 and 40 seeds", 40, 0, [](const auto& values) {
    return decides(values, {10, 20, 40});
  });
  CHECK(looks <= 0.04 + 0.0042);
  CHECK(looks >= 0.02);
  const double alone =
      printed_share("the e-process alone at .05, every seed to 100", 100, 0,
                    [](const auto& values) { return anytime_tests(values, 0).back().p <= 0.05; });
  CHECK(alone <= kSize);
  CHECK(alone >= 0.01);
}

// What the levels are for: these are the same studies.
TEST_CASE("a t test at 5 % that is repeated as seeds are added is none", "[study][slow]") {
  CHECK(printed_share("t test at .05, 10 seeds and again at 20", 20, 0,
                      [](const auto& values) { return t_rejects(values, 10, 20, 10); }) > 0.075);
  CHECK(printed_share("t test at .05, at every seed from 3 to 20", 20, 0,
                      [](const auto& values) { return t_rejects(values, 3, 20, 1); }) > 0.2);
  CHECK(printed_share("t test at .05, at every seed from 3 to 100", 100, 0,
                      [](const auto& values) { return t_rejects(values, 3, 100, 1); }) > 0.3);
}

TEST_CASE("three equal arms against one baseline are told apart in at most 5 % of studies", "[study][slow]") {
  const auto any = [](int planned, int seeds) {
    return share(kStudies, [&](Normals& normals) {
      const std::vector<double> baseline = draws(normals, seeds, 3, 0.02);
      std::vector<OrderedDifferences> arms;
      for (int arm = 0; arm < 3; ++arm) {
        arms.push_back(all_places(draws(normals, seeds, 3, 0.02)));
        for (size_t i = 0; i < baseline.size(); ++i) arms.back().values[i] -= baseline[i];
      }
      const std::vector<Decision> decisions = decide(arms, 0, seeds, looks_of({{}, planned, {}}));
      return std::any_of(decisions.begin(), decisions.end(), differs);
    });
  };
  const double extended = any(10, 20);
  const double every = any(3, 50);
  std::cout << "three arms, 10 planned, 20 trained: " << extended
            << "\nthree arms, 3 planned, every seed to 50: " << every << std::endl;
  for (const double found : {extended, every}) {
    CHECK(found <= kSize);
    CHECK(found >= 0.025);  // not safe by saying nothing
  }
}

TEST_CASE("arms that differ by the margin are called equivalent in at most 5 %, however seeds are added",
          "[study][slow]") {
  const auto equivalent = [](double effect, int planned, int seeds) {
    return share(kStudies, [&](Normals& normals) {
      const std::vector<double> values = draws(normals, seeds, effect, kDeviation);
      return decide({all_places(values)}, kDeviation, seeds, looks_of({{}, planned, {}}))[0].outcome ==
             Outcome::equivalent;
    });
  };
  CHECK(equivalent(kDeviation, 10, 30) <= kSize);
  CHECK(equivalent(-kDeviation, 3, 60) <= kSize);
  const double found = equivalent(0, 3, 60);
  std::cout << "equal arms, 3 planned, 60 trained, margin 1 deviation: equivalent in " << found << std::endl;
  CHECK(found > 0.85);
}

TEST_CASE("an effect of one deviation is found at 40 seeds, planned or not", "[study][slow]") {
  CHECK(printed_share("effect 1, looks at 10, 20 and 40", 40, 1, [](const auto& values) {
          return decides(values, {10, 20, 40});
        }) > 0.99);
  CHECK(printed_share("effect 1, 3 seeds planned, 40 trained", 40, 1,
                      [](const auto& values) { return decides(values, {3}); }) > 0.97);
  CHECK(printed_share("effect 1, the e-process alone at .01, 40 seeds", 40, 1,
                      [](const auto& values) { return anytime_tests(values, 0).back().p <= 0.01; }) > 0.97);
  CHECK(printed_share("effect 1, 10 seeds planned, 20 trained", 20, 1,
                      [](const auto& values) { return decides(values, {10}); }) > 0.8);
}
