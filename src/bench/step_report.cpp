#include "bench/step_report.h"

#include <fmt/format.h>

#include "analysis/tables.h"
#include "bench/step_tables.h"
#include "run/environment.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// The rows of the first tables as one, and by_part where it is known.
Json whole_rows(const Report& report) {
  Json rows = objects_of(report.tables[0]);
  const Json rates = objects_of(report.tables[1]);
  const Json parts = objects_of(report.tables[2]);
  size_t part_row = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].update(rates[i]);
    rows[i]["ratio_by"] = rows[i]["threads"] == 1 ? "CPU time" : "wall clock";
    Json by_part;
    if (rows[i]["kernels"] == "fused") {
      for (const char* part : kStepParts) by_part[part] = parts[part_row][part];
      ++part_row;
    }
    rows[i]["by_part"] = std::move(by_part);
  }
  return rows;
}

}  // namespace

Report step_report(const StepSpeedOptions& options, const StepSpeed& speed) {
  const Config& config = options.config;
  Report report;
  report.title = fmt::format("Training step of {}", config.name);
  const Json environment = describe_environment("cpu", 1);
  report.facts = {fmt::format("{}, {}; {} kernels, products by {}; {} in turns, {} s each",
                              environment["processor"].get<std::string>(), counted(usable_cores(), "core"),
                              environment["instructions"].get<std::string>(),
                              environment["products"].get<std::string>(), counted(options.rounds, "round"),
                              options.seconds)};
  report.tables = {step_rows(speed), rate_rows(speed), part_rows(speed), peak_rows(speed),
                   product_rows(speed)};
  report.notes = {
      "x eager: how many times as fast as LibTorch eager of the same dtype in the same round; median of the "
      "rounds. With one "
      "thread it is taken from the CPU time of the calling thread, which other programs on the machine "
      "hardly "
      "disturb; with more from wall clock.",
      "eager: LibTorch's operations and autograd as an expert writes them: no loop over tokens, one fused "
      "AdamW over "
      "one flat array, autocast for bf16. It is the model of kernels=reference with LibTorch's own dropout, "
      "and does a "
      "little less than nn.TransformerEncoder in Python: no interpreter, one zeroing, one clip.",
      "GFLOP/s: the matrix products of a step, attention's with their masked half, over the whole step's "
      "time. GEMM peak: the "
      "best rate of this run over the step's own products and a square one, through the library that the "
      "step uses. FMA peak: "
      "multiply-adds between registers; for bf16 the library's square product, as no kernel here multiplies "
      "bf16.",
      "By part: the reading of the batch is left out. Products end where the next operation can read them.",
      "replicas train side by side, each on a thread of its own; x one: their steps per second over one's, "
      "by wall clock and "
      "by CPU time.",
  };
  report.document = {{"preset", config.name},
                     {"rounds", options.rounds},
                     {"seconds", options.seconds},
                     {"environment", environment},
                     {"rows", whole_rows(report)},
                     {"peaks", objects_of(report.tables[3])},
                     {"products", objects_of(report.tables[4])},
                     {"notes", report.notes}};
  return report;
}

}  // namespace ate
