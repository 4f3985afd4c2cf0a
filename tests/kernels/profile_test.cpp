#include "kernels/profile.h"

#include "catch.h"

using namespace ate;

TEST_CASE("a part lasts until the next begins or none does", "[kernels]") {
  Profile profile;
  profile.leave();
  CHECK(profile.spans().empty());
  profile.enter(StepPart::masks);
  profile.enter(StepPart::products);
  profile.leave();
  profile.enter(StepPart::optimiser);
  profile.leave();
  const auto& spans = profile.spans();
  REQUIRE(spans.size() == 3);
  CHECK(spans[0].part == StepPart::masks);
  CHECK(spans[1].part == StepPart::products);
  CHECK(spans[2].part == StepPart::optimiser);
  CHECK(spans[0].end == spans[1].begin);
  CHECK(spans[1].end <= spans[2].begin);
  for (const Profile::Span& span : spans) CHECK(span.begin <= span.end);
  profile.clear();
  CHECK(profile.spans().empty());
}

TEST_CASE("every part has a name of its own", "[kernels]") {
  CHECK(std::string(part_name(StepPart::products)) == "products");
  CHECK(std::string(part_name(StepPart::optimiser)) == "optimiser");
  CHECK(static_cast<size_t>(StepPart::optimiser) + 1 == kStepParts.size());
}
