// One record of results, many writers: the writers know nothing of the experiment.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/curve_plot.h"
#include "report/interval_plot.h"

namespace ate {

struct Column {
  std::string name;      // for machines: "mean_loss"
  std::string heading;   // for people, with the unit: "loss (nats)"
  int precision = -1;    // digits after the point; -1: as it is
  double per = 1;        // people see the value divided by this: 1e6 under a heading that says M
  bool machine = false;  // for programs alone: what made a row, which people read once, above the table
};

// A number in JSON, which has no NaN or infinity: null says that there is no such number.
nlohmann::ordered_json number_or_null(double value);
nlohmann::ordered_json number_or_null(const std::optional<double>& value);

// Cells are JSON values, in full precision; null is "there is no such number". Whole numbers that may pass 63
// bits are made by exact_integer (report/exact_integer.h).
struct Table {
  std::string name;   // for machines: "arms"
  std::string title;  // for people
  std::vector<Column> columns;
  std::vector<std::vector<nlohmann::ordered_json>> rows;
  size_t keys = 1;  // leading columns that say what a row is of; again in each part of a table that is cut
  bool machine = false;  // for programs alone: too long for people
};

// The rows as objects with the columns' names as keys.
nlohmann::ordered_json objects_of(const Table& table);

// What a command prints.
struct Report {
  std::string title;
  std::vector<std::string> facts;      // lines under the title
  std::vector<Table> tables;           // the first is the main one
  std::optional<IntervalPlot> plot{};  // under the first table, for a terminal
  std::vector<CurvePlot> curves{};     // under it
  std::vector<std::string> notes;      // sentences under the tables
  nlohmann::ordered_json document;     // all of it, for --format json
};

enum class Format { table, md, csv, json, jsonl };

// table: aligned columns for a terminal, in parts one below the other where they are wider than `width` columns (0:
// as wide as they come). md: Markdown. csv: the main table alone (RFC 4180). json: the document, indented. jsonl:
// every row of every table as an object with its table's name under "table". Text of users is made harmless to
// whatever shows the format.
std::string render(const Report& report, Format format, size_t width = 0);

}  // namespace ate
