#include "bench/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/error.h"
#include "support/files.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

Json event(const std::string& name, const std::string& category, int64_t begin, int64_t end, size_t lane) {
  return {{"name", name},
          {"cat", category},
          {"ph", "X"},
          {"ts", static_cast<double>(begin) * 1e-3},
          {"dur", static_cast<double>(end - begin) * 1e-3},
          {"pid", 1},
          {"tid", lane + 1}};
}

}  // namespace

std::string chrome_trace(const std::vector<TraceLane>& lanes) {
  int64_t origin = std::numeric_limits<int64_t>::max();
  for (const TraceLane& lane : lanes)
    for (const auto& step : lane.steps)
      if (!step.empty()) origin = std::min(origin, step.front().begin);
  Json events = Json::array();
  for (size_t lane = 0; lane < lanes.size(); ++lane)
    for (size_t i = 0; i < lanes[lane].steps.size(); ++i) {
      const auto& step = lanes[lane].steps[i];
      if (step.empty()) continue;
      events.push_back(event(fmt::format("{}, step {}", lanes[lane].name, i + 1), "step",
                             step.front().begin - origin, step.back().end - origin, lane));
      for (const Profile::Span& span : step)
        events.push_back(event(part_name(span.part), "part", span.begin - origin, span.end - origin, lane));
    }
  return Json{{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}}.dump() + "\n";
}

void check_trace_path(const std::string& flag, const std::filesystem::path& path) {
  if (const std::string why = why_not_writable(path); !why.empty())
    throw BadInput(flag + " " + path.string(),
                   "cannot be written: " + why + "; give a file in a folder that is there and writable");
}

}  // namespace ate
