// The GPT-4 analysis as a report.
#pragma once

#include <vector>

#include "analysis/gpt4.h"
#include "report/table.h"

namespace ate::gpt4 {

// What the document prints for one length: "M FLOPs" of both paths, and the speedup.
struct PrintedBlock {
  int64_t length = 0;
  double full_millions = 0;
  double sparse_millions = 0;
  double ratio = 0;
};

// `printed` is set beside the lengths it has, for comparison. Throws as shape_at does, with "--T" in the
// address.
Report analysis_report(const Assumptions& assumptions, const std::vector<int64_t>& lengths,
                       const std::vector<PrintedBlock>& printed);

}  // namespace ate::gpt4
