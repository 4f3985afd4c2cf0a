#include "analysis/gpt4_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "analysis/accounting.h"
#include "analysis/amdahl.h"
#include "analysis/memory.h"
#include "analysis/tables.h"
#include "support/text.h"

namespace ate::gpt4 {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kElementBytes = 4;  // fp32, as the original report counts memory

double block_ratio(const Shape& s) { return ate::ratio(full(s), sparse(s)); }

Shape with_mask(Shape s) {
  s.causal = true;
  return s;
}

// What the rows of a table were counted of, for programs, as far as it does not stand there already.
void add_shapes(Table& table, const std::vector<Shape>& of_rows) {
  const std::pair<const char*, int64_t Shape::*> sizes[] = {{"d", &Shape::width},
                                                            {"heads", &Shape::heads},
                                                            {"k", &Shape::keys},
                                                            {"hidden", &Shape::hidden},
                                                            {"feedforward", &Shape::feedforward},
                                                            {"layers", &Shape::layers},
                                                            {"vocabulary", &Shape::vocabulary},
                                                            {"batch", &Shape::batch}};
  for (const auto& [name, size] : sizes) {
    const auto same = [&, wanted = std::string(name)](const Column& column) { return column.name == wanted; };
    if (std::any_of(table.columns.begin(), table.columns.end(), same)) continue;
    table.columns.push_back({name, name, -1, 1, true});
    for (size_t i = 0; i < of_rows.size(); ++i) table.rows[i].emplace_back(of_rows[i].*size);
  }
}

// The original report's own count, exactly, and what it prints.
Table block_rows(const std::vector<Shape>& shapes, const std::vector<PrintedBlock>& printed) {
  Table table{"rows",
              "The original report's formula: attention of all layers and sequences, multiply-accumulates",
              {{"d", "d"},
               {"T", "T"},
               {"heads", "H"},
               {"k", "k"},
               {"accounting", "accounting"},
               {"full", "full"},
               {"sparse", "sparse"},
               {"unit", "unit"},
               {"ratio", "ratio", 2}},
              {}};
  if (!printed.empty())
    table.columns.insert(table.columns.end(), {{"printed_ratio", "printed", 0},
                                               {"printed_full_millions", "printed full (M)", 0},
                                               {"full_over_printed", "full / printed", 1}});
  for (const Shape& s : shapes) {
    std::vector<Json> row = {s.width,          s.length,           s.heads, s.keys,        "published_block",
                             cell_of(full(s)), cell_of(sparse(s)), "MAC",   block_ratio(s)};
    const auto it = std::find_if(printed.begin(), printed.end(),
                                 [&](const PrintedBlock& block) { return block.length == s.length; });
    if (it != printed.end())
      row.insert(row.end(), {it->ratio, it->full_millions, to_double(full(s)) / (it->full_millions * 1e6)});
    else if (!printed.empty())
      row.insert(row.end(), {nullptr, nullptr, nullptr});
    table.rows.push_back(std::move(row));
  }
  add_shapes(table, shapes);
  return table;
}

// One layer and one sequence by the corrected accounting, and what Amdahl's law leaves.
Table corrected_rows(const std::vector<Shape>& shapes) {
  Table table{"corrected",
              "The same shape counted alike on both sides: a selector in every head, one layer, one sequence",
              {{"T", "T"},
               {"mask", "mask"},
               {"full", "dense (TFLOP)", 2, 1e12},
               {"sparse", "sparse (TFLOP)", 2, 1e12},
               {"ratio", "ratio", 3},
               {"selector_share", "selector (%)", 1, 0.01},
               {"layer_ratio", "whole layer", 3},
               {"layer_limit", "layer, free attention", 2},
               {"model_limit", "model", 2},
               {"layer_at_block_ratio", "layer at original's ratio", 2}},
              {}};
  std::vector<Shape> of_rows;
  for (const Shape& unmasked : shapes)
    for (const Shape& s : {unmasked, with_mask(unmasked)}) {
      of_rows.push_back(s);
      const Cost attention = cost(Accounting::corrected, s);
      const Cost layer = cost(Accounting::corrected, s, {Pass::forward, Scope::layer});
      const Amdahl limit = amdahl(s, Scope::layer);
      table.rows.push_back({s.length, s.causal ? "causal" : "none", cell_of(attention.full.total()),
                            cell_of(attention.sparse.total()), attention.ratio(),
                            ate::ratio(attention.sparse.of(Part::selector), attention.sparse.total()),
                            layer.ratio(), limit.limit, amdahl(s, Scope::model).limit,
                            whole_speedup(limit, block_ratio(s))});
    }
  add_shapes(table, of_rows);
  return table;
}

Table memory_rows(const std::vector<Shape>& shapes) {
  Table table{"memory",
              "Memory of one layer's attention, all sequences, fp32",
              {{"T", "T"},
               {"scores", "original: full (GB)", 1, 1e9},
               {"selected_scores", "original: sparse (GB)", 2, 1e9},
               {"naive", "dense naive (GB)", 1, 1e9},
               {"fused", "dense fused (GB)", 1, 1e9},
               {"sparse", "sparse as arrays (GB)", 1, 1e9}},
              {}};
  for (const Shape& s : shapes)
    table.rows.push_back(
        {s.length, cell_of(memory::scores(s, kElementBytes)),
         cell_of(memory::selected_scores(s, kElementBytes)), cell_of(memory::naive_peak(s, kElementBytes)),
         cell_of(memory::fused_peak(s, kElementBytes)), cell_of(memory::sparse_peak(s, kElementBytes))});
  add_shapes(table, shapes);
  return table;
}

// The numbers whose carriers are asked for.
struct Quantity {
  const char* name;
  const char* heading;
  double (*of)(const Shape&);
};
constexpr Quantity kQuantities[] = {
    {"block_full", "full MACs", [](const Shape& s) { return to_double(full(s)); }},
    {"block_ratio", "original's ratio", block_ratio},
    {"corrected_ratio", "corrected ratio",
     [](const Shape& s) { return cost(Accounting::corrected, s).ratio(); }},
    {"layer_limit", "layer, free attention", [](const Shape& s) { return amdahl(s, Scope::layer).limit; }},
    {"score_memory", "score memory",
     [](const Shape& s) { return to_double(memory::scores(s, kElementBytes)); }},
};

struct Change {
  const char* name;  // the assumption
  const char* text;
  std::function<void(Shape&)> apply;
};

const std::vector<Change>& changes() {
  static const std::vector<Change> all = {
      {"T", "T x 2", [](Shape& s) { s.length *= 2; }},
      {"d", "d x 2 (heads of the same size)",
       [](Shape& s) {
         s.width *= 2;
         s.heads *= 2;
         s.kv_heads *= 2;
       }},
      {"heads", "heads x 2 (half as wide)",
       [](Shape& s) {
         s.heads *= 2;
         s.kv_heads *= 2;
       }},
      {"layers", "layers x 2", [](Shape& s) { s.layers *= 2; }},
      {"batch", "batch x 2", [](Shape& s) { s.batch *= 2; }},
      {"k", "k x 2", [](Shape& s) { s.keys *= 2; }},
      {"hidden", "hidden x 2", [](Shape& s) { s.hidden *= 2; }},
      {"feedforward", "feedforward x 2", [](Shape& s) { s.feedforward *= 2; }},
      {"mask", "causal", [](Shape& s) { s.causal = true; }},
  };
  return all;
}

// Whether the change makes a shape: an odd head size cannot be halved, nor can 2 k keys pass T.
bool applies(const Change& change, const Shape& s) {
  return (std::string(change.name) != "heads" || s.head_size() % 2 == 0) &&
         (std::string(change.name) != "k" || 2 * s.keys <= s.length);
}

// What each number is multiplied by when one assumption changes, at the first length.
Table sensitivity_rows(const Shape& base) {
  Table table{
      "sensitivity",
      fmt::format("What each number is multiplied by when one assumption changes (T = {})", base.length),
      {{"assumption", "assumption"}, {"change", "changed to"}},
      {}};
  for (const Quantity& quantity : kQuantities) table.columns.push_back({quantity.name, quantity.heading, 3});
  for (const Change& change : changes()) {
    if (!applies(change, base)) continue;
    Shape changed = base;
    change.apply(changed);
    std::vector<Json> row = {change.name, change.text};
    for (const Quantity& quantity : kQuantities) row.emplace_back(quantity.of(changed) / quantity.of(base));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// For each number the assumptions whose change moves it by more than 1 %.
Json carriers(const Table& sensitivity) {
  Json out = Json::object();
  for (size_t i = 2; i < sensitivity.columns.size(); ++i) {
    Json names = Json::array();
    for (const auto& row : sensitivity.rows)
      if (std::abs(row[i].get<double>() - 1) > 0.01) names.push_back(row[0]);
    out[sensitivity.columns[i].name] = std::move(names);
  }
  return out;
}

std::string joined(const Json& names) {
  return names.empty() ? "nothing"
                       : fmt::format("{}", fmt::join(names.get<std::vector<std::string>>(), ", "));
}

std::vector<std::string> write_notes(const std::vector<Shape>& shapes, const Table& block,
                                     const Json& carried) {
  const Shape& s = shapes.front();
  const Amdahl layer = amdahl(s, Scope::layer);
  const double selector_alone = ate::ratio(cost(Accounting::corrected, s).sparse.of(Part::selector),
                                           cost(Accounting::corrected, s).full.total());
  std::vector<std::string> notes = {
      "The model's shape is a guess: its makers have not published it. --assume changes it.",
      fmt::format("Carried by: the original report's ratio by {}; its full count by {}; the corrected ratio "
                  "by {}; the "
                  "layer's limit by {}. What is not named moves the number by less than 1 % when it doubles.",
                  joined(carried["block_ratio"]), joined(carried["block_full"]),
                  joined(carried["corrected_ratio"]), joined(carried["layer_limit"])),
      fmt::format("The sparse side of the original report's ratio is B H T hd (1 + k) L: nothing in it finds "
                  "the k keys. "
                  "With h = {} a selector in every head alone costs {:.2f} times dense attention at T = {}.",
                  s.hidden, selector_alone, s.length),
      fmt::format("Attention is {:.1f} % of a dense layer at T = {} (no mask): at infinite speedup of "
                  "attention the layer gets {:.2f}x, at the original report's {:.2f}x it gets {:.2f}x.",
                  100 * layer.attention_share, s.length, layer.limit, block_ratio(s),
                  whole_speedup(layer, block_ratio(s)))};
  const Cost whole = cost(Accounting::corrected, s, {Pass::forward, Scope::layer});
  notes.push_back(
      fmt::format("The whole layer's ratio, {:.2f}x, also has the key projection that the sparse path is "
                  "spared, as it reads no key.",
                  whole.ratio()));
  for (const Json& row : objects_of(block))
    if (const double factor =
            row.value("full_over_printed", Json()).is_number() ? row["full_over_printed"].get<double>() : 1;
        std::abs(factor - 1) > 0.1)
      notes.push_back(fmt::format(
          "The original report's \"M FLOPs\" at T = {} are too small by a factor of about {:.0f}.",
          row["T"].get<int64_t>(), factor));
  return notes;
}

}  // namespace

Report analysis_report(const Assumptions& a, const std::vector<int64_t>& lengths,
                       const std::vector<PrintedBlock>& printed) {
  std::vector<Shape> shapes;
  shapes.reserve(lengths.size());
  for (const int64_t length : lengths) shapes.push_back(shape_at(a, length, fmt::format("--T {}", length)));
  const Table block = block_rows(shapes, printed);
  const Table sensitivity = sensitivity_rows(shapes.front());
  const Json carried = carriers(sensitivity);

  Report report;
  report.title = "Sparse attention at GPT-4's guessed shape";
  report.facts = {fmt::format("assumed: d {}, {} of {}, {}, batch {}, {}", a.width, counted(a.heads, "head"),
                              a.width / a.heads, counted(a.layers, "layer"), a.batch,
                              a.keys ? fmt::format("k = {}", *a.keys) : "k = min(32, T / 16)"),
                  fmt::format("not in the original report: selector and approximator of hidden width {}, "
                              "feed-forward block of {} d, last linear map {}",
                              a.hidden, a.feedforward,
                              a.vocabulary > 0 ? "to " + counted(a.vocabulary, "token") : "left out")};
  report.tables = {block, corrected_rows(shapes), memory_rows(shapes), sensitivity};
  report.notes = write_notes(shapes, block, carried);
  report.document = {{"assumed",
                      {{"d", a.width},
                       {"heads", a.heads},
                       {"layers", a.layers},
                       {"batch", a.batch},
                       {"k", a.keys ? Json(*a.keys) : Json(nullptr)},
                       {"hidden", a.hidden},
                       {"feedforward", a.feedforward},
                       {"vocabulary", a.vocabulary}}}};
  for (const Table& table : report.tables) report.document[table.name] = objects_of(table);
  report.document["carried_by"] = carried;
  report.document["notes"] = report.notes;
  return report;
}

}  // namespace ate::gpt4
