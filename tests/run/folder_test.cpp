#include "run/folder.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

std::vector<Json> events_of(const RunFolder& run) {
  std::vector<Json> events;
  std::ifstream in(run.folder() / "metrics.jsonl");
  for (std::string line; std::getline(in, line);) events.push_back(Json::parse(line));
  return events;
}

}  // namespace

TEST_CASE("a run's files stand where scripts look for them", "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "study-tiny-0123456789", false);
  CHECK(run.id() == "study-tiny-0123456789");
  CHECK(run.folder() == out.path() / "runs" / "study-tiny-0123456789");
  CHECK(fs::is_directory(run.folder() / "checkpoint"));
  CHECK(run.checkpoint("bespoke-s3") == run.folder() / "checkpoint" / "bespoke-s3.safetensors");
  CHECK(run.previous_checkpoint("bespoke-s3").parent_path() == run.folder() / "checkpoint");
  CHECK(run.previous_checkpoint("bespoke-s3") != run.checkpoint("bespoke-s3"));
  CHECK(run.progress("bespoke", 3) == out.path() / "progress_bespoke_s3_study-tiny-0123456789.json");
  CHECK(run.result() == out.path() / "results_study-tiny-0123456789.json");
}

TEST_CASE("an output folder that is a file is refused", "[run]") {
  const TemporaryFolder out;
  (void)out.write("file", "");
  CHECK(
      contains(complaint_of<Failure>([&] { RunFolder(out / "file", "a", false); }), (out / "file").string()));
}

TEST_CASE("a folder is found again with all it holds", "[run]") {
  const TemporaryFolder out;
  {
    RunFolder run(out.path(), "a", false);
    run.write_json("config.json", {{"x", 1}});
    run.event({{"event", "first"}});
  }
  RunFolder run(out.path(), "a", false);
  run.event({{"event", "second"}});
  CHECK(run.read_json("config.json") == Json{{"x", 1}});
  CHECK(events_of(run).size() == 2);
  CHECK(!fs::exists(out.path() / "runs" / "a.1"));
}

TEST_CASE("starting over moves the old run aside, whole, as often as asked", "[run]") {
  const TemporaryFolder out;
  const auto make = [&](const std::string& content, bool fresh) {
    RunFolder run(out.path(), "a", fresh);
    run.write_json("config.json", content);
    run.event({{"event", content}});
    write_json_file(run.progress("standard", 0), content);
    run.finish(content);
  };
  make("first", false);
  make("second", true);
  make("third", true);
  const fs::path runs = out.path() / "runs";
  CHECK(Json::parse(bytes_of_file(runs / "a.1" / "config.json")) == "first");
  CHECK(Json::parse(bytes_of_file(runs / "a.1" / "result.json")) == "first");
  CHECK(Json::parse(bytes_of_file(runs / "a.2" / "config.json")) == "second");
  CHECK(Json::parse(bytes_of_file(runs / "a" / "config.json")) == "third");
  CHECK(fs::exists(runs / "a.1" / "DONE"));
  // The progress that people watch went with its run.
  CHECK(Json::parse(bytes_of_file(runs / "a.1" / "progress_standard_s0_a.json")) == "first");
  CHECK(Json::parse(bytes_of_file(out / "progress_standard_s0_a.json")) == "third");
}

TEST_CASE("starting over leaves nothing of the old run in its place, and nothing of other runs moves",
          "[run]") {
  const TemporaryFolder out;
  {
    const RunFolder other(out.path(), "ab", false);
    write_json_file(other.progress("standard", 0), "other");
    other.finish("other");
    RunFolder run(out.path(), "a", false);
    run.write_json("config.json", "old");
    write_atomically(run.checkpoint("standard-s0"), "old");
    write_json_file(run.progress("standard", 0), "old");
    run.finish("old");
  }
  const RunFolder run(out.path(), "a", true);
  CHECK(!run.done());
  CHECK(run.read_json("config.json").is_null());
  CHECK(!fs::exists(run.checkpoint("standard-s0")));
  CHECK(!fs::exists(run.progress("standard", 0)));
  CHECK(!fs::exists(run.result()));
  CHECK(events_of(run).empty());
  CHECK(fs::exists(out / "progress_standard_s0_ab.json"));
  CHECK(fs::exists(out / "results_ab.json"));
}

TEST_CASE("starting over where nothing is starts", "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "a", true);
  CHECK(!fs::exists(out.path() / "runs" / "a.1"));
  CHECK(fs::is_directory(run.folder()));
}

