// LibTorch's headers cost 10 to 20 seconds and a gigabyte per unit, so most of the house keeps them out.
#include <algorithm>
#include <set>

#include "catch.h"
#include "helpers/temporary_folder.h"
#include "structure/includes.h"

using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

// Rooms without LibTorch in any header, and the headers of theirs that may have it.
const std::vector<std::string> kFoldersWithout = {"analysis", "config", "data",   "export",
                                                  "kernels",  "random", "report", "run",
                                                  "study",    "sweep",  "support"};
const std::set<std::string> kExcepted = {
    "study/trial_runner.h",  // holds a device
};
// Headers without it in rooms that have it: plain data that the others lean on.
const std::set<std::string> kHeadersWithout = {"model/dropout.h",
                                               "model/embedding_plan.h",
                                               "model/fused/context.h",
                                               "model/fused/fused_attention.h",
                                               "model/fused/fused_embedding.h",
                                               "model/fused/fused_feed_forward.h",
                                               "model/fused/fused_layer.h",
                                               "model/fused/fused_step.h",
                                               "model/fused/head_attention.h",
                                               "model/layout.h",
                                               "model/weights.h",
                                               "model/stacked/philox.h",
                                               "train/checkpoint.h",
                                               "train/loop.h",
                                               "train/progress.h",
                                               "train/safetensors.h",
                                               "train/schedule.h"};
// Units without it in the same rooms: numbers and words, which should compile in seconds.
const std::vector<std::string> kUnitFoldersWithout = {"analysis", "config", "data",
                                                      "export",   "report", "support"};

std::string folder_of_file(const std::string& file) { return file.substr(0, file.find('/')); }

bool is_in(const std::vector<std::string>& rooms, const std::string& file) {
  return std::find(rooms.begin(), rooms.end(), folder_of_file(file)) != rooms.end();
}

bool must_be_without(const std::string& file) {
  if (file.size() > 4 && file.compare(file.size() - 4, 4, ".cpp") == 0)
    return is_in(kUnitFoldersWithout, file);
  return kHeadersWithout.count(file) > 0 || (is_in(kFoldersWithout, file) && kExcepted.count(file) == 0);
}

}  // namespace

TEST_CASE("no LibTorch header comes in where it does not belong", "[structure]") {
  const fs::path source = ATE_SOURCE_FOLDER;
  std::set<std::string> checked;
  for (const char* ending : {".h", ".cpp"})
    for (const std::string& file : files_below(source, ending)) {
      if (!must_be_without(file)) continue;
      checked.insert(file);
      CHECK(way_to_libtorch(source, file) == "");
    }
  // The rule is about files that are there.
  for (const std::string& header : kHeadersWithout) CHECK(checked.count(header) == 1);
  CHECK(checked.size() > 30);
}

TEST_CASE("the exceptions are exceptions: each has LibTorch", "[structure]") {
  for (const std::string& header : kExcepted) CHECK(way_to_libtorch(ATE_SOURCE_FOLDER, header) != "");
}

TEST_CASE("tests see LibTorch through helpers/libtorch.h, which keeps Catch2's CHECK", "[structure]") {
  const fs::path source = ATE_SOURCE_FOLDER;
  const fs::path tests = ATE_TESTS_FOLDER;
  int seeing = 0;
  for (const std::string& file : files_below(tests, ".cpp")) {
    if (file == "main.cpp") continue;  // has no CHECK
    bool has_libtorch = way_to_libtorch(tests, file) != "";
    for (const std::string& header : files_below(source, ".h"))
      if (way_to_libtorch(source, header) != "") has_libtorch |= sees({tests, source}, tests / file, header);
    if (!has_libtorch || !sees({tests, source}, tests / file, "catch.h")) continue;
    CAPTURE(file);
    CHECK(sees({tests, source}, tests / file, "helpers/libtorch.h"));
    ++seeing;
  }
  CHECK(seeing > 5);
}

TEST_CASE("an include is found through other headers, and circles end", "[structure]") {
  const TemporaryFolder root;
  fs::create_directories(root / "a");
  (void)root.write("a/direct.h", "#pragma once\n  #  include <ATen/ATen.h>  // why\n");
  (void)root.write("a/through.h", "#include \"a/circle.h\"\n#include \"a/direct.h\"\n");
  (void)root.write("a/circle.h", "#include \"a/through.h\"\n#include <vector>\n");
  (void)root.write("a/clean.h", "// ATen/ATen.h\n#include <string>\n#include \"a/missing.h\"\n");
  CHECK(way_to_libtorch(root.path(), "a/direct.h") == "a/direct.h -> ATen/ATen.h");
  CHECK(way_to_libtorch(root.path(), "a/through.h") == "a/through.h -> a/direct.h -> ATen/ATen.h");
  CHECK(way_to_libtorch(root.path(), "a/circle.h") ==
        "a/circle.h -> a/through.h -> a/direct.h -> ATen/ATen.h");
  CHECK(way_to_libtorch(root.path(), "a/clean.h").empty());
  CHECK(files_below(root.path(), ".h").size() == 4);
  CHECK(sees({root.path()}, root / "a/circle.h", "a/direct.h"));
  CHECK(sees({root.path()}, root / "a/circle.h", "vector"));
  CHECK(!sees({root.path()}, root / "a/clean.h", "a/direct.h"));
}
