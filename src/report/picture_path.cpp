#include "report/picture_path.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "support/error.h"
#include "support/names.h"

namespace ate {

namespace fs = std::filesystem;

void check_picture_path(const std::string& address, const fs::path& path,
                        const std::vector<std::string>& endings) {
  if (std::find(endings.begin(), endings.end(), path.extension().string()) == endings.end())
    throw BadInput(address, "expected a file name that ends in " + either(endings));
  std::error_code ignored;
  const bool existed = fs::exists(path, ignored);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0)
    throw Failure(address, std::string("cannot be written: ") + std::strerror(errno) +
                               "; give a file in a folder that is there and writable");
  ::close(file);
  if (!existed) ::unlink(path.c_str());
}

}  // namespace ate
