// Each reader takes a few damaged inputs. scripts/check fuzz lets libFuzzer make many more.
#include <spdlog/spdlog.h>

#include <map>
#include <random>

#include "catch.h"
#include "claims/register.h"
#include "config/resolve.h"
#include "fuzz/reader.h"
#include "helpers/piece_model.h"
#include "support/error.h"
#include "train/progress.h"
#include "train/safetensors.h"

using namespace ate;

namespace {

using Seeds = std::vector<std::string>;

constexpr int kDamaged = 40;  // of each seed

Seeds preset_texts() {
  Seeds texts;
  for (const Preset& preset : presets()) texts.push_back(preset.text);
  return texts;
}

std::string progress_text() {
  Progress progress;
  progress.train_losses = {1.5, 1.25};
  progress.evaluations.resize(1);
  progress.evaluations[0].by_position = {1, 2};
  return to_json(progress).dump(2);
}

const Seeds& seeds_for(const std::string& reader) {
  static const std::string numbers(1 << 10, '\1');
  static const std::map<std::string, Seeds> seeds = {
      {"config", preset_texts()},
      {"flags", {"body.width=32\narm wide:body.width=256,body.heads=4", "/study/seeds=\"0..3\""}},
      {"seeds", {"0..9,12", "0..999999,0..999999", "-9223372036854775808..9223372036854775807"}},
      {"claims", {claims_text()}},
      {"sweep",
       {R"({"extends": "focused", "grid": {"body.width": {"from": 8, "to": 64, "points": 3}}})",
        R"({"list": [{"body.width": 8}], "random": {"count": 3, "draw": {"body.layers": {"low": 1, "high": 3}}}})"}},
      {"listing",
       {R"({"sweep": "x", "jobs": [{"id": "../../x", "set": {}, "arms": ["a"], "seeds": "0"}]})",
        R"({"sweep": "x", "jobs": [{"id": "x", "set": {"=a,b\n": 3}, "arms": ["a"], "seeds": "0..3"}]})"}},
      {"result",
       {R"({"trials": [{"arm": "standard", "seed": 0, "status": 3}, {"arm": "standard", "seed": 1},)"
        R"({"arm": "bespoke", "seed": 0}, {"arm": "bespoke", "seed": 1}], "reason": 3})"}},
      {"progress", {progress_text()}},
      {"plan",
       {R"({"requests": [{"arms": ["standard"], "seeds": "0..1", "hash": "x"}], "tuned": {"arms": [3]}})",
        R"({"requests": [], "settled": [{"name": "a", "set": {"body.width": 8}}], "lost": true})"}},
      {"run_config", preset_texts()},
      {"lease",
       {R"({"host": "a", "pid": 3, "place": "b", "started": "1", "since": "", "token": "0123456789abcdef",)"
        R"("alone": false})"}},
      {"stops", {"start\nterm\nend 143\nstart\n"}},
      {"tokens",
       {"\x93NUMPY\x01" + std::string(1, '\0') + "v" + std::string(1, '\0') +
            "{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }",
        numbers}},
      {"safetensors", {safetensors_bytes({{"a", {2}, "12345678"}}, {{"updates", "3"}})}},
      {"sentencepiece", {testing::piece_model({"\xe2\x96\x81the", "e", "t"})}}};
  return seeds.at(reader);
}

std::string damaged(std::string bytes, std::mt19937& random) {
  const auto below = [&](size_t n) { return n == 0 ? 0 : random() % n; };
  const char* const pieces[] = {"null", "-1",    "1e999", "99999999999999999999", "\"\"", "[]", "{}",
                                "\xff", "\"/\"", "true"};
  const size_t at = below(bytes.size());
  switch (below(4)) {
    case 0:
      return bytes.substr(0, at);
    case 1:
      if (!bytes.empty()) bytes[at] = static_cast<char>(random());
      return bytes;
    case 2:
      return bytes.insert(at, pieces[below(std::size(pieces))]);
    default:
      return bytes.replace(at, below(12), pieces[below(std::size(pieces))]);
  }
}

}  // namespace

TEST_CASE("damaged input is refused by an error of ate's own, or read", "[fuzz]") {
  const auto level = spdlog::get_level();
  spdlog::set_level(spdlog::level::off);
  std::mt19937 random(7);
  for (const fuzz::Reader& reader : fuzz::readers())
    for (const std::string& seed : seeds_for(reader.name))
      for (int i = 0; i < kDamaged; ++i) {
        const std::string bytes = i == 0 ? seed : damaged(seed, random);
        CAPTURE(reader.name, bytes);
        try {
          reader.read(bytes);
        } catch (const Error&) {  // refused
        } catch (const std::exception& finding) {
          FAIL_CHECK(finding.what());
        }
      }
  spdlog::set_level(level);
}
