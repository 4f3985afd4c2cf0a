// What an analysis is asked for: from flags and a JSON file to shapes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "analysis/accounting.h"
#include "support/error.h"

namespace ate {

// One setting as the user wrote it. `where` is its address in errors: "--T 0", "my.json: /T".
struct Setting {
  std::string name;  // as in JSON: "head_size"
  std::string value;
  std::string where;
};

// A setting's documentation. Flags are named after it, with dashes.
struct SettingHelp {
  const char* name;
  const char* type;
  const char* help;
};
const std::vector<SettingHelp>& analysis_settings();

struct AnalysisRequest {
  std::vector<Shape> shapes;
  bool document_rows = false;   // the shapes are those of the original report's table
  bool document_sizes = false;  // and so are k, h and hd: its printed ratios can stand beside them
  Coverage coverage;
  std::vector<Accounting> accountings;
  int64_t element_bytes = 4;
};

// The shapes behind the original report's table of speedups (its row "2048" is d = 1280), and a true d = 2048.
std::vector<Shape> document_shapes();

// The settings of a JSON file: an object of numbers, strings, lists and booleans under the names of
// analysis_settings(). Throws BadInput with every problem.
std::vector<Setting> read_settings(const std::string& path);

// Later settings stand above earlier ones of the same name. Without d and T: the original report's shapes; without
// one of them: d = 1024, T = 256..32k. Throws BadInput with every problem, each with its address and what
// would be right.
AnalysisRequest make_request(const std::vector<Setting>& settings);

}  // namespace ate
