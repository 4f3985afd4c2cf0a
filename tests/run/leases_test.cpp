// Who may have a piece of work: one process at a time, and another one when that has ended or is silent.
#include "run/leases.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "catch.h"
#include "helpers/child.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

// As if last touched so many seconds ago.
void make_old(const fs::path& path, int seconds) {
  timespec times[2];
  clock_gettime(CLOCK_REALTIME, &times[0]);
  times[0].tv_sec -= seconds;
  times[1] = times[0];
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

// A lease of a process on another machine, last touched so many seconds ago.
fs::path foreign_lease(const TemporaryFolder& folder, const std::string& name, int seconds,
                       const std::string& token = "00000000000000aa") {
  Holder holder = this_process();
  holder.host = "elsewhere";
  holder.place = "elsewhere";
  holder.token = token;
  const fs::path path = folder.write(name, lease_text(holder));
  make_old(path, seconds);
  return path;
}

size_t files_of(const TemporaryFolder& folder, const std::string& start) {
  return static_cast<size_t>(std::count_if(fs::directory_iterator(folder.path()), fs::directory_iterator(),
                                           [&](const fs::directory_entry& entry) {
                                             return entry.path().filename().string().rfind(start, 0) == 0;
                                           }));
}

}  // namespace

TEST_CASE("a lease is one process's until it is given back", "[run]") {
  const TemporaryFolder folder;
  Leases leases(folder.path(), 100);
  Leases others(folder.path(), 100);
  {
    const std::optional<Lease> lease = leases.take("work");
    REQUIRE(lease);
    CHECK(lease->why_lost().empty());
    Holder other;
    CHECK(!others.take("work", &other));
    CHECK(other.pid == getpid());
    CHECK(!leases.take("work"));
    CHECK(others.take("another"));
    CHECK(leases.is_taken("work"));
  }
  CHECK(!leases.is_taken("work"));
  CHECK(others.take("work"));
  CHECK(files_of(folder, "work") == 0);
}

TEST_CASE("a lease's file says who holds it", "[run]") {
  const TemporaryFolder folder;
  Leases leases(folder.path(), 100);
  const std::optional<Lease> lease = leases.take("work");
  const Json file = Json::parse(bytes_of_file(folder / "work"));
  CHECK(file["pid"] == getpid());
  CHECK(file["host"].get<std::string>().size() > 0);
  CHECK(file["since"].get<std::string>().substr(0, 2) == "20");
}

TEST_CASE("the lease of a process that was killed is free at once", "[run]") {
  const TemporaryFolder folder;
  Child child([&] {
    static Leases leases(folder.path(), 1000);
    static const std::optional<Lease> lease = leases.take("work");
    return std::string(lease ? "held" : "");
  });
  REQUIRE(child.said() == "held");
  Leases leases(folder.path(), 1000);
  Holder other;
  CHECK(!leases.take("work", &other));
  CHECK(other.pid == child.pid());
  child.kill();
  const std::optional<Lease> lease = leases.take("work");
  REQUIRE(lease);
  CHECK(lease->why_lost().empty());
}

TEST_CASE("a pid that another process has by now is no holder", "[run]") {
  const TemporaryFolder folder;
  Holder holder = this_process();
  holder.started += "1";
  (void)folder.write("work", lease_text(holder));
  Leases leases(folder.path(), 1000);
  CHECK(leases.take("work"));
}

TEST_CASE("a lease of another machine counts until it is silent, by the file server's clock", "[run]") {
  const TemporaryFolder folder;
  Leases leases(folder.path(), 100);
  foreign_lease(folder, "work", 90);
  Holder other;
  CHECK(!leases.take("work", &other));
  CHECK(other.host == "elsewhere");
  foreign_lease(folder, "work", 110);
  CHECK(leases.take("work"));
  // A server's clock that was set back.
  foreign_lease(folder, "future", -110);
  CHECK(leases.take("future"));
}

TEST_CASE("a damaged lease is of nobody known, and counts as long as it was touched", "[run]") {
  const TemporaryFolder folder;
  Leases leases(folder.path(), 100);
  for (const char* content : {"", "{", "[]", "{\"pid\": 3}", "\xff\xfe", "{\"token\": \"../../x\"}"}) {
    const fs::path path = folder.write("work", content);
    Holder other;
    CHECK(!leases.take("work", &other));
    CHECK(contains(other.text(), "damaged"));
    make_old(path, 110);
    CHECK(leases.take("work"));
  }
  CHECK(files_of(folder, "work") == 0);
}

TEST_CASE("a folder where a lease belongs is named", "[run]") {
  const TemporaryFolder folder;
  Leases leases(folder.path(), 100);
  fs::create_directory(folder / "work");
  CHECK(contains(complaint_of<Failure>([&] { (void)leases.take("work"); }),
                 (folder / "work").string() + ": is a folder"));
}

TEST_CASE("a folder that takes no files is named", "[run]") {
  const TemporaryFolder folder;
  (void)folder.write("file", "");
  CHECK(contains(complaint_of<Failure>([&] { Leases(folder / "file", 100); }), (folder / "file").string()));
}

