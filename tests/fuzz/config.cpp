#include "config/json.h"
#include "config/overlays.h"
#include "config/resolve.h"
#include "fuzz/reader.h"

namespace ate::fuzz {
namespace {

// What is written of a config gives the same config back.
void check_round_trip(const Resolved& resolved) {
  Config again;
  std::vector<Problem> problems;
  read_config(resolved.document, again, problems);
  require(problems.empty(), "a config that was written cannot be read");
  require(write_config(again) == resolved.document, "a config that was written is read as another");
  require(experiment_hash(again) == experiment_hash(resolved.config),
          "a config read back is another experiment");
}

}  // namespace

void read_config_file(std::string_view bytes) {
  const InputFileInMemory file(bytes);
  Choice choice;
  choice.file = file.path();
  check_round_trip(resolve(choice));
}

void read_flags(std::string_view bytes) {
  Choice choice;
  choice.preset = "medium";
  while (!bytes.empty()) {
    const std::string line(bytes.substr(0, bytes.find('\n')));
    bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
    if (line.starts_with("arm ")) {
      Layer arms{"--arm", nlohmann::ordered_json::object(), true};
      arms.document["study"]["arms"] = nlohmann::ordered_json::array({parse_arm("--arm", line.substr(4))});
      choice.flags.push_back(std::move(arms));
    } else {
      choice.sets.push_back(line);
    }
  }
  check_round_trip(resolve(choice));
}

}  // namespace ate::fuzz
