#include "report/axis.h"

#include "catch.h"

using namespace ate;

namespace {

std::vector<std::string> labels_of(const std::vector<double>& ticks) {
  std::vector<std::string> labels;
  for (const double tick : ticks) labels.push_back(tick_label(tick));
  return labels;
}

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("ticks are round, within the range, and have the same digits", "[report]") {
  CHECK(labels_of(linear_ticks({-0.05, 0.11})) ==
        Labels{"-0.04", "-0.02", "0", "0.02", "0.04", "0.06", "0.08", "0.1"});
  CHECK(labels_of(linear_ticks({1, 30})) == Labels{"5", "10", "15", "20", "25", "30"});
  CHECK(linear_labels(linear_ticks({2.79, 3.01})) == Labels{"2.80", "2.85", "2.90", "2.95", "3.00"});
  CHECK(linear_labels({0, 1e9, 2e9}) == Labels{"0", "1e+9", "2e+9"});
}

TEST_CASE("a logarithmic axis has as many ticks as there is room for", "[report]") {
  CHECK(labels_of(log_ticks({1e-3, 0.1}, 9)) ==
        Labels{"0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1"});
  CHECK(labels_of(log_ticks({1e-3, 0.1}, 6)) == Labels{"0.001", "0.003", "0.01", "0.03", "0.1"});
  CHECK(labels_of(log_ticks({9e-6, 0.2}, 6)) == Labels{"1e-5", "0.0001", "0.001", "0.01", "0.1"});
  CHECK(labels_of(log_ticks({9e-7, 2}, 4)) == Labels{"1e-6", "0.0001", "0.01", "1"});
  CHECK(labels_of(log_ticks({9e-7, 2}, 0)).size() == 1);
  // Less than two round numbers in it.
  CHECK(labels_of(log_ticks({0.0021, 0.0044}, 9)) == Labels{"0.0025", "0.003", "0.0035", "0.004"});
}
