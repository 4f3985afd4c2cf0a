// Widths of embedding blocks by search: over-wide models train, what they use little of is pruned down to a budget of
// parameters, and the widths that are left become an arm, to be trained from scratch on other seeds beside arms of the
// same budget: the power rule of mixed dimensions, one width for all, and widths drawn at random.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "report/table.h"
#include "study/allocation.h"
#include "study/study.h"

namespace ate {

struct WidthSearchOptions {
  StudyOptions run;             // command is set by the search
  int64_t blocks = 4;           // of equal occurrence
  int64_t parameters = 0;       // of tables and projections; 0: as mixed_dim has
  int64_t random = 3;           // arms with widths drawn at random
  std::filesystem::path study;  // where the study of the arms is written; empty: <out>/study_<run id>.json
};

struct WidthSearch {
  std::string run_id;
  Config study;                       // of the arms, on the config's own seeds
  std::vector<BlockSpectrum> blocks;  // mean over the search's seeds
  std::vector<Arm> arms;              // the first: searched; those of allocated kind have embedding.widths
  int64_t budget = 0;                 // parameters
  SeedList seeds;                     // of the search
  double flops = 0;                   // of all its trainings
  double flops_of_training = 0;       // of one training of the searched arm
  double seconds = 0;                 // of the search's trainings
  std::filesystem::path file;         // the study
};

// Trains the over-wide models from study.tune.seeds (resumable, as a study's trials), prunes, and writes the study. Throws
// BadInput where the shape leaves nothing to search, and all that run_study throws.
WidthSearch search_widths(Resolved resolved, const WidthSearchOptions& options);

// The widths of an arm of allocated kind.
std::vector<int64_t> widths_of(const Config& study, const Arm& arm);

Report width_search_report(const WidthSearch& search);

}  // namespace ate
