#include "run/console.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace ate {
namespace {

// A live line must not wrap: the cursor would be off by the wrapped rows.
std::string cut_to_width(const std::string& line) {
  winsize size = {};
  const size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  return line.size() < width ? line : line.substr(0, width - 1);
}

void write_stderr(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

class ConsoleSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    std::string line(text.data(), text.size());
    if (message.level >= spdlog::level::warn) {
      const bool coloured = Console::instance().coloured();
      const std::string label = message.level == spdlog::level::warn ? "warning: " : "error: ";
      line = (coloured ? "\033[33m" + label + "\033[0m" : label) + line;
    }
    Console::instance().print(line);
  }
  void flush_() override {}
};

}  // namespace

Console& Console::instance() {
  static Console console;
  return console;
}

void Console::set_up(bool live, bool coloured) {
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string(term) == "dumb";
  const char* no_color = std::getenv("NO_COLOR");
  const bool terminal = !dumb && isatty(STDERR_FILENO) == 1;
  live_ = live && terminal;
  coloured_ = coloured && terminal && (no_color == nullptr || *no_color == '\0');
}

void Console::erase_lines() {
  if (drawn_ > 0) write_stderr("\033[" + std::to_string(drawn_) + "A\033[J");
  drawn_ = 0;
}

void Console::draw_lines() {
  for (const auto& [key, line] : lines_) write_stderr(cut_to_width(line) + "\n");
  drawn_ = lines_.size();
}

void Console::show(const std::string& key, const std::string& line) {
  if (!live_) return;
  const std::lock_guard lock(mutex_);
  erase_lines();
  lines_[key] = line;
  draw_lines();
}

void Console::remove(const std::string& key) {
  if (!live_) return;
  const std::lock_guard lock(mutex_);
  erase_lines();
  lines_.erase(key);
  draw_lines();
}

void Console::print(const std::string& text) {
  const std::lock_guard lock(mutex_);
  erase_lines();
  write_stderr(text);
  if (live_) draw_lines();
}

void set_up_log(Verbosity verbosity, bool plain) {
  Console::instance().set_up(/*live=*/!plain && verbosity != Verbosity::quiet, /*coloured=*/!plain);
  auto logger = std::make_shared<spdlog::logger>("ate", std::make_shared<ConsoleSink>());
  logger->set_pattern("%H:%M:%S %v");
  logger->set_level(verbosity == Verbosity::quiet     ? spdlog::level::warn
                    : verbosity == Verbosity::verbose ? spdlog::level::debug
                                                      : spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace ate
