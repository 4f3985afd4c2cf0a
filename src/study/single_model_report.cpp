#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "config/enum_names.h"
#include "config/kernels.h"
#include "study/describe_corpus.h"
#include "study/single_model.h"

namespace ate {

using Json = nlohmann::ordered_json;

namespace {

// Which part of the validation data a loss is of, where it is cut in two.
std::string describe_part(const EvaluationConfig& evaluation) {
  const bool tune = evaluation.part == EvaluationPart::tune;
  return fmt::format("scored: the part of the validation data {}, its {} {:.4g} %",
                     tune ? "to tune on" : "for the test", tune ? "first" : "last",
                     100 * (tune ? evaluation.tune_share : 1 - evaluation.tune_share));
}

}  // namespace

Report model_report(const Config& config, const std::string& run_id, const TrialRecord& record,
                    const std::optional<double>& floor, const std::filesystem::path& checkpoint) {
  const Progress& p = record.progress;
  const Evaluation last = p.evaluations.empty() ? Evaluation() : p.evaluations.back();
  const std::optional<double> above = floor ? std::optional(last.loss - *floor) : std::nullopt;
  const bool trained = !run_id.empty();  // else a stored model is scored, by plain operations
  const KernelsUsed kernels = kernels_used(config);
  Report report;
  report.title = fmt::format("{}: {}{}, {} attention, seed {}", config.name, record.id.arm_name(),
                             record.id.arm.set.empty() ? " embedding" : "", enum_name(config.attention.kind),
                             record.id.seed);
  report.facts = {describe_corpus(config, floor)};
  const EvaluationConfig evaluation = arm_config(config, record.id.arm).evaluation;
  if (evaluation.tune_share > 0) report.facts.push_back(describe_part(evaluation));
  report.facts.push_back("checkpoint: " + checkpoint.string());
  if (trained) report.facts.insert(report.facts.begin() + 1, "kernels: " + kernels.text());
  Table table{"model",
              "",
              {{"parameters", "parameters"},
               {"flops_per_token", "FLOPs/token", 0},
               {"epochs", "epochs"},
               {"status", "status"},
               {"loss", "loss (nats)", 4},
               {"standard_error", "+/- (1 s.e.)", 4},
               {"perplexity", "perplexity", 2},
               {"over_floor", "over floor", 4},
               {"excess", "exact excess", 4}},
              {}};
  if (last.accuracy) table.columns.push_back({"accuracy", "accuracy", 4});
  table.rows.push_back({p.parameters, p.flops_per_token, p.epoch, status_name(p.status),
                        number_or_null(last.loss), number_or_null(last.standard_error),
                        number_or_null(std::exp(last.loss)), number_or_null(above),
                        number_or_null(last.excess)});
  if (last.accuracy) table.rows.back().push_back(*last.accuracy);
  report.tables.push_back(std::move(table));
  if (p.leak > 0)
    report.notes.push_back(fmt::format(
        "Leak: changing a token moves logits that must not see it, by up to {:.4f}: the loss is not honest.",
        p.leak));
  if (last.excess)
    report.notes.emplace_back(
        "exact excess: mean KL to the source's law given the visible window; it has no sampling noise of "
        "targets.");
  if (!p.reason.empty()) report.notes.push_back(p.reason + ".");
  report.document = {{"run_id", run_id},
                     {"preset", config.name},
                     {"arm", record.id.arm_name()},
                     {"seed", record.id.seed},
                     {"attention", enum_name(config.attention.kind)},
                     {"parameters", p.parameters},
                     {"flops_per_token", p.flops_per_token},
                     {"status", status_name(p.status)},
                     {"epochs", p.epoch},
                     {"floor_nats", number_or_null(floor)},
                     {"val_loss", number_or_null(last.loss)},
                     {"standard_error", number_or_null(last.standard_error)},
                     {"perplexity", number_or_null(std::exp(last.loss))},
                     {"excess", number_or_null(last.excess)},
                     {"targets", last.targets},
                     {"evaluation_part", enum_name(evaluation.part)},
                     {"loss_by_position", last.by_position},
                     {"train_losses", p.train_losses},
                     {"leak", p.leak},
                     {"checkpoint", checkpoint.string()},
                     {"seconds", record.seconds}};
  if (trained) report.document.update({{"kernels", kernels.name}, {"kernels_reason", kernels.why}});
  if (last.accuracy) report.document["accuracy"] = *last.accuracy;
  return report;
}

}  // namespace ate
