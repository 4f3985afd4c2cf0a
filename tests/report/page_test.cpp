#include "report/page.h"

#include "catch.h"

using namespace ate;

namespace {

size_t times(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a page shows texts of users and obeys none of them", "[report]") {
  const std::string bad = "</script><i>\x1b[2J";
  Page page;
  page.title = bad;
  page.lead = bad;
  page.facts = {{bad, bad}};
  Table table{"t", bad, {{"a", bad}}, {{bad}}};
  page.sections = {{"one", bad, {bad}, {}, bad, {table}, {bad}}};
  page.data = {{bad, bad}};
  const std::string html = html_page(page);
  CHECK(times(html, "<i>") == 0);
  CHECK(times(html, "\x1b") == 0);
  CHECK(times(html, "</script>") == 1);
  CHECK(times(html, "&lt;/script&gt;&lt;i&gt;\\x1b[2J") >= 8);
  const size_t begin = html.find("id=\"data\">") + 10;
  const auto data = nlohmann::ordered_json::parse(html.substr(begin, html.find("</script>") - begin));
  CHECK(data == page.data);
}

TEST_CASE("sections are linked from the head, and may be folded", "[report]") {
  Page page;
  page.title = "t";
  page.sections = {{"first", "First", {"words"}}, {"second", "Second", {}, {"<svg></svg>"}, "of run 1"}};
  page.sections[1].folded = true;
  page.sections.push_back({"third", "Third", {}});
  page.sections[2].level = 3;
  const std::string html = html_page(page);
  CHECK(times(html, "<a href=\"#first\">First</a>") == 1);
  CHECK(times(html, "<h2 id=\"second\">Second</h2>") == 1);
  CHECK(times(html, "<h3 id=\"third\">Third</h3>") == 1);
  CHECK(times(html, "href=\"#third\"") == 0);
  CHECK(times(html, "<details>") == 1);
  CHECK(times(html, "<figure><svg></svg><figcaption>of run 1</figcaption></figure>") == 1);
}
