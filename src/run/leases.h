// Leases on pieces of work, among processes that share a folder and nothing else, on one machine or on several. A lease is
// a file that one process alone can make; while it is held, a thread touches it. A lease whose process has ended here, or
// whose file was not touched for `silence` seconds, may be taken over. Only the file server's clock counts. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "run/holder.h"
#include "support/error.h"

namespace ate {

inline constexpr double kLeaseSilence = 120;  // seconds

// Who held a lease was silent too long, and it was taken over: what it was going to write is another's now.
struct LeaseLost : Failure {
  using Failure::Failure;
};

class Leases;

// Given back when it goes.
class Lease {
 public:
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  // Who has taken it over while this process was silent, in words; "" while it is still this one's.
  std::string why_lost() const;
  void check() const;  // throws LeaseLost if it is lost

 private:
  friend class Leases;
  Lease(Leases& leases, std::filesystem::path path, std::string token);

  Leases* leases_;
  std::filesystem::path path_;
  std::string token_;
};

// The leases of one folder: those of this process, and what others hold.
class Leases {
 public:
  // Throws Failure where no file can be made.
  Leases(std::filesystem::path folder, double silence);
  ~Leases();
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;

  const std::filesystem::path& folder() const { return folder_; }

  // Nothing while another holds it, who is then put into `other`.
  std::optional<Lease> take(const std::string& name, Holder* other = nullptr);
  bool is_taken(const std::string& name) const { return living(folder_ / name).has_value(); }
  // Waits while another holds it. Throws Interrupted when a signal asks for a stop.
  Lease wait_for(const std::string& name);

  // Says in the folder that this process works here until it leaves; `alone`: no other may. Throws Failure when others are
  // there of whom one works alone, or that this one would be alone of. Where none is there `if_only` is called, and no other
  // comes before it is over.
  void join(bool alone, const std::function<void()>& if_only);
  // Where it is the last to leave, `if_last` is called likewise.
  void leave(const std::function<void()>& if_last);
  bool joined() const;  // still: no other process has taken this one for ended

 private:
  friend class Lease;

  bool lives(const LeaseFile& file) const;
  std::optional<LeaseFile> living(const std::filesystem::path& path) const;
  std::vector<Holder> others() const;
  void remove_dead() const;
  std::filesystem::path make(const std::filesystem::path& path, const Holder& holder) const;
  bool take_over(const std::filesystem::path& path, const std::string& dead,
                 const std::filesystem::path& mine) const;
  void hold(const std::filesystem::path& path, const std::string& token);
  void release(const std::filesystem::path& path, const std::string& token);
  void beat();
  void come_back() const;
  void look_at_clock();
  int64_t server_time() const;

  std::filesystem::path folder_;
  double silence_;
  Holder self_;
  std::filesystem::path own_;  // this process's own file: its presence, and by its times the server's clock
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool closing_ = false;
  std::map<std::filesystem::path, std::string> held_;  // with their tokens
  std::atomic<double> ahead_ = 0;  // the server's clock, less this machine's since its start
  std::thread thread_;
};

}  // namespace ate
