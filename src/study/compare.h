// Every arm against the baseline, the first one: tests and verdicts. No LibTorch.
#pragma once

#include "study/result.h"

namespace ate {

inline constexpr double kLevel = 0.05;  // of every test; for a whole study, through Holm's correction
inline constexpr double kPower = 0.8;   // with which the smallest detectable effect is detected

// Whether a canary failed: then no number of the study can be trusted.
bool leaks(const StudyResult& result);

// A margin in nats, `share` of the source's entropy, or where that is not known of the baseline's mean loss.
double margin_nats(const StudyResult& result, double share);

// Arm minus baseline, by the primary number, for every seed that finished in both.
std::vector<double> paired_differences(const StudyResult& result, const Arm& arm, const Arm& baseline);

// What differences say by themselves, lower being better: all of a test but what is adjusted over several.
// `margin`: of equivalence, nats.
PairedTest test_differences(const std::vector<double>& differences, double margin);

// Adjusts the tests, made together, for how many they are, and gives each its verdict:
//   none             when `leaks`: a canary failed; or for want of pairs;
//   better or worse  when Holm's p of the paired t tests is at most kLevel, also inside the margin;
//   equivalent       else, when Holm's p of the equivalence tests is;
//   undecided        else.
void judge(const std::vector<PairedTest*>& tests, bool leaks);

// From the arms, trials, canaries, metric and margin that `result` holds.
std::vector<Comparison> compare_arms(const StudyResult& result);

}  // namespace ate
