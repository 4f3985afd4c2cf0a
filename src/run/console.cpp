#include "run/console.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "support/terminal.h"
#include "support/text.h"

namespace ate {
namespace {

void write_stderr(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

class ConsoleSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    std::string line = printable({text.data(), text.size() - 1}) + "\n";  // its own line end is the last byte
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

std::string fitted_line(std::vector<LivePart> parts, size_t width) {
  const auto joined = [&] {
    std::string line;
    for (const LivePart& part : parts) line += (line.empty() ? "" : "  ") + part.text;
    return line;
  };
  while (parts.size() > 1 && display_width(joined()) > width) {
    const auto least = std::max_element(parts.rbegin(), parts.rend(),
                                        [](const LivePart& a, const LivePart& b) { return a.rank < b.rank; });
    parts.erase(std::next(least).base());
  }
  return cut_to_width(joined(), width);
}

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

// From the first column on: a key pressed meanwhile, such as ^C, has moved the cursor.
void Console::erase_lines() {
  if (drawn_ > 0) write_stderr("\r\033[" + std::to_string(drawn_) + "A\033[J");
  drawn_ = 0;
}

// A live line must not wrap: the cursor would be off by the wrapped rows. So the last column stays free.
void Console::draw_lines() {
  const size_t width = std::max<size_t>(terminal_width(STDERR_FILENO), 2) - 1;
  for (const auto& [key, parts] : lines_) write_stderr(fitted_line(parts, width) + "\n");
  drawn_ = lines_.size();
}

void Console::show(const std::string& key, const std::string& line) {
  show(key, std::vector<LivePart>{{line}});
}

void Console::show(const std::string& key, std::vector<LivePart> parts) {
  if (!live_) return;
  for (LivePart& part : parts) part.text = printable(part.text);
  const std::lock_guard lock(mutex_);
  erase_lines();
  lines_[key] = std::move(parts);
  draw_lines();
}

void Console::remove(const std::string& key) {
  if (!live_) return;
  const std::lock_guard lock(mutex_);
  erase_lines();
  lines_.erase(key);
  draw_lines();
}

void Console::clear() {
  const std::lock_guard lock(mutex_);
  erase_lines();
  lines_.clear();
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
