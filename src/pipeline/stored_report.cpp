#include "pipeline/stored_report.h"

namespace ate {

using Json = nlohmann::ordered_json;

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
  return {{"title", report.title},
          {"facts", report.facts},
          {"tables", std::move(tables)},
          {"notes", report.notes},
          {"document", report.document}};
}

Report report_from_json(const Json& stored) {
  Report report;
  report.title = stored.at("title");
  report.facts = stored.at("facts").get<std::vector<std::string>>();
  for (const Json& t : stored.at("tables")) {
    Table table{t.at("name"), t.at("title"), {}, {}};
    for (const Json& c : t.at("columns")) table.columns.push_back({c.at(0), c.at(1), c.at(2), c.at(3)});
    for (const Json& row : t.at("rows")) table.rows.emplace_back(row.begin(), row.end());
    report.tables.push_back(std::move(table));
  }
  report.notes = stored.at("notes").get<std::vector<std::string>>();
  report.document = stored.at("document");
  return report;
}

}  // namespace ate
