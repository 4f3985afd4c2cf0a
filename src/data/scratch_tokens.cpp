#include "data/scratch_tokens.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "support/error.h"

namespace ate {

ScratchTokens::ScratchTokens() {
  path_ = (std::filesystem::temp_directory_path() / "ate-tokens-XXXXXX").string();
  file_ = ::mkstemp(path_.data());
  if (file_ < 0) fail("cannot be created");
  ::unlink(path_.c_str());
}

ScratchTokens::~ScratchTokens() {
  if (file_ >= 0) ::close(file_);
}

void ScratchTokens::write(std::span<const int32_t> tokens) const {
  std::string bytes;
  for (const int32_t token : tokens)
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(token >> shift);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t written = ::write(file_, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    done += static_cast<size_t>(written);
  }
}

std::shared_ptr<const InputFile> ScratchTokens::finish() {
  const int file = file_;
  file_ = -1;
  return std::make_shared<InputFile>(path_, file);
}

void ScratchTokens::fail(const char* what) const {
  throw Failure(path_, std::string(what) + ": " + std::strerror(errno) +
                           "; TMPDIR names the folder for the tokens of a text");
}

}  // namespace ate
