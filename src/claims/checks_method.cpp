// Checks of how the document worked and of what it refers to.
#include <fmt/format.h>

#include "claims/check.h"
#include "support/text.h"

namespace ate {
namespace {

// reproduced: every preset, as published, has several seeds and paired arms. unsupported: one has not, so
// that what ran supports no interval and no test.
Finding check_rigour(const Claim& claim, CheckContext&) {
  Finding finding;
  finding.verdict = Verdict::reproduced;
  int short_of = 0;
  for (const auto& preset : claim.given["presets"]) {
    Choice choice;
    choice.preset = preset.get<std::string>();
    choice.sets = {"mode=published"};
    const StudyConfig study = resolve(choice).config.study;
    if (study.seeds.size() > 1 && study.paired) continue;
    ++short_of;
    finding.evidence.push_back(fmt::format("{} as published: {}, arms {}.", choice.preset,
                                           counted(static_cast<int64_t>(study.seeds.size()), "seed"),
                                           study.paired ? "paired" : "on batches of their own"));
  }
  if (short_of > 0) finding.verdict = Verdict::unsupported;
  finding.found =
      fmt::format("{} of {} scripts: one seed, unpaired", short_of, claim.given["presets"].size());
  finding.evidence.emplace_back(
      "One pair of runs gives no interval and no test. ate validate-bespoke --preset focused runs several "
      "seeds, paired, with both.");
  return finding;
}

// unsupported: the document gives no reference. Otherwise not run: references have to be read by people.
Finding check_references(const Claim& claim, CheckContext&) {
  const size_t count = claim.given["references"].size();
  if (count == 0)
    return {
        Verdict::unsupported,
        "0 references given",
        {"The original report names no company, product, paper or measurement: there is nothing to check."}};
  return {Verdict::not_run, counted(static_cast<int64_t>(count), "reference") + ", to be read by people", {}};
}

constexpr Member kRigour[] = {
    {"presets", MemberType::texts, "The presets of the scripts that ran", {}, nullptr, preset_names}};
constexpr Member kReferences[] = {{"references", MemberType::texts, "What the document refers to"}};

}  // namespace

extern const CheckDescription rigour_check, references_check;

constinit const CheckDescription rigour_check = {
    .name = "rigour",
    .help = "whether what ran has several seeds and paired arms",
    .given = kRigour,
    .run = check_rigour,
};
constinit const CheckDescription references_check = {
    .name = "references",
    .help = "whether the document gives a reference",
    .given = kReferences,
    .run = check_references,
};

}  // namespace ate
