#include "run/folder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "run/environment.h"
#include "support/error.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr const char* kDone = "DONE";

// Where the old run goes: the first of <folder>.1, <folder>.2, ... that is free.
fs::path free_name(const fs::path& folder) {
  for (int i = 1;; ++i) {
    fs::path name = folder;
    name += "." + std::to_string(i);
    if (!fs::exists(name)) return name;
  }
}

}  // namespace

void write_json_file(const fs::path& path, const Json& document) {
  write_atomically(path, document.dump(2) + "\n");
}

Json read_json_file(const fs::path& path) {
  return fs::exists(path) ? parse_json(read_whole_file(path), path.string()) : Json(nullptr);
}

Json read_json_if_sound(const fs::path& path) {
  try {
    return read_json_file(path);
  } catch (const Failure& damage) {
    spdlog::warn("{}; going on without it", damage.what());
    return nullptr;
  }
}

RunFolder::RunFolder(fs::path out, std::string id, bool fresh, Sharing sharing, double silence)
    : out_(std::move(out)), id_(std::move(id)), folder_(out_ / "runs" / id_) {
  const bool moves = fresh && fs::exists(folder_ / "config.json");
  join(moves || sharing == Sharing::alone, silence);
  if (!moves) return;
  move_aside();
  join(sharing == Sharing::alone, silence);
}

RunFolder::~RunFolder() {
  if (leases_) leases_->leave([this] { remove_torn_files(); });
}

void RunFolder::join(bool alone, double silence) {
  make_folders(folder_ / "checkpoint");
  leases_ = std::make_unique<Leases>(folder_ / "leases", silence);
  leases_->join(alone, [this] {
    remove_torn_files();
    const LineWriter mended(folder_ / "metrics.jsonl", /*mend=*/true);
  });
  metrics_ = std::make_unique<LineWriter>(folder_ / "metrics.jsonl", /*mend=*/false);
}

void RunFolder::move_aside() {
  std::error_code error;
  const fs::path aside = free_name(folder_);
  // The result first: it is a copy of what the folder holds, and a kill must leave none of the old run.
  fs::remove(result(), error);
  fs::rename(folder_, aside, error);
  if (error)
    throw Failure(folder_.string(), "cannot be moved aside to " + aside.string() + ": " + error.message());
  make_folders(folder_ / "checkpoint");
  move_progress_files(aside);
  leases_.reset();
  fs::remove_all(aside / "leases", error);
}

// What killed processes left of files that they were writing.
void RunFolder::remove_torn_files() const {
  std::error_code error;
  for (const fs::path& folder : {folder_, folder_ / "checkpoint", out_})
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      // `out` may hold the files of thousands of trials: most are passed over by their ending.
      if (!entry.path().native().ends_with(".tmp")) continue;
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() == ".tmp" &&
          (folder != out_ || name.find("_" + id_ + ".json") != std::string::npos))
        fs::remove(entry.path(), error);
    }
}

// The old run's progress files go with it: what stands in `out` is of the new run.
void RunFolder::move_progress_files(const fs::path& aside) const {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(out_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("progress_", 0) == 0 && name.find("_" + id_ + ".json") != std::string::npos)
      fs::rename(entry.path(), aside / name, ignored);
  }
}

fs::path RunFolder::checkpoint(const std::string& trial) const {
  return folder_ / "checkpoint" / (trial + ".safetensors");
}

fs::path RunFolder::previous_checkpoint(const std::string& trial) const {
  return folder_ / "checkpoint" / (trial + ".previous.safetensors");
}

fs::path RunFolder::progress(const std::string& arm, int64_t seed) const {
  return out_ / fmt::format("progress_{}_s{}_{}.json", arm, seed, id_);
}

fs::path RunFolder::result() const { return out_ / ("results_" + id_ + ".json"); }

bool RunFolder::done() const { return fs::exists(folder_ / kDone); }

void RunFolder::look_again() const {
  std::error_code ignored;
  (void)fs::directory_iterator(folder_ / "checkpoint", ignored);
}

void RunFolder::write_json(const std::string& name, const Json& document) const {
  write_json_file(folder_ / name, document);
}

Json RunFolder::read_json(const std::string& name) const { return read_json_file(folder_ / name); }

void RunFolder::event(const Json& fields) {
  Json line = {{"time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))}};
  line.update(fields);
  metrics_->append(line.dump());
}

void RunFolder::begin(const Json& environment, const Json& details) {
  std::error_code ignored;
  fs::remove(folder_ / kDone, ignored);
  for (const std::string& difference :
       differences_that_round(environment, read_json_if_sound(folder_ / "environment.json")))
    spdlog::warn("{} is taken up with {}: its last bits may differ from those of a run in one go", id_,
                 difference);
  write_json("environment.json", environment);
  Json fields = {{"event", "started"}};
  if (details.is_object()) fields.update(details);
  event(fields);
}

bool RunFolder::holds(const Json& result) const {
  return done() && read_json_if_sound(folder_ / "result.json") == result &&
         read_json_if_sound(this->result()) == result;
}

bool RunFolder::finish(const Json& result) const {
  if (holds(result)) return false;
  write_json("result.json", result);
  write_json_file(this->result(), result);
  write_atomically(folder_ / kDone, "");
  return true;
}

}  // namespace ate
