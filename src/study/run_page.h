// Stored runs as a page for people: the answer first, then what it rests on. No LibTorch.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/page.h"
#include "study/stored_run.h"

namespace ate {

// The run that a user means: its folder, or the whole or the end of its name among the runs of `out`. Throws BadInput when there is none,
// or more than one.
std::filesystem::path find_run(const std::string& name, const std::filesystem::path& out);

// Machine and program, from what environment.json holds.
std::vector<PageFact> environment_facts(const nlohmann::ordered_json& environment);

// Losses of each arm over its training, means over the finished seeds with their 95 % intervals.
CurvePlot learning_plot(const StudyResult& result);

// One run as its study prints it; of several, their verdicts.
Report runs_report(const std::vector<StoredRun>& runs);

// One run, or several one after the other under a table of their verdicts.
Page run_page(const std::vector<StoredRun>& runs);

}  // namespace ate
