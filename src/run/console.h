// What goes to stderr: log lines, and on a terminal one live line per running trial that updates in place.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace ate {

// Live lines below a scrolling log. Thread-safe. When stderr is no terminal, or plain is asked for, live
// lines are not shown and only log lines appear.
class Console {
 public:
  static Console& instance();

  void set_plain(bool plain);
  bool live() const { return live_; }
  bool coloured() const { return coloured_; }

  void show(const std::string& key, const std::string& line);  // sets or replaces the live line of `key`
  void remove(const std::string& key);
  void print(const std::string& text);  // above the live lines; with its newline

 private:
  Console();
  void erase_lines();
  void draw_lines();

  std::mutex mutex_;
  bool live_ = false;
  bool coloured_ = false;
  std::map<std::string, std::string> lines_;
  size_t drawn_ = 0;  // live lines on the screen, the cursor below them
};

// How much the log says.
enum class Verbosity { quiet, normal, verbose };

// Sends spdlog's default logger through the console. quiet: warnings and errors only; verbose: debug lines
// too.
void set_up_log(Verbosity verbosity, bool plain);

}  // namespace ate
