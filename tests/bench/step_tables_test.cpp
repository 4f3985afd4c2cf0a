#include "bench/step_tables.h"

#include "analysis/tables.h"
#include "bench/step_report.h"
#include "catch.h"

using namespace ate;

namespace {

StepTiming timing(Runner runner, Dtype dtype, int replicas, std::vector<StepTurn> turns) {
  StepTiming out;
  out.variant = {Arm::bespoke, runner, dtype, 1, replicas};
  out.turns = std::move(turns);
  out.flops = 3e9;
  return out;
}

// Three rounds; the second is slow for all.
StepSpeed example() {
  StepSpeed speed;
  speed.timings = {
      timing(Runner::eager, Dtype::fp32, 1, {{45, 40, 22}, {200, 80, 5}, {50, 44, 20}}),
      timing(Runner::fused, Dtype::fp32, 1, {{31, 20, 32}, {90, 38, 11}, {33, 22, 30}}),
      timing(Runner::fused, Dtype::bf16, 1, {{12, 10, 80}, {40, 20, 25}, {11, 10, 90}}),
      timing(Runner::eager, Dtype::bf16, 1, {{31, 30, 32}, {90, 60, 11}, {33, 30, 30}}),
      timing(Runner::fused, Dtype::fp32, 2, {{31, 21, 64}, {90, 40, 22}, {33, 22, 60}}),
  };
  speed.timings[1].part_ms = {15, 1, 1, 1, 1, 0.5, 0.3, 0.2};
  speed.timings[2].part_ms = {5, 5, 0, 0, 0, 0, 0, 0};
  speed.peaks = {{1, Dtype::fp32, 100e9, 90e9, 200e9}, {1, Dtype::bf16, 300e9, 400e9, 400e9}};
  speed.products = {{Arm::bespoke, {"qkv forward", kernels::Form::nt, 512, 384, 128, 4}, 90e9, 0}};
  return speed;
}

}  // namespace

TEST_CASE("ratios are taken round by round from CPU time, against eager of the same dtype", "[bench]") {
  const auto rows = objects_of(step_rows(example()));
  CHECK(rows[1]["ms_per_step"] == 33.0);
  CHECK(rows[1]["cpu_ms_per_step"] == 22.0);
  CHECK(rows[1]["cpu_ms_least"] == 20.0);
  CHECK(rows[1]["ms_most"] == 90.0);
  CHECK(rows[0]["ratio_to_eager"] == 1.0);
  CHECK(rows[1]["ratio_to_eager"] == 2.0);  // 40/20, 80/38, 44/22
  CHECK(rows[1]["ratio_least"] == 2.0);
  CHECK(rows[1]["ratio_most"].get<double>() == Approx(80.0 / 38));
  CHECK(rows[2]["ratio_to_eager"] == 3.0);
  CHECK(rows[2]["ratio_to_eager_fp32"] == 4.0);
  CHECK(rows[4]["ratio_to_eager"].is_null());  // eager was not timed with two replicas
}

TEST_CASE("with several threads ratios are of wall clock", "[bench]") {
  StepSpeed speed = example();
  for (StepTiming& t : speed.timings) t.variant.threads = 2;
  CHECK(objects_of(step_rows(speed))[1]["ratio_to_eager"].get<double>() == Approx(50.0 / 33));
}

TEST_CASE("rates are shares of what was measured in the run", "[bench]") {
  const auto rows = objects_of(rate_rows(example()));
  CHECK(rows[1]["flops_per_second"].get<double>() == Approx(3e9 / 22e-3));
  CHECK(rows[1]["gemm_peak_share"].get<double>() == Approx(3e9 / 22e-3 / 100e9));
  CHECK(rows[1]["fma_peak_share"].get<double>() == Approx(3e9 / 22e-3 / 200e9));
  CHECK(rows[2]["gemm_peak_share"].get<double>() == Approx(3e9 / 10e-3 / 400e9));
  CHECK(rows[1]["gemm_share"].get<double>() == Approx(0.75));
  CHECK(rows[0]["gemm_share"].is_null());
  CHECK(rows[1]["scaling"].is_null());
  CHECK(rows[4]["scaling"].get<double>() == Approx(2.0));
  CHECK(rows[4]["scaling_by_cpu"].get<double>() == Approx(2 * 20.0 / 21));
}

TEST_CASE("a row of the document has all that is known of a variant", "[bench]") {
  const Report report = step_report(StepSpeedOptions{}, example());
  const auto& rows = report.document["rows"];
  REQUIRE(rows.size() == 5);
  CHECK(rows[0]["by_part"].is_null());
  CHECK(rows[1]["by_part"]["products"] == 15.0);
  CHECK(rows[1]["by_part"]["optimiser"] == 0.2);
  CHECK(rows[2]["by_part"]["attention"] == 5.0);
  CHECK(rows[2]["gemm_share"] == 0.5);
  CHECK(rows[1]["ratio_by"] == "CPU time");
  CHECK(report.document["products"][0]["bf16_flops"].is_null());
}
