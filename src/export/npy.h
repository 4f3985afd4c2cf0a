// Arrays in files that numpy.load reads: NumPy's format, version 1.0, little-endian, rows one after another.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace ate {

// The type of a file's numbers, as NumPy names it: "<i4", "<i8", "<f8".
template <class T>
const char* npy_type();
template <>
inline const char* npy_type<int32_t>() {
  return "<i4";
}
template <>
inline const char* npy_type<int64_t>() {
  return "<i8";
}
template <>
inline const char* npy_type<double>() {
  return "<f8";
}

// The header of an array of this type and shape.
std::string npy_header(const std::string& type, const std::vector<int64_t>& shape);

// Writes an array piece by piece. All of it throws Failure with the path where the system takes no more.
template <class T>
class NpyWriter {
 public:
  NpyWriter(std::filesystem::path path, const std::vector<int64_t>& shape);
  void append(std::span<const T> numbers);
  void close();

 private:
  void check() const;

  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace ate
