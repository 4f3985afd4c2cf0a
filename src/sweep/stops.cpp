#include "sweep/stops.h"

#include <fstream>
#include <string>

namespace ate {
namespace {

namespace fs = std::filesystem;

// From one start to the next.
struct Attempt {
  bool begun = false;
  bool time = false;
  bool term = false;
  bool over = false;  // ate ended by itself, not at a signal's word
};

void count(const Attempt& attempt, bool begun_again, SlurmStops& stops) {
  if (!attempt.begun || attempt.over) return;
  if (attempt.time)
    ++stops.time_limit;
  else if (attempt.term)
    ++(begun_again ? stops.preempted : stops.told);
  else if (begun_again)
    ++stops.lost;
}

}  // namespace

SlurmStops read_stops_of_task(const fs::path& file) {
  SlurmStops stops;
  Attempt attempt;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line == "start") {
      count(attempt, true, stops);
      attempt = {.begun = true};
    } else if (line == "time") {
      attempt.time = true;
    } else if (line == "term") {
      attempt.term = true;
    } else if (line.starts_with("end ")) {
      attempt.over = line != "end 143";  // that of a SIGTERM
    }
  }
  count(attempt, false, stops);
  return stops;
}

SlurmStops read_stops(const fs::path& out) {
  SlurmStops all;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(out / "slurm", error)) {
    if (entry.path().extension() != ".stops") continue;
    const SlurmStops one = read_stops_of_task(entry.path());
    all.time_limit += one.time_limit;
    all.preempted += one.preempted;
    all.lost += one.lost;
    all.told += one.told;
  }
  return all;
}

}  // namespace ate
