#include "report/table.h"

#include <cmath>

namespace ate {

using Json = nlohmann::ordered_json;

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json number_or_null(const std::optional<double>& value) {
  return value ? number_or_null(*value) : Json(nullptr);
}

Json objects_of(const Table& table) {
  Json out = Json::array();
  for (const auto& row : table.rows) {
    Json object = Json::object();
    for (size_t i = 0; i < row.size(); ++i) object[table.columns[i].name] = row[i];
    out.push_back(std::move(object));
  }
  return out;
}

}  // namespace ate
