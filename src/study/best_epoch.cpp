#include "study/best_epoch.h"

#include <fmt/format.h>

#include <algorithm>

namespace ate {

void add_best_epoch(Report& report, const std::vector<Evaluation>& evaluations) {
  if (evaluations.empty()) return;
  const auto best =
      std::min_element(evaluations.begin(), evaluations.end(),
                       [](const Evaluation& a, const Evaluation& b) { return a.loss < b.loss; });
  const Evaluation& last = evaluations.back();
  report.document["best_val_loss"] = number_or_null(best->loss);
  report.document["best_epochs_completed"] = best->epoch + 1;
  if (best->loss < last.loss)
    report.notes.push_back(fmt::format(
        "The lowest validation loss was {:.4f} nats, after epoch {}; the last is {:.4f}, after epoch {}, and "
        "the checkpoint and an export of it hold the last.",
        best->loss, best->epoch + 1, last.loss, last.epoch + 1));
}

}  // namespace ate
