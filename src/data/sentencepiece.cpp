#include "data/sentencepiece.h"

#include "support/error.h"

#ifdef ATE_SENTENCEPIECE
#include <sentencepiece_processor.h>

#include <algorithm>
#include <string>
#include <vector>

#include "data/scratch_tokens.h"

namespace ate {
namespace {

constexpr int64_t kPiece = 1 << 20;  // bytes of text held at a time; a longer line is cut

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

  ScratchTokens scratch;
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
