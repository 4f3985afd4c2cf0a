// Whether a trial's last evaluation was its best. No LibTorch.
#pragma once

#include <vector>

#include "report/table.h"
#include "train/progress.h"

namespace ate {

// Adds best_val_loss and best_epochs_completed to the report's document, and a note where the last evaluation, which
// the checkpoint and its export hold, was not the best.
void add_best_epoch(Report& report, const std::vector<Evaluation>& evaluations);

}  // namespace ate
