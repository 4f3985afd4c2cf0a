#include "run/leases.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>

#include "run/signals.h"
#include "support/files.h"
#include "support/timing.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

constexpr double kLongestBeat = 5;  // seconds between two touches of what is held
constexpr const char* kPresent = ".process";

bool is_there(const fs::path& path, const std::string& token) {
  const std::optional<LeaseFile> file = read_lease(path);
  return file && file->holder.token == token;
}

// False where there is a file already. A server of NFS may have made the link though its answer was lost.
bool link_exclusively(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return true;
  const int error = errno;
  struct stat info = {};
  if (::stat(from.c_str(), &info) == 0 && info.st_nlink > 1) return true;
  if (error == EEXIST) return false;
  throw Failure(to.string(), std::string("cannot be leased: ") + std::strerror(error));
}

}  // namespace

Lease::Lease(Leases& leases, fs::path path, std::string token)
    : leases_(&leases), path_(std::move(path)), token_(std::move(token)) {
  leases_->hold(path_, token_);
}

Lease::Lease(Lease&& other) noexcept
    : leases_(other.leases_), path_(std::move(other.path_)), token_(std::move(other.token_)) {
  other.leases_ = nullptr;
}

Lease::~Lease() {
  if (leases_ != nullptr) leases_->release(path_, token_);
}

std::string Lease::why_lost() const {
  const std::optional<LeaseFile> file = read_lease(path_);
  if (file && file->holder.token == token_) return "";
  return "this process was silent too long, and " + (file ? file->holder.text() : "another process") +
         " has taken over";
}

void Lease::check() const {
  if (const std::string why = why_lost(); !why.empty()) throw LeaseLost(path_.string(), why);
}

Leases::Leases(fs::path folder, double silence)
    : folder_(std::move(folder)), silence_(silence), self_(this_process()) {
  make_folders(folder_);
  own_ = make(folder_ / ("self." + self_.token), self_);
  held_[own_] = self_.token;
  look_at_clock();
  thread_ = std::thread([this] { beat(); });
}

Leases::~Leases() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  thread_.join();
  ::unlink(own_.c_str());
}

// A file beside `path` that holds the lease and nobody else knows of.
fs::path Leases::make(const fs::path& path, const Holder& holder) const {
  fs::path mine = path;
  mine += "." + holder.token + ".new";
  int file = ::open(mine.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0 && errno == ENOENT) {  // the folder was moved aside by a process that starts over
    make_folders(folder_);
    file = ::open(mine.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  }
  const std::string text = lease_text(holder);
  std::string_view rest = text;
  ssize_t piece = 1;
  while (file >= 0 && piece > 0 && !rest.empty()) {  // a short write does not say why it is one
    piece = ::write(file, rest.data(), rest.size());
    rest.remove_prefix(static_cast<size_t>(std::max<ssize_t>(0, piece)));
  }
  const int error = errno;
  const bool written = file >= 0 && rest.empty();
  if (file >= 0) ::close(file);
  if (written) return mine;
  if (file >= 0) ::unlink(mine.c_str());
  throw Failure(mine.string(), std::string("cannot be written: ") + std::strerror(error));
}

// Whether its holder lives, as far as can be told.
bool Leases::lives(const LeaseFile& file) const {
  // A clock that was set back makes a lease look as if it came from the future; who lives touches it again soon.
  const bool silent = std::abs(static_cast<double>(server_time() - file.touched)) > silence_;
  return !silent && !has_ended(file.holder);
}

std::optional<LeaseFile> Leases::living(const fs::path& path) const {
  std::optional<LeaseFile> file = read_lease(path);
  return file && lives(*file) ? file : std::nullopt;
}

std::optional<Lease> Leases::take(const std::string& name, Holder* other) {
  const fs::path path = folder_ / name;
  // Read once: a moment later it may be that of another taker, who lives.
  const std::optional<LeaseFile> dead = read_lease(path);
  if (dead && lives(*dead)) {
    if (other != nullptr) *other = dead->holder;
    return std::nullopt;
  }
  const Holder holder = this_process();
  const fs::path mine = make(path, holder);
  bool won = false;
  try {
    won = dead ? take_over(path, dead->holder.token, mine) : link_exclusively(mine, path);
  } catch (...) {
    ::unlink(mine.c_str());
    throw;
  }
  ::unlink(mine.c_str());
  if (won) return Lease(*this, path, holder.token);
  const std::optional<LeaseFile> winner = read_lease(path);
  if (other != nullptr && winner) *other = winner->holder;
  return std::nullopt;
}

// One taker alone: a second file, named after the dead lease's token, says who may put its own in that one's place.
bool Leases::take_over(const fs::path& path, const std::string& dead, const fs::path& mine) const {
  fs::path right = path;
  right += "." + dead + ".taken";
  if (!link_exclusively(mine, right)) {
    const std::optional<LeaseFile> taker = read_lease(right);
    if (!taker || lives(*taker)) return false;
    // That taker has ended in the middle of it. Its right is taken over in the same way, and given back: were it removed by
    // its name alone, it could by then be the next taker's.
    const fs::path remover = make(right, this_process());
    if (take_over(right, taker->holder.token, remover)) ::unlink(right.c_str());
    ::unlink(remover.c_str());
    return false;
  }
  const bool won = is_there(path, dead) && ::rename(mine.c_str(), path.c_str()) == 0;
  ::unlink(right.c_str());
  return won;
}

Lease Leases::wait_for(const std::string& name) {
  const double began = wall_seconds();
  bool told = false;
  for (auto pause = std::chrono::milliseconds(1);;
       pause = std::min(2 * pause, std::chrono::milliseconds(100))) {
    Holder other;
    if (std::optional<Lease> lease = take(name, &other)) return std::move(*lease);
    if (stop_signal() != 0) throw interruption();
    if (!told && wall_seconds() - began > 2) {
      spdlog::info("waiting for {}, which has {}", other.text(), (folder_ / name).string());
      told = true;
    }
    std::this_thread::sleep_for(pause);
  }
}

// Those that joined and live.
std::vector<Holder> Leases::others() const {
  std::vector<Holder> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() != kPresent || entry.path() == own_) continue;
    if (const std::optional<LeaseFile> file = living(entry.path())) found.push_back(file->holder);
  }
  return found;
}

