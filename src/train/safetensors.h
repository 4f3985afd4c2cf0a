// The safetensors format (https://github.com/huggingface/safetensors): an 8-byte little-endian length, that
// many bytes of JSON header (padded with spaces), then the tensors' bytes. The Python package opens these
// files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ate {

// A named little-endian float32 array.
struct NamedArray {
  std::string name;
  std::vector<int64_t> shape;
  std::string_view bytes;
};

// The bytes of a file with these arrays and metadata. A checksum of the header and the arrays (XXH3, 64 bits,
// in hex) is added to the metadata as "checksum".
std::string safetensors_bytes(const std::vector<NamedArray>& arrays,
                              const std::map<std::string, std::string>& metadata);

// A file read back whole.
class SafetensorsFile {
 public:
  // Throws Failure, naming the path, when it cannot be read, is not of the format, or fails its checksum.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Of the metadata. Throws Failure, naming path and key, when it is not there or is no whole number.
  std::string text(const std::string& key) const;
  uint64_t number(const std::string& key) const;
  // The array's bytes, valid as long as this object. Throws Failure when there is none of this name and size.
  std::string_view array(const std::string& name, size_t bytes) const;

 private:
  std::filesystem::path path_;
  std::string content_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, std::string_view> arrays_;
};

}  // namespace ate
