// Arms as named overlays, axes of tuning, and files that extend others.
#include "config/overlays.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "config/json.h"
#include "config/resolve.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Resolved settled_sets(const std::vector<std::string>& sets) { return resolve({"", "", sets, {}}); }

std::string complaint_of_sets(const std::vector<std::string>& sets) {
  return complaint_of<BadInput>([&] { settled_sets(sets); });
}

std::string complaint_of_file(const TemporaryFolder& folder, const std::string& text) {
  const std::string path = folder.write("study.json", text);
  return complaint_of<BadInput>([&] { resolve({"", path, {}, {}}); });
}

Arm own_wide() { return Arm("wide", {{"body.width", "32"}, {"optimiser.learning_rate", "0.01"}}); }

}  // namespace

TEST_CASE("an arm is a kind of embedding, or a name with settings", "[config]") {
  const Config config =
      settled_sets({R"(study.arms=["bespoke", {"name": "wide", "set": {"body.width": 128}}])"}).config;
  REQUIRE(config.study.arms.size() == 2);
  CHECK(config.study.arms[0] == Arm::bespoke);
  CHECK(config.study.arms[1] == Arm("wide", {{"body.width", "128"}}));
  CHECK(arm_config(config, config.study.arms[0]).embedding.kind->name == std::string("bespoke"));
  CHECK(arm_config(config, config.study.arms[1]).body.width == 128);
  CHECK(arm_config(config, config.study.arms[1]).embedding.kind == EmbeddingKind::standard);
  CHECK(write_config(config)["study"]["arms"] ==
        Json::parse(R"(["bespoke", {"name": "wide", "set": {"body.width": 128}}])"));
}

TEST_CASE("an arm with the name of a kind of embedding keeps that embedding under its settings", "[config]") {
  const Config config =
      settled_sets({R"(study.arms=["standard", {"name": "bespoke", "set": {"/body/width": 128}}])"}).config;
  const Config own = arm_config(config, config.study.arms[1]);
  CHECK(own.embedding.kind->name == std::string("bespoke"));
  CHECK(own.body.width == 128);
}

TEST_CASE("the config of an arm, overlaid again, is the same", "[config]") {
  const Config once = arm_config(Config(), own_wide());
  CHECK(write_config(arm_config(once, own_wide())) == write_config(once));
}

TEST_CASE("files of an arm are named by what it sets, in any order", "[config]") {
  CHECK(file_name(Arm::bespoke) == "bespoke");
  const Arm same("wide", {{"optimiser.learning_rate", "0.01"}, {"body.width", "32"}});
  CHECK(file_name(same) == file_name(own_wide()));
  CHECK(file_name(own_wide()).rfind("wide-", 0) == 0);
  CHECK(file_name(Arm("wide", {{"body.width", "33"}})) != file_name(Arm("wide", {{"body.width", "32"}})));
}

TEST_CASE("arms of one's own leave the run its name, and each trial is named by its own settings",
          "[config]") {
  const Config plain = settled_sets({}).config;
  const Config own =
      settled_sets({R"(study.arms=["standard", {"name": "wide", "set": {"body.width": 128}}])"}).config;
  CHECK(experiment_hash(own) == experiment_hash(plain));
  CHECK(trial_hash(plain, Arm::standard) == experiment_hash(plain));
  CHECK(trial_hash(plain, Arm::bespoke) == experiment_hash(plain));
  const Arm set("wide", {{"body.width", "128"}});
  CHECK(trial_hash(own, set) == experiment_hash(settled_sets({"body.width=128"}).config));
  // Of an arm's own config too, which the trial holds.
  CHECK(trial_hash(arm_config(own, set), set) == trial_hash(own, set));
  CHECK(trial_hash(arm_config(plain, Arm::bespoke), Arm::bespoke) == trial_hash(plain, Arm::bespoke));
  // Tuning and budget lead to settings; the settings are what counts for a trial.
  Config tuned = plain;
  tuned.study.tune.axes = {{"optimiser.learning_rate", {"0.001", "0.01"}}};
  tuned.study.budget = Budget::flops;
  CHECK(trial_hash(tuned, Arm::standard) == trial_hash(plain, Arm::standard));
  CHECK(experiment_hash(tuned) != experiment_hash(plain));
}

