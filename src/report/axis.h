// Axes of plots: their ends, their ticks, and the columns of a terminal along them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ate {

struct AxisRange {
  double low = -1;
  double high = 1;
};

// Multiples of 1, 2 or 5 times a power of ten: at least four steps, where the range starts at a tick.
std::vector<double> linear_ticks(AxisRange range);

// For a logarithmic axis from `low` above 0, at most `most`: 1, 2 and 5 in each power of ten, or 1 and 3, or 1, or 1 in
// every second, third, ... power. Linear ticks where the range is too short for two of these.
std::vector<double> log_ticks(AxisRange range, size_t most);

std::string tick_label(double value, int digits = 6);  // "0.001", "1e-5"

// For a logarithmic axis of what counts by 1024: every n-th power of 2, at most `most`.
std::vector<double> binary_ticks(AxisRange range, size_t most);
std::string binary_count(double value);  // "128k", "1M"; as tick_label where it is no multiple of 1024

// With the same digits after the point: "2.8", "3.0".
std::vector<std::string> linear_labels(const std::vector<double>& ticks);

// Columns from `low` to `high`, both ends included.
class TextAxis {
 public:
  TextAxis(AxisRange range, size_t columns) : range_(range), columns_(columns) {}

  // The nearest column, also outside: -1 or less to the left, `columns` or more to the right.
  long column(double x) const;
  void put(std::string& line, double x, char mark) const;
  bool beyond_left(double x) const { return x < range_.low; }
  bool beyond_right(double x) const { return x > range_.high; }
  size_t columns() const { return columns_; }

  // Dashes from one end of an interval to the other, but not over `kept`.
  void put_interval(std::string& line, double low, double high, char kept) const;

 private:
  AxisRange range_;
  size_t columns_;
};

}  // namespace ate
