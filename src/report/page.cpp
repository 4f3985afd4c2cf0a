#include "report/page.h"

#include <fmt/format.h>

#include "report/cells.h"
#include "report/exact_integer.h"
#include "report/svg.h"
#include "report/text_table.h"

namespace ate {
namespace {

// Words on paper have a contrast of at least 4.5 on both papers (WCAG 2.2, 1.4.3).
constexpr const char* kStyle = R"css(
:root{color-scheme:light dark;--ink:#1b1e22;--quiet:#5a6068;--paper:#fff;--panel:#f5f6f8;--line:#d9dde2;--accent:#00649c}
@media (prefers-color-scheme:dark){:root{--ink:#e8e8e8;--quiet:#a9b0b8;--paper:#15181c;--panel:#1d2126;--line:#343a41;--accent:#5db2f0}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1.1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.4rem 0 .6rem;padding-top:.8rem;border-top:1px solid var(--line);overflow-wrap:anywhere}
h3{font-size:1.05rem;margin:1.6rem 0 .5rem;overflow-wrap:anywhere}
p{margin:.5rem 0}.lead{font-size:1.13rem;border-left:4px solid var(--accent);padding:.2rem 0 .2rem .9rem;margin:1rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem;margin:1rem 0;font-size:.93rem}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
nav{font-size:.93rem;color:var(--quiet)}a{color:var(--accent)}
figure{margin:1rem 0;overflow-x:auto}figure svg{max-width:100%;min-width:42rem;height:auto;display:block}
@media (max-width:46rem){figcaption::before{content:"\2194  "}}figcaption,caption{color:var(--quiet);font-size:.85rem;text-align:left;overflow-wrap:anywhere}caption{padding-bottom:.3rem}
.scroll{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-size:.82rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .5rem .25rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;white-space:nowrap}
td.long{white-space:normal;min-width:18rem}th{font-weight:600;color:var(--quiet)}.n{text-align:right}
pre{background:var(--panel);padding:.7rem .9rem;overflow-x:auto;font-size:.85rem;border-radius:6px}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--accent)}
summary h2,summary h3{display:inline;border:0;margin:0;padding:0}
@media (max-width:40rem){dl{grid-template-columns:1fr}dt{margin-top:.3rem}h1{font-size:1.35rem}}
@media print{figure svg{min-width:0}body{font-size:11pt}main{max-width:none;padding:0}nav{display:none}.scroll{overflow:visible}table{font-size:8pt}h2{break-after:avoid}figure,tr{break-inside:avoid}}
)css";

constexpr size_t kLongCell = 60;  // characters: such a cell breaks its lines

std::string paragraph(const std::string& text, const char* kind = "") {
  return fmt::format("<p{}>{}</p>\n", kind, svg_escaped(text));
}

std::string table_of(const Table& table) {
  const ShownTable cells = shown(table);
  std::string out = "<div class=\"scroll\"><table>\n";
  if (!table.title.empty()) out += fmt::format("<caption>{}</caption>\n", svg_escaped(table.title));
  const auto kind = [&](size_t column, const std::string& cell) {
    return cells.numeric[column] ? " class=\"n\"" : cell.size() > kLongCell ? " class=\"long\"" : "";
  };
  out += "<thead><tr>";
  for (size_t i = 0; i < cells.headings.size(); ++i)
    out += fmt::format("<th scope=\"col\"{}>{}</th>", kind(i, ""), svg_escaped(cells.headings[i]));
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : cells.rows) {
    out += "<tr>";
    for (size_t i = 0; i < row.size(); ++i)
      out += fmt::format("<td{}>{}</td>", kind(i, row[i]), svg_escaped(row[i]));
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string section_of(const PageSection& section) {
  std::string heading;
  if (!section.heading.empty())
    heading =
        fmt::format("<h{0} id=\"{1}\">{2}</h{0}>", section.level, section.id, svg_escaped(section.heading));
  std::string out = section.folded ? "<details><summary>" + heading + "</summary>\n" : heading + "\n";
  for (const std::string& sentence : section.sentences) out += paragraph(sentence);
  for (const std::string& picture : section.pictures)
    out += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", picture,
                       svg_escaped(section.caption));
  for (const Table& table : section.tables) out += table_of(table);
  if (!section.commands.empty()) {
    out += "<pre>";
    for (const std::string& command : section.commands) out += svg_escaped(command) + "\n";
    out += "</pre>\n";
  }
  return section.folded ? out + "</details>\n" : out;
}

// JSON inside a script element: a "<" there could end it.
std::string data_of(const nlohmann::ordered_json& data) {
  std::string out;
  for (const char c : dump_json(data)) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out;
}

}  // namespace

std::string html_page(const Page& page) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<main>\n<h1>{}</h1>\n",
      svg_escaped(page.title), kStyle, svg_escaped(page.title));
  out += paragraph(page.lead, " class=\"lead\"");
  if (!page.facts.empty()) {
    out += "<dl>\n";
    for (const PageFact& fact : page.facts)
      out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", svg_escaped(fact.name), svg_escaped(fact.value));
    out += "</dl>\n";
  }
  std::string contents;
  for (const PageSection& section : page.sections)
    if (!section.heading.empty() && section.level == 2)
      contents += fmt::format("{}<a href=\"#{}\">{}</a>", contents.empty() ? "" : " \u00b7 ", section.id,
                              svg_escaped(section.heading));
  if (!contents.empty()) out += "<nav>" + contents + "</nav>\n";
  for (const PageSection& section : page.sections) out += section_of(section);
  return out + "</main>\n<script type=\"application/json\" id=\"data\">" + data_of(page.data) +
         "</script>\n</body>\n</html>\n";
}

}  // namespace ate
