// A sweep on machines that others schedule: scripts for Slurm and for GNU parallel, in which each task runs one shard of
// the jobs in the shared folder. No LibTorch.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "support/error.h"

namespace ate {

// What the sweep file's "slurm" asks for a task; "" and 0: as the cluster has it.
struct SlurmSettings {
  std::string partition, account, qos, time, memory, constraint;
  int64_t cpus = 1;
  int64_t gpus = 0;
  int64_t tasks = 0;                // of the array; 0: one for each job
  int64_t at_once = 0;              // most tasks that run at a time; 0: no limit
  std::vector<std::string> before;  // shell lines, such as "module load cuda"
};

SlurmSettings read_slurm(const nlohmann::ordered_json& value, const std::string& where,
                         std::vector<Problem>& problems);

// How a task calls this program again.
struct SweepCommand {
  std::string program;  // absolute
  std::string file;     // the sweep's
  std::string out;
  std::vector<std::string> flags;  // handed on, such as --save-every 5
};

// A batch script: one array of `tasks` tasks, each a shard. A task that Slurm stops before its time is up saves and
// requeues itself.
std::string slurm_script(const std::string& sweep, const SweepCommand& command, const SlurmSettings& slurm,
                         int64_t tasks);

// A shell script around GNU parallel: `at_once` shards side by side, with a log that the same script goes on from.
std::string parallel_script(const std::string& sweep, const SweepCommand& command, int64_t tasks,
                            int64_t at_once);

// The text as one word for a shell.
std::string shell_word(const std::string& text);

// Writes the script to `path` and hands it to sbatch; returns the job's id. Throws Failure with sbatch's words.
std::string submit_to_slurm(const std::string& script, const std::string& path);

}  // namespace ate