TEST_CASE("documents are written indented and read back, null when there is none, a torn one is told",
          "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "a", false);
  run.write_json("x.json", {{"b", 1}, {"a", {1, 2}}});
  CHECK(bytes_of_file(run.folder() / "x.json").rfind("{\n  \"b\": 1,\n", 0) == 0);
  CHECK(bytes_of_file(run.folder() / "x.json").back() == '\n');
  CHECK(run.read_json("x.json") == Json{{"b", 1}, {"a", {1, 2}}});
  CHECK(run.read_json("none.json").is_null());
  const fs::path torn = out.write("runs/a/torn.json", "{\"x\": ");
  CHECK(contains(complaint_of<Failure>([&] { (void)run.read_json("torn.json"); }),
                 torn.string() + ":1:7: not valid JSON"));
  CHECK(read_json_if_sound(torn).is_null());
  CHECK(read_json_if_sound(out.path()).is_null());
  CHECK(read_json_if_sound(run.folder() / "x.json") == run.read_json("x.json"));
}

TEST_CASE("a run holds a result that is whole in both its places", "[run]") {
  const TemporaryFolder out;
  RunFolder run(out.path(), "a", false);
  const Json result = {{"loss", 0.1 + 0.2}, {"none", nullptr}};
  CHECK(!run.holds(result));
  run.finish(result);
  CHECK(run.holds(result));
  CHECK(!run.holds(Json::object()));
  for (const fs::path& place : {run.result(), run.folder() / "result.json"}) {
    for (const char* content : {"", "null", "{\"loss\": 3}"}) {
      std::ofstream(place) << content;
      CHECK(!run.holds(result));
    }
    fs::remove(place);
    CHECK(!run.holds(result));
    run.finish(result);
    CHECK(run.holds(result));
  }
  run.begin({{"device", "cpu"}}, {});
  CHECK(!run.holds(result));
}

TEST_CASE("events are lines with their time first", "[run]") {
  const TemporaryFolder out;
  RunFolder run(out.path(), "a", false);
  run.event({{"event", "evaluation"}, {"val_loss", 2.5}});
  run.event({{"event", "finished"}});
  const std::vector<Json> events = events_of(run);
  REQUIRE(events.size() == 2);
  CHECK(events[0].begin().key() == "time");
  CHECK(std::regex_match(events[0]["time"].get<std::string>(),
                         std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ)")));
  CHECK(events[0]["event"] == "evaluation");
  CHECK(events[0]["val_loss"] == 2.5);
  CHECK(events[1]["event"] == "finished");
}

TEST_CASE("events of several threads do not mix", "[run][threads]") {
  const TemporaryFolder out;
  RunFolder run(out.path(), "a", false);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&run, t] {
      for (int i = 0; i < 200; ++i) run.event({{"thread", t}, {"i", i}, {"text", std::string(100, 'x')}});
    });
  for (std::thread& thread : threads) thread.join();
  std::map<int, int> next;
  for (const Json& event : events_of(run)) CHECK(event["i"] == next[event["thread"].get<int>()]++);
  for (int t = 0; t < 4; ++t) CHECK(next[t] == 200);
}

TEST_CASE("a finished run has its result in both places, and DONE", "[run]") {
  const TemporaryFolder out;
  RunFolder run(out.path(), "a", false);
  CHECK(!run.done());
  run.finish({{"loss", 2.5}});
  CHECK(run.done());
  CHECK(run.read_json("result.json") == Json{{"loss", 2.5}});
  CHECK(Json::parse(bytes_of_file(run.result())) == Json{{"loss", 2.5}});
  run.begin({{"device", "cpu"}}, {{"trials", 3}});
  CHECK(!run.done());
  CHECK(fs::exists(run.result()));
  CHECK(run.read_json("environment.json")["device"] == "cpu");
  CHECK(contains(bytes_of_file(run.folder() / "metrics.jsonl"), "\"event\":\"started\",\"trials\":3"));
}

TEST_CASE("DONE is written last: a result that cannot be written leaves the run undone", "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "a", false);
  SECTION("the result that people watch") { fs::create_directories(run.result() / "in the way"); }
  SECTION("the result in the run's folder") {
    fs::create_directories(run.folder() / "result.json" / "in the way");
  }
  CHECK_THROWS_AS(run.finish({{"loss", 2.5}}), Failure);
  CHECK(!run.done());
}
