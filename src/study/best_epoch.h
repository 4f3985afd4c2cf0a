// Which of a trial's evaluations was its best. No LibTorch.
#pragma once

#include <vector>

#include "report/table.h"
#include "train/progress.h"

namespace ate {

// Result files' "best": the evaluation of the lowest tune loss (evaluation.best), scored on the test part.
nlohmann::ordered_json best_to_json(const Evaluation& chosen);

// Adds best_val_loss and best_epochs_completed to the report's document, and a note where the last evaluation, which
// the checkpoint and its export hold, was not the best; with evaluation.best also "best".
void add_best_epoch(Report& report, const std::vector<Evaluation>& evaluations);

}  // namespace ate
