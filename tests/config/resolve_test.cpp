#include "config/resolve.h"

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Layer flag(const std::string& label, const std::string& pointer, const Json& value) {
  Layer layer{label, Json::object(), true};
  layer.document[Json::json_pointer(pointer)] = value;
  return layer;
}

// The config of some --set arguments alone.
Resolved from_sets(const std::vector<std::string>& sets) { return resolve({"", "", sets, {}}); }

std::string complaint(const Choice& choice) {
  return complaint_of<BadInput>([&] { resolve(choice); });
}

}  // namespace

TEST_CASE("a flag stands above --set, above the file, above the preset, above the mode, above the default",
          "[config]") {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "mine.json", R"({"evaluation": {"every": 4}, "schedule": {"epochs": 4}, "body": {"layers": 4}})");
  const std::string key = "/schedule/epochs";
  Choice choice;
  const auto epochs_from = [&](const std::string& origin) {
    const Resolved resolved = resolve(choice);
    CHECK(resolved.origin.at(key) == origin);
    return resolved.config.schedule.epochs;
  };
  CHECK(epochs_from("default") == Config().schedule.epochs);
  choice.preset = "medium";
  CHECK(epochs_from("preset medium") == 100);
  choice.file = path;
  CHECK(epochs_from(path) == 4);
  choice.sets = {"schedule.epochs=5"};
  CHECK(epochs_from("--set schedule.epochs=5") == 5);
  choice.sets = {"schedule.epochs=5", "schedule.epochs=6"};
  CHECK(epochs_from("--set schedule.epochs=6") == 6);  // the last of several
  choice.flags = {flag("--epochs 7", key, 7)};
  CHECK(epochs_from("--epochs 7") == 7);

  // What only the lower layers set is still theirs.
  const Resolved resolved = resolve(choice);
  CHECK(resolved.config.evaluation.every == 4);
  CHECK(resolved.origin.at("/source/vocabulary") == "preset medium");
  CHECK(resolved.origin.at("/optimiser/beta1") == "default");
}

TEST_CASE("the mode stands above the defaults and below everything that is named", "[config]") {
  const Resolved published = from_sets({"mode=published"});
  CHECK(!published.config.body.causal);
  CHECK(published.origin.at("/body/causal") == "mode published");
  const Resolved causal = from_sets({"mode=published", "body.causal=true"});
  CHECK(causal.config.body.causal);
  CHECK(causal.origin.at("/body/causal") == "--set body.causal=true");
  CHECK(from_sets({}).config.body.causal);
}

TEST_CASE("a preset's published overlay counts in published mode only", "[config]") {
  const Resolved corrected = resolve({"focused", "", {}, {}});
  CHECK(corrected.config.bands.unseen == Unseen::low);
  CHECK(corrected.origin.at("/bands/unseen") == "default");
  const Resolved published = resolve({"focused", "", {"mode=published"}, {}});
  CHECK(published.config.bands.unseen == Unseen::mid);
  CHECK(published.origin.at("/bands/unseen") == "preset focused, published");
  CHECK(published.origin.at("/bands/counted_over") == "mode published");
  CHECK(published.origin.at("/bands/rule") == "preset focused");
}

TEST_CASE("a file can choose the mode and have an overlay of its own", "[config]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("mine.json", R"({
    "mode": "published", "schedule": {"epochs": 9}, "published": {"schedule": {"epochs": 8}}})");
  const Resolved published = resolve({"", path, {}, {}});
  CHECK(published.config.schedule.epochs == 8);
  CHECK(published.origin.at("/schedule/epochs") == path + ", published");
  CHECK(resolve({"", path, {"mode=corrected"}, {}}).config.schedule.epochs == 9);
  const Resolved set = resolve({"", path, {"schedule.epochs=3"}, {}});
  CHECK(set.config.schedule.epochs == 3);
}

TEST_CASE("an overlay cannot change the mode it belongs to", "[config]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("mine.json", R"({"published": {"mode": "corrected"}})");
  CHECK(contains(complaint({"", path, {}, {}}), path + ": /published/mode: cannot stand here"));
}

TEST_CASE("a file of its own is named after itself unless it has a name", "[config]") {
  const TemporaryFolder folder;
  CHECK(resolve({"", folder.write("my-study.json", "{}"), {}, {}}).config.name == "my-study");
  CHECK(resolve({"", folder.write("b.json", R"({"name": "own"})"), {}, {}}).config.name == "own");
  CHECK(resolve({"focused", folder.write("c.json", "{}"), {}, {}}).config.name == "focused");
}

TEST_CASE("every setting has an origin, and lists have one", "[config]") {
  const Resolved resolved = resolve({"definitive", "", {"study.seeds=[4,5]"}, {}});
  CHECK(resolved.origin.at("/study/arms") == "preset definitive");
  CHECK(resolved.origin.at("/study/seeds") == "--set study.seeds=[4,5]");
  CHECK(resolved.origin.count("/study/arms/0") == 0);
  for (const auto& [pointer, origin] : resolved.origin)
    CHECK(resolved.document.contains(Json::json_pointer(pointer)));
  CHECK(resolved.origin.at("/seed_criteria/both_improve") == "default");
}

