// A document for a browser: headings, sentences, tables and pictures. One file that asks for nothing from outside, needs no
// script, follows the reader's choice of light or dark, and can be printed.
#pragma once

#include <string>
#include <vector>

#include "report/table.h"

namespace ate {

struct PageSection {
  std::string id;       // of the heading, unique in the page; contents link to it
  std::string heading;  // "" goes on under the one before
  std::vector<std::string> sentences{};
  std::vector<std::string> pictures{};  // whole SVG files
  std::string caption{};                // under each picture
  std::vector<Table> tables{};
  std::vector<std::string> commands{};  // for a shell
  bool folded = false;                  // behind its heading until it is asked for
  int level = 2;                        // of the heading
};

// A line of facts about one run at the page's head.
struct PageFact {
  std::string name, value;
};

struct Page {
  std::string title;
  std::string lead;             // the answer in a sentence or two
  std::vector<PageFact> facts;  // under it
  std::vector<PageSection> sections;
  nlohmann::ordered_json data;  // all numbers, in a script element of type application/json
};

std::string html_page(const Page& page);

}  // namespace ate
