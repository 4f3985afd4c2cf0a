#include "run/environment.h"

#include <nlohmann/json.hpp>
#include <thread>

#include "catch.h"
#include "version.h"

using namespace ate;

TEST_CASE("an environment says what a result was made with", "[run]") {
  const nlohmann::ordered_json environment = describe_environment("cuda:1", 3);
  for (const char* name :
       {"ate", "commit", "compiler", "libtorch", "system", "host", "processor", "device"}) {
    CAPTURE(name);
    REQUIRE(environment.contains(name));
    CHECK(!environment[name].get<std::string>().empty());
  }
  CHECK(environment["ate"] == ATE_VERSION);
  CHECK(environment["commit"] == ATE_COMMIT);
  CHECK(environment["libtorch"] == ATE_LIBTORCH_VERSION);
  CHECK(environment["device"] == "cuda:1");
  CHECK(environment["jobs"] == 3);
  CHECK(environment["cores"] == usable_cores());
  CHECK(environment["threads_per_trial"] == 1);
  CHECK(environment["memory_gb"].get<int64_t>() >= 1);
}

TEST_CASE("usable cores are at least one and no more than the machine has", "[run]") {
  CHECK(usable_cores() >= 1);
  const unsigned hardware = std::thread::hardware_concurrency();
  if (hardware > 0) CHECK(usable_cores() <= static_cast<int>(hardware));
}

TEST_CASE("a run that is taken up elsewhere says what may round otherwise", "[run]") {
  const nlohmann::ordered_json now = describe_environment("cpu", 1);
  CHECK(differences_that_round(now, now).empty());
  CHECK(differences_that_round(now, nullptr).empty());
  CHECK(differences_that_round(now, nlohmann::ordered_json::object())
            .empty());  // of a version that did not name them
  CHECK(differences_that_round(nlohmann::ordered_json::object(), now).empty());
  CHECK(differences_that_round(nullptr, now).empty());
  CHECK(differences_that_round(now, {{"products", 7}}).empty());
  nlohmann::ordered_json before = now;
  before["jobs"] = 7;
  CHECK(differences_that_round(now, before).empty());
  before["products"] = "abacus";
  CHECK(differences_that_round(now, before) ==
        std::vector<std::string>{"products " + now["products"].get<std::string>() + " instead of abacus"});
}
