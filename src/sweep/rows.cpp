#include "sweep/rows.h"

#include <algorithm>

namespace ate {

using Json = nlohmann::ordered_json;

Json setting_cell(const Json& set, const std::string& path) {
  if (!set.contains(path)) return nullptr;
  return set[path].is_structured() ? Json(set[path].dump()) : set[path];
}

std::vector<std::string> paths_of(const std::vector<ListedJob>& jobs) {
  std::vector<std::string> paths;
  for (const ListedJob& job : jobs)
    for (const auto& [path, ignored] : job.set.items())
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  return paths;
}

void add_settings(Table& table, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) table.columns.push_back({path, path});
}

void add_setting_cells(std::vector<Json>& row, const std::vector<std::string>& paths, const Json& set) {
  for (const std::string& path : paths) row.push_back(setting_cell(set, path));
}

const Json* find_row(const Json& result, const char* list, const char* key, const Json& value) {
  if (!result.is_object() || !result.contains(list)) return nullptr;
  for (const Json& row : result[list])
    if (row.is_object() && row.value(key, Json()) == value) return &row;
  return nullptr;
}

TrialRows::TrialRows(const Json& result) {
  if (!result.is_object() || !result.contains("trials")) return;
  for (const Json& row : result["trials"])
    if (row.is_object() && row.value("arm", Json()).is_string() &&
        row.value("seed", Json()).is_number_integer())
      rows_.emplace(std::pair(row["arm"].get<std::string>(), row["seed"].get<int64_t>()), &row);
}

const Json* TrialRows::find(const std::string& arm, int64_t seed) const {
  const auto row = rows_.find({arm, seed});
  return row == rows_.end() ? nullptr : row->second;
}

Json value_of(const Json* row, const char* key) { return row == nullptr ? Json() : row->value(key, Json()); }

Json value_of(const Json* row, const char* key, size_t index) {
  const Json list = value_of(row, key);
  return list.is_array() && list.size() > index ? list[index] : Json();
}

}  // namespace ate
