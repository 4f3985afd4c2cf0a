#include "analysis/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/crossover.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

bool has(const std::vector<Accounting>& accountings, Accounting wanted) {
  return std::find(accountings.begin(), accountings.end(), wanted) != accountings.end();
}

template <class Value>
bool varies(const std::vector<Shape>& shapes, Value Shape::*member) {
  return std::any_of(shapes.begin(), shapes.end(),
                     [&](const Shape& shape) { return shape.*member != shapes[0].*member; });
}

std::optional<double> printed_ratio(const AnalysisView& view, const Shape& shape) {
  for (const PrintedRatio& printed : view.printed)
    if (printed.width == shape.width && printed.length == shape.length) return printed.ratio;
  return std::nullopt;
}

// A row per shape: what each accounting counts, and what it makes of the speedup.
Table wide_table(const AnalysisRequest& request, const AnalysisView& view) {
  Table table{"rows",
              "Dense cost / sparse cost for one sequence: above 1 the sparse path costs less",
              {{"d", "d"}, {"T", "T"}, {"heads", "H"}},
              {}};
  const bool keys_vary = varies(request.shapes, &Shape::keys);
  if (keys_vary) table.columns.push_back({"k", "k"});
  Count largest = 0;
  for (const Shape& shape : request.shapes)
    for (const Accounting accounting : request.accountings) {
      const Cost both = cost(accounting, shape, request.coverage);
      largest = std::max({largest, both.full.total(), both.sparse.total()});
    }
  const Prefix prefix = prefix_for(largest);
  for (const Accounting accounting : request.accountings) {
    const std::string name = accounting_name(accounting);
    // The detailed costs are in the machines' tables; here they would only make the lines too long.
    if (accounting != Accounting::detailed || request.accountings.size() == 1) {
      const char* unit = accounting == Accounting::detailed ? "" : accounting_unit(accounting);
      table.columns.push_back(
          {name + "_full", fmt::format("full {}{}", prefix.symbol, unit), 1, prefix.factor});
      table.columns.push_back(
          {name + "_sparse", fmt::format("sparse {}{}", prefix.symbol, unit), 1, prefix.factor});
    }
    if (accounting == Accounting::published && !view.printed.empty())
      table.columns.push_back({"printed_ratio", "printed", 2});
    table.columns.push_back({name + "_ratio", name, 2});
  }
  for (const Shape& shape : request.shapes) {
    std::vector<Json> row = {shape.width, shape.length, shape.heads};
    if (keys_vary) row.emplace_back(shape.keys);
    for (const Accounting accounting : request.accountings) {
      const Cost both = cost(accounting, shape, request.coverage);
      if (accounting != Accounting::detailed || request.accountings.size() == 1) {
        row.push_back(cell_of(both.full.total()));
        row.push_back(cell_of(both.sparse.total()));
      }
      if (accounting == Accounting::published && !view.printed.empty()) {
        const std::optional<double> printed = printed_ratio(view, shape);
        row.push_back(printed ? Json(*printed) : Json(nullptr));
      }
      row.emplace_back(both.ratio());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string crossover_text(const Crossover& found) {
  if (found.from)
    return std::to_string(*found.from) + (found.up_to ? fmt::format(" (and to {})", *found.up_to) : "");
  return found.up_to ? fmt::format("never after {}", *found.up_to) : "never";
}

Table wide_crossovers(const AnalysisRequest& request) {
  Table table{"crossovers",
              "T from which the sparse path costs less (never: at no T up to 2^40)",
              {{"d", "d"}, {"heads", "H"}, {"k", "k"}},
              {}};
  for (const Accounting accounting : request.accountings)
    table.columns.push_back({accounting_name(accounting), accounting_name(accounting)});
  for (const Shape& shape : without_lengths(request.shapes)) {
    std::vector<Json> row = {shape.width, shape.heads, shape.keys};
    for (const Accounting accounting : request.accountings)
      row.emplace_back(crossover_text(find_crossover(accounting, shape, request.coverage)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table section_table(Section section, const AnalysisRequest& request, const AnalysisView& view) {
  switch (section) {
    case Section::crossovers:
      return view.for_people ? wide_crossovers(request) : crossover_rows(request);
    case Section::keys:
      return key_rows(request);
    case Section::terms:
      return term_rows(request);
    case Section::complexity:
      return complexity_rows(request);
    case Section::amdahl:
      return amdahl_rows(request);
    case Section::memory:
      return memory_rows(request);
  }
  return {};
}

const char* pass_text(Pass pass) {
  return pass == Pass::forward ? "forward" : pass == Pass::backward ? "backward" : "forward and backward";
}

const char* scope_text(Scope scope) {
  return scope == Scope::attention ? "attention of one layer"
         : scope == Scope::layer   ? "one whole layer"
                                   : "the whole model";
}

// In the default table the row of the largest printed ratio; else the last shape.
const Shape& telling_shape(const AnalysisRequest& request, const AnalysisView& view) {
  const Shape* shape = &request.shapes.back();
  for (const Shape& other : request.shapes)
    if (printed_ratio(view, other)) shape = &other;
  return *shape;
}

std::vector<std::string> write_notes(const AnalysisRequest& request, const AnalysisView& view) {
  const Shape& s = telling_shape(request, view);
  const std::string where = fmt::format("at d {}, T {}", s.width, s.length);
  std::vector<std::string> notes;
  if (has(request.accountings, Accounting::published))
    notes.push_back(fmt::format(
        "published, the original report's table: {:.2f}x {}. It sets one sparse head against all {} "
        "dense {}, and leaves mask and projections out on both sides.",
        cost(Accounting::published, s).ratio(), where, s.heads, s.heads == 1 ? "head" : "heads"));
  if (has(request.accountings, Accounting::detailed))
    notes.push_back(
        fmt::format("detailed, the same authors' fuller formula: {:.2f}x there. Projections on both sides, "
                    "one head with a selector, and {} to {} which nothing selects.",
                    cost(Accounting::detailed, s).ratio(),
                    counted(s.heads - 1, "head that attends", "heads that attend"), counted(s.keys, "key")));
  if (has(request.accountings, Accounting::corrected)) {
    const Cost attention = cost(Accounting::corrected, s, {request.coverage.pass, Scope::attention});
    const Count selector = attention.sparse.of(Part::selector);
    notes.push_back(fmt::format(
        "corrected: {:.2f}x there. Every head is counted, {} on both sides, and each sparse head pays for "
        "its selector. That selector gives each query {} outputs, T^2 again: it is {:.0f} % of the sparse "
        "attention, and alone costs {:.2f} times the dense attention that it is to save.",
        cost(Accounting::corrected, s, request.coverage).ratio(),
        s.causal ? "with the mask" : "without a mask",
        s.selector_outputs == SelectorOutputs::all ? "T" : "as many as it sees",
        100 * ratio(selector, attention.sparse.total()), ratio(selector, attention.full.total())));
  }
  if (request.document_sizes && !view.printed.empty())
    notes.push_back(fmt::format(
        "The row that the original report labels 2048d is d = 1280. A true 2048 comes to {:.2f}x by its "
        "own formula.",
        cost(Accounting::published, request.shapes.back()).ratio()));
  if (view.device) notes.push_back("Roofline of " + view.device->title + ": " + view.device->source + ".");
  return notes;
}

std::string sizes_text(const AnalysisRequest& request) {
  const Shape& s = request.shapes.front();
  std::string text;
  if (!varies(request.shapes, &Shape::keys)) text += fmt::format("k {}, ", counted(s.keys, "key"));
  text += fmt::format("hidden width {}", s.hidden);
  const bool one_size = std::all_of(request.shapes.begin(), request.shapes.end(),
                                    [&](const Shape& other) { return other.head_size() == s.head_size(); });
  if (one_size) text += fmt::format(", heads of {}", s.head_size());
  if (s.batch != 1) text += fmt::format(", batch {}", s.batch);
  if (s.kv_heads != s.heads) text += ", " + counted(s.kv_heads, "key-value head");
  return text;
}

}  // namespace

const char* section_name(Section section) {
  switch (section) {
    case Section::crossovers:
      return "crossovers";
    case Section::keys:
      return "keys";
    case Section::terms:
      return "terms";
    case Section::complexity:
      return "complexity";
    case Section::amdahl:
      return "amdahl";
    case Section::memory:
      return "memory";
  }
  return "?";
}

Report analysis_report(const AnalysisRequest& request, const AnalysisView& view) {
  Report report;
  report.title = "What attention costs, dense and sparse";
  report.facts = {sizes_text(request), "MAC: multiply-accumulates; FLOP: 2 for each multiply-add"};
  if (has(request.accountings, Accounting::corrected))
    report.facts.push_back(fmt::format("corrected: {}, {}, {}", scope_text(request.coverage.scope),
                                       pass_text(request.coverage.pass),
                                       request.shapes[0].causal ? "causal" : "no mask"));
  report.tables.push_back(view.for_people ? wide_table(request, view) : cost_rows(request));
  for (const Section section : view.sections) report.tables.push_back(section_table(section, request, view));
  if (view.device) report.tables.push_back(roofline_rows(request, *view.device));
  report.notes = write_notes(request, view);

  report.document = {{"rows", objects_of(cost_rows(request))}};
  AnalysisView rows = view;
  rows.for_people = false;
  for (const Section section : kSections)
    report.document[section_name(section)] = objects_of(section_table(section, request, rows));
  if (view.device) report.document["roofline"] = objects_of(roofline_rows(request, *view.device));
  report.document["notes"] = report.notes;
  return report;
}

}  // namespace ate
