#include "report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ate {
namespace {

// The largest of 1, 2 and 5 times a power of ten that leaves at least four steps.
double tick_step(double span) {
  const double power = std::pow(10, std::floor(std::log10(span / 4)));
  for (const double factor : {5.0, 2.0})
    if (factor * power <= span / 4) return factor * power;
  return power;
}

// The multiples of every n-th power of ten that lie in the range.
std::vector<double> ticks_in_powers(AxisRange range, const std::vector<double>& multiples, int every) {
  const int last = static_cast<int>(std::floor(std::log10(range.high)));
  std::vector<double> ticks;
  for (int power = static_cast<int>(std::floor(std::log10(range.low))); power <= last; ++power) {
    if (power % every != 0) continue;
    for (const double multiple : multiples) {
      const double tick = multiple * std::pow(10, power);
      if (tick >= range.low && tick <= range.high) ticks.push_back(tick);
    }
  }
  return ticks;
}

}  // namespace

std::vector<double> linear_ticks(AxisRange range) {
  const double step = tick_step(range.high - range.low);
  std::vector<double> ticks;
  for (double k = std::ceil(range.low / step); k * step <= range.high; ++k) ticks.push_back(k * step + 0.0);
  return ticks;
}

std::vector<double> log_ticks(AxisRange range, size_t most) {
  for (const std::vector<double>& multiples : {std::vector<double>{1, 2, 5}, {1, 3}, {1}}) {
    const std::vector<double> ticks = ticks_in_powers(range, multiples, 1);
    if (ticks.size() < 2) return linear_ticks(range);
    if (ticks.size() <= most) return ticks;
  }
  int every = 2;
  while (ticks_in_powers(range, {1}, every).size() > std::max<size_t>(1, most)) ++every;
  return ticks_in_powers(range, {1}, every);
}

std::vector<double> binary_ticks(AxisRange range, size_t most) {
  const double first = std::ceil(std::log2(range.low));
  const double last = std::floor(std::log2(range.high));
  for (double every = 1;; ++every) {
    std::vector<double> ticks;
    for (double power = std::ceil(first / every) * every; power <= last; power += every)
      ticks.push_back(std::exp2(power));
    if (ticks.size() <= std::max<size_t>(1, most)) return ticks;
  }
}

std::string binary_count(double value) {
  for (const auto& [unit, size] : {std::pair{"M", 1048576.0}, std::pair{"k", 1024.0}})
    if (value >= size && std::fmod(value, size) == 0) return fmt::format("{:g}{}", value / size, unit);
  return tick_label(value);
}

std::string tick_label(double value, int digits) {
  std::string label = fmt::format("{:.{}g}", value, digits);
  const size_t exponent = label.find('e');
  if (exponent != std::string::npos && label[exponent + 2] == '0') label.erase(exponent + 2, 1);
  return label;
}

std::vector<std::string> linear_labels(const std::vector<double>& ticks) {
  std::vector<std::string> labels;
  size_t digits = 0;
  bool plain = true;
  for (const double tick : ticks) {
    const std::string& label = labels.emplace_back(tick_label(tick));
    const size_t point = label.find('.');
    if (point != std::string::npos) digits = std::max(digits, label.size() - point - 1);
    plain = plain && label.find('e') == std::string::npos;
  }
  if (plain)
    for (size_t i = 0; i < ticks.size(); ++i) labels[i] = fmt::format("{:.{}f}", ticks[i], digits);
  return labels;
}

long TextAxis::column(double x) const {
  const double share = (x - range_.low) / (range_.high - range_.low);
  return std::lround(std::clamp(share, -1.0, 2.0) * static_cast<double>(columns_ - 1));
}

void TextAxis::put(std::string& line, double x, char mark) const {
  if (!std::isfinite(x)) return;
  const long at = column(x);
  if (at >= 0 && at < static_cast<long>(columns_)) line[static_cast<size_t>(at)] = mark;
}

void TextAxis::put_interval(std::string& line, double low, double high, char kept) const {
  if (!std::isfinite(low) || !std::isfinite(high)) return;
  const auto last = static_cast<long>(columns_) - 1;
  for (long i = std::clamp(column(low), 0L, last); i <= std::clamp(column(high), 0L, last); ++i)
    if (line[static_cast<size_t>(i)] != kept) line[static_cast<size_t>(i)] = '-';
}

}  // namespace ate
