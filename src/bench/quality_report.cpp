#include <fmt/format.h>

#include <cmath>

#include "analysis/tables.h"
#include "bench/laws.h"
#include "bench/quality.h"

namespace ate {

Report quality_report(const std::vector<Quality>& qualities, const QualityOptions& options) {
  Table table{
      "quality",
      fmt::format("What each kind reads and loses; at most {:g} of the attention may be on keys not read",
                  options.epsilon),
      {{"inputs", "inputs"},
       {"T", "T"},
       {"k", "k"},
       {"kind", "kind"},
       {"keys_read", "keys read", 4},
       {"keys_read_p95", "p95", 4},
       {"mass_kept", "mass kept", 5},
       {"above_epsilon", "above", 4},
       {"skipped_p95", "skipped p95", 5},
       {"skipped_most", "most", 5},
       {"error", "error", 6},
       {"error_most", "most", 6},
       {"bound", "bound", 6},
       {"bound_most", "most", 6},
       {"d", "d", -1, 1, true},
       {"heads", "heads", -1, 1, true},
       {"block", "block", -1, 1, true},
       {"causal", "causal", -1, 1, true},
       {"queries", "queries", -1, 1, true},
       {"epsilon", "epsilon", -1, 1, true}},
      {},
      4};
  for (const Quality& q : qualities)
    table.rows.push_back({q.inputs,
                          q.shape.length,
                          q.shape.keys,
                          q.kind,
                          q.read,
                          q.read_p95,
                          q.mass,
                          q.above,
                          q.skipped_p95,
                          q.skipped_most,
                          q.error,
                          q.error_most,
                          number_or_null(q.bound),
                          number_or_null(q.bound_most),
                          q.shape.width,
                          q.shape.heads,
                          q.block,
                          q.shape.causal,
                          q.queries,
                          options.epsilon});
  Report report;
  report.title = "Attention: what is read and lost";
  report.tables = {std::move(table)};
  report.notes = {
      "Over all queries of all heads. keys read: share of the keys that a query may read, mean and 95th "
      "percentile. mass kept: "
      "mean share of the attention on them. above: share of the queries that skip more than that much of it; "
      "skipped: the share "
      "that is skipped. error: distance to the output of attention over all keys, divided by the largest "
      "norm of a value that "
      "the query may read. bound: what the kind promises of that error.",
      "Kinds with a bound read as many keys as they need, whatever k. Selectors that learn are fitted on "
      "other inputs alike."};
  for (const AttentionLaw& law : attention_laws())
    for (const Quality& q : qualities)
      if (q.inputs == law.name) {
        report.notes.emplace_back(law.help);
        break;
      }
  report.document = {{"rows", objects_of(report.tables[0])}, {"notes", report.notes}};
  return report;
}

}  // namespace ate
