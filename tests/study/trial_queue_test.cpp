// Which process trains what: units of trials behind leases.
#include "study/trial_queue.h"

#include <atomic>
#include <set>
#include <thread>

#include "catch.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::vector<TrialUnit> units_of(int64_t count, size_t width = 1) {
  std::vector<TrialUnit> units;
  for (int64_t seed = 0; seed < count; ++seed) {
    if (units.empty() || units.back().trials.size() == width) units.push_back({{}, width > 1});
    units.back().trials.push_back({Arm::standard, seed});
  }
  return units;
}

// The trials that have ended, as all processes see them.
struct Ended {
  std::optional<TrialRecord> operator()(const TrialId& id) {
    const std::lock_guard lock(mutex);
    if (seeds.count(id.seed) == 0) return std::nullopt;
    TrialRecord record;
    record.id = id;
    return record;
  }
  std::mutex mutex;
  std::set<int64_t> seeds;
};

const std::function<bool()> kGoOn = [] { return false; };

}  // namespace

TEST_CASE("two processes train each trial once, and both get all records", "[study][threads]") {
  const TemporaryFolder folder;
  Ended ended;
  const EndedRecord lookup = [&](const TrialId& id) { return ended(id); };
  std::atomic<int> trained = 0;
  std::vector<size_t> records(2);
  std::vector<std::thread> processes;
  for (size_t p = 0; p < 2; ++p)
    processes.emplace_back([&, p] {
      Leases leases(folder.path(), 100);
      TrialQueue queue(leases, units_of(40), lookup, kGoOn);
      while (std::optional<LeasedUnit> mine = queue.next()) {
        ++trained;
        const TrialId id = mine->unit.trials.at(0);
        {
          const std::lock_guard lock(ended.mutex);
          ended.seeds.insert(id.seed);
        }
        queue.add({*ended(id)});
      }
      records[p] = queue.take_records().size();
    });
  for (std::thread& process : processes) process.join();
  CHECK(trained == 40);
  CHECK((records[0] == 40 && records[1] == 40));
}

TEST_CASE("a unit of another process is left to it whole, and comes back when that gives it up", "[study]") {
  const TemporaryFolder folder;
  Leases ours(folder.path(), 100);
  Leases theirs(folder.path(), 100);
  const EndedRecord none = [](const TrialId&) { return std::nullopt; };
  TrialQueue queue(ours, units_of(8, 4), none, kGoOn);
  std::optional<Lease> first = theirs.take("standard-s0.trial");
  std::optional<LeasedUnit> mine = queue.next();
  REQUIRE(mine);
  CHECK(mine->unit.stacked);
  REQUIRE(mine->unit.trials.size() == 4);
  CHECK(mine->unit.trials[0].seed == 4);
  CHECK(queue.state().of_others.size() == 4);
  first.reset();
  mine = queue.next();
  REQUIRE(mine);
  CHECK(mine->unit.trials[0].seed == 0);
}

TEST_CASE("a trial that was lost is taken back when nobody has it and it is open", "[study]") {
  const TemporaryFolder folder;
  Leases leases(folder.path(), 100);
  Ended ended;
  const EndedRecord lookup = [&](const TrialId& id) { return ended(id); };
  TrialQueue queue(leases, units_of(2), lookup, kGoOn);
  queue.lost(queue.next()->unit);
  queue.lost(queue.next()->unit);
  ended.seeds.insert(0);
  const std::optional<LeasedUnit> again = queue.next();
  REQUIRE(again);
  CHECK(again->unit.trials[0].seed == 1);
  CHECK(queue.take_records().size() == 1);
}

TEST_CASE("a stop ends the waiting", "[study]") {
  const TemporaryFolder folder;
  Leases ours(folder.path(), 100);
  Leases theirs(folder.path(), 100);
  const std::optional<Lease> taken = theirs.take("standard-s0.trial");
  const EndedRecord none = [](const TrialId&) { return std::nullopt; };
  int asked = 0;
  const std::function<bool()> soon = [&] { return ++asked > 5; };
  TrialQueue queue(ours, units_of(1), none, soon);
  CHECK(!queue.next());
}
