// The tables of an analysis. Column names are those of the JSON document.
#pragma once

#include <vector>

#include "analysis/request.h"
#include "analysis/roofline.h"
#include "report/table.h"

namespace ate {

// A count as a cell, exact whatever its size.
nlohmann::ordered_json cell_of(const Count& count);

// The largest of G, M, k, ... that leaves a few digits before the point: "M" for 2147483648, 1e6.
struct Prefix {
  const char* symbol = "";
  double factor = 1;
};
Prefix prefix_for(const Count& largest);

// d, T, H, k, h and accounting, with the cost of both paths and their ratio: a row for each shape and
// accounting. Rows here and below end in all else that made them (pass, scope, mask, key-value heads, ...), for programs.
Table cost_rows(const AnalysisRequest& request);

// For each shape (its T apart) and accounting the T from which the sparse path costs less; null for never.
Table crossover_rows(const AnalysisRequest& request);

// The most keys that each query may select while the sparse path still costs less, for each shape and
// accounting.
Table key_rows(const AnalysisRequest& request);

// Every term of every cost.
Table term_rows(const AnalysisRequest& request);

// Exponents p of cost ~ T^p as counted from T = 1k to 1M.
Table complexity_rows(const AnalysisRequest& request);

// What free attention would do for a layer and for the model.
Table amdahl_rows(const AnalysisRequest& request);

// Bytes of each path at its peak.
Table memory_rows(const AnalysisRequest& request);

// Where each path stands under the device's roof.
Table roofline_rows(const AnalysisRequest& request, const Device& device);

// The shapes of the request that differ in more than T, in order.
std::vector<Shape> without_lengths(const std::vector<Shape>& shapes);

}  // namespace ate
