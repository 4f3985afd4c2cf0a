// What goes to stderr: log lines, and on a terminal one live line per running trial that updates in place.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace ate {

// A piece of a live line. Where the terminal is too narrow for all of them, those of the highest rank go first; of
// equal ones the last.
struct LivePart {
  std::string text;
  int rank = 0;
};

// The parts that `width` columns have room for, in their order, two spaces between them; what is still too long is
// cut.
std::string fitted_line(std::vector<LivePart> parts, size_t width);

// Live lines below a scrolling log. Thread-safe. Live lines and colour are off until switched on, and stay
// off when stderr is no terminal.
class Console {
 public:
  static Console& instance();

  void set_up(bool live, bool coloured);
  bool live() const { return live_; }
  bool coloured() const { return coloured_; }

  void show(const std::string& key, const std::string& line);  // sets or replaces the live line of `key`
  void show(const std::string& key, std::vector<LivePart> parts);
  void remove(const std::string& key);
  void clear();                         // removes every live line
  void print(const std::string& text);  // above the live lines; with its newline

 private:
  void erase_lines();
  void draw_lines();

  std::mutex mutex_;
  bool live_ = false;
  bool coloured_ = false;
  std::map<std::string, std::vector<LivePart>> lines_;
  size_t drawn_ = 0;  // live lines on the screen, the cursor below them
};

// How much the log says.
enum class Verbosity { quiet, normal, verbose };

// Sends spdlog's default logger through the console. quiet: warnings and errors only, no live lines; verbose:
// debug lines too. plain: no live lines and no colour.
void set_up_log(Verbosity verbosity, bool plain);

}  // namespace ate
