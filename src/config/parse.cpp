#include "config/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace ate {

using Json = nlohmann::ordered_json;

Json parse_json(const std::string& text, const std::string& label, std::vector<Problem>& problems) {
  struct Object {
    std::string path;
    std::set<std::string> keys;
    std::string key;  // the one whose value is being read
  };
  std::vector<Object> open;
  const auto refuse_duplicates = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start)
      open.push_back({open.empty() ? "" : open.back().path + "/" + open.back().key, {}, ""});
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) {
      open.back().key = parsed.get<std::string>();
      if (!open.back().keys.insert(open.back().key).second)
        problems.push_back(
            {label + ": " + open.back().path + "/" + open.back().key, "stands twice; keep one"});
    }
    return true;
  };
  try {
    return Json::parse(text, refuse_duplicates);
  } catch (const Json::parse_error& error) {
    const size_t offset = std::min(error.byte > 0 ? error.byte - 1 : 0, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
    const size_t line_start = text.rfind('\n', offset > 0 ? offset - 1 : 0);
    const size_t column = offset - (line_start == std::string::npos ? 0 : line_start + 1) + 1;
    // The library's text, from what it was doing: "...column 5: syntax error while parsing object key - ...".
    std::string what = error.what();
    const size_t colon = what.find(": ");
    if (colon != std::string::npos) what = what.substr(colon + 2);
    problems.push_back({fmt::format("{}:{}:{}", label, line, column), "not valid JSON: " + what});
    return Json::object();
  } catch (const Json::out_of_range& error) {  // a number such as 1e999
    const std::string what = error.what();
    problems.push_back({label, "not usable JSON: " + what.substr(what.find("] ") + 2)});
    return Json::object();
  }
}

std::string read_config_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw BadInput("--config " + path, "is a folder, not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw BadInput("--config " + path, std::string("cannot be read: ") + std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace ate
