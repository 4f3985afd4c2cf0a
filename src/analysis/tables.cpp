#include "analysis/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/amdahl.h"
#include "analysis/complexity.h"
#include "analysis/crossover.h"
#include "analysis/memory.h"
#include "report/exact_integer.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kFitFrom = 1024;
constexpr int64_t kFitTo = 1 << 20;

Json length_or_null(const std::optional<int64_t>& length) { return length ? Json(*length) : Json(nullptr); }

// What a row was counted of, beside its shape's leading columns.
struct Counted {
  Pass pass = Pass::forward;
  std::string scope;
  bool causal = true;
  int64_t sequences = 1;  // that the numbers are of; a batch of more costs as many times as much
};

// The authors' formulas are forward, without a mask and of fixed extent, whatever else is asked for.
Counted counted_by(Accounting accounting, const Shape& shape, const Coverage& asked) {
  switch (accounting) {
    case Accounting::published:
      return {Pass::forward, scope_name(Scope::attention), false};
    case Accounting::detailed:
      return {Pass::forward, "attention and projections", false};
    case Accounting::corrected:
      break;
  }
  return {asked.pass, scope_name(asked.scope), shape.causal};
}

// Of one layer's attention, for the whole batch.
Counted batch_of(const Shape& shape) {
  return {Pass::forward, scope_name(Scope::attention), shape.causal, shape.batch};
}

Column for_programs(const char* name) { return {name, name, -1, 1, true}; }

std::vector<Column> with_circumstances(std::vector<Column> columns) {
  for (const char* name : {"head_size", "kv_heads", "feedforward", "layers", "vocabulary", "batch",
                           "sequences", "causal", "selector", "pass", "scope", "dtype"})
    columns.push_back(for_programs(name));
  return columns;
}

void add_circumstances(std::vector<Json>& row, const Shape& s, const Counted& counted,
                       int64_t element_bytes) {
  const char* const selector = s.selector_outputs == SelectorOutputs::all ? "all" : "visible";
  row.insert(row.end(), {s.head_size(), s.kv_heads, s.feedforward, s.layers, s.vocabulary, s.batch,
                         counted.sequences, counted.causal, selector, pass_name(counted.pass), counted.scope,
                         element_bytes == 2 ? "bf16" : "fp32"});
}

const std::vector<Column> kShapeColumns = {
    {"d", "d"}, {"T", "T"}, {"heads", "H"}, {"k", "k"}, {"hidden", "h"}};

Table table_of_shapes(const char* name, std::string title, const std::vector<Column>& columns) {
  std::vector<Column> all = kShapeColumns;
  all.insert(all.end(), columns.begin(), columns.end());
  return {name, std::move(title), with_circumstances(std::move(all)), {}, 2};
}

// The rows of one request.
class Rows {
 public:
  Rows(Table& table, const AnalysisRequest& request) : table_(table), bytes_(request.element_bytes) {}

  void add(const Shape& s, const Counted& counted, const std::vector<Json>& cells) {
    std::vector<Json> row = {s.width, s.length, s.heads, s.keys, s.hidden};
    row.insert(row.end(), cells.begin(), cells.end());
    add_circumstances(row, s, counted, bytes_);
    table_.rows.push_back(std::move(row));
  }

 private:
  Table& table_;
  int64_t bytes_;
};

// The rows of shapes less T, which they were made for.
Table without_length_column(Table table) {
  table.columns.erase(table.columns.begin() + 1);
  for (auto& row : table.rows) row.erase(row.begin() + 1);
  table.keys = 1;
  return table;
}

// Divides the columns that hold counts by one prefix, and says so in their headings.
void scale(Table& table, const std::vector<std::string>& names, const Count& largest,
           const std::string& unit) {
  const Prefix prefix = prefix_for(largest);
  for (Column& column : table.columns)
    if (std::find(names.begin(), names.end(), column.name) != names.end()) {
      column.heading += fmt::format(" ({}{})", prefix.symbol, unit);
      column.per = prefix.factor;
      column.precision = prefix.factor == 1 ? 0 : 1;
    }
}

}  // namespace

Json cell_of(const Count& count) { return exact_integer(count.str()); }

