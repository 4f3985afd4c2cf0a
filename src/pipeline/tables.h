// What the procedures print, from their results.
#pragma once

#include "pipeline/frontier.h"
#include "pipeline/stages.h"
#include "report/plot.h"
#include "report/table.h"

namespace ate {

// The seed's pipeline and the students on one world.
struct WorldResult {
  std::string world;
  Config config;
  std::optional<double> floor;
  HeadResult head;
  std::vector<Student> students;
};

Report pipeline_report(const std::string& run_id, const std::vector<WorldResult>& worlds);
Report frontier_report(const std::string& run_id, const Config& config, const FrontierResult& frontier);
Plot frontier_plot(const FrontierResult& frontier);

}  // namespace ate
