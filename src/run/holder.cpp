#include "run/holder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/error.h"
#include "support/hash.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

// Two containers may share a host's name, so the name alone does not say whose pids these are.
std::string this_place() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  char space[64] = {};
  (void)!::readlink("/proc/self/ns/pid", space, sizeof space - 1);
  return host_name() + " " + boot + " " + space;
}

struct ProcessState {
  char state = '?';  // 'Z': ended, though its parent has not asked yet
  std::string started;
};

// What /proc says of a process; nothing where there is no such file.
std::optional<ProcessState> state_of(int64_t pid) {
  std::string line;
  if (!std::getline(std::ifstream(fmt::format("/proc/{}/stat", pid)), line)) return std::nullopt;
  std::istringstream fields(
      line.substr(std::min(line.size(), line.rfind(')') + 1)));  // a name may hold anything
  ProcessState found;
  fields >> found.state;
  for (int field = 4; field <= 22; ++field) fields >> found.started;
  return found;
}

std::string new_token() {
  static std::atomic<uint64_t> count = 0;
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return Hash64()
      .add(fmt::format("{} {} {} {} {}", this_place(), ::getpid(), now.tv_sec, now.tv_nsec, count++))
      .hex();
}

bool is_token(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Holder parse_holder(const std::string& bytes) {
  std::vector<Problem> problems;
  const Json document = parse_json(bytes, "", problems);
  try {
    const JsonValue lease(document, "");
    Holder holder{lease.at("host").text(),    lease.at("pid").whole(),  lease.at("place").text(),
                  lease.at("started").text(), lease.at("since").text(), lease.at("token").text(),
                  lease.at("alone").flag()};
    if (problems.empty() && holder.pid > 0 && is_token(holder.token)) return holder;
  } catch (const Failure&) {
  }
  Holder nobody;
  nobody.token = Hash64().add(bytes).hex();
  return nobody;
}

}  // namespace

std::string Holder::text() const {
  return pid > 0 ? fmt::format("pid {} on {}", pid, host) : "a process unknown, as the file is damaged";
}

Holder this_process() {
  const std::optional<ProcessState> self = state_of(::getpid());
  return {host_name(),
          ::getpid(),
          this_place(),
          self ? self->started : "",
          fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))),
          new_token()};
}

// Opened anew each time: a client of NFS asks the server then, and answers from its memory else.
std::optional<LeaseFile> read_lease(const fs::path& path) {
  const auto fail = [&](const std::string& what) { throw Failure(path.string(), what); };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && (errno == ENOENT || errno == ESTALE)) return std::nullopt;
  if (file < 0) fail(std::string("cannot be read: ") + std::strerror(errno));
  struct stat info = {};
  char bytes[4096];
  const bool known = ::fstat(file, &info) == 0;
  const ssize_t size = ::read(file, bytes, sizeof bytes);
  const int error = errno;
  ::close(file);
  if (known && S_ISDIR(info.st_mode)) fail("is a folder where a lease's file belongs: remove it");
  if (size < 0 && error == ESTALE) return std::nullopt;
  if (!known || size < 0) fail(std::string("cannot be read: ") + std::strerror(error));
  return LeaseFile{parse_holder(std::string(bytes, static_cast<size_t>(size))), info.st_mtime};
}

std::string lease_text(const Holder& holder) {
  const Json lease = {{"host", holder.host},       {"pid", holder.pid},     {"place", holder.place},
                      {"started", holder.started}, {"since", holder.since}, {"token", holder.token},
                      {"alone", holder.alone}};
  return lease.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool has_ended(const Holder& holder) {
  if (holder.pid <= 0 || holder.place != this_place()) return false;
  if (::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH) return true;
  const std::optional<ProcessState> now = state_of(holder.pid);
  if (!now || holder.started.empty()) return false;
  return now->started != holder.started || now->state == 'Z' || now->state == 'X';
}

}  // namespace ate
