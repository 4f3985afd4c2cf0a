#include "fuzz/reader.h"
#include "helpers/temporary_folder.h"
#include "report/table.h"
#include "sweep/report.h"
#include "sweep/stops.h"
#include "sweep/sweep_file.h"

namespace ate::fuzz {
namespace {

using testing::TemporaryFolder;

constexpr size_t kMostResolved = 4;  // points: the others are resolved in the same way

void show(const std::filesystem::path& out) {
  for (const Report& report : {sweep_status(out).report, sweep_table(out)})
    for (const Format format : {Format::table, Format::md, Format::csv, Format::json, Format::jsonl})
      (void)render(report, format, 80);
}

}  // namespace

void read_sweep_file(std::string_view bytes) {
  const InputFileInMemory file(bytes);
  const Sweep sweep = read_sweep(file.path());
  for (size_t point = 0; point < std::min(kMostResolved, sweep.points.size()); ++point)
    (void)resolve_point(sweep, point);
}

void read_sweep_listing(std::string_view bytes) {
  static const TemporaryFolder out;
  put(out / "sweep_x.json", bytes);
  show(out.path());
}

void read_result(std::string_view bytes) {
  static const TemporaryFolder out;
  const std::filesystem::path run = out / "runs" / "study-x-0123456789";
  put(out / "sweep_x.json",
      R"({"sweep": "x", "jobs": [{"id": "study-x-0123456789", "set": {"body.width": 8}, )"
      R"("arms": ["standard", "bespoke"], "seeds": "0..1"}]})");
  put(run / "result.json", bytes);
  put(run / "DONE", "");
  show(out.path());
  std::filesystem::remove(run / "DONE");
  put(run / "failure.json", bytes);
  show(out.path());
}

void read_stops(std::string_view bytes) {
  const InputFileInMemory file(bytes);
  const SlurmStops stops = read_stops_of_task(file.path());
  require(stops.preempted >= 0 && stops.time_limit >= 0 && stops.lost >= 0, "a count below 0");
}

}  // namespace ate::fuzz
