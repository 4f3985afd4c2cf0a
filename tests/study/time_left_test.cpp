// How long a study still takes.
#include "study/time_left.h"

#include <cmath>

#include "catch.h"
#include "helpers/temporary_folder.h"
#include "study/progress_head.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("time left is the work left over the trials under way", "[study]") {
  TimeLeft time;
  CHECK(time.seconds() == 0);  // nothing to do
  time.add_open("a");
  CHECK(std::isnan(time.seconds()));  // none is under way
  time.add_running("a", 0, std::nan(""));
  CHECK(std::isnan(time.seconds()));  // and it has not told
  time.add_running("a", 4, 6);
  // Ten seconds a trial: 6 of the one that told, 10 of the silent one, 10 of the open one, by two at a time.
  CHECK(time.seconds() == Approx(13));
  time.add_ended("a", 40);
  CHECK(time.seconds() == Approx((6 + 25 + 25) / 2.0));
  CHECK(time.ended() == 1);
  CHECK(time.all() == 4);
}

TEST_CASE("an arm's own trials say what it takes, where there are any", "[study]") {
  TimeLeft time;
  time.add_ended("cheap", 1);
  time.add_ended("dear", 100);
  time.add_running("cheap", 0.5, 0.5);
  time.add_open("dear");
  CHECK(time.seconds() == Approx(100.5));
  time.add_open("unknown");
  CHECK(time.seconds() == Approx(100.5 + 34));  // as any
}

TEST_CASE("a study takes no less than its longest trial", "[study]") {
  TimeLeft time;
  time.add_running("a", 0, 10);
  time.add_running("a", 9, 1);
  CHECK(time.seconds() == Approx(10));
}

TEST_CASE("the first lines of a progress file tell how far its trial is", "[study]") {
  const TemporaryFolder folder;
  const std::string lines =
      "{\n  \"model_name\": \"a\",\n  \"arm\": \"a\",\n  \"seed\": 3,\n  \"status\": \"running\",\n"
      "  \"epochs_completed\": 2,\n  \"epochs_total\": 50,\n  \"eta_seconds\": 100.5,\n  \"seconds\": "
      "7.25,\n";
  const auto path = folder.write("x.json", lines + "  \"train_losses\": [\n    2.5");
  const std::optional<ProgressHead> head = read_progress_head(path);
  REQUIRE(head);
  CHECK(head->arm == "a");
  CHECK(head->seed == 3);
  CHECK(head->status == TrainingStatus::running);
  CHECK((head->epochs == 2 && head->epochs_in_all == 50));
  CHECK(head->seconds == 7.25);
  CHECK((head->left > 50 && head->left <= 100.5));
  CHECK(!read_progress_head(folder / "none.json"));
  for (const std::string& damaged : {std::string(), lines.substr(0, 60), "[" + lines})
    CHECK(!read_progress_head(folder.write("y.json", damaged)));
}
