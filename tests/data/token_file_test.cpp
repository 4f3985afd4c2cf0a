#include "data/token_file.h"

#include <sys/stat.h>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Bytes without a short period, more than one piece of the reader.
std::string many_bytes(size_t count) {
  std::string bytes;
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

TokenFile open(const std::filesystem::path& path, int64_t width) {
  return {std::make_shared<InputFile>(path, "/source/file"), width};
}

std::vector<int64_t> whole(const std::string& bytes, int64_t width) {
  std::vector<int64_t> tokens;
  for (size_t i = 0; i + static_cast<size_t>(width) <= bytes.size(); i += static_cast<size_t>(width)) {
    int64_t token = 0;
    for (size_t b = 0; b < static_cast<size_t>(width); ++b)
      token += static_cast<int64_t>(static_cast<uint8_t>(bytes[i + b])) << (8 * b);
    tokens.push_back(token);
  }
  return tokens;
}

}  // namespace

TEST_CASE("a pipe is refused, not waited for", "[data]") {
  const TemporaryFolder folder;
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(contains(complaint_of<BadInput>([&] { InputFile(folder / "pipe", "/source/file"); }),
                 "is a device or pipe"));
}

TEST_CASE("a file read in parts is the file read whole, whatever the parts", "[data]") {
  const TemporaryFolder folder;
  const std::string bytes = many_bytes(300'000);
  const auto path = folder.write("tokens", bytes);
  for (const int64_t width : {1, 2, 4}) {
    const TokenFile file = open(path, width);
    const std::vector<int64_t> expected = whole(bytes, width);
    REQUIRE(file.size() == static_cast<int64_t>(expected.size()));
    for (const size_t part : {1U, 33U, 65'536U, 70'000U, 75'000U}) {
      CAPTURE(width, part);
      if (part == 1 && width > 1) continue;
      std::vector<int64_t> read;
      std::vector<int64_t> tokens(part);
      for (size_t first = 0; first < expected.size(); first += part) {
        tokens.resize(std::min(part, expected.size() - first));
        file.read(static_cast<int64_t>(first), tokens);
        read.insert(read.end(), tokens.begin(), tokens.end());
      }
      CHECK(read == expected);
    }
  }
}

TEST_CASE("two bytes are a token, the lower first", "[data]") {
  const TemporaryFolder folder;
  const TokenFile file = open(folder.write("t.bin", std::string("\x01\x02\xff\xff\x00\x80", 6)), 2);
  std::vector<int64_t> tokens(3);
  file.read(0, tokens);
  CHECK(tokens == std::vector<int64_t>{0x0201, 65'535, 32'768});
}

TEST_CASE("tokens are counted over a leading part", "[data]") {
  const TemporaryFolder folder;
  const std::string bytes = many_bytes(200'001);
  const TokenFile file = open(folder.write("tokens", bytes), 1);
  for (const int64_t length : {200'001, 65'536, 65'537, 1, 0, 200'001}) {
    std::vector<int64_t> expected(256);
    for (size_t i = 0; i < static_cast<size_t>(length); ++i) ++expected[static_cast<uint8_t>(bytes[i])];
    CHECK(file.counts(length, 256) == expected);
  }
}

TEST_CASE("a token outside the vocabulary is named with its place", "[data]") {
  const TemporaryFolder folder;
  const TokenFile file = open(folder.write("tokens", "\x01\x02\x09"), 1);
  CHECK(file.counts(2, 3) == std::vector<int64_t>{0, 1, 1});
  CHECK(contains(complaint_of<Failure>([&] { (void)file.counts(3, 3); }),
                 "token 9 at place 2 is outside the vocabulary of 3"));
}

TEST_CASE("what cannot be read is named", "[data]") {
  const TemporaryFolder folder;
  const auto complaint = [](const std::filesystem::path& path) {
    return complaint_of<BadInput>([&] { InputFile(path, "/source/file"); });
  };
  CHECK(contains(complaint(folder / "missing"), "/source/file: \"" + (folder / "missing").string() +
                                                    "\" cannot be read: No such file or directory"));
  CHECK(contains(complaint(folder.path()), "is a folder, not a file"));
  CHECK(contains(complaint("/dev/null"), "not a file"));
}

TEST_CASE("a file that shrinks while it is read is a failure, not a crash", "[data]") {
  const TemporaryFolder folder;
  const auto path = folder.write("tokens", "abcdef");
  const TokenFile file = open(path, 1);
  std::filesystem::resize_file(path, 3);
  std::vector<int64_t> tokens(6);
  CHECK(contains(complaint_of<Failure>([&] { file.read(0, tokens); }), "has become shorter"));
}
