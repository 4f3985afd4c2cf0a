#include "study/decision.h"

#include <fmt/format.h>

#include <algorithm>

#include "study/anytime.h"

namespace ate {
namespace {

// How many of the differences are of the first `seeds` seeds.
std::ptrdiff_t count_within(const OrderedDifferences& differences, int seeds) {
  return std::lower_bound(differences.places.begin(), differences.places.end(), seeds) -
         differences.places.begin();
}

// Of one test, a value for each comparison.
struct Tested {
  std::vector<double> p, p_equivalence, means;

  void add(double own_p, double own_p_equivalence, double mean) {
    p.push_back(own_p);
    p_equivalence.push_back(own_p_equivalence);
    means.push_back(mean);
  }
};

// Decides what is still open.
void apply(const Tested& tested, double level, const std::string& by, std::vector<Decision>& decisions) {
  const std::vector<double> p = holm(tested.p);
  const std::vector<double> p_equivalence = holm(tested.p_equivalence);
  for (size_t i = 0; i < decisions.size(); ++i) {
    if (decisions[i].outcome != Outcome::undecided) continue;
    const double mean = tested.means[i];
    decisions[i] = {outcome_of(p[i], p_equivalence[i], mean, level), by, p[i], p_equivalence[i], level, mean};
  }
}

Tested t_tests(const std::vector<OrderedDifferences>& comparisons, double margin, int seeds) {
  Tested tested;
  for (const OrderedDifferences& c : comparisons) {
    const Summary summary = summarise({c.values.begin(), c.values.begin() + count_within(c, seeds)});
    tested.add(t_test_p(summary), equivalence_p(summary, margin), summary.mean);
  }
  return tested;
}

}  // namespace

std::vector<Look> looks_of(const SeedPlan& plan) {
  if (plan.looks.empty()) return {{plan.planned, kPlannedLevel}};
  std::vector<Look> looks;
  double left = kPlannedLevel;
  for (const int seeds : plan.looks) {
    if (looks.size() + 1 < plan.looks.size()) left /= 2;  // what this look spends, and what it leaves
    looks.push_back({seeds, left});
  }
  return looks;
}

double level_at(const std::vector<Look>& looks, int seeds) {
  if (seeds > looks.back().seeds) return kExtensionLevel;
  double level = looks.front().level;
  for (const Look& look : looks)
    if (look.seeds <= seeds) level = look.level;
  return level;
}

const char* outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::better:
      return "better";
    case Outcome::worse:
      return "worse";
    case Outcome::equivalent:
      return "equivalent";
    case Outcome::undecided:
      break;
  }
  return "undecided";
}

Outcome outcome_of(double p, double p_equivalence, double mean, double level) {
  if (p <= level) return mean < 0 ? Outcome::better : Outcome::worse;
  return p_equivalence <= level ? Outcome::equivalent : Outcome::undecided;
}

std::vector<Decision> decide(const std::vector<OrderedDifferences>& comparisons, double margin, int ended,
                             const std::vector<Look>& looks) {
  std::vector<Decision> decisions(comparisons.size());
  for (const Look& look : looks) {
    if (look.seeds > ended) break;
    const std::string by = looks.size() == 1 ? fmt::format("the plan's {} seeds", look.seeds)
                                             : fmt::format("the look at {} seeds", look.seeds);
    apply(t_tests(comparisons, margin, look.seeds), look.level, by, decisions);
  }
  if (ended <= looks.back().seeds) return decisions;
  std::vector<std::vector<AnytimeTest>> tests;
  for (const OrderedDifferences& c : comparisons) tests.push_back(anytime_tests(c.values, margin));
  for (int seeds = looks.back().seeds + 1; seeds <= ended; ++seeds) {
    Tested tested;
    for (size_t i = 0; i < comparisons.size(); ++i) {
      const std::ptrdiff_t n = count_within(comparisons[i], seeds);
      const AnytimeTest test = n > 0 ? tests[i][static_cast<size_t>(n - 1)] : AnytimeTest{};
      tested.add(test.p, test.p_equivalence, test.mean);
    }
    apply(tested, kExtensionLevel, fmt::format("the extension to {} seeds", seeds), decisions);
  }
  for (Decision& decision : decisions) decision.extended = true;
  return decisions;
}

}  // namespace ate
