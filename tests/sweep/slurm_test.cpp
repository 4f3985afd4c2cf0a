#include "sweep/slurm.h"

#include <nlohmann/json.hpp>

#include "catch.h"

using namespace ate;
using Json = nlohmann::ordered_json;

TEST_CASE("A word for a shell keeps its characters", "[sweep]") {
  CHECK(shell_word("out/a-b_1.json") == "out/a-b_1.json");
  CHECK(shell_word("two words") == "'two words'");
  CHECK(shell_word("it's $HOME") == "'it'\\''s $HOME'");
  CHECK(shell_word("") == "''");
}

TEST_CASE("Problems of a slurm object are told at their place", "[sweep]") {
  std::vector<Problem> problems;
  read_slurm(Json{{"cpus", 0}, {"memory", 4}, {"before", "x"}, {"gpu", 1}}, "/slurm", problems);
  std::vector<std::string> places;
  for (const Problem& problem : problems) places.push_back(problem.where);
  CHECK(places == std::vector<std::string>{"/slurm/cpus", "/slurm/memory", "/slurm/gpu", "/slurm/before"});
  CHECK(problems[2].what.find("did you mean \"gpus\"") != std::string::npos);
}

TEST_CASE("A script names its array, and quotes the folder", "[sweep]") {
  const SweepCommand command{"/bin/ate", "/data/my sweep.json", "/data/out", {"--save-every", "5"}};
  SlurmSettings slurm;
  slurm.at_once = 3;
  const std::string script = slurm_script("tiny", command, slurm, 12);
  CHECK(script.find("#SBATCH --array=0-11%3\n") != std::string::npos);
  CHECK(script.find("/bin/ate sweep run '/data/my sweep.json' --out /data/out --save-every 5 --jobs "
                    "\"${SLURM_CPUS_PER_TASK:-1}\" --shard \"$SLURM_ARRAY_TASK_ID/12\" &\n") !=
        std::string::npos);
  CHECK(script.find("--gres") == std::string::npos);
}
