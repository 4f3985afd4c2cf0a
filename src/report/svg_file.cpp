#include "report/svg_file.h"

#include "report/picture_path.h"
#include "support/files.h"

namespace ate {

namespace fs = std::filesystem;

SvgFile::SvgFile(std::string flag, fs::path path) : path_(std::move(path)) {
  check_picture_path(std::move(flag) + " " + path_.string(), path_, {".svg"});
}

void SvgFile::write(const std::string& svg) const { write_atomically(path_, svg); }

}  // namespace ate
