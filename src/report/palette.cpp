#include "report/palette.h"

#include <fmt/format.h>

#include <iterator>

namespace ate {
namespace {

// Of the lines on white, words on white (darker), and both on black. Told apart by readers who see few colours: after
// Okabe and Ito 2008.
struct CurveColour {
  const char* line;
  const char* word;
  const char* dark;
};
constexpr CurveColour kCurveColours[] = {
    {"#0072B2", "#00649C", "#5DB2F0"}, {"#D55E00", "#B04C00", "#FF8A3D"}, {"#009E73", "#00775A", "#3CCFA4"},
    {"#CC79A7", "#A24D7E", "#EBA3CB"}, {"#C98A00", "#8A5F00", "#F2C14E"}, {"#555555", "#444444", "#C4C4C4"}};

}  // namespace

size_t curve_colours() { return std::size(kCurveColours); }

std::string curve_style() {
  std::string light;
  std::string dark;
  for (size_t i = 0; i < curve_colours(); ++i) {
    const CurveColour& colour = kCurveColours[i];
    light +=
        fmt::format(".curves .line{0}{{stroke:{1}}}.curves .dot{0}{{fill:{1}}}.curves .text{0}{{fill:{2}}}\n",
                    i, colour.line, colour.word);
    dark += fmt::format(".curves .line{0}{{stroke:{1}}}.curves .dot{0},.curves .text{0}{{fill:{1}}}\n", i,
                        colour.dark);
  }
  return ".curves text{fill:#222222}.curves .quiet{fill:#5F5F5F}.curves .paper{fill:#FFFFFF}\n"
         ".curves .hole{fill:#FFFFFF}.curves .grid{stroke:#E7E7E7}.curves .axis{stroke:#8C8C8C}\n"
         ".curves .shadow{stroke:#BDBDBD}.curves .floor{stroke:#5F5F5F}.curves .margin{fill:#ECEEF0}\n"
         ".curves path,.curves line{fill:none}.curves .cut{stroke-dasharray:2 4}\n" +
         light +
         "@media (prefers-color-scheme:dark){\n"
         ".curves text{fill:#E8E8E8}.curves .quiet{fill:#A9A9A9}.curves .paper{fill:#15181C}\n"
         ".curves .hole{fill:#15181C}.curves .grid{stroke:#2B3036}.curves .axis{stroke:#737A82}\n"
         ".curves .shadow{stroke:#5A6068}.curves .floor{stroke:#A9A9A9}.curves .margin{fill:#24292E}\n" +
         dark + "}\n";
}

}  // namespace ate
