// The register of claims: what the original report says, and which check is to be run on it. It holds no
// verdict.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ate {

struct Claim {
  std::string id;                // "flops.128"; what stands before the dot is its group
  std::string claim;             // in brief
  std::string claimed;           // the number, as text: "0.18x"
  std::string check;             // name of a check, see check.h
  nlohmann::ordered_json given;  // what the check takes from the document: sizes and printed numbers
};

// configs/claims.json, compiled in.
const std::vector<Claim>& claims_register();

// Claims of a check, such as "speedup_row", in the register's order.
std::vector<Claim> claims_checked_by(const std::string& check);

// The claims whose id, or whose group, is among `ids`, in the register's order; all of them when `ids` is
// empty. Throws BadInput for a name that is neither, with the nearest one.
std::vector<Claim> select_claims(const std::vector<std::string>& ids);

// The text behind the register: the file's bytes.
const std::string& claims_text();

}  // namespace ate