TEST_CASE("a process whose lease was taken over sees it, and leaves the new one alone", "[run]") {
  const TemporaryFolder folder;
  Leases sleeper(folder.path(), 1000);
  Leases taker(folder.path(), 100);
  std::optional<Lease> lost = sleeper.take("work");
  make_old(folder / "work", 110);
  const std::optional<Lease> taken = taker.take("work");
  REQUIRE(taken);
  CHECK(!lost->why_lost().empty());
  CHECK(contains(complaint_of<LeaseLost>([&] { lost->check(); }), "pid " + std::to_string(getpid())));
  lost.reset();
  CHECK(taken->why_lost().empty());
}

TEST_CASE("what is held is touched, so that it never falls silent", "[run][threads]") {
  const TemporaryFolder folder;
  Leases leases(folder.path(), 1);  // touched every quarter of a second
  const std::optional<Lease> lease = leases.take("work");
  make_old(folder / "work", 1000);
  struct stat info = {};
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(stat((folder / "work").c_str(), &info) == 0);
    if (info.st_mtime > std::time(nullptr) - 500) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(info.st_mtime > std::time(nullptr) - 500);
}

TEST_CASE("of many that want a free lease or a dead one, one gets it", "[run][threads]") {
  const TemporaryFolder folder;
  std::vector<std::unique_ptr<Leases>> processes;
  for (int i = 0; i < 8; ++i) processes.push_back(std::make_unique<Leases>(folder.path(), 100));
  for (int round = 0; round < 40; ++round) {
    if (round % 2 == 1) foreign_lease(folder, "work", 200, "00000000000000" + std::to_string(10 + round));
    std::vector<std::optional<Lease>> got(processes.size());
    std::atomic<int> ready = 0;
    std::vector<std::thread> threads;
    for (size_t i = 0; i < processes.size(); ++i)
      threads.emplace_back([&, i] {
        ++ready;
        while (ready < static_cast<int>(processes.size())) std::this_thread::yield();
        if (std::optional<Lease> lease = processes[i]->take("work")) got[i].emplace(std::move(*lease));
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(std::count_if(got.begin(), got.end(), [](const auto& lease) { return lease.has_value(); }) == 1);
  }
  CHECK(files_of(folder, "work") == 0);
}

TEST_CASE("a taker that was killed in the middle does not stand in the way", "[run]") {
  const TemporaryFolder folder;
  foreign_lease(folder, "work", 200, "00000000000000aa");
  foreign_lease(folder, "work.00000000000000aa.taken", 200, "00000000000000bb");
  Leases leases(folder.path(), 100);
  (void)leases.take("work");  // finds the other taker dead
  CHECK(leases.take("work"));
  CHECK(files_of(folder, "work") == 0);
}

TEST_CASE("the right of a taker that was killed is removed by one process alone", "[run]") {
  const TemporaryFolder folder;
  foreign_lease(folder, "work", 200, "00000000000000aa");
  foreign_lease(folder, "work.00000000000000aa.taken", 200, "00000000000000bb");
  // Another process, which lives, is about to remove it.
  const std::string remover = "work.00000000000000aa.taken.00000000000000bb.taken";
  foreign_lease(folder, remover, 10, "00000000000000cc");
  Leases leases(folder.path(), 100);
  CHECK(!leases.take("work"));
  CHECK(fs::exists(folder / "work.00000000000000aa.taken"));
  make_old(folder / remover, 200);
  (void)leases.take("work");  // removes the remover's,
  (void)leases.take("work");  // the taker's,
  CHECK(leases.take("work"));
  CHECK(files_of(folder, "work") == 0);
}

TEST_CASE("waiting for a turn ends when the other gives it back", "[run][threads]") {
  const TemporaryFolder folder;
  Leases leases(folder.path(), 100);
  int inside = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const Lease turn = leases.wait_for("turn");
        ++inside;  // a race, were two inside
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(inside == 80);
}

TEST_CASE("what killed processes left goes when a process comes alone", "[run]") {
  const TemporaryFolder folder;
  for (const char* name : {"a.process", "work", "work.0.new"}) foreign_lease(folder, name, 200);
  const fs::path fresh = foreign_lease(folder, "young", 10);
  Leases leases(folder.path(), 100);
  int called = 0;
  leases.join(false, [&] { ++called; });
  CHECK(called == 1);
  CHECK(files_of(folder, "a") == 0);
  CHECK(files_of(folder, "work") == 0);
  CHECK(fs::exists(fresh));
}

TEST_CASE("the first to come and the last to leave are told so", "[run]") {
  const TemporaryFolder folder;
  std::string told;
  const auto tell = [&](const char* what) { return [&told, what] { told += what; }; };
  Leases first(folder.path(), 100);
  Leases second(folder.path(), 100);
  first.join(false, tell("1"));
  second.join(false, tell("2"));
  CHECK((first.joined() && second.joined()));
  CHECK(told == "1");
  first.leave(tell("3"));
  CHECK(told == "1");
  second.leave(tell("4"));
  CHECK(told == "14");
  CHECK(files_of(folder, "") == 0);
}