Prefix prefix_for(const Count& largest) {
  static const Prefix prefixes[] = {{"", 1},     {"k", 1e3},  {"M", 1e6},  {"G", 1e9},
                                    {"T", 1e12}, {"P", 1e15}, {"E", 1e18}, {"Z", 1e21}};
  for (const Prefix& prefix : prefixes)
    if (to_double(largest) < 1e6 * prefix.factor) return prefix;
  return prefixes[7];
}

std::vector<Shape> without_lengths(const std::vector<Shape>& shapes) {
  std::vector<Shape> out;
  for (const Shape& shape : shapes)
    if (std::none_of(out.begin(), out.end(), [&](const Shape& other) {
          return other.width == shape.width && other.heads == shape.heads && other.keys == shape.keys;
        }))
      out.push_back(shape);
  return out;
}

Table cost_rows(const AnalysisRequest& request) {
  Table table = table_of_shapes("rows", "Cost of attention for one sequence, dense (full) and sparse",
                                {{"accounting", "accounting"},
                                 {"full", "full"},
                                 {"sparse", "sparse"},
                                 {"unit", "unit"},
                                 {"ratio", "ratio", 3},
                                 {"selector_share", "selector", 3}});
  Rows rows(table, request);
  for (const Shape& shape : request.shapes)
    for (const Accounting accounting : request.accountings) {
      const Cost both = cost(accounting, shape, request.coverage);
      rows.add(shape, counted_by(accounting, shape, request.coverage),
               {accounting_name(accounting), cell_of(both.full.total()), cell_of(both.sparse.total()),
                accounting_unit(accounting), number_or_null(both.ratio()),
                number_or_null(ratio(both.sparse.of(Part::selector), both.sparse.total()))});
    }
  return table;
}

Table crossover_rows(const AnalysisRequest& request) {
  Table table =
      table_of_shapes("crossovers", "T from which the sparse path costs less (-: at no T up to 2^40)",
                      {{"accounting", "accounting"},
                       {"T", "from T"},
                       {"up_to_T", "and up to T"},
                       {"ratio_at_T", "ratio", 3}});
  Rows rows(table, request);
  for (Shape shape : without_lengths(request.shapes))
    for (const Accounting accounting : request.accountings) {
      const Crossover found = find_crossover(accounting, shape, request.coverage);
      shape.length = found.from.value_or(1);
      const Json at =
          found.from ? number_or_null(cost(accounting, shape, request.coverage).ratio()) : Json(nullptr);
      rows.add(shape, counted_by(accounting, shape, request.coverage),
               {accounting_name(accounting), length_or_null(found.from), length_or_null(found.up_to), at});
    }
  return without_length_column(std::move(table));
}

