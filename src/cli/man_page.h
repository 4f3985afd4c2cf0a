// Manual pages, from what --help prints.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ate {

// "ate-config-show": a page is called so, and lies in a file of that name with ".1" after it.
std::string man_page_name(const CLI::App& command);

// The page as roff, for man(1); `version` is in its foot.
std::string man_page(const CLI::App& command, const std::string& version);

}  // namespace ate
