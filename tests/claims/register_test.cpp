#include "claims/register.h"

#include <set>

#include "catch.h"
#include "claims/check.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("the register has every claim, once, with a check that is known", "[claims]") {
  std::set<std::string> ids;
  for (const Claim& claim : original_register().claims) {
    CAPTURE(claim.id);
    CHECK(ids.insert(claim.id).second);
    CHECK_FALSE(claim.claim.empty());
    CHECK_FALSE(claim.claimed.empty());
    CHECK(claim.given.is_object());
    CHECK_NOTHROW(find_check(claim.check));
  }
  for (const char* id :
       {"flops.128",        "flops.256",      "flops.512",       "flops.768",         "flops.1024",
        "flops.2048",       "flops.row-2048", "flops.crossover", "flops.complexity",  "memory.512",
        "memory.1024",      "memory.2048",    "gpt4.8k",         "gpt4.128k",         "gpt4.units",
        "sparse.selector",  "sparse.no-qk",   "bespoke.3epochs", "bespoke.50",        "bespoke.params",
        "bespoke.700",      "bespoke.dim128", "method.rigour",   "industry.adoption", "flops.training",
        "bespoke.overhead", "bespoke.widths"}) {
    CAPTURE(id);
    CHECK(ids.count(id) == 1);
  }
}

TEST_CASE("the register holds no verdict", "[claims]") {
  for (const char* word : {"verdict", "reproduced", "arithmetic", "contradicted", "unsupported", "not run"}) {
    CAPTURE(word);
    CHECK_FALSE(contains(claims_text(), word));
  }
}

TEST_CASE("claims are chosen by id or by group, in the register's order", "[claims]") {
  CHECK(select_claims(original_register(), {}).size() == original_register().claims.size());
  const std::vector<Claim> some = select_claims(original_register(), {"gpt4", "flops.128", "gpt4.8k"});
  REQUIRE(some.size() == 4);
  CHECK(some[0].id == "flops.128");
  CHECK(some[3].id == "gpt4.units");
  CHECK(claims_checked_by("memory_row").size() == 3);
}

TEST_CASE("an unknown id is refused with the nearest one", "[claims]") {
  CHECK(contains(complaint_of<BadInput>([] { (void)select_claims(original_register(), {"flops.129"}); }),
                 "--only flops.129: no claim"));
  CHECK(contains(complaint_of<BadInput>([] { (void)select_claims(original_register(), {"gpt4.8kk"}); }),
                 "did you mean \"gpt4.8k\"?"));
  CHECK(contains(complaint_of<BadInput>([] { (void)select_claims(original_register(), {""}); }), "--only"));
}