TEST_CASE("--set takes a path with dots or a JSON pointer, and JSON or else a string", "[config]") {
  CHECK(from_sets({"optimiser.learning_rate=3e-4"}).config.optimiser.learning_rate == 3e-4);
  CHECK(from_sets({"/optimiser/learning_rate=3e-4"}).config.optimiser.learning_rate == 3e-4);
  CHECK(from_sets({"body.kind=encoder"}).config.body.kind == BodyKind::encoder);
  CHECK(from_sets({"body.kind=\"encoder\""}).config.body.kind == BodyKind::encoder);
  CHECK(!from_sets({"embedding.projection_bias=false"}).config.embedding.projection_bias);
  CHECK(from_sets({"study.seeds=[3,1]"}).config.study.seeds == SeedList{3, 1});
  CHECK(from_sets({"study.seeds=0..2"}).config.study.seeds == SeedList{0, 1, 2});
  CHECK(from_sets({"description=a=b"}).config.description == "a=b");  // the first = divides
  CHECK(from_sets({"schedule={\"epochs\": 2, \"decay\": \"cosine\"}"}).config.schedule.decay ==
        Decay::cosine);
}

TEST_CASE("a --set that is no path=value, or names nothing, is refused by its own text", "[config]") {
  CHECK(contains(complaint({"", "", {"epochs"}, {}}), "--set epochs: expected path=value"));
  CHECK(contains(complaint({"", "", {"=3"}, {}}), "--set =3: expected path=value"));
  CHECK(complaint({"", "", {"schedule.epoch=3"}, {}}) ==
        "--set schedule.epoch=3: unknown key (did you mean \"epochs\"?)");
  CHECK(contains(complaint({"", "", {"schedule.epochs=x"}, {}}),
                 "--set schedule.epochs=x: expected a whole number"));
  CHECK(contains(complaint({"", "", {"schedule~.epochs=3"}, {}}), "is not a path such as"));
}

TEST_CASE("problems of every layer come together, each with its address", "[config]") {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("mine.json", R"({"optimiser": {"lerning_rate": 1}, "body": {"layers": 0}})");
  const std::vector<std::string> lines = problems_of<BadInput>([&] {
    resolve({"focused", path, {"schedule.epochs=-1"}, {flag("--seeds x", "/study/seeds", "x")}});
  });
  REQUIRE(lines.size() == 4);
  CHECK(contains(lines[0], path + ": /body/layers: expected"));
  CHECK(lines[1] == path + ": /optimiser/lerning_rate: unknown key (did you mean \"learning_rate\"?)");
  CHECK(contains(lines[2], "--set schedule.epochs=-1: expected"));
  CHECK(contains(lines[3], "--seeds x: expected seeds"));
}

TEST_CASE("a cross-field problem is blamed on the layer that set the value", "[config]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("mine.json", R"({"body": {"kind": "encoder", "heads": 5}})");
  CHECK(contains(complaint({"", path, {}, {}}), path + ": /body/heads: 5 heads do not divide"));
  CHECK(
      contains(complaint({"medium", "", {"body.heads=5"}, {}}), "--set body.heads=5: 5 heads do not divide"));
}

TEST_CASE("an error found later is addressed as the user knows the setting", "[config]") {
  const Resolved resolved = resolve({"focused", "", {"bands.low=3"}, {}});
  const auto where = [&](const char* pointer) {
    return resolved.blame(BadInput(pointer, "x")).problems()[0].where;
  };
  CHECK(where("/bands/low") == "--set bands.low=3");
  CHECK(where("/bands/high") == "preset focused: /bands/high");
  CHECK(where("--jobs 0") == "--jobs 0");
}

TEST_CASE("an unknown preset gets the nearest and the list", "[config]") {
  const std::string text = complaint({"focussed", "", {}, {}});
  CHECK(contains(text, "--preset focussed: unknown preset (did you mean \"focused\"?)"));
  CHECK(contains(text,
                 "focused, medium, long, definitive, sparse, sparse-frontier, demo, "
                 "nanogpt-shakespeare-char-cpu or zoology-mqar"));
}

TEST_CASE("a file that is missing, a folder or no JSON is refused with its place", "[config]") {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing.json";
  CHECK(complaint({"", missing, {}, {}}) ==
        "--config " + missing + ": cannot be read: No such file or directory");
  CHECK(contains(complaint({"", folder.path().string(), {}, {}}), "is a folder"));

  const std::string torn = folder.write("torn.json", "{\n  \"schedule\": {\n    \"epochs\" 3\n  }\n}\n");
  const std::string text = complaint({"", torn, {}, {}});
  CHECK(contains(text, torn + ":3:"));
  CHECK(contains(text, "not valid JSON"));
  CHECK(!contains(text, "\n"));

  CHECK(contains(complaint({"", folder.write("list.json", "[1]"), {}, {}}), "expected an object, got [1]"));
  CHECK(contains(complaint({"", folder.write("empty.json", ""), {}, {}}), "not valid JSON"));
}

TEST_CASE("the same key twice is refused, at any depth", "[config]") {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("twice.json", R"({"schedule": {"epochs": 3, "epochs": 4}, "name": "a", "name": "b"})");
  const std::string text = complaint({"", path, {}, {}});
  CHECK(contains(text, path + ": /schedule/epochs: stands twice"));
  CHECK(contains(text, path + ": /name: stands twice"));
  // The same name in two sections is no repetition.
  const std::string fine =
      folder.write("fine.json", R"({"source": {"kind": "zipf_iid"}, "body": {"kind": "bag"}})");
  CHECK_NOTHROW(resolve({"", fine, {}, {}}));
}

TEST_CASE("$schema is for editors and is passed over", "[config]") {
  const TemporaryFolder folder;
  CHECK_NOTHROW(resolve({"", folder.write("a.json", R"({"$schema": "x"})"), {}, {}}));
  CHECK(contains(complaint({"", folder.write("b.json", R"({"body": {"$schema": "x"}})"), {}, {}}),
                 "unknown key"));
}
