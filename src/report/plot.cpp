#include "report/plot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

#include "report/picture_path.h"
#include "support/error.h"
#include "support/files.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to programs

namespace ate {
namespace {

namespace fs = std::filesystem;

// Told apart by readers who see few colours (Okabe and Ito 2008).
constexpr const char* kColours[] = {"#0072B2", "#009E73", "#D55E00", "#CC79A7",
                                    "#000000", "#56B4E9", "#E69F00"};

// In single quotes gnuplot takes everything as it is, but for a quote, which is doubled.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

// Runs gnuplot on the program; "" or what went wrong.
std::string run_gnuplot(const fs::path& program) {
  std::string name = "gnuplot";
  std::string argument = program.string();
  char* const arguments[] = {name.data(), argument.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = posix_spawnp(&child, name.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return "gnuplot is not installed (Debian package gnuplot-nox)";
  if (error != 0) return std::string("gnuplot cannot be started: ") + std::strerror(error);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? "" : "gnuplot failed";
}

}  // namespace

std::string gnuplot_program(const Plot& plot, const fs::path& path) {
  const bool svg = path.extension() == ".svg";
  std::string out = svg ? "set terminal svg size 960,600 background rgb 'white' noenhanced\n"
                        : "set terminal pngcairo size 1440,900 fontscale 1.5 noenhanced\n";
  out += fmt::format("set output {}\nset title {}\nset xlabel {}\nset ylabel {}\n", quoted(path.string()),
                     quoted(plot.title), quoted(plot.x_label), quoted(plot.y_label));
  out +=
      "set logscale x 2\nset logscale y 10\nset format y '%g'\nset grid\nset key below\n"
      "set style data linespoints\n";
  std::string drawn = "1 with lines dashtype 2 linewidth 2 linecolor 'black' title " + quoted(plot.reference);
  for (size_t i = 0; i < plot.curves.size(); ++i) {
    const Plot::Curve& curve = plot.curves[i];
    out += fmt::format("$curve{} << END\n", i);
    for (const auto& [x, y] : curve.points) out += fmt::format("{} {}\n", x, y);
    out += "END\n";
    drawn += fmt::format(", \\\n  $curve{} with {} linecolor '{}' title {}", i,
                         curve.measured ? "points pointtype 7 pointsize 1.5" : "linespoints linewidth 2",
                         kColours[i % std::size(kColours)], quoted(curve.name));
  }
  return out + "plot " + drawn + "\n";
}

PlotFile::PlotFile(const std::string& flag, fs::path path)
    : path_(std::move(path)), address_(flag + " " + path_.string()) {
  check_picture_path(address_, path_, {".svg", ".png"});
}

void PlotFile::draw(const Plot& plot) const {
  fs::path program = path_;
  program += ".gp";
  write_atomically(program, gnuplot_program(plot, path_));
  const std::string problem = run_gnuplot(program);
  if (!problem.empty())
    throw Failure(address_, fmt::format("{}; the data and the program that draws it are in {}", problem,
                                        program.string()));
  std::error_code ignored;
  fs::remove(program, ignored);
}

}  // namespace ate
