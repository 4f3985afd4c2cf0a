// Every arm against the baseline, the first one: tests and verdicts. No LibTorch.
#pragma once

#include "study/result.h"

namespace ate {

inline constexpr double kPower = 0.8;  // with which the smallest detectable effect is detected

// Whether a canary failed: then no number of the study can be trusted.
bool leaks(const StudyResult& result);

// A margin in nats, `share` of the source's entropy, or where that is 0 or not known of the baseline's mean loss.
double margin_nats(const StudyResult& result, double share);

// Arm minus baseline, by the primary number, for every seed that finished in both.
std::vector<double> paired_differences(const StudyResult& result, const Arm& arm, const Arm& baseline);

// What differences say by themselves, lower being better: all of a test but what is adjusted over several, and what
// rests on a level. `margin`: of equivalence, nats.
PairedTest test_differences(const std::vector<double>& differences, double margin);

// Tests made once, together, over the pairs that there are, with no plan behind them: adjusts them for how many they
// are, and gives each its verdict:
//   none  when `leaks`: a canary failed; or for want of pairs;
//   else  the word of outcome_of (study/decision.h), by Holm's p-values at kLevel.
void judge(const std::vector<PairedTest*>& tests, bool leaks);

// From the arms, trials, canaries, metric and margin that `result` holds. The verdicts are those of decide
// (study/decision.h); there is none before the first look's seeds have ended in every arm.
std::vector<Comparison> compare_arms(const StudyResult& result, const SeedPlan& plan = {});

}  // namespace ate
