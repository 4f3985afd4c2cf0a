// Where a picture is to go that is drawn after long work: what can be wrong with its path shows before.
#pragma once

#include <filesystem>
#include <string>

namespace ate {

class SvgFile {
 public:
  // `flag` is the address in errors. Throws BadInput when the name does not end in .svg, Failure when the
  // file cannot be written. Leaves no file behind, and an old one as it is.
  SvgFile(const std::string& flag, std::filesystem::path path);

  void write(const std::string& svg) const;  // replaces the file as a whole
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ate