TEST_CASE("an arm that cannot be read is named with its place and what would be right", "[config]") {
  const struct {
    const char* arms;
    const char* complaint;
  } cases[] = {
      {R"([])", "study.arms=[]: expected a list of at least one arm"},
      {R"(["bespok"])", "did you mean \"bespoke\"?"},
      {R"([{"set": {"body.width": 1}}])", "an arm has a name"},
      {R"([{"name": "a b"}])", "expected 1 to 100 letters"},
      {R"([{"name": "a", "sets": {}}])", "unknown key (did you mean \"set\"?)"},
      {R"([{"name": "a", "set": {}}])", "a sets nothing, and is no kind of embedding"},
      {R"([{"name": "a", "set": 3}])", "expected an object of settings, got 3"},
      {R"([{"name": "a", "set": {"body.widht": 3}}])", "unknown key (did you mean \"width\"?)"},
      {R"([{"name": "a", "set": {"body.width": 0}}])", "expected a whole number from 1 to 65536, got 0"},
      {R"([{"name": "a", "set": {"body": {"width": 3}}}])", "expected one value"},
      {R"([{"name": "a", "set": {"body..width": 3}}])", "is no path such as body.width"},
      {R"([{"name": "a", "set": {"body.width": 3, "/body/width": 4}}])", "is set twice"},
      {R"([{"name": "a", "set": {"study.seeds": "0..3"}}])", "study is the study's, the same for all arms"},
      {R"([{"name": "a", "set": {"evaluation.every": 3}}])", "evaluation is the study's"},
      {R"([{"name": "a", "set": {"body.width": 8}}, {"name": "a", "set": {"body.width": 16}}])",
       "there are two arms of the name a: give each its own"},
      {R"([{"name": "a", "set": {"source.vocabulary": 100}}])", "arms are compared on one law"},
      {R"(["standard", {"name": "a", "set": {"body.kind": "encoder", "body.heads": 5}}])",
       "5 heads do not divide the width 64"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.arms);
    const std::string text = complaint_of_sets({std::string("study.arms=") + one.arms});
    CAPTURE(text);
    CHECK(contains(text, one.complaint));
  }
}

TEST_CASE("a problem inside an arm of a file has the file and the place in it", "[config]") {
  const TemporaryFolder folder;
  CHECK(contains(complaint_of_file(folder, R"({"study": {"arms": ["standard",
                                            {"name": "a", "set": {"body.width": 0}}]}})"),
                 "study.json: /study/arms/1/set/body.width: expected a whole number"));
  // What only the arm's whole config shows is said at what the arm sets.
  CHECK(contains(complaint_of_file(folder, R"({"body": {"kind": "encoder"}, "study": {"arms": ["standard",
                                            {"name": "a", "set": {"body.heads": 5}}]}})"),
                 "study.json: /study/arms/1/set/body.heads: 5 heads do not divide"));
}

TEST_CASE("an embedding that no arm takes is refused", "[config]") {
  CHECK(contains(complaint_of_sets({"embedding.kind=bespoke"}), "each arm of the study names its own"));
  CHECK(
      complaint_of_sets({"embedding.kind=bespoke", R"(study.arms=[{"name": "a", "set": {"body.width": 8}}])"})
          .empty());
}

TEST_CASE("one model of an arm is trained by the arm's settings", "[config]") {
  Resolved resolved =
      settled_sets({R"(study.arms=[{"name": "bespoke", "set": {"body.width": 128}}, "standard"])"});
  resolved.keep_one_model();
  CHECK((resolved.config.study.arms == std::vector<Arm>{Arm::bespoke}));
  CHECK(resolved.config.body.width == 128);
  CHECK(resolved.config.embedding.kind == EmbeddingKind::standard);
}

