#include "data/sentencepiece.h"

#include "support/error.h"

#ifdef ATE_SENTENCEPIECE
#include <sentencepiece_processor.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace ate {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPiece = 1 << 20;  // bytes of text held at a time; a longer line is cut

// A file that vanishes with its descriptor.
class Scratch {
 public:
  Scratch() {
    path_ = (fs::temp_directory_path() / "ate-tokens-XXXXXX").string();
    file_ = ::mkstemp(path_.data());
    if (file_ < 0) fail("cannot be created");
    ::unlink(path_.c_str());
  }
  ~Scratch() {
    if (file_ >= 0) ::close(file_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void write(const std::vector<int>& tokens) const {
    std::string bytes;
    for (const int token : tokens)
      for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(token >> shift);
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t written = ::write(file_, bytes.data() + done, bytes.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("cannot be written");
      done += static_cast<size_t>(written);
    }
  }
  std::shared_ptr<const InputFile> finish() {
    const int file = file_;
    file_ = -1;
    return std::make_shared<InputFile>(path_, file);
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw Failure(path_, std::string(what) + ": " + std::strerror(errno) +
                             "; TMPDIR names the folder for the tokens of a text");
  }

  std::string path_;
  int file_ = -1;
};

// How many of the bytes can be cut into tokens by themselves: whole lines, else whole characters.
size_t whole_lines(const std::string& bytes, bool last) {
  if (last) return bytes.size();
  const size_t newline = bytes.rfind('\n');
  if (newline != std::string::npos) return newline + 1;
  size_t end = bytes.size();
  while (end > 1 && (static_cast<uint8_t>(bytes[end - 1]) & 0xC0U) == 0x80U) --end;
  return end > 1 ? end - 1 : bytes.size();
}

}  // namespace

PieceFile cut_into_pieces(const InputFile& text, const InputFile& model_file) {
  std::string model(static_cast<size_t>(model_file.bytes()), '\0');
  model_file.read(0, model);
  sentencepiece::SentencePieceProcessor processor;
  if (!processor.LoadFromSerializedProto(model).ok() || processor.GetPieceSize() == 0)
    throw BadInput("/source/model", "\"" + model_file.path().string() +
                                        "\" is no SentencePiece model (as spm_train writes them)");

  Scratch scratch;
  std::string bytes;
  std::vector<int> tokens;
  int64_t unknown = 0;
  int64_t total = 0;
  for (int64_t first = 0; first < text.bytes();) {
    const size_t kept = bytes.size();
    const int64_t count = std::min(kPiece, text.bytes() - first);
    bytes.resize(kept + static_cast<size_t>(count));
    text.read(first, std::span(bytes).subspan(kept));
    first += count;
    const size_t whole = whole_lines(bytes, first == text.bytes());
    for (size_t begin = 0; begin < whole;) {
      const size_t end = std::min(bytes.find('\n', begin), whole);
      const bool carriage_return = end < whole && end > begin && bytes[end - 1] == '\r';
      const size_t length = end - begin - (carriage_return ? 1 : 0);
      const auto status = processor.Encode({bytes.data() + begin, length}, &tokens);
      if (!status.ok()) throw Failure(text.path().string(), "SentencePiece: " + status.ToString());
      unknown += std::count(tokens.begin(), tokens.end(), processor.unk_id());
      total += static_cast<int64_t>(tokens.size());
      scratch.write(tokens);
      begin = end + 1;
    }
    bytes.erase(0, whole);
  }
  const double share = total > 0 ? static_cast<double>(unknown) / static_cast<double>(total) : 0;
  return {scratch.finish(), processor.GetPieceSize(), share};
}

}  // namespace ate

#else

namespace ate {

PieceFile cut_into_pieces(const InputFile& /*text*/, const InputFile& /*model_file*/) {
  throw BadInput("/source/format",
                 "this ate was built without SentencePiece: install the Debian package libsentencepiece-dev "
                 "(scripts/setup does) and build again");
}

}  // namespace ate

#endif
