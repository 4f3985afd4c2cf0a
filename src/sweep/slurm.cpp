#include "sweep/slurm.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

bool one_line(const Json& value) {
  return value.is_string() && value.get<std::string>().find_first_of("\n\r") == std::string::npos;
}

// The call of one shard; `shard` is what the shell or GNU parallel puts in its place.
std::string call(const SweepCommand& command, const std::string& shard, const std::string& jobs) {
  std::string text = fmt::format("{} sweep run {} --out {}", shell_word(command.program),
                                 shell_word(command.file), shell_word(command.out));
  for (const std::string& flag : command.flags) text += " " + shell_word(flag);
  return text + fmt::format(" --jobs {} --shard {}", jobs, shard);
}

}  // namespace

SlurmSettings read_slurm(const Json& value, const std::string& where, std::vector<Problem>& problems) {
  SlurmSettings slurm;
  if (!value.is_object()) {
    problems.push_back(
        {where, "expected an object such as {\"partition\": \"gpu\", \"time\": \"2:00:00\"}, got " +
                    short_text(value)});
    return slurm;
  }
  const std::vector<std::pair<std::string, std::string*>> texts = {
      {"partition", &slurm.partition}, {"account", &slurm.account}, {"qos", &slurm.qos},
      {"time", &slurm.time},           {"memory", &slurm.memory},   {"constraint", &slurm.constraint}};
  const std::vector<std::pair<std::string, int64_t*>> numbers = {
      {"cpus", &slurm.cpus}, {"gpus", &slurm.gpus}, {"tasks", &slurm.tasks}, {"at_once", &slurm.at_once}};
  std::vector<std::string> known = {"before"};
  for (const auto& [name, member] : texts) known.push_back(name);
  for (const auto& [name, member] : numbers) known.push_back(name);
  const auto wrong = [&](const std::string& key, const char* what) {
    problems.push_back({where + "/" + key, fmt::format("expected {}, got {}", what, short_text(value[key]))});
  };
  for (const auto& [key, given] : value.items()) {
    bool found = key == "before";
    for (const auto& [name, member] : texts) {
      if (name != key) continue;
      found = true;
      if (one_line(given) && !given.get<std::string>().empty())
        *member = given;
      else
        wrong(key, "a string of one line");
    }
    for (const auto& [name, member] : numbers) {
      if (name != key) continue;
      found = true;
      if (given.is_number_integer() && given >= (key == "cpus" ? 1 : 0) && given <= 1'000'000)
        *member = given;
      else
        wrong(key, key == "cpus" ? "a whole number from 1 to 1000000" : "a whole number from 0 to 1000000");
    }
    if (!found)
      problems.push_back({where + "/" + key, fmt::format("unknown key{}; there are {}",
                                                         did_you_mean(key, known), either(known))});
  }
  if (const Json before = value.value("before", Json::array());
      before.is_array() && std::all_of(before.begin(), before.end(), one_line))
    slurm.before = before.get<std::vector<std::string>>();
  else
    wrong("before", "a list of shell lines");
  return slurm;
}

std::string shell_word(const std::string& text) {
  if (!text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                              "_-./:=,+@%") == std::string::npos)
    return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string slurm_script(const std::string& sweep, const SweepCommand& command, const SlurmSettings& slurm,
                         int64_t tasks) {
  std::string text = "#!/bin/bash\n";
  const auto option = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) text += fmt::format("#SBATCH --{}={}\n", name, value);
  };
  option("job-name", "ate-" + sweep);
  option("array",
         fmt::format("0-{}{}", tasks - 1, slurm.at_once > 0 ? fmt::format("%{}", slurm.at_once) : ""));
  text += "#SBATCH --requeue\n#SBATCH --open-mode=append\n#SBATCH --signal=B:USR1@120\n";
  option("output",
         "\"" + (std::filesystem::path(command.out) / "slurm" / (sweep + "_%A_%a.log")).string() + "\"");
  option("cpus-per-task", std::to_string(slurm.cpus));
  if (slurm.gpus > 0) option("gres", fmt::format("gpu:{}", slurm.gpus));
  option("mem", slurm.memory);
  option("time", slurm.time);
  option("partition", slurm.partition);
  option("account", slurm.account);
  option("qos", slurm.qos);
  option("constraint", slurm.constraint);
  text += "\n";
  for (const std::string& line : slurm.before) text += line + "\n";
  // Bash runs a trap only between commands, but a signal ends its wait.
  text += fmt::format(
      R"(# USR1: the time is nearly up. TERM: Slurm preempts or cancels the task, and requeues it itself if it shall go on.
# A line for each in this task's own file, for ate sweep status.
stops={}"_${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}.stops"
mkdir -p "${{stops%/*}}"
note() {{ echo "$1" >>"$stops"; }}
time_is_up=0
signalled=0
trap 'signalled=1; time_is_up=1; note time; kill -TERM "$child" 2>/dev/null' USR1
trap 'signalled=1; note term; kill -TERM "$child" 2>/dev/null' TERM

note start
{} &
child=$!
while :; do
  signalled=0
  wait "$child"
  status=$?
  [ "$status" = 127 ] || code=$status
  [ "$signalled" = 1 ] || break
done
note "end $code"
if [ "$code" = 143 ] && [ "$time_is_up" = 1 ]; then
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
fi
exit "$code"
)",
      shell_word((std::filesystem::path(command.out) / "slurm" / sweep).string()),
      call(command, fmt::format("\"$SLURM_ARRAY_TASK_ID/{}\"", tasks),
           slurm.gpus > 0 ? "1" : "\"${SLURM_CPUS_PER_TASK:-1}\""));
  return text;
}

std::string parallel_script(const std::string& sweep, const SweepCommand& command, int64_t tasks,
                            int64_t at_once) {
  const std::string log = (std::filesystem::path(command.out) / ("sweep_" + sweep + ".joblog")).string();
  std::string text = fmt::format(
      "#!/bin/sh\n"
      "# Run it again to go on: shards that ended with code 0 are in the log and are left out.\n"
      "# --sshlogin HOST,... spreads them over machines that share the folder.\n"
      "mkdir -p {}\n"
      "parallel --jobs {} --joblog {} --resume-failed --termseq TERM,60000,KILL,1000 {} <<'JOBS'\n",
      shell_word(command.out), at_once, shell_word(log), shell_word(call(command, "{}", "1")));
  for (int64_t i = 0; i < tasks; ++i) text += fmt::format("{}/{}\n", i, tasks);
  return text + "JOBS\n";
}

std::string submit_to_slurm(const std::string& script, const std::string& path) {
  make_folders(std::filesystem::path(path).parent_path());
  write_atomically(path, script);
  std::FILE* const pipe = ::popen(("sbatch --parsable " + shell_word(path) + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw Failure("sbatch", "cannot be started");
  std::string said;
  std::array<char, 256> piece{};
  while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) said += piece.data();
  const int status = ::pclose(pipe);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  for (char& c : said)
    if (c == '\n') c = ' ';
  if (status != 0)
    throw Failure("sbatch",
                  fmt::format("took no job: {}; the script is in {}", said.empty() ? "no word" : said, path));
  return said;
}

}  // namespace ate
