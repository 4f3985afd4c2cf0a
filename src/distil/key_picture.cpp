#include "distil/key_picture.h"

#include <fmt/format.h>

namespace ate {
namespace {

constexpr double kStrong = 0.2;
constexpr int kCell = 14;  // pixels
constexpr int kMargin = 36;

}  // namespace

std::string text_picture(const KeyPicture& picture) {
  std::string out = picture.title + "\n";
  for (size_t query = 0; query < picture.attention.size(); ++query) {
    out += fmt::format("  {:>3} ", query + 1);
    for (size_t key = 0; key <= query; ++key) {
      const bool strong = picture.attention[query][key] >= kStrong;
      out += picture.chosen[query][key] ? (strong ? "##" : "::") : (strong ? "()" : " .");
    }
    out += "\n";
  }
  return out +
         "  ## read and strong   :: read   () strong, not read   . not read   (row: query, column: key)\n";
}

std::string svg_picture(const KeyPicture& picture) {
  const auto size = static_cast<int>(picture.attention.size());
  const int side = size * kCell + 2 * kMargin;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{0}\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"{0}\" height=\"{0}\" fill=\"white\"/>\n"
      "<text x=\"{1}\" y=\"20\">{2}</text>\n",
      side, kMargin, picture.title);
  for (int query = 0; query < size; ++query)
    for (int key = 0; key <= query; ++key) {
      const auto q = static_cast<size_t>(query);
      const auto k = static_cast<size_t>(key);
      const double attention = picture.attention[q][k];
      const bool missed = !picture.chosen[q][k] && attention >= kStrong;
      const char* const frame = missed ? "#D55E00" : picture.chosen[q][k] ? "#0072B2" : "none";
      out += fmt::format(
          "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"black\" fill-opacity=\"{:.3f}\" "
          "stroke=\"{}\" stroke-width=\"1.5\"/>\n",
          kMargin + key * kCell, kMargin + query * kCell, kCell - 2, kCell - 2, 0.04 + 0.96 * attention,
          frame);
    }
  out += fmt::format(
      "<text x=\"{}\" y=\"{}\">black: attention; blue frame: read; red frame: strong, not "
      "read</text>\n</svg>\n",
      kMargin, side - 12);
  return out;
}

}  // namespace ate
