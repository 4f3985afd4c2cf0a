#include "sweep/stops.h"

#include "catch.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;

namespace {

// preempted, time limit, lost, told
using Counts = std::vector<int64_t>;

Counts stops_of(const std::string& lines) {
  const TemporaryFolder folder;
  const SlurmStops stops = read_stops_of_task(folder.write("x_1_0.stops", lines));
  return {stops.preempted, stops.time_limit, stops.lost, stops.told};
}

}  // namespace

TEST_CASE("what Slurm did to a task is told from its lines", "[sweep]") {
  CHECK(stops_of("start\nend 0\n") == Counts{0, 0, 0, 0});
  CHECK(stops_of("start\nend 3\n") == Counts{0, 0, 0, 0});  // a failure, which failure.json tells
  CHECK(stops_of("start\nterm\nend 143\nstart\nend 0\n") == Counts{1, 0, 0, 0});
  CHECK(stops_of("start\nterm\nstart\n") == Counts{1, 0, 0, 0});  // killed before it had saved
  CHECK(stops_of("start\ntime\nend 143\nterm\nstart\n") == Counts{0, 1, 0, 0});
  CHECK(stops_of("start\ntime\nend 143\n") == Counts{0, 1, 0, 0});
  CHECK(stops_of("start\nstart\nend 0\n") == Counts{0, 0, 1, 0});
  CHECK(stops_of("start\nterm\nend 143\n") == Counts{0, 0, 0, 1});
  CHECK(stops_of("start\ntime\nend 0\n") == Counts{0, 0, 0, 0});  // done in the last minutes
  CHECK(stops_of("") == Counts{0, 0, 0, 0});
  CHECK(stops_of("sta\nterm\n\xff") == Counts{0, 0, 0, 0});
}

TEST_CASE("the stops of all tasks of a folder add up", "[sweep]") {
  const TemporaryFolder out;
  CHECK(read_stops(out.path()).all() == 0);
  std::filesystem::create_directory(out / "slurm");
  (void)out.write("slurm/x_1_0.stops", "start\nterm\nstart\n");
  (void)out.write("slurm/x_1_1.stops", "start\nterm\nstart\ntime\nend 143\n");
  (void)out.write("slurm/x_1_1.log", "start\nstart\n");
  const SlurmStops stops = read_stops(out.path());
  CHECK(stops.preempted == 2);
  CHECK(stops.time_limit == 1);
  CHECK(stops.all() == 3);
}
