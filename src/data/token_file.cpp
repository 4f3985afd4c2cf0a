#include "data/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "support/error.h"

namespace ate {
namespace {

constexpr int64_t kTokenPiece = 1 << 16;  // tokens read at a time

}  // namespace

InputFile::InputFile(const std::filesystem::path& path, const std::string& where) : path_(path) {
  // Opening a pipe would wait for a writer.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0)
    throw BadInput(where, fmt::format("\"{}\" cannot be read: {}", path.string(), std::strerror(errno)));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw BadInput(where, fmt::format("\"{}\" is {}, not a file", path.string(),
                                      S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe"));
  }
  bytes_ = status.st_size;
}

InputFile::InputFile(const std::filesystem::path& path, int descriptor)
    : path_(path), descriptor_(descriptor) {
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0) bytes_ = status.st_size;
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(int64_t first, std::span<char> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), first);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Failure(path_.string(), std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) throw Failure(path_.string(), "has become shorter since it was opened; restore it");
    out = out.subspan(static_cast<size_t>(got));
    first += got;
  }
}

TokenFile::TokenFile(std::shared_ptr<const InputFile> file, const TokenLayout& layout)
    : file_(std::move(file)), layout_(layout) {}

TokenFile::TokenFile(std::shared_ptr<const InputFile> file, int64_t width) : file_(std::move(file)) {
  layout_ = {0, width, false, file_->bytes() / width};
}

void TokenFile::read(int64_t first, std::span<int64_t> out) const {
  const auto width = static_cast<size_t>(layout_.width);
  // The bits above a signed id of four bytes are those of its sign.
  const bool widened = layout_.is_signed && width == 4;
  std::vector<char> bytes(std::min(static_cast<size_t>(kTokenPiece), out.size()) * width);
  while (!out.empty()) {
    const size_t count = std::min(out.size(), static_cast<size_t>(kTokenPiece));
    const auto piece = std::span(bytes).first(count * width);
    file_->read(layout_.first_byte + first * layout_.width, piece);
    for (size_t i = 0; i < count; ++i) {
      uint64_t value = 0;
      for (size_t b = width; b-- > 0;) value = value << 8 | static_cast<uint8_t>(piece[i * width + b]);
      out[i] = widened ? static_cast<int32_t>(value) : static_cast<int64_t>(value);
    }
    out = out.subspan(count);
    first += static_cast<int64_t>(count);
  }
}

std::vector<int64_t> TokenFile::counts(int64_t length, int64_t vocabulary) const {
  const std::lock_guard lock(mutex_);
  if (const auto it = counted_.find(length); it != counted_.end()) return it->second;
  std::vector<int64_t> counts(static_cast<size_t>(vocabulary));
  std::vector<int64_t> piece(static_cast<size_t>(kTokenPiece));
  for (int64_t first = 0; first < length; first += kTokenPiece) {
    const auto part = std::span(piece).first(static_cast<size_t>(std::min(kTokenPiece, length - first)));
    read(first, part);
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] >= vocabulary)
        throw Failure(file_->path().string(),
                      fmt::format("token {} at place {} is outside the vocabulary of {}", part[i],
                                  first + static_cast<int64_t>(i), vocabulary));
      ++counts[static_cast<size_t>(part[i])];
    }
  }
  return counted_[length] = counts;
}

}  // namespace ate
