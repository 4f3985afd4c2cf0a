#include "report/picture_path.h"

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

TEST_CASE("a picture's path is tried before and leaves nothing behind", "[report]") {
  const TemporaryFolder folder;
  const SvgFile file("--plot", folder / "a.svg");
  CHECK(fs::is_empty(folder.path()));
  file.write("<svg/>");
  CHECK(bytes_of_file(folder / "a.svg") == "<svg/>");
}

TEST_CASE("an old picture stays until the new one is written", "[report]") {
  const TemporaryFolder folder;
  const fs::path path = folder.write("a.svg", "old");
  const SvgFile file("--plot", path);
  CHECK(bytes_of_file(path) == "old");
  file.write("new");
  CHECK(bytes_of_file(path) == "new");
}

TEST_CASE("another ending is bad input, a path that cannot be written a failure", "[report]") {
  const TemporaryFolder folder;
  for (const char* name : {"a.png", "svg", ".svg", "a.svg.txt"})
    CHECK(contains(complaint_of<BadInput>([&] { SvgFile("--plot", folder / name); }),
                   "expected a file name that ends in .svg"));
  CHECK(contains(
      complaint_of<Failure>([&] { SvgFile("--plot", folder / "no/a.svg"); }),
      "--plot " + (folder / "no/a.svg").string() + ": cannot be written: No such file or directory"));
  fs::create_directory(folder / "b.svg");
  CHECK(contains(complaint_of<Failure>([&] { SvgFile("--plot", folder / "b.svg"); }), "Is a directory"));
}
