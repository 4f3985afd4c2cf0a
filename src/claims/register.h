// A register of claims: what a paper says, and which check is to be run on each of its claims. It holds no verdict.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ate {

struct Claim {
  std::string id;                // "flops.128"; the part before the dot is its group
  std::string claim;             // in brief
  std::string claimed;           // the number, as text: "0.18x"
  std::string check;             // name of a check, see check.h
  nlohmann::ordered_json given;  // what the check takes from the document: sizes and printed numbers
  std::string file{};            // that holds it
  std::string pointer{};         // its place there: "/claims/3"
};

struct Register {
  std::string title;
  std::string source;  // a citation or a link
  std::vector<Claim> claims;
};

// configs/claims.json, compiled in: what the original report says.
const Register& original_register();

// Throws BadInput with every problem of the file, each with its JSON pointer: keys and types, an id twice, an unknown
// check, what a check is given, and every config that a claim names.
Register read_register(const std::string& text, const std::string& file);
Register read_register_file(const std::string& path);  // that --claims names

// JSON Schema (draft 2020-12) of a claims file. It refers to the schema of configs as schema.json.
nlohmann::ordered_json claims_schema();

// The original report's claims of a check, such as "speedup_row", in the register's order.
std::vector<Claim> claims_checked_by(const std::string& check);

// The claims whose id, or whose group, is among `ids`, in the register's order; all of them when `ids` is
// empty. Throws BadInput for a name that is neither, with the nearest one.
std::vector<Claim> select_claims(const Register& claims, const std::vector<std::string>& ids);

// The text behind the original report's register: the file's bytes.
const std::string& claims_text();

}  // namespace ate
