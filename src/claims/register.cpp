#include "claims/register.h"

#include <algorithm>
#include <map>

#include "claims/check.h"
#include "config/parse.h"
#include "support/error.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::string group_of(const std::string& id) { return id.substr(0, id.find('.')); }

std::vector<std::string> check_names() {
  std::vector<std::string> names;
  for (const CheckDescription* check : checks()) names.emplace_back(check->name);
  return names;
}

constexpr Member kRegisterMembers[] = {
    {"$schema", MemberType::text, "For editors: this schema", {}, "null"},
    {"title", MemberType::text, "Whose claims these are"},
    {"source", MemberType::text, "Where they are made: a citation or a link"},
    {"claims", MemberType::list, "One entry per claim"},
};
constexpr Member kClaimMembers[] = {
    {"id", MemberType::text,
     "Its name for --only: letters, digits, '.', '_' and '-'; the part before the first dot is its group"},
    {"claim", MemberType::text, "The claim in brief"},
    {"claimed", MemberType::text, "The number claimed, as text"},
    {"check", MemberType::text, "What checks it", {}, nullptr, check_names},
    {"given", MemberType::object, "What the check takes from the paper"},
};

bool names_a_claim(const std::string& id) {
  return id.size() <= 100 && std::isalnum(static_cast<unsigned char>(id.front())) != 0 &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return c < 128 && (std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-');
         });
}

// The claim at `entry`; problems are at JSON pointers of the file.
Claim read_claim(const JsonValue& entry, const std::string& file, std::vector<Problem>& problems) {
  const size_t before = problems.size();
  if (!entry.json().is_object()) {
    problems.push_back({entry.pointer(), "expected an object, got " + short_text(entry.json())});
    return {};
  }
  check_members(entry, list_of(kClaimMembers), problems);
  if (problems.size() > before) return {};
  Claim claim{entry.at("id").text(),    entry.at("claim").text(), entry.at("claimed").text(),
              entry.at("check").text(), entry.at("given").json(), file,
              entry.pointer()};
  if (!names_a_claim(claim.id))
    problems.push_back(
        {entry.pointer() + "/id",
         "expected up to 100 letters, digits, '.', '_' and '-', the first a letter or a digit, got " +
             short_text(claim.id)});
  return claim;
}

void refuse_equal_ids(const std::vector<Claim>& claims, std::vector<Problem>& problems) {
  std::map<std::string, std::string> places;
  for (const Claim& claim : claims)
    if (const auto [it, fresh] = places.emplace(claim.id, claim.pointer); !fresh && !claim.id.empty())
      problems.push_back({claim.pointer + "/id", "\"" + claim.id + "\" is the id of " + it->second +
                                                     " too: give each claim an id of its own"});
}

}  // namespace

Register read_register(const std::string& text, const std::string& file) {
  std::vector<Problem> problems;
  const Json document = parse_json(text, file, problems);
  if (!problems.empty()) throw BadInput(std::move(problems));
  const JsonValue root(document, file);
  if (!document.is_object()) throw BadInput(file, "expected an object, got " + short_text(document));

  Register out;
  check_members(root, list_of(kRegisterMembers), problems);
  if (document.contains("claims") && document["claims"].is_array())
    for (const JsonValue& entry : root.at("claims").items())
      out.claims.push_back(read_claim(entry, file, problems));
  refuse_equal_ids(out.claims, problems);
  for (Problem& problem : problems) problem.where = file + ": " + problem.where;
  for (const Claim& claim : out.claims)
    if (!claim.check.empty())
      for (Problem& problem : given_problems(claim)) problems.push_back(std::move(problem));
  if (!problems.empty()) throw BadInput(std::move(problems));
  out.title = root.at("title").text();
  out.source = root.at("source").text();
  return out;
}

Register read_register_file(const std::string& path) {
  return read_register(read_config_file(path, "--claims"), path);
}

const Register& original_register() {
  static const Register claims = read_register(claims_text(), "configs/claims.json");
  return claims;
}

Json claims_schema() {
  Json claim = members_schema(list_of(kClaimMembers));
  claim["allOf"] = Json::array();
  for (const CheckDescription* check : checks()) {
    Json given = members_schema(given_members(*check));
    given["description"] = check->help;
    claim["allOf"].push_back({{"if", {{"properties", {{"check", {{"const", check->name}}}}}}},
                              {"then", {{"properties", {{"given", std::move(given)}}}}}});
  }
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "ate claims"}};
  schema.update(members_schema(list_of(kRegisterMembers)));
  schema["properties"]["claims"]["items"] = std::move(claim);
  return schema;
}

std::vector<Claim> claims_checked_by(const std::string& check) {
  std::vector<Claim> out;
  for (const Claim& claim : original_register().claims)
    if (claim.check == check) out.push_back(claim);
  return out;
}

std::vector<Claim> select_claims(const Register& claims, const std::vector<std::string>& ids) {
  if (ids.empty()) return claims.claims;
  std::vector<std::string> names;
  for (const Claim& claim : claims.claims) {
    names.push_back(claim.id);
    if (std::find(names.begin(), names.end(), group_of(claim.id)) == names.end())
      names.push_back(group_of(claim.id));
  }
  for (const std::string& id : ids)
    if (std::find(names.begin(), names.end(), id) == names.end())
      throw BadInput("--only " + id, "no claim or group of claims has this name" + did_you_mean(id, names) +
                                         "; ate audit --list shows all");
  std::vector<Claim> out;
  for (const Claim& claim : claims.claims)
    for (const std::string& id : ids)
      if (claim.id == id || group_of(claim.id) == id) {
        out.push_back(claim);
        break;
      }
  return out;
}

}  // namespace ate
