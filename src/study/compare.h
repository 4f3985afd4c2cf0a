// Every arm against the baseline, the first one: tests and verdicts. No LibTorch.
#pragma once

#include "study/result.h"

namespace ate {

inline constexpr double kLevel = 0.05;  // of every test; for a whole study, through Holm's correction
inline constexpr double kPower = 0.8;   // with which the smallest detectable effect is detected

// Whether a canary failed: then no number of the study can be trusted.
bool leaks(const StudyResult& result);

// study.margin in nats: of the source's entropy, or where that is not known of the baseline's mean loss.
double margin_nats(const StudyResult& result);

// Arm minus baseline, by the primary number, for every seed that finished in both.
std::vector<double> paired_differences(const StudyResult& result, Arm arm, Arm baseline);

// From the arms, trials, canaries, metric and margin that `result` holds. A verdict is
//   better or worse  when Holm's p of the paired t tests is at most kLevel, also inside the margin;
//   equivalent       else, when Holm's p of the equivalence tests is;
//   undecided        else.
std::vector<Comparison> compare_arms(const StudyResult& result);

}  // namespace ate
