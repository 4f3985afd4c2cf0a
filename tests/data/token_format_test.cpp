#include "data/token_format.h"

#include "catch.h"
#include "data/text.h"
#include "helpers/errors.h"
#include "helpers/sources.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Ids = std::vector<int64_t>;

std::string little_endian(int64_t value, size_t width) {
  std::string bytes;
  for (size_t b = 0; b < width; ++b) bytes += static_cast<char>(static_cast<uint64_t>(value) >> (8 * b));
  return bytes;
}

std::string bytes_of_ids(const Ids& ids, size_t width) {
  std::string bytes;
  for (const int64_t id : ids) bytes += little_endian(id, width);
  return bytes;
}

// As llm.c's dev/data/data_common.py writes it.
std::string llmc(int64_t magic, int64_t version, int64_t count, const std::string& ids) {
  std::string header = little_endian(magic, 4) + little_endian(version, 4) + little_endian(count, 4);
  return header.append(256 * 4 - header.size(), '\0') + ids;
}

// As numpy.save writes it: the header padded so that the numbers begin at a multiple of 64.
std::string npy(const std::string& dict, const std::string& numbers, int version = 1) {
  const size_t start = version == 1 ? 10 : 12;
  std::string header = dict;
  header.append(63 - (start + header.size()) % 64, ' ').append("\n");
  return "\x93NUMPY" + std::string{static_cast<char>(version), '\0'} +
         little_endian(static_cast<int64_t>(header.size()), version == 1 ? 2 : 4) + header + numbers;
}

std::string npy_of(const std::string& type, const std::string& shape, const std::string& numbers) {
  return npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }", numbers);
}

SourceConfig text_in(const std::filesystem::path& path, TextFormat format = TextFormat::automatic) {
  SourceConfig source;
  source.kind = SourceKind::text;
  source.file = path.string();
  source.format = format;
  return source;
}

struct Read {
  TextFormat format;
  Ids ids;
  std::vector<std::string> warnings;
};

Read read(SourceConfig source) {
  const SettledText settled = settle_text(source, {true, true});
  return {source.format, tokens_of(make_corpus(source, 0)), settled.warnings};
}

std::string refusal(const SourceConfig& source) {
  return complaint_of<BadInput>([&] { (void)read(source); });
}

const Ids kSmall = {5, 256, 7, 499};
const Ids kLarge = {5, 100'000, 70'000, 128'255};

}  // namespace

TEST_CASE("the ending .bin holds ids of two bytes in any case", "[data]") {
  const TemporaryFolder folder;
  for (const char* name : {"a.bin", "TRAIN.BIN", "a.Bin"}) {
    const Read got = read(text_in(folder.write(name, bytes_of_ids(kSmall, 2))));
    CHECK(got.format == TextFormat::uint16);
    CHECK(got.ids == kSmall);
  }
}

TEST_CASE("ids of four bytes are read where that is asked for", "[data]") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.bin", bytes_of_ids(kLarge, 4));
  const Read got = read(text_in(path, TextFormat::uint32));
  CHECK(got.ids == kLarge);
  CHECK(got.warnings.empty());
  CHECK(contains(
      refusal(text_in(folder.write("b.bin", "abcdef"), TextFormat::uint32)),
      "/source/file: \"" + (folder / "b.bin").string() + "\" has 6 bytes, which four do not divide"));
}

