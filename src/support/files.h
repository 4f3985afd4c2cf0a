// Files that survive a kill and a full disk. All functions throw Failure with the path and the system's
// reason.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ate {

// Replaces `path` as a whole: writes a file beside it that ends in .tmp, of a name that no other process uses, syncs it,
// renames it over `path` and syncs the folder. Whatever happens, `path` holds either the old bytes or the new ones. `keep_previous`, if not empty, names a
// second path that the old file is left under.
void write_atomically(const std::filesystem::path& path, std::string_view bytes,
                      const std::filesystem::path& keep_previous = {});

std::string read_whole_file(const std::filesystem::path& path);

// What the system says against writing to `path`, "" where nothing does. Leaves no file behind, and an old one as it
// is.
std::string why_not_writable(const std::filesystem::path& path);

// Makes the folder and its parents, and syncs the folders that they are in.
void make_folders(const std::filesystem::path& path);

// Appends whole lines to a file, one write call each, so that a kill tears at most the last one, and several processes
// may append.
class LineWriter {
 public:
  // `mend`: a torn last line left by a kill is cut off, as nobody else is writing it just now.
  explicit LineWriter(std::filesystem::path path, bool mend = true);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void append(std::string_view line);  // without its newline

 private:
  std::filesystem::path path_;
  int file_;
};

}  // namespace ate