Table key_rows(const AnalysisRequest& request) {
  Table table{"keys",
              "The most keys k at which the sparse path still costs less (0: none)",
              with_circumstances({{"d", "d"},
                                  {"T", "T"},
                                  {"heads", "H"},
                                  {"hidden", "h"},
                                  {"accounting", "accounting"},
                                  {"most_keys", "k up to"}}),
              {},
              2};
  for (const Shape& s : request.shapes) {
    if (s.keys != request.shapes.front().keys)
      continue;  // once for each shape, whatever k it was asked for with
    for (const Accounting accounting : request.accountings) {
      std::vector<Json> row = {s.width,
                               s.length,
                               s.heads,
                               s.hidden,
                               accounting_name(accounting),
                               most_keys(accounting, s, request.coverage)};
      add_circumstances(row, s, counted_by(accounting, s, request.coverage), request.element_bytes);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table term_rows(const AnalysisRequest& request) {
  Table table =
      table_of_shapes("terms", "Every term, for one sequence (pairs: query and key that it may look at)",
                      {{"accounting", "accounting"},
                       {"path", "path"},
                       {"term", "term"},
                       {"formula", "formula, forward, one layer"},
                       {"count", "count"},
                       {"unit", "unit"},
                       {"share", "share", 4}});
  Rows rows(table, request);
  for (const Shape& shape : request.shapes)
    for (const Accounting accounting : request.accountings) {
      const Cost both = cost(accounting, shape, request.coverage);
      for (const auto& [path, side] : {std::pair{"full", &both.full}, {"sparse", &both.sparse}})
        for (const Term& term : side->terms)
          rows.add(shape, counted_by(accounting, shape, request.coverage),
                   {accounting_name(accounting), path, term.name, term.formula, cell_of(term.count),
                    accounting_unit(accounting), number_or_null(ratio(term.count, side->total()))});
    }
  return table;
}

Table complexity_rows(const AnalysisRequest& request) {
  Table table = table_of_shapes(
      "complexity", "Exponent p of cost ~ T^p, fitted from T = 1k to 1M",
      {{"accounting", "accounting"}, {"full_exponent", "full", 3}, {"sparse_exponent", "sparse", 3}});
  Rows rows(table, request);
  for (const Shape& shape : without_lengths(request.shapes))
    for (const Accounting accounting : request.accountings) {
      const Exponents p = counted_exponents(accounting, shape, request.coverage, kFitFrom, kFitTo);
      rows.add(shape, counted_by(accounting, shape, request.coverage),
               {accounting_name(accounting), number_or_null(p.full), number_or_null(p.sparse)});
    }
  return without_length_column(std::move(table));
}

Table amdahl_rows(const AnalysisRequest& request) {
  Table table = table_of_shapes(
      "amdahl", "Speedup of the whole if attention cost nothing (Amdahl), corrected accounting",
      {{"attention_share", "attention of layer (%)", 1, 0.01},
       {"layer_limit", "layer at most", 3},
       {"model_limit", "model at most", 3},
       {"layer_at_published_ratio", "layer at published ratio", 3}});
  Rows rows(table, request);
  for (const Shape& shape : request.shapes) {
    const Amdahl layer = amdahl(shape, Scope::layer, request.coverage.pass);
    const Amdahl model = amdahl(shape, Scope::model, request.coverage.pass);
    rows.add(shape, {request.coverage.pass, "layer and model", shape.causal},
             {layer.attention_share, number_or_null(layer.limit), number_or_null(model.limit),
              number_or_null(whole_speedup(layer, cost(Accounting::published, shape).ratio()))});
  }
  return table;
}

Table memory_rows(const AnalysisRequest& request) {
  Table table =
      table_of_shapes("memory", "Memory of attention at its peak, forward, one layer, all sequences",
                      {{"scores", "original: full"},
                       {"selected_scores", "original: sparse"},
                       {"naive", "dense naive"},
                       {"fused", "dense fused"},
                       {"sparse", "sparse as arrays"},
                       {"fused_sparse", "sparse fused"}});
  Count largest = 0;
  Rows rows(table, request);
  for (const Shape& s : request.shapes) {
    const int64_t e = request.element_bytes;
    rows.add(s, batch_of(s),
             {cell_of(memory::scores(s, e)), cell_of(memory::selected_scores(s, e)),
              cell_of(memory::naive_peak(s, e)), cell_of(memory::fused_peak(s, e)),
              cell_of(memory::sparse_peak(s, e)), cell_of(memory::fused_sparse_peak(s, e))});
    largest = std::max({largest, memory::naive_peak(s, e), memory::sparse_peak(s, e)});
  }
  scale(table, {"scores", "selected_scores", "naive", "fused", "sparse", "fused_sparse"}, largest, "B");
  return table;
}

Table roofline_rows(const AnalysisRequest& request, const Device& device) {
  const int64_t e = request.element_bytes;
  Table table = table_of_shapes(
      "roofline", fmt::format("Under the roof of {}, {}", device.title, e == 2 ? "bf16" : "fp32"),
      {{"path", "path"},
       {"flops", "FLOPs"},
       {"bytes", "bytes"},
       {"intensity", "FLOP/byte", 1},
       {"ridge", "ridge", 1},
       {"bound", "bound by"},
       {"attainable_flops", "at most (GFLOP/s)", 1, 1e9},
       {"least_seconds", "at least (ms)", 4, 1e-3}});
  Count most_flops = 0;
  Count most_bytes = 0;
  Rows rows(table, request);
  for (const Shape& shape : request.shapes)
    for (const Work& work : attention_work(shape, e)) {
      const RooflinePoint point = place(work, device, e);
      rows.add(shape, batch_of(shape),
               {work.path, cell_of(work.flops), cell_of(work.bytes), point.intensity, point.ridge,
                point.compute_bound() ? "arithmetic" : "memory", point.attainable, point.seconds});
      most_flops = std::max(most_flops, work.flops);
      most_bytes = std::max(most_bytes, work.bytes);
    }
  scale(table, {"flops"}, most_flops, "");
  scale(table, {"bytes"}, most_bytes, "B");
  return table;
}

}  // namespace ate
