#include "bench/startup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <utility>

#include "analysis/tables.h"
#include "bench/child.h"
#include "run/environment.h"
#include "run/signals.h"
#include "support/error.h"
#include "support/text.h"
#include "support/timing.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

constexpr double kMostCommandSeconds = 120;  // of a command: longer is a hang

// A folder that goes with its object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "ate-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw Failure(name, "cannot be made");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Changes whenever the file is replaced; 0 while there is none.
uint64_t version_of(const fs::path& file) {
  struct stat info = {};
  return ::stat(file.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_ino) : 0;
}

// The checkpoint below the folder of a run, wherever it stands; empty while there is none.
fs::path find_checkpoint(const fs::path& out) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out, ignored))
    if (entry.path().filename() == "standard-s0.safetensors") return entry.path();
  return {};
}

class Commands {
 public:
  explicit Commands(fs::path program) : program_(std::move(program)) {}

  // Runs a command to its end.
  ChildTimes run(const Words& words, int expected_code) const {
    Child child(program_, words);
    return ended(child, words, expected_code);
  }

  // Runs a command until `condition`, then asks it to stop, which it must do in order.
  ChildTimes run_until(const Words& words, const std::function<bool()>& condition) const {
    Child child(program_, words);
    const double start = wall_seconds();
    while (!condition() && child.running() && wall_seconds() - start < kMostCommandSeconds) sleep_briefly();
    child.signal(SIGTERM);
    return ended(child, words, static_cast<int>(ExitCode::terminated));
  }

 private:
  static ChildTimes ended(Child& child, const Words& words, int expected_code) {
    const ChildTimes times = child.wait(kMostCommandSeconds);
    if (stop_signal() != 0) throw interruption("nothing is left behind");
    if (times.exit_code != expected_code)
      throw Failure("bench startup", fmt::format("\"ate {}\" ended with code {}, not {}",
                                                 fmt::join(words, " "), times.exit_code, expected_code));
    return times;
  }

  fs::path program_;
};

}  // namespace

std::vector<StartupTiming> measure_startup(const fs::path& program, int rounds) {
  const ScratchFolder folder;
  const Commands commands(program);
  const std::string finished = (folder.path() / "finished").string();
  const std::string half_done = (folder.path() / "half-done").string();
  const Words study = {"validate-bespoke", "--preset", "definitive",   "--arms", "standard", "--seeds", "0",
                       "--device",         "cpu",      "--save-every", "0",      "--quiet"};
  const auto with = [](Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const Words again =
      with(study, {"--epochs", "1", "--set", "windows.batches_per_epoch=2", "--out", finished});
  const Words resumed = with(study, {"--out", half_done});

  fs::path checkpoint;
  const auto one_more_step = [&] {
    const uint64_t before = version_of(checkpoint);
    return commands.run_until(resumed, [&, before] { return version_of(checkpoint) != before; });
  };
  struct Timed {
    std::string name;
    std::function<ChildTimes()> run;
  };
  const std::vector<Timed> all = {
      {"ate --help", [&] { return commands.run({"--help"}, 0); }},
      {"ate config list",
       [&] {
         return commands.run({"config", "list"}, 0);
       }},
      {"ate compute-analysis", [&] { return commands.run({"compute-analysis"}, 0); }},
      {"a finished run again", [&] { return commands.run(again, 0); }},
      {"a half-done run: resume, step, save, stop", one_more_step}};

  spdlog::info("preparing a finished and a half-done run");
  (void)commands.run(again, 0);
  (void)commands.run_until(resumed, [&] { return !(checkpoint = find_checkpoint(half_done)).empty(); });

  std::vector<StartupTiming> timings;
  for (const Timed& timed : all) {
    (void)timed.run();  // brings files into the system's cache
    timings.push_back({timed.name, {}, {}});
  }
  for (int round = 0; round < rounds; ++round) {
    spdlog::info("round {} of {}", round + 1, rounds);
    for (size_t i = 0; i < all.size(); ++i) {
      const ChildTimes times = all[i].run();
      timings[i].wall_seconds.push_back(times.wall_seconds);
      timings[i].cpu_seconds.push_back(times.cpu_seconds);
    }
  }
  return timings;
}

Report startup_report(const std::vector<StartupTiming>& timings) {
  Report report;
  report.title = "Start-up";
  const nlohmann::ordered_json environment = describe_environment("cpu", 1);
  report.facts = {environment["processor"].get<std::string>() + ", " + counted(usable_cores(), "core")};
  Table table{"rows",
              "From the start of a process to its exit, in turns",
              {{"command", "command"},
               {"ms", "median ms", 1},
               {"ms_least", "least", 1},
               {"ms_most", "most", 1},
               {"cpu_ms", "CPU ms", 1},
               {"runs", "runs"}},
              {}};
  for (const StartupTiming& timing : timings) {
    const auto [least, most] = std::minmax_element(timing.wall_seconds.begin(), timing.wall_seconds.end());
    table.rows.push_back({timing.command, 1e3 * median(timing.wall_seconds), 1e3 * *least, 1e3 * *most,
                          1e3 * median(timing.cpu_seconds), timing.wall_seconds.size()});
  }
  report.notes = {
      "The runs are of the preset definitive, one arm, one seed. A finished run prints its stored result. A "
      "half-done one "
      "makes its corpus and model, reads the checkpoint, trains a step, writes the next checkpoint to the "
      "disk, "
      "is told to stop, and saves once more."};
  report.document = {{"environment", environment}, {"rows", objects_of(table)}, {"notes", report.notes}};
  report.tables.push_back(std::move(table));
  return report;
}

}  // namespace ate
