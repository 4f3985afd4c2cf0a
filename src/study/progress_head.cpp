#include "study/progress_head.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <limits>
#include <string_view>

namespace ate {
namespace {

// The value of a member that is written on a line of its own, before any list; "" where there is none.
std::string_view value_of(std::string_view text, std::string_view name) {
  text = text.substr(0, text.find('['));
  const std::string start = "\n  \"" + std::string(name) + "\": ";
  const size_t at = text.find(start);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = text.substr(at + start.size());
  const size_t end = rest.find(",\n");
  return end == std::string_view::npos ? "" : rest.substr(0, end);
}

std::string_view word_of(std::string_view text, std::string_view name) {
  const std::string_view value = value_of(text, name);
  return value.size() > 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : "";
}

template <class T>
bool read_number(std::string_view text, std::string_view name, T& number) {
  const std::string_view value = value_of(text, name);
  const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && rest == value.data() + value.size();
}

}  // namespace

std::optional<ProgressHead> read_progress_head(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  char bytes[2048];
  const ssize_t size = ::read(file, bytes, sizeof bytes);
  struct stat info = {};
  const bool known = ::fstat(file, &info) == 0;
  ::close(file);
  if (size <= 0 || !known) return std::nullopt;
  const std::string_view text(bytes, static_cast<size_t>(size));
  ProgressHead head;
  const std::string status(word_of(text, "status"));
  head.arm = word_of(text, "arm");
  head.status = status_named(status);
  if (head.arm.empty() || status != status_name(head.status) || !read_number(text, "seed", head.seed) ||
      !read_number(text, "epochs_completed", head.epochs) ||
      !read_number(text, "epochs_total", head.epochs_in_all) || !read_number(text, "seconds", head.seconds))
    return std::nullopt;
  if (!read_number(text, "eta_seconds", head.left)) head.left = std::numeric_limits<double>::quiet_NaN();
  const auto age = static_cast<double>(std::max<time_t>(0, std::time(nullptr) - info.st_mtime));
  if (head.status == TrainingStatus::running) head.left = std::max(0.0, head.left - age);
  return head;
}

}  // namespace ate
