#include "config/bounds.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::string number(double value) {
  return Json(value == std::floor(value) && std::abs(value) < 1e15 ? Json(static_cast<int64_t>(value))
                                                                   : Json(value))
      .dump();
}

}  // namespace

std::string expectation(const char* kind, const Bounds& bounds) {
  std::string out = kind;
  const bool low = std::isfinite(bounds.low);
  const bool high = std::isfinite(bounds.high);
  if (low && bounds.low_open) out += " above " + number(bounds.low);
  if (low && !bounds.low_open)
    out += high && !bounds.high_open ? " from " + number(bounds.low) : " of at least " + number(bounds.low);
  if (high && bounds.high_open) out += (low ? " and below " : " below ") + number(bounds.high);
  if (high && !bounds.high_open) out += " to " + number(bounds.high);
  return out;
}

bool holds(const Bounds& bounds, double value) {
  return (bounds.low_open ? value > bounds.low : value >= bounds.low) &&
         (bounds.high_open ? value < bounds.high : value <= bounds.high);
}

void add_bounds(Json& property, const Bounds& bounds) {
  if (std::isfinite(bounds.low)) property[bounds.low_open ? "exclusiveMinimum" : "minimum"] = bounds.low;
  if (std::isfinite(bounds.high)) property[bounds.high_open ? "exclusiveMaximum" : "maximum"] = bounds.high;
}

}  // namespace ate
