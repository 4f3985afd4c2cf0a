#include "bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "support/error.h"
#include "support/timing.h"

extern char** environ;  // not in every system's headers  NOLINT(readability-redundant-declaration)

namespace ate {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

Child::Child(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int descriptor : {0, 1, 2})
    posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY,
                                     0);
  started_ = wall_seconds();
  const int error = ::posix_spawnp(&id_, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw Failure(program.string(), std::string("cannot be started: ") + std::strerror(error));
}

Child::~Child() {
  if (ended_) return;
  signal(SIGKILL);
  (void)collect(true);
}

bool Child::running() { return !collect(false); }

void Child::signal(int number) {
  if (!ended_) ::kill(id_, number);
}

bool Child::collect(bool block) {
  if (ended_) return true;
  int status = 0;
  rusage usage = {};
  pid_t done = 0;
  do done = ::wait4(id_, &status, block ? 0 : WNOHANG, &usage);
  while (done < 0 && errno == EINTR);
  if (done != id_) return false;
  ended_ = true;
  times_ = {WIFEXITED(status) ? WEXITSTATUS(status) : -1, wall_seconds() - started_,
            seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)};
  return true;
}

ChildTimes Child::wait(double most_seconds) {
  while (!collect(false)) {
    if (wall_seconds() - started_ > most_seconds) signal(SIGKILL);
    sleep_briefly();
  }
  return times_;
}

void sleep_briefly() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

}  // namespace ate
