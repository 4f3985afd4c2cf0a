#include "support/names.h"

#include "catch.h"

using ate::did_you_mean;
using ate::either;
using ate::nearest_name;
using ate::split;

using Names = std::vector<std::string>;

TEST_CASE("one slip of any kind finds the name", "[support]") {
  const Names known = {"vocabulary", "learning_rate", "batch"};
  CHECK(nearest_name("lerning_rate", known) == "learning_rate");    // a letter left out
  CHECK(nearest_name("learnning_rate", known) == "learning_rate");  // one too many
  CHECK(nearest_name("learning-rate", known) == "learning_rate");   // another one
  CHECK(nearest_name("leanring_rate", known) == "learning_rate");   // two swapped
  CHECK(nearest_name("batch", known) == "batch");
}

TEST_CASE("a swap of neighbours counts as one slip, not as two", "[support]") {
  // Three letters leave room for one slip only.
  CHECK(nearest_name("mda", {"mad"}) == "mad");
  CHECK(
      nearest_name("mdxa", {"mad"}).empty());  // not neighbours: optimal string alignment does not see a swap
}

TEST_CASE("case does not matter, and the name comes back as it is known", "[support]") {
  CHECK(nearest_name("FOCUSED", {"focused"}) == "focused");
  CHECK(nearest_name("adamw", {"AdamW"}) == "AdamW");
}

TEST_CASE("a third of the letters may differ, and no more", "[support]") {
  CHECK(nearest_name("abcdXY", {"abcdef"}) == "abcdef");
  CHECK(nearest_name("abcXYZ", {"abcdef"}).empty());
  CHECK(nearest_name("xyz", {"focused", "medium", "long"}).empty());
  CHECK(nearest_name("b", {"a"}) == "a");  // one slip is always allowed
  CHECK(nearest_name("", {"mid"}).empty());
  CHECK(nearest_name("mid", {}).empty());
}

TEST_CASE("the nearest of several near names wins, the first among equals", "[support]") {
  CHECK(nearest_name("medium", {"mediums", "medium"}) == "medium");
  CHECK(nearest_name("bat", {"cat", "hat"}) == "cat");
}

TEST_CASE("a hint names the nearest name, or is empty", "[support]") {
  CHECK(did_you_mean("focussed", {"focused", "long"}) == " (did you mean \"focused\"?)");
  CHECK(did_you_mean("xyz", {"focused", "long"}).empty());
}

TEST_CASE("splitting keeps empty parts", "[support]") {
  CHECK(split("a,b", ',') == Names{"a", "b"});
  CHECK(split("a,,b,", ',') == Names{"a", "", "b", ""});
  CHECK(split(",", ',') == Names{"", ""});
  CHECK(split("", ',') == Names{""});
  CHECK(split("a,b", ';') == Names{"a,b"});
}

TEST_CASE("alternatives are listed with commas and a last or", "[support]") {
  CHECK(either({}).empty());
  CHECK(either({"a"}) == "a");
  CHECK(either({"a", "b"}) == "a or b");
  CHECK(either({"a", "b", "c", "d"}) == "a, b, c or d");
}
