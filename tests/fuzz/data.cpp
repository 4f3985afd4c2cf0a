#include "data/sentencepiece.h"
#include "data/text.h"
#include "fuzz/reader.h"
#include "train/safetensors.h"

namespace ate::fuzz {

void read_tokens(std::string_view bytes) {
  const InputFileInMemory file(bytes);
  for (const TextFormat format :
       {TextFormat::automatic, TextFormat::bytes, TextFormat::characters, TextFormat::uint16,
        TextFormat::uint32, TextFormat::npy, TextFormat::llmc}) {
    SourceConfig source;
    source.kind = SourceKind::text;
    source.file = file.path();
    source.format = format;
    try {
      (void)settle_text(source, {true, true});
      const Text text(source);
      (void)text.corpus(0);
    } catch (const Error&) {  // the other formats may take it
    }
  }
}

void read_safetensors(std::string_view bytes) {
  const InputFileInMemory file(bytes);
  const SafetensorsFile checkpoint(file.path());
  for (const auto& [key, value] : checkpoint.metadata()) (void)checkpoint.text(key);
}

void read_sentencepiece(std::string_view bytes) {
  const InputFileInMemory model_file(bytes);
  const PieceModel model(InputFile(model_file.path(), "/source/model"));
  for (const std::string_view text : {"", "In the beginning", "\xe2\x96\x81 \xff\x00 a\tb", "<unk><s>"})
    for (const int token : model.encode(text)) (void)model.text_of(token);
  for (int token = 0; token < std::min<int64_t>(1000, model.vocabulary()); ++token)
    (void)model.text_of(token);
}

}  // namespace ate::fuzz
