// Why Slurm stopped tasks of a sweep before their work was done. The batch script of sweep/slurm.h writes a line for each
// thing that happens to its task into a file of that task's own, <out>/slurm/<sweep>_<array>_<task>.stops:
//
//   start     the task begins, or begins again
//   time      Slurm says that its time is nearly up
//   term      Slurm says that it is preempted or cancelled
//   end CODE  ate has ended with this exit code
//
// So the shared folder alone tells preemptions from failures. No LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ate {

struct SlurmStops {
  int64_t time_limit = 0;  // the time was up
  int64_t preempted = 0;   // stopped by Slurm, and begun again
  int64_t lost = 0;        // begun again after no word: its node went down, or slurmd with its tasks
  int64_t told = 0;        // stopped by Slurm, and not begun again so far: cancelled, or in the queue

  int64_t all() const { return time_limit + preempted + lost + told; }
};

// Lines that are none of the above, such as one that a kill has torn, are passed over.
SlurmStops read_stops_of_task(const std::filesystem::path& file);

// Of all tasks in the sweep's folder.
SlurmStops read_stops(const std::filesystem::path& out);

}  // namespace ate
