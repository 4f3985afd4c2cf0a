// One process at a time on one run. Another process is made by fork; it says what it found through a pipe.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"
#include "run/folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::string try_to_open(const std::filesystem::path& out, bool fresh = false) {
  return complaint_of<Failure>([&] { const RunFolder run(out, "a", fresh); });
}

// A child process that runs `work` and writes what it returns into a pipe, then waits to be killed.
class Child {
 public:
  template <class Work>
  explicit Child(Work&& work) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      const std::string text = work() + "\n";
      if (write(ends[1], text.data(), text.size()) < 0) _exit(1);
      for (;;) pause();
    }
    close(ends[1]);
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) said_ += c;
    close(ends[0]);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }
  const std::string& said() const { return said_; }

 private:
  pid_t pid_ = 0;
  std::string said_;
};

std::string this_host() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

TEST_CASE("a run that is going on is refused with the pid and host that hold it", "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "a", false);
  for (const bool fresh : {false, true}) {
    const std::string text = try_to_open(out.path(), fresh);
    CHECK(contains(text, run.folder().string()));
    CHECK(contains(text, "pid " + std::to_string(getpid())));
    CHECK(contains(text, this_host()));
  }
  CHECK(std::filesystem::exists(run.folder()));  // not moved aside either
  const RunFolder another(out.path(), "b", false);
}

TEST_CASE("a run is free again when its process is done with it", "[run]") {
  const TemporaryFolder out;
  { const RunFolder run(out.path(), "a", false); }
  CHECK(try_to_open(out.path()).empty());
}

TEST_CASE("another process is refused with the pid of the one that holds the run", "[run]") {
  const TemporaryFolder out;
  const RunFolder run(out.path(), "a", false);
  const Child child([&] { return try_to_open(out.path()); });
  CHECK(contains(child.said(), "pid " + std::to_string(getpid())));
}

TEST_CASE("a killed process leaves no lock behind", "[run]") {
  const TemporaryFolder out;
  Child child([&] {
    static const RunFolder run(out.path(), "a", false);
    return std::string("held");
  });
  REQUIRE(child.said() == "held");
  const std::string text = try_to_open(out.path());
  CHECK(contains(text, "pid " + std::to_string(child.pid())));
  child.kill();
  CHECK(try_to_open(out.path()).empty());
}

TEST_CASE("a run that started over is still held", "[run]") {
  const TemporaryFolder out;
  {
    const RunFolder run(out.path(), "a", false);
    run.write_json("config.json", "old");
  }
  const RunFolder run(out.path(), "a", true);
  CHECK(contains(try_to_open(out.path()), "pid " + std::to_string(getpid())));
}
