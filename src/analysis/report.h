// An analysis as a report.
#pragma once

#include <optional>
#include <vector>

#include "analysis/tables.h"

namespace ate {

// The tables there are beside the costs, and beside the roofline, which needs a device.
enum class Section { crossovers, keys, terms, complexity, amdahl, memory };
inline constexpr Section kSections[] = {Section::crossovers, Section::keys,   Section::terms,
                                        Section::complexity, Section::amdahl, Section::memory};
const char* section_name(Section section);

// The ratio that the document printed for one of its rows.
struct PrintedRatio {
  int64_t width = 0;
  int64_t length = 0;
  double ratio = 0;
};

struct AnalysisView {
  bool for_people = true;         // a row per shape, the accountings side by side; else a row for each
  std::vector<Section> sections;  // shown beside the costs; the JSON document has all
  std::vector<PrintedRatio> printed;
  std::optional<Device> device;  // with one the roofline is shown too
};

Report analysis_report(const AnalysisRequest& request, const AnalysisView& view);

}  // namespace ate
