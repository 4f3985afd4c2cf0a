#include "analysis/plot.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/tables.h"

namespace ate {
namespace {

Plot::Curve curve_of(std::string name, Accounting accounting, std::vector<Shape> shapes,
                     const Coverage& coverage) {
  std::sort(shapes.begin(), shapes.end(), [](const Shape& a, const Shape& b) { return a.length < b.length; });
  Plot::Curve curve;
  curve.name = std::move(name);
  for (const Shape& shape : shapes)
    curve.points.emplace_back(static_cast<double>(shape.length), cost(accounting, shape, coverage).ratio());
  return curve;
}

bool same_but_length(const Shape& a, const Shape& b) { return a.width == b.width && a.keys == b.keys; }

}  // namespace

Plot speedup_plot(const AnalysisRequest& request) {
  Plot plot;
  plot.title = fmt::format("Speedup of sparse attention by each accounting (k {}, h {})",
                           request.shapes[0].keys, request.shapes[0].hidden);
  plot.x_label = "T (tokens)";
  plot.y_label = "dense cost / sparse cost";
  const std::vector<Shape> groups = without_lengths(request.shapes);
  for (const Accounting accounting : request.accountings) {
    const std::string name = accounting_name(accounting);
    if (request.document_rows && groups.size() == request.shapes.size()) {
      // The original report's own curve, on which d grows with T. The true 2048 is left out: T 2048 is there
      // already.
      plot.curves.push_back(
          curve_of(name, accounting, {request.shapes.begin(), request.shapes.end() - 1}, request.coverage));
      continue;
    }
    for (const Shape& group : groups) {
      std::vector<Shape> shapes;
      std::copy_if(request.shapes.begin(), request.shapes.end(), std::back_inserter(shapes),
                   [&](const Shape& shape) { return same_but_length(shape, group); });
      std::string label = name;
      if (groups.size() > 1) label += fmt::format(", d {}, k {}", group.width, group.keys);
      plot.curves.push_back(curve_of(std::move(label), accounting, std::move(shapes), request.coverage));
    }
  }
  return plot;
}

}  // namespace ate