TEST_CASE("axes are lists or ranges at equal ratios", "[config]") {
  const Config config =
      settled_sets({R"(study.tune.axes={"optimiser.learning_rate": {"from": 1e-4, "to": 1e-2,
                                   "points": 5}, "body.dropout": [0.3, 0.0, 0.1]})"})
          .config;
  const TuneAxes& axes = config.study.tune.axes;
  REQUIRE(axes.size() == 2);
  CHECK(axes[0].path == "optimiser.learning_rate");
  CHECK(axes[0].values == std::vector<std::string>{"0.0001", "0.0003162", "0.001", "0.003162", "0.01"});
  CHECK(axes[1].values == std::vector<std::string>{"0.0", "0.1", "0.3"});
  // Tuning takes half of the validation part where nothing else is said.
  CHECK(config.evaluation.tune_share == 0.5);
  CHECK(experiment_hash(config) != experiment_hash(settled_sets({}).config));
}

TEST_CASE("axes that cannot be tuned are refused", "[config]") {
  const std::string rate = "study.tune.axes={\"optimiser.learning_rate\": ";
  CHECK(contains(complaint_of_sets({rate + "[0.1]}"}), "expected a list of at least two values"));
  CHECK(contains(complaint_of_sets({rate + "[0.1, 0.1]}"}), "has 0.1 twice"));
  CHECK(contains(complaint_of_sets({rate + "[0.1, -1]}"}), "expected a number above 0, got -1"));
  CHECK(contains(complaint_of_sets({rate + "{\"from\": 1, \"to\": 0.1, \"points\": 3}}"}),
                 "expected a list of values, or from"));
  CHECK(contains(complaint_of_sets({"study.tune.axes={\"optimiser.rate\": [1, 2]}"}), "unknown key"));
  CHECK(contains(complaint_of_sets({"study.tune.axes={\"study.margin\": [0.1, 0.2]}"}),
                 "study is the study's"));
  CHECK(contains(complaint_of_sets({"study.tune.axes=3"}), "expected an object of paths"));
  CHECK(contains(complaint_of_sets({rate + "[0.1, 0.2], \"/optimiser/learning_rate\": [0.3, 0.4]}"}),
                 "optimiser.learning_rate is tuned twice"));
  CHECK(contains(complaint_of_sets({rate + "[0.1, 0.2]}", "study.tune.seeds=5,6"}),
                 "seed 5 is one of study.seeds too"));
  CHECK(
      contains(complaint_of_sets({rate + "[0.1, 0.2]}", "evaluation.tune_share=0"}), "tuning takes a part"));
  CHECK(contains(complaint_of_sets({rate + "[0.1, 0.2]}", "evaluation.tune_share=0.999"}),
                 "tokens to tune on"));
  CHECK(contains(
      complaint_of_sets({rate + "[0.1, 0.2]}",
                         R"(study.arms=["standard", {"name": "a", "set": {"optimiser.learning_rate": 1}}])"}),
      "is tuned, in every arm"));
}

TEST_CASE("looks grow", "[config]") {
  CHECK(settled_sets({"study.looks=[10, 20, 40]"}).config.study.looks.after ==
        std::vector<int64_t>{10, 20, 40});
  for (const char* looks : {"[10, 10]", "[20, 10]", "[1]", "10", "[2.5]"}) {
    CAPTURE(looks);
    CHECK(contains(complaint_of_sets({std::string("study.looks=") + looks}),
                   "a list of growing whole numbers"));
  }
}

TEST_CASE("an arm on the command line is a name and settings", "[config]") {
  CHECK(parse_arm("--arm", "bespoke") == Json("bespoke"));
  CHECK(parse_arm("--arm", "a:body.width=8,attention.kind=window") ==
        Json::parse(R"({"name": "a", "set": {"body.width": 8, "attention.kind": "window"}})"));
  CHECK(parse_arm("--arm", "a:x=[1,2],y=\"b,c\"") ==
        Json::parse(R"({"name": "a", "set": {"x": [1, 2], "y": "b,c"}})"));
  CHECK(contains(complaint_of<BadInput>([] { parse_arm("--arm", "a:body.width"); }),
                 "expected NAME:path=value"));
  CHECK(complaint_of<BadInput>([] { parse_arm("--arm", "a:body.width=8,body.width=16"); }) ==
        "--arm a:body.width=8,body.width=16: sets body.width to 8 and to 16: set it once");
}

