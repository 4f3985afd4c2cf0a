// Names that become parts of file names.
#pragma once

#include <string>

namespace ate {

inline constexpr const char* kSafeName = "1 to 100 letters, digits, '.', '_' or '-', not starting with '.'";

inline bool safe_in_file_names(const std::string& name, size_t longest = 100) {
  const char* const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= longest && name.front() != '.' &&
         name.find_first_not_of(allowed) == std::string::npos;
}

}  // namespace ate
