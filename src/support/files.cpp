#include "support/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <vector>

#include "support/error.h"

namespace ate {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw Failure(path.string(), what + ": " + std::strerror(errno));
}

void write_all(int file, const std::filesystem::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "cannot be written");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

// A file descriptor that closes itself.
class File {
 public:
  File(const std::filesystem::path& path, int flags, const char* purpose) : path_(path) {
    file_ = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (file_ < 0) fail(path, std::string("cannot be ") + purpose);
  }
  ~File() {
    if (file_ >= 0) ::close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(std::string_view bytes) const { write_all(file_, path_, bytes); }
  void sync() const {
    if (::fsync(file_) != 0 && errno != EINVAL && errno != EROFS) fail(path_, "cannot be synced to disk");
  }

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

// Of files that no other process on any machine writes, nor another thread of this one.
std::string own_ending() {
  static std::atomic<uint64_t> count = 0;
  static const uint64_t random = [] {
    std::random_device device;
    return (static_cast<uint64_t>(device()) << 32U) | device();
  }();
  return fmt::format(".{:x}-{:x}-{}.tmp", random, ::getpid(), count++);
}

void sync_folder(const std::filesystem::path& folder) {
  File(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY, "opened").sync();
}

void rename_over(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail(to, "cannot be replaced");
}

}  // namespace

void write_atomically(const std::filesystem::path& path, std::string_view bytes,
                      const std::filesystem::path& keep_previous) {
  const std::string ending = own_ending();
  std::filesystem::path temporary = path;
  temporary += ending;
  try {
    const File file(temporary, O_WRONLY | O_CREAT | O_TRUNC, "created");
    file.write(bytes);
    file.sync();
  } catch (const Failure&) {
    ::unlink(temporary.c_str());  // a full disk gets its room back
    throw;
  }
  if (!keep_previous.empty() && std::filesystem::exists(path)) {
    // A second link first, so that there is no moment without a file at `path`.
    std::filesystem::path link = keep_previous;
    link += ending;
    if (::link(path.c_str(), link.c_str()) != 0) fail(link, "cannot be created");
    rename_over(link, keep_previous);
  }
  rename_over(temporary, path);
  sync_folder(path.parent_path());
}

std::string why_not_writable(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool existed = std::filesystem::exists(path, ignored);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return std::strerror(errno);
  ::close(file);
  if (!existed) ::unlink(path.c_str());
  return "";
}

std::string read_whole_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw Failure(path.string(), "is a folder, not a file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, "cannot be read");
  std::ostringstream bytes;
  bytes << in.rdbuf();
  if (in.bad()) fail(path, "cannot be read");
  return std::move(bytes).str();
}

void make_folders(const std::filesystem::path& path) {
  // A folder is an entry of the one above it: unless that is synced, a power failure takes it with all that it holds.
  std::vector<std::filesystem::path> changed;
  std::error_code error;
  for (std::filesystem::path missing = path; !missing.empty() && !std::filesystem::exists(missing, error);
       missing = missing.parent_path())
    changed.push_back(missing.parent_path());
  std::filesystem::create_directories(path, error);
  if (error) throw Failure(path.string(), "the folder cannot be made: " + error.message());
  for (const std::filesystem::path& folder : changed)
    if (::access(folder.empty() ? "." : folder.c_str(), R_OK) == 0) sync_folder(folder);
}

LineWriter::LineWriter(std::filesystem::path path, bool mend) : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file_ < 0) fail(path_, "cannot be opened");
  if (!mend) return;
  off_t end = ::lseek(file_, 0, SEEK_END);
  char last = '\n';
  while (end > 0 && ::pread(file_, &last, 1, end - 1) == 1 && last != '\n') --end;
  if (::ftruncate(file_, end) != 0) fail(path_, "cannot be cut to whole lines");
}

LineWriter::~LineWriter() { ::close(file_); }

void LineWriter::append(std::string_view line) { write_all(file_, path_, std::string(line) + '\n'); }

}  // namespace ate
