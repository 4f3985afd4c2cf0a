// Tokens that a text was cut into, of four bytes each, in a temporary file that vanishes with its descriptor.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "data/token_file.h"

namespace ate {

// Throws Failure, naming TMPDIR, when the file cannot be created or written.
class ScratchTokens {
 public:
  ScratchTokens();
  ~ScratchTokens();
  ScratchTokens(const ScratchTokens&) = delete;
  ScratchTokens& operator=(const ScratchTokens&) = delete;

  void write(std::span<const int32_t> tokens) const;
  // All that was written, to be read; no more can be written.
  std::shared_ptr<const InputFile> finish();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  int file_ = -1;
};

}  // namespace ate
