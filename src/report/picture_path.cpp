#include "report/picture_path.h"

#include "support/error.h"
#include "support/files.h"
#include "support/text.h"

namespace ate {

SvgFile::SvgFile(const std::string& flag, std::filesystem::path path) : path_(std::move(path)) {
  const std::string address = flag + " " + path_.string();
  if (path_.extension() != ".svg") throw BadInput(address, "expected a file name that ends in .svg");
  if (printable(path_.string()) != path_.string())  // lines of the log name it
    throw BadInput(address, "expected a file name of characters that can be shown");
  if (const std::string why = why_not_writable(path_); !why.empty())
    throw Failure(address,
                  "cannot be written: " + why + "; give a file in a folder that is there and writable");
}

void SvgFile::write(const std::string& svg) const { write_atomically(path_, svg); }

}  // namespace ate
