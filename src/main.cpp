// ate: parse, dispatch, map errors to text and exit codes.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>

#include "cli/app.h"
#include "run/console.h"
#include "support/error.h"
#include "support/text.h"

namespace {

void print_error(const std::string& text) {
  ate::Console::instance().clear();
  std::fprintf(stderr, "ate: %s\n", ate::printable(text).c_str());
}

// The exit code.
int run(int argc, char** argv) {
  try {
    return ate::run_command_line(argc, argv);
  } catch (const ate::Error& error) {
    for (const ate::Problem& problem : error.problems()) print_error(problem.text());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    print_error("out of memory; fewer --jobs need less");
  } catch (const std::exception& error) {
    const std::string text = ate::first_line(error.what());  // the rest may be a stack trace
    const size_t memory =
        text.find("can't allocate memory");  // LibTorch's words, after its allocator's place
    print_error(memory == std::string::npos
                    ? text
                    : "out of memory; fewer --jobs need less (" + text.substr(memory) + ")");
  }
  return static_cast<int>(ate::ExitCode::failed);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of stderr that leaves stops no run; of stdout, see cli/output.h
  std::signal(SIGXFSZ, SIG_IGN);  // a file that reaches its size limit is an error like a full disk
  const int code = run(argc, argv);
  // Without the destructors of globals: LibTorch's take its thousands of registrations back one by one, which is a
  // third of the time of a short command. Ours own nothing outside the process.
  std::fflush(nullptr);
  std::_Exit(code);
}
