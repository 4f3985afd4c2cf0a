// Which process holds a lease: what its file says, and whether that process is known to have ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace ate {

struct Holder {
  std::string host;
  int64_t pid = 0;      // 0: the file does not say, as when it is damaged
  std::string place;    // boot and namespace that the pid is of: within one, pids tell processes apart
  std::string started;  // when the process was, in its kernel's ticks; "" where that is not known
  std::string since;    // when the lease was made, UTC, for people
  std::string token;    // of this lease and no other: 16 hex digits
  bool alone = false;   // of a process that works on a run alone

  std::string text() const;  // "pid 12 on node3"
};

// This process, with a new token.
Holder this_process();

// A lease's file as it is now. One that does not hold what a lease holds is still a lease, of nobody known: its token is a
// hash of its bytes.
struct LeaseFile {
  Holder holder;
  int64_t touched = 0;  // last, by the file server's clock, seconds
};
// Nothing where there is no file. Throws Failure where there is something else, or it cannot be read.
std::optional<LeaseFile> read_lease(const std::filesystem::path& path);

std::string lease_text(const Holder& holder);  // what its file holds

// Whether the holder's process ran here and has ended. False for one elsewhere, of which nothing is known.
bool has_ended(const Holder& holder);

}  // namespace ate
