#include "pipeline/stored_report.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "run/folder.h"
#include "support/error.h"
#include "support/hash.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::string hash_of(Json stored) {
  stored.erase("hash");
  return Hash64().add(stored.dump()).hex();
}

}  // namespace

Json report_to_json(const Report& report) {
  Json tables = Json::array();
  for (const Table& table : report.tables) {
    Json columns = Json::array();
    for (const Column& c : table.columns) columns.push_back({c.name, c.heading, c.precision, c.per});
    tables.push_back({{"name", table.name},
                      {"title", table.title},
                      {"columns", std::move(columns)},
                      {"rows", table.rows}});
  }
  Json stored = {{"title", report.title},
                 {"facts", report.facts},
                 {"tables", std::move(tables)},
                 {"notes", report.notes},
                 {"document", report.document}};
  stored["hash"] = hash_of(stored);
  return stored;
}

Report report_from_json(const Json& stored, const std::string& file) {
  const JsonValue whole(stored, file);
  Report report;
  report.title = whole.at("title").text();
  report.facts = whole.at("facts").texts();
  for (const JsonValue& t : whole.at("tables").items()) {
    Table table{t.at("name").text(), t.at("title").text(), {}, {}};
    for (const JsonValue& column : t.at("columns").items()) {
      const std::vector<JsonValue> c = column.items();
      if (c.size() != 4) column.expected("four values");
      table.columns.push_back({c[0].text(), c[1].text(), static_cast<int>(c[2].whole()), c[3].number()});
    }
    for (const JsonValue& row : t.at("rows").items()) {
      table.rows.emplace_back();
      for (const JsonValue& cell : row.items()) table.rows.back().push_back(cell.json());
      if (table.rows.back().size() != table.columns.size()) row.expected("a cell for each column");
    }
    report.tables.push_back(std::move(table));
  }
  report.notes = whole.at("notes").texts();
  report.document = whole.at("document").json();
  // Cells and the document may be of any type: what was altered in them shows in the hash alone.
  const std::optional<JsonValue> hash = whole.find("hash");  // earlier versions wrote none
  if (hash && hash->text() != hash_of(stored))
    throw Failure(file, "was altered: its hash is of another report");
  return report;
}

std::optional<Report> read_report(const std::filesystem::path& path) {
  try {
    const Json stored = read_json_file(path);
    if (!stored.is_null()) return report_from_json(stored, path.string());
  } catch (const Failure& damage) {
    spdlog::warn("{}; the report is made again", damage.what());
  }
  return std::nullopt;
}

}  // namespace ate