TEST_CASE("ids of four bytes that are read as two give a warning", "[data]") {
  const TemporaryFolder folder;
  Ids small;
  Ids large;
  Ids fair;
  for (int64_t i = 0; i < 100; ++i) {
    small.push_back(i * 37 % 500);
    large.push_back(i * 1237 % 128'256);
    fair.push_back(i % 2 == 0 ? i * 37 % 500 : i % 7);
  }
  for (const Ids& ids : {small, large}) {
    const Read got = read(text_in(folder.write("a.bin", bytes_of_ids(ids, 4))));
    REQUIRE(got.warnings.size() == 1);
    CHECK(contains(got.warnings[0], "a.bin\": every second id is 0"));
    CHECK(contains(got.warnings[0], "source.format=uint32"));
  }
  for (const Ids& ids : {small, fair, Ids(100, 0), Ids{0, 1, 0, 1, 1, 0, 0}})
    CHECK(read(text_in(folder.write("a.bin", bytes_of_ids(ids, 2)))).warnings.empty());
  // The hint for ids outside a vocabulary is the same.
  SourceConfig narrow = text_in(folder.write("a.bin", bytes_of_ids(small, 4)));
  narrow.vocabulary = 100;
  const std::string said = complaint_of<BadInput>([&] { settle_text(narrow, {true, false}); });
  CHECK(contains(said, "outside the vocabulary of 100; every second id is 0"));
  CHECK(!contains(said, "set source.vocabulary"));
}

TEST_CASE("a token file of llm.c is known by its magic", "[data]") {
  const TemporaryFolder folder;
  const std::string two = llmc(20240520, 1, 4, bytes_of_ids(kSmall, 2));
  const std::string four = llmc(20240801, 7, 4, bytes_of_ids(kLarge, 4));
  for (const char* name : {"a.bin", "a"}) {
    CHECK(read(text_in(folder.write(name, two))).ids == kSmall);
    CHECK(read(text_in(folder / name)).format == TextFormat::llmc);
    CHECK(read(text_in(folder.write(name, four))).ids == kLarge);
    CHECK(read(text_in(folder / name, TextFormat::llmc)).ids == kLarge);
  }
  // Its ids are outside a preset's vocabulary, its header never is.
  SourceConfig narrow = text_in(folder.write("a.bin", two));
  narrow.vocabulary = 400;
  CHECK(contains(
      complaint_of<BadInput>([&] {
        settle_text(narrow, {true, false});
      }),
      "holds token id 499 at place 3, outside the vocabulary of 400; set source.vocabulary to at least 500"));
  CHECK(contains(refusal(text_in(folder / "a.bin", TextFormat::uint16)),
                 "/source/format: \"" + (folder / "a.bin").string() +
                     "\" is a token file of llm.c, not uint16: set source.format=llmc"));
  CHECK(read(text_in(folder / "a.bin", TextFormat::bytes)).ids.size() == two.size());
}

TEST_CASE("what a header of llm.c says is held against the file", "[data]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes) {
    return refusal(text_in(folder.write("a.bin", bytes)));
  };
  const std::string ids = bytes_of_ids(kSmall, 2);
  CHECK(
      contains(refused(llmc(20240520, 1, 5, ids)),
               "holds 5 token ids of 2 bytes by its header of llm.c, so 1034 bytes, but is 1032 bytes long"));
  CHECK(contains(refused(llmc(20240520, 1, 3, ids)), "but is 1032 bytes long"));
  CHECK(contains(refused(llmc(20240520, 1, -1, ids)), "but is 1032 bytes long"));
  CHECK(contains(refused(llmc(20240520, 2, 4, ids)), "magic 20240520 and version 2; version 1 is known"));
  CHECK(contains(refused(llmc(20240801, 1, 2, ids)), "magic 20240801 and version 1; version 7 is known"));
  CHECK(contains(refused(llmc(20240520, 1, 0, "")), "holds no token ids"));
  CHECK(contains(refused(llmc(20240520, 1, 4, ids).substr(0, 500)), "has no header of llm.c"));
  CHECK(contains(refused(llmc(20240522, 1, 4, ids)), "is an evaluation file of llm.c"));
  CHECK(contains(refusal(text_in(folder.write("b.bin", ids), TextFormat::llmc)), "has no header of llm.c"));
}

TEST_CASE("an array of NumPy is read by its header", "[data]") {
  const TemporaryFolder folder;
  const struct {
    const char* type;
    size_t width;
    Ids ids;
  } types[] = {{"|u1", 1, {5, 255, 0}},
               {"<u2", 2, kSmall},
               {"<u4", 4, kLarge},
               {"<i4", 4, kLarge},
               {"<i8", 8, kLarge}};
  for (const auto& [type, width, ids] : types) {
    CAPTURE(type);
    const std::string shape = "(" + std::to_string(ids.size()) + ",)";
    for (const char* name : {"a.npy", "a.NPY", "a.bin", "a.txt"}) {
      const Read got = read(text_in(folder.write(name, npy_of(type, shape, bytes_of_ids(ids, width)))));
      CHECK(got.format == TextFormat::npy);
      CHECK(got.ids == ids);
    }
  }
  // Versions 2 and 3 have a longer length; other programs write other spaces and another order.
  for (const int version : {1, 2, 3})
    CHECK(read(text_in(folder.write("a.npy", npy("{'shape':(4,),'fortran_order':False,'descr':'<u2'}",
                                                 bytes_of_ids(kSmall, 2), version))))
              .ids == kSmall);
}

