#include "export/npy.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "support/error.h"

namespace ate {

std::string npy_header(const std::string& type, const std::vector<int64_t>& shape) {
  constexpr size_t kBefore = 10;  // magic, version, length
  constexpr size_t kAligned = 64;
  std::string sizes;
  for (const int64_t size : shape) sizes += fmt::format("{}, ", size);
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sizes);
  dict.resize((kBefore + dict.size() + kAligned) / kAligned * kAligned - kBefore - 1, ' ');
  dict += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(dict.size() & 0xFF);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict;
}

template <class T>
NpyWriter<T>::NpyWriter(std::filesystem::path path, const std::vector<int64_t>& shape)
    : path_(std::move(path)), file_(path_, std::ios::binary) {
  file_ << npy_header(npy_type<T>(), shape);
  check();
}

template <class T>
void NpyWriter<T>::append(std::span<const T> numbers) {
  const std::span<const std::byte> bytes = std::as_bytes(numbers);
  file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  check();
}

template <class T>
void NpyWriter<T>::close() {
  file_.close();
  check();
}

template <class T>
void NpyWriter<T>::check() const {
  if (!file_) throw Failure(path_.string(), fmt::format("cannot be written: {}", std::strerror(errno)));
}

template class NpyWriter<int32_t>;
template class NpyWriter<int64_t>;
template class NpyWriter<double>;

}  // namespace ate
