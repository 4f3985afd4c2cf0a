#include "structure/includes.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <regex>
#include <set>

namespace ate::testing {
namespace {

namespace fs = std::filesystem;

bool of_libtorch(const std::string& header) {
  for (const char* folder : {"ATen/", "c10/", "torch/", "caffe2/"})
    if (header.rfind(folder, 0) == 0) return true;
  return false;
}

std::vector<std::string> includes_of(const fs::path& file) {
  static const std::regex include(R"(\s*#\s*include\s*[<"]([^>"]+)[>"].*)");
  std::vector<std::string> headers;
  std::ifstream in(file);
  std::smatch match;
  for (std::string line; std::getline(in, line);)
    if (line.find("include") != std::string::npos && std::regex_match(line, match, include))
      headers.push_back(match[1]);
  return headers;
}

std::string search(const fs::path& root, const std::string& file, std::set<std::string>& seen) {
  for (const std::string& header : includes_of(root / file)) {
    if (of_libtorch(header)) return file + " -> " + header;
    if (!fs::exists(root / header) || !seen.insert(header).second) continue;
    const std::string way = search(root, header, seen);
    if (!way.empty()) return file + " -> " + way;
  }
  return "";
}

}  // namespace

std::string way_to_libtorch(const fs::path& root, const std::string& file) {
  std::set<std::string> seen = {file};
  return search(root, file, seen);
}

bool sees(const std::vector<fs::path>& roots, const fs::path& file, const std::string& header) {
  std::set<fs::path> seen;
  const std::function<bool(const fs::path&)> look = [&](const fs::path& from) {
    for (const std::string& included : includes_of(from)) {
      if (included == header) return true;
      for (const fs::path& root : roots)
        if (fs::exists(root / included) && seen.insert(root / included).second && look(root / included))
          return true;
    }
    return false;
  };
  return look(file);
}

std::vector<std::string> files_below(const fs::path& root, const std::string& ending) {
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    const std::string name = fs::relative(entry.path(), root).generic_string();
    const bool ends_so =
        name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
    if (entry.is_regular_file() && ends_so) files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace ate::testing
