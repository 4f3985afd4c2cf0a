#include "study/best_epoch.h"

#include <fmt/format.h>

#include <algorithm>

namespace ate {

nlohmann::ordered_json best_to_json(const Evaluation& chosen) {
  nlohmann::ordered_json out = {{"val_loss", number_or_null(chosen.loss)},
                                {"excess", number_or_null(chosen.excess)},
                                {"tune_loss", number_or_null(chosen.tune_loss)},
                                {"epochs_completed", chosen.epoch + 1}};
  if (chosen.updates > 0) out["steps_completed"] = chosen.updates;
  return out;
}

void add_best_epoch(Report& report, const std::vector<Evaluation>& evaluations) {
  if (evaluations.empty()) return;
  const auto best =
      std::min_element(evaluations.begin(), evaluations.end(),
                       [](const Evaluation& a, const Evaluation& b) { return a.loss < b.loss; });
  const Evaluation& last = evaluations.back();
  report.document["best_val_loss"] = number_or_null(best->loss);
  report.document["best_epochs_completed"] = best->epoch + 1;
  if (best->updates > 0) report.document["best_steps_completed"] = best->updates;
  if (best->loss < last.loss)
    report.notes.push_back(
        fmt::format("The lowest validation loss was {:.4f} nats, after {}; the last is {:.4f}, after {}, and "
                    "the checkpoint and an export of it hold the last.",
                    best->loss, place_of(*best), last.loss, place_of(last)));
  const Evaluation* const chosen = best_by_tuning(evaluations);
  if (chosen == nullptr) return;
  report.document["best"] = best_to_json(*chosen);
  report.notes.push_back(fmt::format(
      "The loss on the tune part was lowest after {}, {:.4f} nats; the validation loss was {:.4f} there.",
      place_of(*chosen), *chosen->tune_loss, chosen->loss));
}

}  // namespace ate
