#include "claims/register.h"

#include <algorithm>

#include "support/error.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::string group_of(const std::string& id) { return id.substr(0, id.find('.')); }

std::vector<Claim> read_register() {
  std::vector<Claim> claims;
  const Json document = parse_json(claims_text(), "configs/claims.json");
  for (const JsonValue& entry : JsonValue(document, "configs/claims.json").at("claims").items())
    claims.push_back({entry.at("id").text(), entry.at("claim").text(), entry.at("claimed").text(),
                      entry.at("check").text(), entry.at("given").json()});
  return claims;
}

}  // namespace

const std::vector<Claim>& claims_register() {
  static const std::vector<Claim> claims = read_register();
  return claims;
}

std::vector<Claim> claims_checked_by(const std::string& check) {
  std::vector<Claim> out;
  for (const Claim& claim : claims_register())
    if (claim.check == check) out.push_back(claim);
  return out;
}

std::vector<Claim> select_claims(const std::vector<std::string>& ids) {
  if (ids.empty()) return claims_register();
  std::vector<std::string> names;
  for (const Claim& claim : claims_register()) {
    names.push_back(claim.id);
    if (std::find(names.begin(), names.end(), group_of(claim.id)) == names.end())
      names.push_back(group_of(claim.id));
  }
  for (const std::string& id : ids)
    if (std::find(names.begin(), names.end(), id) == names.end())
      throw BadInput("--only " + id, "no claim or group of claims has this name" + did_you_mean(id, names) +
                                         "; ate audit --list shows all");
  std::vector<Claim> out;
  for (const Claim& claim : claims_register())
    for (const std::string& id : ids)
      if (claim.id == id || group_of(claim.id) == id) {
        out.push_back(claim);
        break;
      }
  return out;
}

}  // namespace ate
