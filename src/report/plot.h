// Line plots through gnuplot.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace ate {

// Both axes logarithmic, with a line at y = 1.
struct Plot {
  struct Curve {
    std::string name;
    std::vector<std::pair<double, double>> points;  // x, y; both above 0
    bool measured = false;                          // points without a line
  };

  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<Curve> curves;
  std::string reference = "1: equal cost";  // what the line at y = 1 means
};

// The gnuplot program that draws the plot into `path` (.svg or .png), its data included.
std::string gnuplot_program(const Plot& plot, const std::filesystem::path& path);

// A picture that is to be drawn after long work: what can be wrong with its path shows before.
class PlotFile {
 public:
  // `flag` is the address in errors. Throws BadInput when the name does not end in .svg or .png, Failure
  // when the file cannot be written.
  PlotFile(const std::string& flag, std::filesystem::path path);

  // Draws. Without gnuplot, or when it fails, keeps its program with the data as <path>.gp and throws
  // Failure that says so.
  void draw(const Plot& plot) const;

 private:
  std::filesystem::path path_;
  std::string address_;
};

}  // namespace ate
