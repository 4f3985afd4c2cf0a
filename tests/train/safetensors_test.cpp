#include "train/safetensors.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

std::string floats(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

const std::string kFirst = floats({1.5F, -2.0F, 0.0F, 3e-38F, 1e30F, -0.0F});
const std::string kSecond = floats({7.0F});

std::string small_file() {
  return safetensors_bytes({{"head.weight", {2, 3}, kFirst}, {"head.bias", {1}, kSecond}},
                           {{"arm", "bespoke"}, {"progress", R"({"epoch": 3})"}});
}

// The parts of a file, taken apart by the format's rules and nothing of ours.
struct Parts {
  uint64_t header_length = 0;
  Json header;
  std::string data;
};

Parts take_apart(const std::string& file) {
  Parts parts;
  REQUIRE(file.size() > 8);
  for (size_t i = 8; i-- > 0;)
    parts.header_length = parts.header_length * 256 + static_cast<unsigned char>(file[i]);
  REQUIRE(parts.header_length <= file.size() - 8);
  parts.header = Json::parse(file.substr(8, parts.header_length));
  parts.data = file.substr(8 + parts.header_length);
  return parts;
}

std::string put_together(const Parts& parts) {
  const std::string header = parts.header.dump();
  std::string file;
  for (size_t i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + parts.data;
}

std::string refusal(const std::filesystem::path& path) {
  return complaint_of<Failure>([&] { const SafetensorsFile file(path); });
}

}  // namespace

TEST_CASE("what is written is read back", "[train]") {
  const TemporaryFolder folder;
  const SafetensorsFile file(folder.write("x.safetensors", small_file()));
  CHECK((file.array("head.weight", kFirst.size()) == kFirst));
  CHECK((file.array("head.bias", kSecond.size()) == kSecond));
  CHECK(file.metadata().at("arm") == "bespoke");
  CHECK(file.metadata().at("progress") == R"({"epoch": 3})");
}

TEST_CASE("a file follows the format's rules", "[train]") {
  const Parts parts = take_apart(small_file());
  CHECK((8 + parts.header_length) % 64 == 0);  // the arrays are aligned when the file is mapped
  REQUIRE(parts.header.is_object());
  for (const auto& [key, value] : parts.header["__metadata__"].items()) CHECK(value.is_string());
  CHECK(parts.header["head.weight"] == Json{{"dtype", "F32"}, {"shape", {2, 3}}, {"data_offsets", {0, 24}}});
  CHECK(parts.header["head.bias"]["shape"] == Json{1});
  CHECK(parts.header["head.bias"]["data_offsets"] == Json{24, 28});
  CHECK((parts.data == kFirst + kSecond));  // without holes, and nothing after the last
  CHECK(parts.header["__metadata__"]["checksum"].get<std::string>().size() == 16);
}

TEST_CASE("equal contents are equal files", "[train]") { CHECK((small_file() == small_file())); }

TEST_CASE("a file with any bit turned over is refused by name", "[train]") {
  const TemporaryFolder folder;
  const std::string good = small_file();
  REQUIRE(refusal(folder.write("x", good)).empty());
  std::vector<std::string> accepted;
  for (size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      if (!contains(refusal(folder.write("x", bad)), (folder / "x").string() + ": damaged"))
        accepted.push_back("byte " + std::to_string(i) + " bit " + std::to_string(bit));
    }
  CHECK(accepted == std::vector<std::string>{});
}

TEST_CASE("a file cut anywhere is refused", "[train]") {
  const TemporaryFolder folder;
  const std::string good = small_file();
  std::vector<size_t> accepted;
  for (size_t length = 0; length < good.size(); ++length)
    if (!contains(refusal(folder.write("x", good.substr(0, length))), "damaged")) accepted.push_back(length);
  CHECK(accepted == std::vector<size_t>{});
}

TEST_CASE("a file with something after its last array is refused", "[train]") {
  const TemporaryFolder folder;
  CHECK(contains(refusal(folder.write("x", small_file() + std::string(1, '\0'))), "damaged"));
  CHECK(contains(refusal(folder.write("x", small_file() + small_file())), "damaged"));
}

TEST_CASE("a header of another program, or with arrays out of place, is refused", "[train]") {
  const TemporaryFolder folder;
  const Parts good = take_apart(small_file());
  const auto refused = [&](auto change) {
    Parts parts = good;
    change(parts.header);
    return contains(refusal(folder.write("x", put_together(parts))), "damaged");
  };
  CHECK(refused([](Json& h) { h["__metadata__"].erase("checksum"); }));
  CHECK(refused([](Json& h) { h.erase("__metadata__"); }));
  CHECK(refused([](Json& h) { h["head.bias"]["data_offsets"] = {24, 1000}; }));
  CHECK(refused([](Json& h) { h["head.bias"]["data_offsets"] = {28, 24}; }));
  CHECK(refused([](Json& h) { h["head.bias"].erase("data_offsets"); }));
  CHECK(refused([](Json& h) { h["head.bias"] = 3; }));
  CHECK(refused([](Json& h) { h["head.weight"]["shape"] = {3, 2}; }));
  CHECK(refused([](Json& h) { h = Json::array(); }));
  CHECK(refused([](Json& h) { h["__metadata__"]["arm"] = "standard"; }));
}

TEST_CASE("a header that is no JSON of the format is told with the place in it", "[train]") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& header) {
    std::string file;
    for (size_t i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i) & 0xff);
    const auto path = folder.write("x", file + header);
    return refusal(path).substr(path.string().size());
  };
  const auto padded = [](std::string header) {
    return header.append((64 - (8 + header.size()) % 64) % 64, ' ');
  };
  CHECK(refused(std::string(200'000, '[')) == ": damaged: its header:1:101: nested deeper than 100 levels");
  CHECK(contains(refused("{"), ": damaged: its header:1:2: not valid JSON"));
  CHECK(refused(padded(R"({"__metadata__":{"arm":3}})")) ==
        ": damaged: its header: /__metadata__/arm: expected a string, got 3");
  CHECK(refused(padded(R"({"a":{"data_offsets":[0,"x"]},"__metadata__":{}})")) ==
        ": damaged: its header: /a/data_offsets/1: expected a whole number, got \"x\"");
  CHECK(contains(refused(padded(R"({"a":{"data_offsets":[0,9000000000000000000]},"__metadata__":{}})")),
                 "reaches past the end"));
  CHECK(contains(refused(padded(R"({"a":{"data_offsets":[-1,0]},"__metadata__":{}})")), "does not follow"));
}

TEST_CASE("a length of the header that the file has not is refused", "[train]") {
  const TemporaryFolder folder;
  for (const char* length : {"\xff\xff\xff\xff\xff\xff\xff\xff", "\x03\0\0\0\0\0\0\x40"})
    CHECK(
        contains(refusal(folder.write("x", std::string(length, 8) + "{}")), "shorter than its header says"));
}

TEST_CASE("numbers of the metadata are numbers", "[train]") {
  const TemporaryFolder folder;
  const SafetensorsFile file(folder.write(
      "x", safetensors_bytes({}, {{"step", "12"}, {"most", "18446744073709551615"}, {"bad", "1x"}})));
  CHECK(file.number("step") == 12);
  CHECK(file.number("most") == 18446744073709551615ULL);
  CHECK(file.text("bad") == "1x");
  CHECK(contains(complaint_of<Failure>([&] { (void)file.number("bad"); }),
                 "\"bad\" in its metadata: expected a whole number, got \"1x\""));
  CHECK(contains(complaint_of<Failure>([&] { (void)file.number("none"); }), "its metadata has no \"none\""));
}

TEST_CASE("an array of another name or size is refused as of another model", "[train]") {
  const TemporaryFolder folder;
  const SafetensorsFile file(folder.write("x.safetensors", small_file()));
  const std::string missing = complaint_of<Failure>([&] { (void)file.array("tail.weight", 24); });
  CHECK(contains(missing, (folder / "x.safetensors").string()));
  CHECK(contains(missing, "\"tail.weight\""));
  CHECK(contains(missing, "another model"));
  CHECK(contains(complaint_of<Failure>([&] { (void)file.array("head.weight", 20); }), "another model"));
  // Metadata is no array.
  CHECK(!complaint_of<Failure>([&] { (void)file.array("__metadata__", 0); }).empty());
}

TEST_CASE("a file that is not there is refused by name", "[train]") {
  const TemporaryFolder folder;
  CHECK(contains(refusal(folder / "none"), (folder / "none").string() + ": cannot be read"));
}
