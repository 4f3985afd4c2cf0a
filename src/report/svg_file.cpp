#include "report/svg_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "support/error.h"
#include "support/files.h"

namespace ate {

namespace fs = std::filesystem;

SvgFile::SvgFile(std::string flag, fs::path path) : path_(std::move(path)) {
  const std::string address = std::move(flag) + " " + path_.string();
  if (path_.extension() != ".svg") throw BadInput(address, "expected a file name that ends in .svg");
  std::error_code ignored;
  const bool existed = fs::exists(path_, ignored);
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0)
    throw Failure(address, std::string("cannot be written: ") + std::strerror(errno) +
                               "; give a file in a folder that is there and writable");
  ::close(file);
  if (!existed) ::unlink(path_.c_str());
}

void SvgFile::write(const std::string& svg) const { write_atomically(path_, svg); }

}  // namespace ate
