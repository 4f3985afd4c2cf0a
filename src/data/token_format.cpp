#include "data/token_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "config/enum_names.h"
#include "support/error.h"

namespace ate {
namespace {

using namespace std::string_view_literals;

constexpr const char* kFile = "/source/file";
constexpr int64_t kLlmcHeader = 256 * 4;
constexpr int64_t kMostNpyHeader = 1 << 16;  // far above any of a plain list
constexpr uint32_t kLlmcShort = 20240520;    // magic of ids of two bytes
constexpr uint32_t kLlmcLong = 20240801;     // and of four

BadInput not_this(const InputFile& file, const std::string& why) {
  return {kFile, fmt::format("\"{}\" {}", file.path().string(), why)};
}

std::string bytes_at(const InputFile& file, int64_t first, int64_t count) {
  std::string bytes(static_cast<size_t>(std::clamp<int64_t>(file.bytes() - first, 0, count)), '\0');
  file.read(first, bytes);
  return bytes;
}

uint32_t little_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// What a file is by its first bytes.
struct Container {
  std::string_view start;
  const char* name;
  std::optional<TextFormat> format;  // that reads it; unset: none does
};

const Container kKinds[] = {
    {"\x93NUMPY"sv, "a NumPy array", TextFormat::npy},
    {"\x88\xd8\x34\x01"sv, "a token file of llm.c", TextFormat::llmc},    // 20240520
    {"\xa1\xd9\x34\x01"sv, "a token file of llm.c", TextFormat::llmc},    // 20240801
    {"\x8a\xd8\x34\x01"sv, "an evaluation file of llm.c", std::nullopt},  // 20240522
    {"PK\x03\x04"sv, "a zip archive", std::nullopt},                      // .npz, too
    {"\x1f\x8b\x08"sv, "a gzip archive", std::nullopt},
    {"BZh"sv, "a bzip2 archive", std::nullopt},
    {"\xfd"
     "7zXZ\0"sv,
     "an xz archive", std::nullopt},
    {"\x28\xb5\x2f\xfd"sv, "a zstd archive", std::nullopt},
    {"PAR1"sv, "a Parquet table", std::nullopt},
    {"%PDF-"sv, "a PDF document", std::nullopt},
};

const Container* kind_of(const InputFile& file) {
  const std::string start = bytes_at(file, 0, 8);
  for (const Container& kind : kKinds)
    if (start.rfind(kind.start, 0) == 0) return &kind;
  return nullptr;
}

std::string ending_of(const InputFile& file) {
  std::string ending = file.path().extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending;
}

// Whether the file begins with text: ids of two or four bytes have a byte below the space among so many.
bool reads_as_text(const InputFile& file) {
  constexpr int64_t kEnough = 64;
  const std::string start = bytes_at(file, 0, 64 * kEnough);
  return static_cast<int64_t>(start.size()) >= kEnough && std::all_of(start.begin(), start.end(), [](char c) {
           return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
         });
}

TokenLayout bare_ids(const InputFile& file, int64_t width) {
  if (reads_as_text(file))
    throw not_this(file, fmt::format("begins with text, not with token ids of {} bytes: set source.format to "
                                     "bytes or characters",
                                     width == 2 ? "two" : "four"));
  if (file.bytes() % width == 0) return {0, width, false, file.bytes() / width};
  if (width == 2)
    throw not_this(file, fmt::format("has an odd number of bytes, {}: it holds no token ids of two bytes; "
                                     "source.format=bytes reads it as it is",
                                     file.bytes()));
  throw not_this(file,
                 fmt::format("has {} bytes, which four do not divide: it holds no token ids of four bytes",
                             file.bytes()));
}

TokenLayout llmc_ids(const InputFile& file) {
  const std::string header = bytes_at(file, 0, kLlmcHeader);
  const auto number = [&](size_t i) { return little_endian(std::string_view(header).substr(4 * i, 4)); };
  if (static_cast<int64_t>(header.size()) < kLlmcHeader ||
      (number(0) != kLlmcShort && number(0) != kLlmcLong))
    throw not_this(file, "has no header of llm.c: 256 int32, the first of them 20240520 or 20240801");
  const int64_t width = number(0) == kLlmcShort ? 2 : 4;
  const uint32_t version = width == 2 ? 1 : 7;
  if (number(1) != version)
    throw not_this(file, fmt::format("has llm.c's header with magic {} and version {}; version {} is known",
                                     number(0), number(1), version));
  const auto count = static_cast<int64_t>(number(2));
  if (kLlmcHeader + count * width != file.bytes())
    throw not_this(
        file, fmt::format("holds {} token ids of {} bytes by its header of llm.c, so {} bytes, but is {} "
                          "bytes long: make it again",
                          count, width, kLlmcHeader + count * width, file.bytes()));
  return {kLlmcHeader, width, false, count};
}

// What follows "'key':" in the header, a Python dict; "" where it is not there.
std::string_view npy_value(std::string_view header, std::string_view key) {
  const size_t found = header.find(fmt::format("'{}'", key));
  if (found == std::string_view::npos) return {};
  const size_t begin = header.find_first_not_of(": ", found + key.size() + 2);
  return begin == std::string_view::npos ? std::string_view() : header.substr(begin);
}

TokenLayout npy_ids(const InputFile& file) {
  const std::string start = bytes_at(file, 0, 12);
  if (start.size() < 12 || start.rfind("\x93NUMPY", 0) != 0)
    throw not_this(file, "has no NumPy header, as numpy.save writes it");
  const bool first_version = start[6] == 1;
  const int64_t header_at = first_version ? 10 : 12;
  const int64_t length = little_endian(std::string_view(start).substr(8, first_version ? 2 : 4));
  if (length > std::min(kMostNpyHeader, file.bytes() - header_at))
    throw not_this(file, fmt::format("says that its NumPy header has {} bytes: it is damaged", length));
  const std::string header = bytes_at(file, header_at, length);

  const std::string_view type = npy_value(header, "descr");
  const struct {
    std::string_view name;
    int64_t width;
    bool is_signed;
  } types[] = {
      {"'|u1'", 1, false}, {"'<u2'", 2, false}, {"'<u4'", 4, false}, {"'<i4'", 4, true}, {"'<i8'", 8, true}};
  const auto known = std::find_if(std::begin(types), std::end(types),
                                  [&](const auto& t) { return type.rfind(t.name, 0) == 0; });
  if (known == std::end(types))
    throw not_this(file,
                   fmt::format("holds numbers of the type {}: token ids are uint8, uint16, uint32, int32 or "
                               "int64, the lower byte first; in Python: numpy.save(file, ids.astype('<u4'))",
                               type.substr(0, type.find(','))));
  // One dimension is written "(6000,)".
  const std::string_view shape = npy_value(header, "shape");
  int64_t count = 0;
  const char* const end = shape.data() + shape.size();
  const auto [rest, error] = std::from_chars(shape.data() + (shape.empty() ? 0 : 1), end, count);
  if (shape.empty() || error != std::errc() ||
      !std::string_view(rest, static_cast<size_t>(end - rest)).starts_with(",)"))
    throw not_this(file, fmt::format("has the shape {}: token ids are one list; in Python: numpy.save(file, "
                                     "ids.reshape(-1))",
                                     shape.substr(0, shape.find(')') + 1)));
  if (!npy_value(header, "fortran_order").starts_with("False"))
    throw not_this(file, "is in Fortran's order; in Python: numpy.save(file, numpy.ascontiguousarray(ids))");
  const int64_t first = header_at + length;
  if (count < 0 || count > file.bytes() || first + count * known->width != file.bytes())
    throw not_this(file,
                   fmt::format("holds {} numbers of {} bytes after a header of {} by what it says, but is {} "
                               "bytes long: make it again",
                               count, known->width, first, file.bytes()));
  return {first, known->width, known->is_signed, count};
}

}  // namespace

TextFormat format_of_file(const SourceConfig& source, const InputFile& file) {
  const Container* const kind = kind_of(file);
  TextFormat format = source.format;
  if (format == TextFormat::automatic) {
    const std::string ending = ending_of(file);
    if (!source.model.empty())
      format = TextFormat::sentencepiece;
    else if (kind != nullptr && kind->format)
      format = *kind->format;
    else
      format = ending == ".bin" ? TextFormat::uint16 : ending == ".npy" ? TextFormat::npy : TextFormat::bytes;
  }
  // Bytes that were asked for may be anything. Ids may begin with the first three bytes of an archive by chance.
  const bool asked_for_bytes = source.format == TextFormat::bytes;
  const bool is_text =
      format == TextFormat::bytes || format == TextFormat::characters || format == TextFormat::sentencepiece;
  if (kind == nullptr || asked_for_bytes || kind->format == format) return format;
  if (kind->format)
    throw BadInput("/source/format",
                   fmt::format("\"{}\" is {}, not {}: set source.format={}", file.path().string(), kind->name,
                               enum_name(format), enum_name(*kind->format)));
  if (is_text || kind->start.size() > 3)
    throw not_this(file, fmt::format("is {}, which is neither text nor token ids: unpack it, or set "
                                     "source.format=bytes to train on its bytes",
                                     kind->name));
  return format;
}

TokenLayout token_layout(TextFormat format, const InputFile& file) {
  switch (format) {
    case TextFormat::uint16:
      return bare_ids(file, 2);
    case TextFormat::uint32:
      return bare_ids(file, 4);
    case TextFormat::npy:
      return npy_ids(file);
    case TextFormat::llmc:
      return llmc_ids(file);
    default:
      return {0, 1, false, file.bytes()};
  }
}

}  // namespace ate
