// What a study does with files of its run that are not what they should be.
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/errors.h"
#include "study/tiny_study.h"
#include "support/files.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

// A finished study, to go on from.
struct FinishedStudy {
  FinishedStudy() : outcome(run_in(out)), before(timeless(outcome)) {}

  void unfinish() const {
    for (const char* name : {"DONE", "result.json"}) fs::remove(folder_of(out, outcome) / name);
  }
  fs::path checkpoint(const std::string& trial) const { return checkpoint_of(out, outcome, trial); }
  fs::path results() const { return out.path() / ("results_" + outcome.result.run_id + ".json"); }
  fs::path progress(const std::string& trial) const {
    return out.path() / ("progress_" + trial + "_" + outcome.result.run_id + ".json");
  }

  TemporaryFolder out;
  StudyOutcome outcome;
  Json before;
};

void write(const fs::path& path, const std::string& bytes) { write_atomically(path, bytes); }

}  // namespace

TEST_CASE("another seed's or arm's checkpoint is refused by name, and no number of it gets in", "[study]") {
  for (const char* other : {"standard-s1", "bespoke-s0"}) {
    const FinishedStudy study;
    study.unfinish();
    const fs::path own = study.checkpoint("standard-s0");
    const fs::path previous = study.checkpoint("standard-s0.previous");
    fs::copy_file(study.checkpoint(other), own, fs::copy_options::overwrite_existing);
    fs::remove(previous);
    const std::string complaint = complaint_of<Failure>([&] { run_in(study.out); });
    CAPTURE(other, complaint);
    CHECK(contains(complaint, "standard-s0.safetensors"));
    CHECK((contains(complaint, "is of seed 1, not of seed 0") ||
           contains(complaint, "is of arm bespoke, not of arm standard")));
    CHECK(contains(complaint, "delete it to train standard-s0 again"));
    fs::remove(own);
    CHECK(timeless(run_in(study.out)) == study.before);
  }
}

TEST_CASE("a checkpoint of another experiment is refused", "[study]") {
  const FinishedStudy study;
  const TemporaryFolder elsewhere;
  const StudyOutcome faster = run_in(elsewhere, {"optimiser.learning_rate=0.01"});
  study.unfinish();
  fs::copy_file(checkpoint_of(elsewhere, faster, "standard-s0"), study.checkpoint("standard-s0"),
                fs::copy_options::overwrite_existing);
  fs::remove(study.checkpoint("standard-s0.previous"));
  CHECK(contains(complaint_of<Failure>([&] { run_in(study.out); }), "is of experiment"));
}

TEST_CASE("a finished study is made whole where its result or progress files are gone or emptied",
          "[study]") {
  const FinishedStudy study;
  const std::string result = bytes_of_file(study.results());
  for (const bool removed : {true, false})
    for (const fs::path& path : {study.results(), study.progress("bespoke_s1")}) {
      CAPTURE(path.string(), removed);
      if (removed)
        fs::remove(path);
      else
        write(path, "");
      const StudyOutcome again = run_in(study.out);
      CHECK(again.reused);
      CHECK(timeless(again) == study.before);
      CHECK(Json::parse(bytes_of_file(path)).is_object());
    }
  const Json progress = Json::parse(bytes_of_file(study.progress("bespoke_s1")));
  CHECK(progress["status"] == "finished");
  CHECK(progress["val_losses"].size() == 3);
  // A question about fewer trials repairs the whole study's copy too.
  write(study.results(), "");
  const StudyOutcome part = run_study(tiny_study({"study.seeds=0"}), options_in(study.out));
  CHECK(part.part_of_stored);
  CHECK(Json::parse(bytes_of_file(study.results()))["trials"].size() == 4);
}
