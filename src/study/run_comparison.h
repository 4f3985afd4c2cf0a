// The same trials of two runs, pair by pair: whether a setting, a precision or a machine changes what comes out.
#pragma once

#include "report/table.h"
#include "study/stored_run.h"

namespace ate {

// An arm that has not the same settings in both runs.
struct ArmSides {
  std::string name{};
  std::vector<ArmSetting> left{};
  std::vector<ArmSetting> right{};
};

// Of the primary number: right - left, over the seeds that finished in both runs.
struct RunDifference : PairedTest {
  std::string name{};  // an arm, or "bespoke - standard" for what an arm is against the baseline
  double left = 0;     // means over the pairs, nats
  double right = 0;
};

struct RunComparison {
  Metric metric = Metric::loss;
  double margin = 0;  // of equivalence, nats; NaN when neither an entropy nor a baseline is known
  std::vector<RunDifference> differences;
  std::vector<ArmSides> arms{};  // of those compared, the ones whose settings differ
};

// Every arm that both runs have, by its name, whatever it sets in each; and for every arm but the baseline, where that is one arm in both, its difference
// to the baseline. All are judged together (see judge in study/compare.h). `margin`: a share of left's entropy, or
// where that is not known of its baseline's mean loss. Throws BadInput when the runs have another corpus (a text may
// stand elsewhere), or no pair.
RunComparison compare_runs(const StoredRun& left, const StoredRun& right, double margin);

Report run_comparison_report(const RunComparison& comparison, const StoredRun& left, const StoredRun& right);

}  // namespace ate
