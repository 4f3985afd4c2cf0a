#include "analysis/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/tables.h"

namespace ate {
namespace {

Curve curve_of(Accounting accounting, const std::vector<Shape>& shapes, const Coverage& coverage) {
  Curve curve{accounting_name(accounting), {}};
  curve.colour = static_cast<size_t>(accounting);
  for (const Shape& shape : shapes)
    curve.points.push_back(
        {static_cast<double>(shape.length), cost(accounting, shape, coverage).ratio(), NAN, NAN});
  return curve;
}

bool same_but_length(const Shape& a, const Shape& b) { return a.width == b.width && a.keys == b.keys; }

}  // namespace

CurvePlot speedup_plot(const AnalysisRequest& request) {
  CurvePlot plot;
  plot.title = fmt::format("Speedup of sparse attention by each accounting (k {}, h {})",
                           request.shapes[0].keys, request.shapes[0].hidden);
  plot.x_label = "T (tokens)";
  plot.y_label = "dense cost / sparse cost";
  plot.floor = 1;
  plot.floor_label = "1: equal cost";
  plot.log_y = plot.binary_x = true;
  const std::vector<Shape> groups = without_lengths(request.shapes);
  const bool one_curve = request.document_rows && groups.size() == request.shapes.size();
  if (one_curve) {
    // The original report's own curve, on which d grows with T. The true 2048 is left out: T 2048 is there
    // already.
    for (const Accounting accounting : request.accountings)
      plot.curves.push_back(
          curve_of(accounting, {request.shapes.begin(), request.shapes.end() - 1}, request.coverage));
    return plot;
  }
  for (const Shape& group : groups) {
    std::vector<Shape> shapes;
    std::copy_if(request.shapes.begin(), request.shapes.end(), std::back_inserter(shapes),
                 [&](const Shape& shape) { return same_but_length(shape, group); });
    for (const Accounting accounting : request.accountings) {
      plot.curves.push_back(curve_of(accounting, shapes, request.coverage));
      if (groups.size() > 1) plot.curves.back().panel = fmt::format("d {}, k {}", group.width, group.keys);
    }
  }
  return plot;
}

}  // namespace ate
