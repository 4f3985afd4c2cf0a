// Tokens that stay in their file: read piece by piece, so that it may be larger than memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace ate {

// An open file that is read at any place, by any thread. Throws Failure, naming the path, when reading fails or
// the file ends before it should.
class InputFile {
 public:
  // Throws BadInput for `where` when there is no such file, it cannot be read, or it is no file.
  InputFile(const std::filesystem::path& path, const std::string& where);
  // Takes over an open descriptor; `path` names it in errors.
  InputFile(const std::filesystem::path& path, int descriptor);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  int64_t bytes() const { return bytes_; }
  void read(int64_t first, std::span<char> out) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  int64_t bytes_ = 0;
};

// Where the token ids of a file lie: `count` numbers of `width` bytes (1, 2, 4 or 8), the lower byte first.
struct TokenLayout {
  int64_t first_byte = 0;
  int64_t width = 1;
  bool is_signed = false;
  int64_t count = 0;
};

// A file as a sequence of token ids.
class TokenFile {
 public:
  TokenFile(std::shared_ptr<const InputFile> file, const TokenLayout& layout);
  // Ids of `width` bytes from the file's start to its end.
  TokenFile(std::shared_ptr<const InputFile> file, int64_t width);

  int64_t size() const { return layout_.count; }  // in tokens
  void read(int64_t first, std::span<int64_t> out) const;

  // How often each of V tokens occurs among the first `length`; counted once and kept, as every trial asks.
  // Throws Failure, naming file and place, for a token outside the vocabulary.
  std::vector<int64_t> counts(int64_t length, int64_t vocabulary) const;

 private:
  std::shared_ptr<const InputFile> file_;
  TokenLayout layout_;
  mutable std::mutex mutex_;
  mutable std::map<int64_t, std::vector<int64_t>> counted_;  // by length
};

}  // namespace ate
