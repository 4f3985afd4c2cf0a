// The pipeline and the frontier on tiny models: what they leave, and how they go on after a stop, a divergence or damage.
#include "distil/distillation.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "distil/report.h"
#include "distil/tiny_teacher.h"
#include "helpers/errors.h"
#include "run/signals.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kFrontier = {
    "train.procedure=frontier", "train.kinds=[\"window\",\"lowrank_topk\",\"block_topk\"]",
    "attention.kind=dense",     "attention.k=8",
    "attention.heads=0",        "attention.layers=0",
    "attention.hidden=64"};

fs::path checkpoints(const TemporaryFolder& out, const DistillationOutcome& outcome) {
  return out.path() / "runs" / outcome.run_id / "checkpoint";
}

// Name -> bytes of every newest checkpoint.
std::map<std::string, std::string> states(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().find(".previous.") == std::string::npos)
      out[entry.path().filename().string()] = bytes_of_file(entry.path());
  return out;
}

// The result without what the clock says.
nlohmann::ordered_json timeless(const DistillationOutcome& outcome) {
  auto document = to_json(outcome.result, outcome.run_id, "tiny", 16);
  if (document.contains("dense")) document["dense"].erase("seconds");
  if (document.contains("points"))
    for (auto& point : document["points"])
      for (const char* key : {"seconds", "time_ratio"}) point.erase(key);
  return document;
}

// Runs it in a process that is asked to stop `microseconds` after its start; its exit code.
int interrupted_run(const TemporaryFolder& out, const std::vector<std::string>& sets,
                    useconds_t microseconds) {
  const pid_t pid = fork();
  if (pid == 0) {
    install_signal_handlers();
    ualarm(microseconds, 0);
    std::signal(SIGALRM, [](int) { raise(SIGTERM); });
    try {
      distil(out, sets);
      _exit(0);
    } catch (const Interrupted& stop) {
      _exit(static_cast<int>(stop.code()));
    } catch (...) {
      _exit(1);
    }
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a pipeline stopped again and again ends in the bits of one that never was", "[distil]") {
  const TemporaryFolder straight, broken;
  const DistillationOutcome whole = distil(straight);
  int stops = 0;
  for (useconds_t wait = 2000; wait < 4'000'000; wait += wait / 4) {
    const int code = interrupted_run(broken, {}, wait);
    REQUIRE((code == 0 || code == 143));
    if (code == 0) break;
    ++stops;
  }
  CHECK(stops > 3);
  const DistillationOutcome resumed = distil(broken);
  CHECK(timeless(resumed) == timeless(whole));
  CHECK(states(checkpoints(broken, resumed)) == states(checkpoints(straight, whole)));
}

TEST_CASE("a finished run is read back, and made whole", "[distil]") {
  for (const std::vector<std::string>& sets : {std::vector<std::string>{}, kFrontier}) {
    const TemporaryFolder out;
    const DistillationOutcome first = distil(out, sets);
    CHECK(!first.reused);
    const fs::path result = out.path() / ("results_" + first.run_id + ".json");
    const std::string stored = bytes_of_file(result);
    fs::remove(result);
    const DistillationOutcome second = distil(out, sets);
    CHECK(second.reused);
    CHECK(bytes_of_file(result) == stored);
    CHECK(to_json(second.result, "", "", 0) == to_json(first.result, "", "", 0));
    CHECK(distillation_report(second).tables.size() == distillation_report(first).tables.size());
  }
}

TEST_CASE("a student that diverges is named, and the rest goes on", "[distil]") {
  const TemporaryFolder out;
  const DistillationOutcome outcome = distil(out, {"train.student_learning_rate=1e30"});
  const auto& world = std::get<PipelineResult>(outcome.result).worlds.front();
  CHECK(world.head.failed.empty());
  CHECK(std::isfinite(world.head.score.loss));
  REQUIRE(world.students.size() == 5);
  for (const StudentResult& student : world.students)
    CHECK(contains(student.failed, "the training loss was"));
  CHECK(failures(outcome.result).size() == 5);
  const DistillationOutcome again = distil(out, {"train.student_learning_rate=1e30"});
  CHECK(failures(again.result) == failures(outcome.result));
}

TEST_CASE("students take the clip and the settings of their kind from the config", "[distil]") {
  const auto kl_of = [](const std::vector<std::string>& more) {
    const TemporaryFolder out;
    std::vector<std::string> sets = kFrontier;
    sets.insert(sets.end(), more.begin(), more.end());
    std::map<std::string, double> kl;
    const DistillationOutcome outcome = distil(out, sets);
    for (const FrontierPoint& point : std::get<FrontierResult>(outcome.result).points)
      kl[point.student.name] = point.student.score.kl;
    return kl;
  };
  const auto plain = kl_of({});
  const auto tight = kl_of({"train.student_clip_norm=1e-6"});
  CHECK(tight.at("window-k4") != plain.at("window-k4"));
  const auto narrow = kl_of({"attention.kind=lowrank_topk", "attention.rank=1"});
  CHECK(narrow.at("lowrank_topk-k2") != plain.at("lowrank_topk-k2"));
  CHECK(narrow.at("window-k4") == plain.at("window-k4"));
}

TEST_CASE("a damaged or foreign checkpoint of a stage is refused by name", "[distil]") {
  const TemporaryFolder out;
  const DistillationOutcome whole = distil(out);
  const fs::path folder = checkpoints(out, whole);
  const auto again = [&] {
    fs::remove(folder.parent_path() / "DONE");
    return complaint_of<Failure>([&] { distil(out); });
  };
  const fs::path window = folder / "window-k4.safetensors";
  const std::string kept = bytes_of_file(window);
  const fs::path previous = folder / "window-k4.previous.safetensors";
  fs::remove(previous);

  (void)out.write("runs/" + whole.run_id + "/checkpoint/window-k4.safetensors",
                  kept.substr(0, kept.size() / 2));
  CHECK(contains(again(), "window-k4.safetensors: damaged"));
  CHECK(contains(again(), "there is no previous checkpoint; delete it to train window-k4 again"));
  fs::copy_file(folder / "block_topk-k4.safetensors", window, fs::copy_options::overwrite_existing);
  CHECK(contains(again(), "is of stage block_topk-k4, not of stage window-k4"));
  (void)out.write("runs/" + whole.run_id + "/checkpoint/window-k4.previous.safetensors", kept);
  CHECK(again().empty());  // goes on from the previous one
  CHECK(states(folder).at("window-k4.safetensors") == kept);
}

TEST_CASE("what only shows when a model is built is refused before anything is written", "[distil]") {
  const TemporaryFolder out;
  CHECK(contains(complaint_of<BadInput>([&] {
                   run_distillation(
                       tiny_distillation({"source.vocabulary=20", "train.recall_epochs=1"}, "sparse"),
                       distil_in(out));
                 }),
                 "the recall source does not fit"));
  CHECK(fs::is_empty(out.path()));
}