TEST_CASE("on the command line a name is the arm that the file lists by it", "[config]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("mine.json", R"({"study": {"arms": ["tied",
      {"name": "wide", "set": {"body.width": 128}}, {"name": "bespoke", "set": {"body.width": 32}}]},
      "published": {"study": {"arms": ["standard", {"name": "printed", "set": {"body.width": 8}}]}}})");
  const auto arms_by = [&](const char* names, std::vector<std::string> sets = {}) {
    const Layer flag{"--arms", {{"study", {{"arms", Json::parse(names)}}}}, true};
    return resolve({"", path, std::move(sets), {flag}}).config.study.arms;
  };
  const Arm tied("tied");
  const Arm wide("wide", {{"body.width", "128"}});
  const Arm own_bespoke("bespoke", {{"body.width", "32"}});
  CHECK((arms_by(R"(["wide", "standard"])") == std::vector<Arm>{wide, Arm::standard}));
  CHECK((arms_by(R"(["bespoke"])") == std::vector<Arm>{own_bespoke}));
  CHECK((resolve({"", path, {R"(study.arms=["tied", "wide"])"}, {}}).config.study.arms ==
         std::vector<Arm>{tied, wide}));
  // The baseline stays first, also where it is named.
  CHECK((arms_by(R"([null, "wide"])") == std::vector<Arm>{tied, wide}));
  CHECK((arms_by(R"([null, "wide", "tied"])") == std::vector<Arm>{tied, wide}));
  CHECK((arms_by(R"([null, "wide"])", {R"(study.arms=["aa"])"}) == std::vector<Arm>{Arm::aa, wide}));
  // What the file lists for published mode is listed in that mode.
  CHECK((arms_by(R"([null, "printed"])", {"mode=published"}) ==
         std::vector<Arm>{Arm::standard, Arm("printed", {{"body.width", "8"}})}));
  CHECK(contains(complaint_of<BadInput>([&] { arms_by(R"([null, "printed"])"); }), "got \"printed\""));
  // A file's own list names kinds of embedding.
  folder.write("above.json", R"({"extends": "./mine.json", "study": {"arms": ["bespoke"]}})");
  CHECK((resolve({"", (folder.path() / "above.json").string(), {}, {}}).config.study.arms ==
         std::vector<Arm>{Arm::bespoke}));
}

TEST_CASE("a file extends a preset or another file, whose settings lie under its own", "[config]") {
  const TemporaryFolder folder;
  folder.write(
      "base.json",
      R"({"extends": "medium", "schedule": {"epochs": 7}, "published": {"body": {"dropout": 0.4}}})");
  const std::string path = folder.write("mine.json", R"({"extends": "base.json", "body": {"width": 32}})");
  const Resolved resolved = resolve({"", path, {}, {}});
  const Resolved medium = resolve({"medium", "", {}, {}});
  CHECK(resolved.config.name == "mine");
  CHECK(resolved.config.schedule.epochs == 7);
  CHECK(resolved.config.body.width == 32);
  CHECK(resolved.config.body.layers == medium.config.body.layers);
  CHECK(resolved.config.source == medium.config.source);
  CHECK(resolved.origin.at("/body/layers") == "preset medium");
  CHECK(resolve({"", path, {"mode=published"}, {}}).config.body.dropout == 0.4);
}

TEST_CASE("a file that extends nothing, or itself, is refused", "[config]") {
  const TemporaryFolder folder;
  CHECK(contains(complaint_of_file(folder, R"({"extends": "mediun"})"),
                 "study.json: /extends: unknown preset (did you mean \"medium\"?)"));
  CHECK(contains(complaint_of_file(folder, R"({"extends": 3})"), "expected a preset or a file, got 3"));
  CHECK(contains(complaint_of_file(folder, R"({"extends": "none.json"})"), "none.json"));
  CHECK(contains(complaint_of_file(folder, R"({"extends": "study.json"})"), "extends itself"));
  folder.write("other.json", R"({"extends": "./study.json"})");
  CHECK(contains(complaint_of_file(folder, R"({"extends": "other.json"})"), "extends itself"));
}
