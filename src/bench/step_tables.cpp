#include "bench/step_tables.h"

#include <algorithm>
#include <cmath>

#include "config/enum_names.h"
#include "support/timing.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<Json>;

const std::vector<Column> kWho = {{"arm", "arm"},
                                  {"kernels", "kernels"},
                                  {"dtype", "dtype"},
                                  {"threads", "threads"},
                                  {"replicas", "replicas"}};

Row who(const StepVariant& c) {
  return {enum_name(c.arm), c.runner == Runner::eager ? "eager" : "fused", enum_name(c.dtype), c.threads,
          c.replicas};
}

Table table_of_contenders(std::string name, std::string title, const std::vector<Column>& more) {
  Table table{std::move(name), std::move(title), kWho, {}};
  table.columns.insert(table.columns.end(), more.begin(), more.end());
  return table;
}

void add_row(Table& table, const StepVariant& variant, const Row& more) {
  table.rows.push_back(who(variant));
  table.rows.back().insert(table.rows.back().end(), more.begin(), more.end());
}

struct Spread {
  double least, median, most;
};
Spread spread_of(const std::vector<double>& values) {
  if (values.empty()) return {std::nan(""), std::nan(""), std::nan("")};
  return {*std::min_element(values.begin(), values.end()), median(values),
          *std::max_element(values.begin(), values.end())};
}

template <class Get>
Spread spread_over_rounds(const StepTiming& timing, Get get) {
  std::vector<double> values;
  for (const StepTurn& turn : timing.turns) values.push_back(get(turn));
  return spread_of(values);
}

// How many times as fast as another variant, round by round.
Spread speed_over(const StepTiming& timing, const StepTiming* other) {
  std::vector<double> ratios;
  if (other != nullptr)
    for (size_t round = 0; round < timing.turns.size(); ++round)
      ratios.push_back(other->ms(round) / timing.ms(round));
  return spread_of(ratios);
}

const StepTiming* eager_beside(const StepSpeed& speed, StepVariant variant, Dtype dtype) {
  variant.runner = Runner::eager;
  variant.dtype = dtype;
  return speed.find(variant);
}

}  // namespace

Table step_rows(const StepSpeed& speed) {
  Table table = table_of_contenders(
      "rows", "Time of a training step of one model; median, least and most of the rounds",
      {{"ms_per_step", "ms", 2},
       {"ms_least", "least", 2},
       {"ms_most", "most", 2},
       {"cpu_ms_per_step", "CPU ms", 2},
       {"cpu_ms_least", "least", 2},
       {"cpu_ms_most", "most", 2},
       {"ratio_to_eager", "x eager", 2},
       {"ratio_least", "least", 2},
       {"ratio_most", "most", 2},
       {"ratio_to_eager_fp32", "x eager fp32", 2}});
  for (const StepTiming& timing : speed.timings) {
    const StepVariant& c = timing.variant;
    const Spread wall = spread_over_rounds(timing, [](const StepTurn& turn) { return turn.wall_ms; });
    const Spread cpu = spread_over_rounds(timing, [](const StepTurn& turn) { return turn.cpu_ms; });
    const Spread ratio = speed_over(timing, eager_beside(speed, c, c.dtype));
    const Spread to_fp32 = speed_over(timing, eager_beside(speed, c, Dtype::fp32));
    add_row(
        table, c,
        {wall.median, wall.least, wall.most, cpu.median, cpu.least, cpu.most, number_or_null(ratio.median),
         number_or_null(ratio.least), number_or_null(ratio.most), number_or_null(to_fp32.median)});
  }
  return table;
}

Table rate_rows(const StepSpeed& speed) {
  Table table = table_of_contenders(
      "rates", "Throughput, and a step's products against the limits measured in this run",
      {{"steps_per_second", "steps/s", 1},
       {"scaling", "x one", 2},
       {"scaling_by_cpu", "by CPU time", 2},
       {"flops_per_second", "GFLOP/s", 1, 1e9},
       {"gemm_peak_share", "of GEMM peak", 3},
       {"fma_peak_share", "of FMA peak", 3},
       {"gemm_share", "time in products", 3}});
  for (const StepTiming& timing : speed.timings) {
    const StepVariant& c = timing.variant;
    StepVariant alone = c;
    alone.replicas = 1;
    const auto throughput = [](const StepTiming& t) {
      return spread_over_rounds(t, [](const StepTurn& turn) { return turn.steps_per_second; }).median;
    };
    const StepTiming* one = speed.find(alone);
    double scaling = std::nan("");
    double by_cpu = std::nan("");
    if (one != nullptr && c.replicas > 1) {
      scaling = throughput(timing) / throughput(*one);
      by_cpu = c.replicas * speed_over(timing, one).median;
    }
    const double rate = timing.flops / (1e-3 * timing.median_ms());
    const PeakRates& peak = speed.peak(c.threads, c.dtype);
    double sum = 0;
    for (const double ms : timing.part_ms) sum += ms;
    const double products = timing.part_ms.at(static_cast<size_t>(StepPart::products));
    add_row(table, c,
            {throughput(timing), number_or_null(scaling), number_or_null(by_cpu), rate, rate / peak.gemm(),
             rate / peak.multiply_add, number_or_null(sum > 0 ? products / sum : std::nan(""))});
  }
  return table;
}

Table part_rows(const StepSpeed& speed) {
  std::vector<Column> columns;
  for (const char* part : kStepParts) columns.push_back({part, part, 3});
  columns.push_back({"sum", "sum", 2});
  Table table = table_of_contenders("parts",
                                    "Where a fused step's time goes, ms (one thread: CPU time); medians over "
                                    "profiled steps of one model alone",
                                    columns);
  for (const StepTiming& timing : speed.timings) {
    if (timing.variant.runner != Runner::fused) continue;
    Row cells;
    double sum = 0;
    for (const double ms : timing.part_ms) {
      cells.emplace_back(ms);
      sum += ms;
    }
    cells.emplace_back(sum);
    add_row(table, timing.variant, cells);
  }
  return table;
}

Table peak_rows(const StepSpeed& speed) {
  Table table{"peaks",
              "Limits measured in this run, GFLOP/s",
              {{"threads", "threads"},
               {"dtype", "dtype"},
               {"products_flops", "best own product", 1, 1e9},
               {"square_flops", "square product", 1, 1e9},
               {"fma_flops", "multiply-adds", 1, 1e9}},
              {}};
  for (const PeakRates& peak : speed.peaks)
    table.rows.push_back(
        {peak.threads, enum_name(peak.dtype), peak.products, peak.square, peak.multiply_add});
  return table;
}

Table product_rows(const StepSpeed& speed) {
  Table table{"products",
              "The step's products alone, GFLOP/s",
              {{"product", "product"},
               {"m", "m"},
               {"n", "n"},
               {"k", "k"},
               {"times", "times"},
               {"fp32_flops", "fp32", 1, 1e9},
               {"bf16_flops", "bf16", 1, 1e9}},
              {}};
  for (const ProductTiming& product : speed.products) {
    const ProductShape& s = product.shape;
    table.rows.push_back({s.name, s.m, s.n, s.k, s.times, product.fp32,
                          product.bf16 > 0 ? Json(product.bf16) : Json(nullptr)});
  }
  return table;
}

}  // namespace ate
