#include "config/parse.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace ate {

std::string read_config_file(const std::string& path, const std::string& flag) {
  constexpr size_t most = 16 << 20;  // read by name, it may be a device without an end
  const std::string where = flag.empty() ? path : flag + " " + path;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw BadInput(where, "is a folder, not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw BadInput(where, std::string("cannot be read: ") + std::strerror(errno));
  std::string text;
  for (std::string piece(1 << 16, '\0'); in && text.size() <= most;) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.append(piece, 0, static_cast<size_t>(in.gcount()));
  }
  if (text.size() > most)
    throw BadInput(where, fmt::format("is longer than {} MiB: no {}", most >> 20,
                                      flag.empty() ? "config" : flag.substr(2)));
  return text;
}

}  // namespace ate
