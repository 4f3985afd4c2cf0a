#include "train/safetensors.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

#include "support/error.h"
#include "support/files.h"
#include "support/hash.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");

constexpr const char* kMetadata = "__metadata__";
constexpr const char* kChecksum = "checksum";
constexpr size_t kLengthBytes = 8;
constexpr size_t kHeaderAlignment = 64;  // so that the arrays are aligned when the file is mapped

// The header's one form: without optional spaces, padded with spaces at the end.
std::string header_text(const Json& header) {
  std::string text = header.dump();
  const size_t unpadded = kLengthBytes + text.size();
  return text.append((kHeaderAlignment - unpadded % kHeaderAlignment) % kHeaderAlignment, ' ');
}

// Over the header as it is written without its checksum, then the arrays' bytes.
std::string checksum(const Json& header_without_checksum, const std::vector<std::string_view>& arrays) {
  Hash64 hash;
  hash.add(header_without_checksum.dump());
  for (const std::string_view bytes : arrays) hash.add(bytes);
  return hash.hex();
}

// Where an array lies behind the header.
struct Placed {
  std::string name;
  int64_t begin = 0;
  int64_t end = 0;
};

std::vector<Placed> placed_arrays(const JsonValue& header) {
  std::vector<Placed> arrays;
  for (const auto& [name, entry] : header.members()) {
    if (name == kMetadata) continue;
    const JsonValue place = entry.at("data_offsets");
    const std::vector<JsonValue> offsets = place.items();
    if (offsets.size() != 2) place.expected("two numbers");
    arrays.push_back({name, offsets[0].whole(), offsets[1].whole()});
  }
  return arrays;
}

}  // namespace

std::string safetensors_bytes(const std::vector<NamedArray>& arrays,
                              const std::map<std::string, std::string>& metadata) {
  std::vector<std::string_view> contents;
  size_t size = 0;
  Json header = Json::object();
  header[kMetadata] = metadata;
  for (const NamedArray& array : arrays) {
    contents.push_back(array.bytes);
    header[array.name] = {
        {"dtype", "F32"}, {"shape", array.shape}, {"data_offsets", {size, size + array.bytes.size()}}};
    size += array.bytes.size();
  }
  header[kMetadata][kChecksum] = checksum(header, contents);

  const std::string text = header_text(header);
  const uint64_t length = text.size();
  std::string file;
  file.reserve(kLengthBytes + text.size() + size);
  file.append(reinterpret_cast<const char*>(&length), kLengthBytes);
  file.append(text);
  for (const std::string_view bytes : contents) file.append(bytes);
  return file;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), content_(read_whole_file(path)) {
  const auto damaged = [&](const std::string& what) { return Failure(path_.string(), "damaged: " + what); };
  uint64_t length = 0;
  if (content_.size() < kLengthBytes) throw damaged("too short for a header");
  std::memcpy(&length, content_.data(), kLengthBytes);
  if (length > content_.size() - kLengthBytes) throw damaged("shorter than its header says");
  const std::string_view text = std::string_view(content_).substr(kLengthBytes, length);
  const std::string_view data = std::string_view(content_).substr(kLengthBytes + length);
  std::vector<std::string_view> in_order;
  Json header;
  std::vector<Placed> placed;
  try {
    header = parse_json(text, "its header");
    const JsonValue whole(header, "its header");
    for (const auto& [key, value] : whole.at(kMetadata).members()) metadata_[key] = value.text();
    placed = placed_arrays(whole);
  } catch (const Failure& misfit) {
    throw damaged(misfit.what());
  }
  if (header_text(header) != text) throw damaged("its header is not as it was written");
  int64_t end = 0;
  for (const Placed& array : placed) {
    if (array.begin != end) throw damaged("the array \"" + array.name + "\" does not follow the one before");
    end = array.end;
    if (array.begin > end || end > static_cast<int64_t>(data.size()))
      throw damaged("the array \"" + array.name + "\" reaches past the end");
    in_order.push_back(data.substr(static_cast<size_t>(array.begin), static_cast<size_t>(end - array.begin)));
    arrays_[array.name] = in_order.back();
  }
  if (end != static_cast<int64_t>(data.size())) throw damaged("it does not end with its last array");
  header[kMetadata].erase(kChecksum);
  const auto stored = metadata_.find(kChecksum);
  if (stored == metadata_.end()) throw damaged("it has no checksum");
  if (stored->second != checksum(header, in_order)) throw damaged("its checksum does not fit its content");
}

std::string SafetensorsFile::text(const std::string& key) const {
  const auto it = metadata_.find(key);
  if (it == metadata_.end()) throw Failure(path_.string(), "its metadata has no \"" + key + "\"");
  return it->second;
}

uint64_t SafetensorsFile::number(const std::string& key) const {
  const std::string digits = text(key);
  uint64_t value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), last, value);
  if (error != std::errc() || rest != last)
    throw Failure(path_.string(), fmt::format("\"{}\" in its metadata: expected a whole number, got \"{}\"",
                                              key, shortened(digits, 60)));
  return value;
}

std::string_view SafetensorsFile::array(const std::string& name, size_t bytes) const {
  const auto it = arrays_.find(name);
  if (it == arrays_.end() || it->second.size() != bytes)
    throw Failure(path_.string(),
                  fmt::format("has no array \"{}\" of {} bytes: it is of another model", name, bytes));
  return it->second;
}

}  // namespace ate