TEST_CASE("an array of NumPy that is no list of ids is refused with what would be right", "[data]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes) {
    return refusal(text_in(folder.write("a.npy", bytes)));
  };
  const std::string ids = bytes_of_ids(kSmall, 2);
  CHECK(contains(refused(npy_of("<f4", "(2,)", ids)),
                 "holds numbers of the type '<f4': token ids are uint8, uint16"));
  CHECK(contains(refused(npy_of(">u2", "(4,)", ids)), "of the type '>u2'"));
  CHECK(contains(refused(npy_of("<u2", "(2, 2)", ids)), "has the shape (2, 2): token ids are one list"));
  CHECK(contains(refused(npy_of("<u2", "()", ids.substr(0, 2))), "has the shape ()"));
  CHECK(contains(refused(npy("{'descr': '<u2', 'fortran_order': True, 'shape': (4,), }", ids)),
                 "Fortran's order"));
  CHECK(contains(refused(npy("{}", ids)), "type"));
  CHECK(contains(refused(npy_of("<u2", "(5,)", ids)), "holds 5 numbers of 2 bytes after a header of 128"));
  CHECK(contains(refused(npy_of("<u2", "(3,)", ids)), "make it again"));
  CHECK(contains(refused(npy_of("<u2", "(4611686018427387905,)", ids)), "make it again"));
  CHECK(contains(refused(npy_of("<u2", "(99999999999999999999,)", ids)), "has the shape"));
  CHECK(contains(refused(npy_of("<u2", "(0,)", "")), "holds no token ids"));
  CHECK(contains(refused(std::string("\x93NUMPY\x02\0\xff\xff\xff\x7f{}", 14)),
                 "its NumPy header has 2147483647 bytes"));
  CHECK(contains(refused(std::string("\x93NUMPY\x01\0\x76\0{  }", 14)), "its NumPy header has 118 bytes"));
  CHECK(contains(refused("\x93NUMPY"), "has no NumPy header"));
  CHECK(contains(refused("words"), "has no NumPy header"));
  CHECK(contains(refused(npy_of("<i4", "(2,)", bytes_of_ids({7, -1}, 4))),
                 "holds -1 at place 1: token ids are from 0"));
  CHECK(contains(refused(npy_of("<i8", "(2,)", bytes_of_ids({7, -1}, 8))), "holds -1 at place 1"));
  CHECK(contains(refused(npy_of("<u4", "(2,)", bytes_of_ids({7, 3'000'000'000}, 4))),
                 "holds 3000000000 at place 1: token ids are from 0 to 16777215"));
}

TEST_CASE("an archive is no text", "[data]") {
  const TemporaryFolder folder;
  const std::pair<std::string, const char*> archives[] = {
      {std::string("\x1f\x8b\x08\0abc", 7), "a gzip archive"},
      {"PK\x03\x04"
       "abc",
       "a zip archive"},
      {"\x28\xb5\x2f\xfd"
       "abc",
       "a zstd archive"},
      {"%PDF-1.7", "a PDF document"}};
  for (const auto& [bytes, name] : archives) {
    CHECK(contains(refusal(text_in(folder.write("a.txt", bytes))), std::string("is ") + name));
    CHECK(read(text_in(folder / "a.txt", TextFormat::bytes)).ids.size() == bytes.size());
    SourceConfig cut = text_in(folder / "a.txt");
    cut.model = (folder / "a.txt").string();
    CHECK(contains(refusal(cut), std::string("is ") + name));
  }
  // Three bytes may be ids by chance.
  CHECK(read(text_in(folder.write("a.bin", std::string("\x1f\x8b\x08\0", 4)))).ids == Ids{0x8b1f, 8});
}

TEST_CASE("ids of two bytes that are read as four are refused, unless the vocabulary is said", "[data]") {
  const TemporaryFolder folder;
  Ids ids;
  for (int64_t i = 0; i < 100; ++i) ids.push_back(i * 37 % 65);
  SourceConfig source = text_in(folder.write("a.bin", bytes_of_ids(ids, 2)), TextFormat::uint32);
  CHECK(contains(refusal(source), "as when ids of two bytes are read as four: set source.format=uint16"));
  source.vocabulary = 1 << 23;
  CHECK_NOTHROW(settle_text(source, {true, false}));
  // As large as vocabularies get.
  CHECK(read(text_in(folder.write("b.bin", bytes_of_ids({0, 262'143}, 4)), TextFormat::uint32)).ids ==
        Ids{0, 262'143});
}

TEST_CASE("a text that is read as token ids is refused", "[data]") {
  const TemporaryFolder folder;
  std::string text;
  while (text.size() < 400) text += "It was the best of times,\nit was the worst of times.\t";
  text.resize(400);
  for (const TextFormat format : {TextFormat::uint16, TextFormat::uint32, TextFormat::automatic})
    CHECK(contains(refusal(text_in(folder.write("a.bin", text), format)),
                   "begins with text, not with token ids of"));
  CHECK(read(text_in(folder.write("a.bin", text), TextFormat::bytes)).ids.size() == 400);
  for (const TextFormat format : {TextFormat::npy, TextFormat::llmc})
    CHECK(contains(refusal(text_in(folder.write("a.bin", text), format)), "has no"));
}

TEST_CASE("token ids that are read as characters are refused", "[data]") {
  const TemporaryFolder folder;
  CHECK(contains(refusal(text_in(folder.write("a.bin", bytes_of_ids(kSmall, 2)), TextFormat::characters)),
                 "is no text"));
  CHECK(contains(refusal(text_in(folder.write("a.npy", npy_of("<u2", "(4,)", bytes_of_ids(kSmall, 2))),
                                 TextFormat::characters)),
                 "is a NumPy array, not characters: set source.format=npy"));
}
