// What the tables of a sweep share: cells of settings, rows of results. No LibTorch.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/table.h"
#include "sweep/listing.h"

namespace ate {

// The settings that some job has, in the order in which they first come.
std::vector<std::string> paths_of(const std::vector<ListedJob>& jobs);

// A column for each.
void add_settings(Table& table, const std::vector<std::string>& paths);

// A setting's value as a cell: lists as text, null where the job does not set it.
nlohmann::ordered_json setting_cell(const nlohmann::ordered_json& set, const std::string& path);
// Adds the cells of these settings to a row.
void add_setting_cells(std::vector<nlohmann::ordered_json>& row, const std::vector<std::string>& paths,
                       const nlohmann::ordered_json& set);

// The first row of a result's list with this value; nullptr where there is none.
const nlohmann::ordered_json* find_row(const nlohmann::ordered_json& result, const char* list,
                                       const char* key, const nlohmann::ordered_json& value);

// The trials of a result by arm and seed; there may be thousands. The result must outlive it.
class TrialRows {
 public:
  explicit TrialRows(const nlohmann::ordered_json& result);
  const nlohmann::ordered_json* find(const std::string& arm,
                                     int64_t seed) const;  // nullptr where there is none

 private:
  std::map<std::pair<std::string, int64_t>, const nlohmann::ordered_json*> rows_;
};

// A member of such a row, or an item of a list there; null where there is none.
nlohmann::ordered_json value_of(const nlohmann::ordered_json* row, const char* key);
nlohmann::ordered_json value_of(const nlohmann::ordered_json* row, const char* key, size_t index);

}  // namespace ate
