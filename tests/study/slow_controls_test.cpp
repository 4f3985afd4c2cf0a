// The controls that tell whether the bench itself works, in a study of a few seconds a seed.
#include <cmath>

#include "catch.h"
#include "config/resolve.h"
#include "helpers/temporary_folder.h"
#include "study/compare.h"
#include "study/study.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("standard against itself is no different, and rank 8 is worse, where context can help",
          "[study][slow]") {
  const TemporaryFolder out;
  // On independent draws known_worse is not worse: there is nothing to learn of a token but how often it comes.
  const std::vector<std::string> settings = {"device=cpu",
                                             "source.kind=zipf_markov",
                                             "source.vocabulary=100",
                                             "source.tokens=20000",
                                             "body.width=32",
                                             "body.heads=2",
                                             "windows.length=8",
                                             "schedule.epochs=6",
                                             "study.seeds=0..9",
                                             "study.arms=[\"standard\",\"aa\",\"known_worse\"]",
                                             "optimiser.learning_rate=3e-3"};
  StudyOptions options;
  options.command = "study";
  options.out = out.path();
  const StudyOutcome outcome = run_study(resolve({"medium", "", settings, {}}), options);
  REQUIRE(outcome.result.comparisons.size() == 2);
  const Comparison& aa = outcome.result.comparisons[0];
  const Comparison& known_worse = outcome.result.comparisons[1];
  CHECK(aa.verdict == "equivalent");
  CHECK(aa.p_t > kLevel);
  CHECK(known_worse.verdict == "worse");
  CHECK(known_worse.difference.mean > 5 * std::abs(aa.difference.mean));
  for (const Canary& canary : outcome.result.canaries) CHECK(canary.passed);
}
