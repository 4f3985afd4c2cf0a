#include "data/sentencepiece.h"

#include "support/error.h"

#ifdef ATE_SENTENCEPIECE
#include <sentencepiece_processor.h>

#include <algorithm>
#include <string>
#include <vector>

#include "data/scratch_tokens.h"

// libsentencepiece and LibTorch's libc10 each have a variable of this name, of 32 and of 4 bytes, and the loader gives both
// of them the first that it finds. Were that libc10's, SentencePiece would write over what lies behind it: the flag by which
// LibTorch aborts instead of throwing. The program's own comes first, and has room for either.
extern "C" {
alignas(64) __attribute__((visibility("default"))) char FLAGS_minloglevel[64] = {};
}

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

struct PieceModel::Processor : sentencepiece::SentencePieceProcessor {};

PieceModel::PieceModel(const InputFile& file) : processor_(std::make_unique<Processor>()) {
  std::string model(static_cast<size_t>(file.bytes()), '\0');
  file.read(0, model);
  if (!processor_->LoadFromSerializedProto(model).ok() || processor_->GetPieceSize() == 0)
    throw BadInput("/source/model",
                   "\"" + file.path().string() + "\" is no SentencePiece model (as spm_train writes them)");
}
PieceModel::~PieceModel() = default;

std::vector<int> PieceModel::encode(std::string_view text) const {
  std::vector<int> tokens;
  const auto status = processor_->Encode({text.data(), text.size()}, &tokens);
  if (!status.ok()) throw Failure("SentencePiece", status.ToString());
  return tokens;
}

std::string PieceModel::text_of(int token) const {
  if (processor_->IsControl(token)) return "";
  if (processor_->IsUnknown(token)) return "\u2047";
  std::string piece = processor_->IdToPiece(token);
  if (processor_->IsByte(token))  // "<0x0A>"
    return {static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16))};
  const std::string mark = "\u2581";  // a word's start
  for (size_t at = piece.find(mark); at != std::string::npos; at = piece.find(mark, at + 1))
    piece.replace(at, mark.size(), " ");
  return piece;
}

int64_t PieceModel::vocabulary() const { return processor_->GetPieceSize(); }
int PieceModel::unknown() const { return processor_->unk_id(); }

PieceFile cut_into_pieces(const InputFile& text, const InputFile& model_file) {
  const PieceModel model(model_file);
  ScratchTokens scratch;
  std::string bytes;
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
      const std::vector<int> tokens = model.encode({bytes.data() + begin, length});
      unknown += std::count(tokens.begin(), tokens.end(), model.unknown());
      total += static_cast<int64_t>(tokens.size());
      scratch.write(tokens);
      begin = end + 1;
    }
    bytes.erase(0, whole);
  }
  const double share = total > 0 ? static_cast<double>(unknown) / static_cast<double>(total) : 0;
  return {scratch.finish(), model.vocabulary(), share};
}

}  // namespace ate

#else

namespace ate {

struct PieceModel::Processor {};

PieceModel::PieceModel(const InputFile& /*file*/) {
  throw BadInput("/source/format",
                 "this ate was built without SentencePiece: install the Debian package libsentencepiece-dev "
                 "(scripts/setup does) and build again");
}
PieceModel::~PieceModel() = default;
std::vector<int> PieceModel::encode(std::string_view /*text*/) const { return {}; }
std::string PieceModel::text_of(int /*token*/) const { return {}; }
int64_t PieceModel::vocabulary() const { return 0; }
int PieceModel::unknown() const { return 0; }

PieceFile cut_into_pieces(const InputFile& /*text*/, const InputFile& model_file) {
  (void)PieceModel(model_file);
  return {};
}

}  // namespace ate

#endif
