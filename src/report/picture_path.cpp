#include "report/picture_path.h"

#include <algorithm>

#include "support/error.h"
#include "support/files.h"
#include "support/names.h"
#include "support/text.h"

namespace ate {

namespace fs = std::filesystem;

void check_picture_path(const std::string& address, const fs::path& path,
                        const std::vector<std::string>& endings) {
  if (std::find(endings.begin(), endings.end(), path.extension().string()) == endings.end())
    throw BadInput(address, "expected a file name that ends in " + either(endings));
  if (printable(path.string()) != path.string())  // gnuplot's program could not name it
    throw BadInput(address, "expected a file name of characters that can be shown");
  if (const std::string why = why_not_writable(path); !why.empty())
    throw Failure(address,
                  "cannot be written: " + why + "; give a file in a folder that is there and writable");
}

SvgFile::SvgFile(std::string flag, fs::path path) : path_(std::move(path)) {
  check_picture_path(std::move(flag) + " " + path_.string(), path_, {".svg"});
}

void SvgFile::write(const std::string& svg) const { write_atomically(path_, svg); }

}  // namespace ate
