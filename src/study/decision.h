// When the differences of a study decide: at what numbers of seeds they are tested, at what levels, and what
// follows. No LibTorch.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace ate {

inline constexpr double kLevel = 0.05;           // of a whole study, and of a test that no plan is behind
inline constexpr double kPlannedLevel = 0.04;    // of this, for the numbers of seeds that were planned
inline constexpr double kExtensionLevel = 0.01;  // and for all seeds that were added later

// What was decided about seeds before the first step.
struct SeedPlan {
  std::vector<int64_t> order;  // the plan's seeds, then those added later; empty: as the study lists them
  int planned = 0;             // how many of these the plan has; 0: all
  std::vector<int> looks;  // numbers of seeds at which the plan tests, growing; none: once, at all it planned
};

// A number of seeds at which the plan tests, and the level of that test.
struct Look {
  int seeds = 0;
  double level = 0;
};

// Each look has half of what is left of kPlannedLevel, the last one all of it: together they spend it.
std::vector<Look> looks_of(const SeedPlan& plan);

// The level of the test that this number of seeds ends with: of the last look reached, of the first where none was, or
// kExtensionLevel.
double level_at(const std::vector<Look>& looks, int seeds);

// Differences in the order of the seeds, each with the place of its seed in that order. Places of seeds that
// diverged are left out.
struct OrderedDifferences {
  std::vector<int> places;
  std::vector<double> values;
};

enum class Outcome { undecided, better, worse, equivalent };
const char* outcome_name(Outcome outcome);

struct Decision {
  Outcome outcome = Outcome::undecided;
  std::string by{};  // the test that decided, else the last made; "" for none
  double p = std::numeric_limits<double>::quiet_NaN();  // Holm's p of that test
  double p_equivalence = std::numeric_limits<double>::quiet_NaN();
  double level = 0;       // of that test
  double mean = 0;        // of the differences that it saw
  bool extended = false;  // whether seeds beyond the last look were tested
};

// The rule that every test follows, from Holm's p-values: better or worse, by the sign of the mean, when p is at most
// the level, also inside the margin; else equivalent when p_equivalence is. A NaN decides nothing.
Outcome outcome_of(double p, double p_equivalence, double mean, double level);

// A decision for each comparison. Of the seeds, in order, the first `ended` have ended in every arm.
//   - At each look reached: the paired t tests and the equivalence tests on the seeds so far, each family corrected by
//     Holm over all the comparisons, at the look's level.
//   - After every seed beyond the last look: the e-process and the confidence sequence over all seeds so far
//     (study/anytime.h), corrected likewise, at kExtensionLevel. Between looks nothing is tested.
// What is decided stays so. Hence the decision does not depend on when one looked in between. The probability of any
// false "better" or "worse" is at most kLevel, the sum of all levels, and so is that of any false "equivalent".
std::vector<Decision> decide(const std::vector<OrderedDifferences>& comparisons, double margin, int ended,
                             const std::vector<Look>& looks);

}  // namespace ate
