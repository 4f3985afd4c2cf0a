#include "report/plot.h"

#include <cstdlib>
#include <filesystem>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

Plot some_plot() {
  return {"it's a plot", "x", "y", {{"one", {{1, 2}, {4, 0.5}}, false}, {"two", {{2, 3}}, true}}};
}

}  // namespace

TEST_CASE("a plot's program has its data, and quotes what it is given", "[report]") {
  const std::string text = gnuplot_program(some_plot(), "o'hara.svg");
  CHECK(contains(text, "set output 'o''hara.svg'"));
  CHECK(contains(text, "set title 'it''s a plot'"));
  CHECK(contains(text, "$curve0 << END\n1 2\n4 0.5\nEND\n"));
  CHECK(contains(text, "$curve1 with points"));
  CHECK(contains(text, "set terminal svg"));
  CHECK(contains(gnuplot_program(some_plot(), "a.png"), "set terminal pngcairo"));
}

TEST_CASE("a plot that cannot be written is refused before there is anything to draw", "[report]") {
  const TemporaryFolder folder;
  CHECK(contains(complaint_of<BadInput>([&] { PlotFile("--plot", folder / "a.pdf"); }),
                 "ends in .svg or .png"));
  CHECK(contains(complaint_of<Failure>([&] { PlotFile("--plot", folder / "no" / "a.svg"); }),
                 "cannot be written: No such file or directory"));
  std::filesystem::create_directory(folder / "b.svg");
  CHECK(contains(complaint_of<Failure>([&] { PlotFile("--plot", folder / "b.svg"); }), "Is a directory"));
}

TEST_CASE("asking leaves no file, and leaves an old one as it is", "[report]") {
  const TemporaryFolder folder;
  PlotFile("--plot", folder / "a.svg");
  CHECK_FALSE(std::filesystem::exists(folder / "a.svg"));
  (void)folder.write("old.svg", "old");
  PlotFile("--plot", folder / "old.svg");
  CHECK(bytes_of_file(folder / "old.svg") == "old");
}

TEST_CASE("without gnuplot the program with the data stays", "[report]") {
  const TemporaryFolder folder;
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder.path().c_str(), 1);
  const std::string complaint =
      complaint_of<Failure>([&] { PlotFile("--plot", folder / "a.svg").draw(some_plot()); });
  setenv("PATH", path.c_str(), 1);
  CHECK(contains(complaint, "gnuplot is not installed"));
  CHECK(contains(complaint, "a.svg.gp"));
  CHECK(contains(bytes_of_file(folder / "a.svg.gp"), "4 0.5"));
}
