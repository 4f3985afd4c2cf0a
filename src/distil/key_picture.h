// Which keys a head reads, as a picture: a row per query, a column per key. No LibTorch.
#pragma once

#include <string>
#include <vector>

namespace ate {

struct KeyPicture {
  std::string title;
  std::vector<std::vector<double>> attention;  // [query][key]: what all keys would get; rows add up to 1
  std::vector<std::vector<bool>> chosen;       // [query][key]
};

// For a terminal, two characters a key: "##" chosen and strong (at least a fifth of the attention), "::" chosen and
// weaker, "()" strong and missed, " ." to be seen and neither.
std::string text_picture(const KeyPicture& picture);

// Darker is more attention; a frame marks the chosen keys, a red one a strong key that was missed.
std::string svg_picture(const KeyPicture& picture);

}  // namespace ate
