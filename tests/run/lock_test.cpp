// Runs that a process works on alone, and runs that several share.
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/child.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"
#include "run/folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::string try_to_open(const std::filesystem::path& out, bool fresh = false) {
  return complaint_of<Failure>([&] { const RunFolder run(out, "a", fresh); });
}

std::string this_host() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

TEST_CASE("a run that is going on is refused with the pid and host that hold it", "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "a", false);
  for (const bool fresh : {false, true}) {
    const std::string text = try_to_open(out.path(), fresh);
    CHECK(contains(text, run.folder().string()));
    CHECK(contains(text, "pid " + std::to_string(getpid())));
    CHECK(contains(text, this_host()));
  }
  CHECK(std::filesystem::exists(run.folder()));  // not moved aside either
  const RunFolder another(out.path(), "b", false);
}

TEST_CASE("a run is free again when its process is done with it", "[run]") {
  const TemporaryFolder out;
  { const RunFolder run(out.path(), "a", false); }
  CHECK(try_to_open(out.path()).empty());
}

TEST_CASE("another process is refused with the pid of the one that holds the run", "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "a", false);
  const Child child([&] { return try_to_open(out.path()); });
  CHECK(contains(child.said(), "pid " + std::to_string(getpid())));
}

TEST_CASE("a killed process leaves no lock behind", "[run]") {
  const TemporaryFolder out;
  Child child([&] {
    static const RunFolder run(out.path(), "a", false);
    return std::string("held");
  });
  REQUIRE(child.said() == "held");
  const std::string text = try_to_open(out.path());
  CHECK(contains(text, "pid " + std::to_string(child.pid())));
  child.kill();
  CHECK(try_to_open(out.path()).empty());
}

TEST_CASE("several processes share a run, and none may start it over or have it alone", "[run]") {
  const TemporaryFolder out;
  const auto share = [&](bool fresh) {
    return complaint_of<Failure>([&] { const RunFolder run(out.path(), "a", fresh, Sharing::shared); });
  };
  const RunFolder run(out.path(), "a", false, Sharing::shared);
  run.write_json("config.json", "old");
  CHECK(share(false).empty());
  const Child child([&] { return share(false) + "|" + share(true) + "|" + try_to_open(out.path()); });
  const std::string refusal = "going on already (held by pid " + std::to_string(getpid());
  CHECK(child.said().front() == '|');
  CHECK(contains(child.said(), refusal));
  CHECK(contains(child.said().substr(child.said().rfind('|')), refusal));
  CHECK(run.read_json("config.json") == "old");
}

TEST_CASE("a run that a process has alone is shared with none", "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "a", false, Sharing::alone);
  CHECK(
      contains(complaint_of<Failure>([&] { const RunFolder other(out.path(), "a", false, Sharing::shared); }),
               "held by pid"));
}

TEST_CASE("torn files are removed by a process that comes alone, and left while another may be writing them",
          "[run]") {
  const TemporaryFolder out;
  std::vector<std::filesystem::path> torn;
  {
    const RunFolder first(out.path(), "a", false, Sharing::shared);
    for (const char* name :
         {"runs/a/plan.json.1-2-3.tmp", "runs/a/checkpoint/standard-s0.safetensors.1-2-3.tmp",
          "progress_standard_s0_a.json.1-2-3.tmp"})
      torn.push_back(out.write(name, "torn"));
    std::ofstream(first.folder() / "metrics.jsonl") << "{}\n{\"to";
    const RunFolder second(out.path(), "a", false, Sharing::shared);
    for (const std::filesystem::path& path : torn) CHECK(std::filesystem::exists(path));
    CHECK(bytes_of_file(first.folder() / "metrics.jsonl") == "{}\n{\"to");
  }
  (void)out.write("progress_standard_s0_b.json.1-2-3.tmp", "of another run");
  const RunFolder third(out.path(), "a", false, Sharing::shared);
  for (const std::filesystem::path& path : torn) CHECK(!std::filesystem::exists(path));
  CHECK(bytes_of_file(third.folder() / "metrics.jsonl") == "{}\n");
  CHECK(std::filesystem::exists(out / "progress_standard_s0_b.json.1-2-3.tmp"));
}

TEST_CASE("a run that started over is still held", "[run]") {
  const TemporaryFolder out;
  {
    const RunFolder run(out.path(), "a", false);
    run.write_json("config.json", "old");
  }
  const RunFolder run(out.path(), "a", true);
  CHECK(contains(try_to_open(out.path()), "pid " + std::to_string(getpid())));
}