// What killed processes left.
void Leases::remove_dead() const {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error))
    if (entry.path() != own_ && !entry.is_directory(error) && !living(entry.path()))
      ::unlink(entry.path().c_str());
}

void Leases::join(bool alone, const std::function<void()>& if_only) {
  const Lease joining = wait_for("join");
  const std::vector<Holder> present = others();
  for (const Holder& other : present)
    if (alone || other.alone)
      throw Failure(folder_.parent_path().string(), "this run is going on already (held by " + other.text() +
                                                        "); wait for it, or stop it first");
  if (present.empty()) {
    remove_dead();
    if_only();
  }
  self_.alone = alone;
  const fs::path present_as = folder_ / (self_.token + kPresent);
  const std::lock_guard lock(mutex_);
  const fs::path mine = make(present_as, self_);
  if (::rename(mine.c_str(), present_as.c_str()) != 0)
    throw Failure(present_as.string(), std::string("cannot be made: ") + std::strerror(errno));
  ::unlink(own_.c_str());
  held_.erase(own_);
  own_ = present_as;
  held_[own_] = self_.token;
}

void Leases::leave(const std::function<void()>& if_last) {
  {
    const std::lock_guard lock(mutex_);
    ::unlink(own_.c_str());
    held_.erase(own_);
    own_.clear();
  }
  try {
    const std::optional<Lease> joining = take("join");
    if (!joining || !others().empty()) return;
    remove_dead();
    if_last();
  } catch (const Failure&) {  // the next one that comes alone does it
  }
}

bool Leases::joined() const {
  const std::lock_guard lock(mutex_);
  return is_there(own_, self_.token);
}

void Leases::hold(const fs::path& path, const std::string& token) {
  const std::lock_guard lock(mutex_);
  held_[path] = token;
}

void Leases::release(const fs::path& path, const std::string& token) {
  {
    const std::lock_guard lock(mutex_);
    held_.erase(path);
  }
  try {
    if (is_there(path, token)) ::unlink(path.c_str());
  } catch (const Failure&) {  // nobody can tell: the lease falls silent
  }
}

void Leases::beat() {
  const auto period = std::chrono::duration<double>(std::min(kLongestBeat, silence_ / 4));
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, period, [this] { return closing_; })) {
    const auto held = held_;
    lock.unlock();
    for (const auto& [path, token] : held) {
      try {
        if (is_there(path, token)) ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
      } catch (const Failure&) {  // whoever needs it finds out
      }
    }
    lock.lock();
    come_back();
    look_at_clock();
  }
}

// Taken for ended while it was silent, this process is here all the same.
void Leases::come_back() const {
  if (self_.alone || own_.extension() != kPresent) return;
  try {
    if (!read_lease(own_)) (void)::rename(make(own_, self_).c_str(), own_.c_str());
  } catch (const Failure&) {  // its folder is gone, or full
  }
}

// By the file that was touched just now.
void Leases::look_at_clock() {
  struct stat info = {};
  if (::stat(own_.c_str(), &info) == 0) ahead_ = static_cast<double>(info.st_mtime) - wall_seconds();
}

int64_t Leases::server_time() const { return std::llround(wall_seconds() + ahead_); }

}  // namespace ate
