#include <regex>
#include <set>

#include "catch.h"
#include "config/leaves.h"
#include "config/resolve.h"
#include "helpers/preset_choice.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Settings that do not change a trial's numbers: a study can change them and keep what is finished.
bool is_free(const std::string& pointer) {
  static const std::set<std::string> free = {"/name",       "/description",  "/study/seeds",
                                             "/study/arms", "/study/margin", "/study/looks"};
  return free.count(pointer) > 0 || pointer.rfind("/seed_criteria/", 0) == 0 ||
         pointer.rfind("/published_result/", 0) == 0;
}

void check_every_setting_of(const Config& config) {
  const std::string hash = experiment_hash(config);
  std::set<std::string> seen = {hash};
  for (const auto& [pointer, value] : leaves_of(config)) {
    const Json other = another_value(pointer, value);
    if (other == value) continue;
    CAPTURE(pointer, value, other);
    std::vector<Problem> problems;
    const std::string changed = experiment_hash(with(config, pointer, other, problems));
    CHECK(problems.empty());
    if (is_free(pointer)) {
      CHECK(changed == hash);
    } else {
      CHECK(seen.insert(changed).second);  // unlike every other one, too
    }
  }
}

}  // namespace

TEST_CASE("every setting that changes a trial's numbers changes the experiment's hash, no other does",
          "[config]") {
  check_every_setting_of(Config());
  check_every_setting_of(resolve({"definitive", "", {"mode=published"}, {}}).config);
}

TEST_CASE("the experiment's hash is 10 hex digits and depends on nothing but the config", "[config]") {
  const std::string hash = experiment_hash(Config());
  CHECK(std::regex_match(hash, std::regex("[0-9a-f]{10}")));
  CHECK(experiment_hash(Config()) == hash);
}

TEST_CASE("another GPU of the same kind is the same experiment, another kind of device is not", "[config]") {
  Config config;
  const auto hash_on = [&](const char* device) {
    config.device = device;
    return experiment_hash(config);
  };
  CHECK(hash_on("cuda:0") == hash_on("cuda:1"));
  CHECK(hash_on("cuda:0") == hash_on("cuda"));
  CHECK(hash_on("cuda:0") != hash_on("cpu"));
  CHECK(hash_on("mps") != hash_on("cpu"));
}

TEST_CASE("the presets are experiments of their own in each mode", "[config]") {
  std::set<std::string> hashes;
  const PresetChoice choice;
  for (const Preset& preset : presets())
    for (const char* mode : {"corrected", "published"})
      hashes.insert(experiment_hash(resolve(choice(preset.name, mode)).config));
  CHECK(hashes.size() == 2 * presets().size());
}
