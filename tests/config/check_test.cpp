#include "catch.h"
#include "config/kernels.h"
#include "config/resolve.h"
#include "helpers/bodies.h"
#include "helpers/errors.h"
#include "helpers/preset_choice.h"

using namespace ate;
using namespace ate::testing;

namespace {

// The pointers that check_config blames, joined by spaces.
std::string blamed(const Config& config) {
  std::string pointers;
  for (const Problem& problem : check_config(config))
    pointers += (pointers.empty() ? "" : " ") + problem.where;
  return pointers;
}

std::string first_complaint(const Config& config) {
  const std::vector<Problem> problems = check_config(config);
  return problems.empty() ? "" : problems.front().text();
}

}  // namespace

TEST_CASE("defaults and presets have nothing to blame", "[config]") {
  CHECK(blamed(Config()).empty());
  const PresetChoice choice;
  for (const Preset& preset : presets()) CHECK_NOTHROW(resolve(choice(preset.name, "published")));
}

TEST_CASE("a name must be safe in file names", "[config]") {
  Config config;
  for (const char* name : {"a", "my-study_1.2", "A", "0"}) {
    config.name = name;
    CHECK(blamed(config).empty());
  }
  for (const char* name : {"", "a/b", "..", ".hidden", "a b", "a\nb", "caf\xC3\xA9", "a:b", "$(x)"}) {
    CAPTURE(name);
    config.name = name;
    CHECK(blamed(config) == "/name");
  }
  config.name = std::string(100, 'x');
  CHECK(blamed(config).empty());
  config.name += 'x';
  CHECK(blamed(config) == "/name");
}

TEST_CASE("a device is auto, cpu, cuda, cuda:N or mps", "[config]") {
  Config config;
  for (const char* device : {"auto", "cpu", "cuda", "cuda:0", "cuda:15", "mps"}) {
    config.device = device;
    CHECK(blamed(config).empty());
  }
  for (const char* device : {"", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cpu:0", "cuda0"}) {
    CAPTURE(device);
    config.device = device;
    CHECK(blamed(config) == "/device");
  }
}

TEST_CASE("two windows of training tokens and one of validation tokens are the least", "[config]") {
  Config config;
  config.source.tokens = 100;
  config.source.train_share = 0.81;  // 81 and 19
  config.windows.length = 18;        // needs 37 and 19
  CHECK(blamed(config).empty());
  config.windows.length = 19;  // needs 39 and 20
  CHECK(blamed(config) == "/windows/length");
  CHECK(contains(first_complaint(config), "the validation part 19 (at least 20 needed)"));

  config.source.train_share = 0.2;  // 20 and 80
  config.windows.length = 9;        // needs 19
  CHECK(blamed(config).empty());
  config.windows.length = 10;  // needs 21
  CHECK(blamed(config) == "/windows/length");
  CHECK(contains(first_complaint(config), "the training part has 20 tokens (at least 21 needed)"));
}

TEST_CASE("heads must divide the width of an encoder; the bag has none", "[config]") {
  Config config;
  config.body.width = 64;
  config.body.heads = 5;
  config.body.kind = BodyKind::bag;
  CHECK(blamed(config).empty());
  config.body.kind = BodyKind::encoder;
  CHECK(blamed(config) == "/body/heads");
  CHECK(contains(first_complaint(config), "5 heads do not divide the width 64"));
  config.body.heads = 8;
  CHECK(blamed(config).empty());
}

TEST_CASE("bands by count take whole numbers that the vocabulary holds", "[config]") {
  Config config;
  config.bands.rule = BandRule::rank_count;
  config.source.vocabulary = 200;
  config.bands.high = 150;
  config.bands.low = 50;
  CHECK(blamed(config).empty());
  config.bands.low = 51;
  CHECK(blamed(config) == "/bands/high");
  CHECK(contains(first_complaint(config), "together take 201, more than the 200 tokens of the vocabulary"));
  config.bands.high = 1.5;
  CHECK(blamed(config) == "/bands/high");
  config.bands.high = 1;
  config.bands.low = 1.5;
  CHECK(blamed(config) == "/bands/high");
}

TEST_CASE("bands by share take no more than the whole", "[config]") {
  for (const BandRule rule : {BandRule::rank_share, BandRule::cumulative_share}) {
    Config config;
    config.bands.rule = rule;
    config.bands.high = 0.75;
    config.bands.low = 0.25;
    CHECK(blamed(config).empty());
    config.bands.low = 0.375;
    CHECK(blamed(config) == "/bands/high");
  }
}

TEST_CASE("a band's rows need at least one column", "[config]") {
  Config config;
  config.body.width = 4;
  CHECK(blamed(config).empty());
  config.embedding.low = 0.2;
  CHECK(blamed(config) == "/embedding/low");
  config.embedding.mid = 0.2;
  config.embedding.high = 0.2;
  CHECK(blamed(config) == "/embedding/high /embedding/mid /embedding/low");
}

TEST_CASE("all cross-field problems are told together", "[config]") {
  Config config;
  config.name = "a/b";
  config.device = "gpu";
  config.windows.length = 1 << 19;
  config.embedding.low = 0.001;
  CHECK(blamed(config) == "/name /device /windows/length /embedding/low");
}

TEST_CASE("reports tell which kernels attend, where it is not the fused ones", "[config]") {
  const auto told = [](const char* kind, int64_t length, double dropout) {
    Config config = tiny_encoder();
    config.attention.kind = AttentionKind(kind);
    config.attention.k = 32;
    config.windows.length = length;
    config.body.dropout = dropout;
    for (const KindSetting& setting : config.attention.kind->settings)
      if (std::string_view(setting.name) == "block") config.attention.own.set("block", int64_t{16});
    return kernels_used(config).text();
  };
  CHECK(told("dense", 64, 0) == "fused");
  CHECK(told("dense", kLongestFusedWindow + 1, 0) == "fused (dense attention on the flash kernels)");
  CHECK(told("dense", kLongestFusedWindow + 1, 0.1) == "fused");
  CHECK(told("window", kShortestFlashWindow, 0) == "fused (window attention on the flash kernels)");
  CHECK(told("block_topk", kShortestFlashWindow, 0) == "fused (block_topk attention on the flash kernels)");
  CHECK(told("window", kShortestFlashWindow - 1, 0) == "fused (window attention by plain operations)");
  CHECK(told("window", kShortestFlashWindow, 0.1) == "fused (window attention by plain operations)");
  CHECK(told("lowrank_topk", 300, 0) == "fused (lowrank_topk attention by plain operations)");

  Config some = tiny_encoder();
  some.windows.length = kLongestFusedWindow + 1;
  some.body.dropout = 0;
  some.attention.kind = AttentionKind("lowrank_topk");
  some.attention.layers = 1;
  CHECK(kernels_used(some).why ==
        "lowrank_topk attention by plain operations, dense attention on the flash kernels");
  some.kernels = KernelKind::reference;
  CHECK(kernels_used(some).why == "as asked");
  some.kernels = KernelKind::automatic;
  some.attention = {};
  some.source.kind = SourceKind("mqar");
  CHECK(kernels_used(some).why ==
        "the fused kernels score every token, and mqar asks for some answers, dense attention on the flash "
        "kernels");
}

TEST_CASE("fused kernels are refused where they cannot run, and bf16 and tf32 where nothing can",
          "[config]") {
  Config config;
  config.body.kind = BodyKind::encoder;
  for (const KernelKind kernels : {KernelKind::automatic, KernelKind::fused, KernelKind::reference})
    for (const char* device : {"auto", "cpu"}) {
      config.kernels = kernels;
      config.device = device;
      config.dtype = Dtype::fp32;
      CHECK(blamed(config).empty());
      CHECK(chosen_kernels(config) ==
            (kernels == KernelKind::reference ? KernelKind::reference : KernelKind::fused));
      config.dtype = Dtype::bf16;
      CHECK(blamed(config).empty());
    }
  const auto check_refused = [](const Config& refused, const std::string& why) {
    Config c = refused;
    CHECK(blamed(c).empty());
    CHECK(chosen_kernels(c) == KernelKind::reference);
    c.dtype = Dtype::bf16;
    CHECK(blamed(c).empty());
    c.kernels = KernelKind::fused;
    CHECK(blamed(c) == "/kernels");
    CHECK(contains(first_complaint(c), why));
    c.kernels = KernelKind::reference;
    CHECK(blamed(c).empty());
  };
  config = Config();
  check_refused(config, "the bag");
  config.body.kind = BodyKind::encoder;
  config.device = "cuda:1";
  check_refused(config, "not on cuda:1");
  config = tiny_encoder();
  config.source.kind = SourceKind("mqar");
  CHECK(contains(why_not_fused(config), "mqar asks for some answers"));
  for (const BodyCase& body : bodies_of_today()) {
    CAPTURE(body.name);
    CHECK(why_not_fused(body.config).empty());
  }

  const auto complaint = [](const char* device, KernelKind kernels, Dtype dtype, AttentionKind kind) {
    Config c;
    c.body.kind = BodyKind::encoder;
    c.device = device;
    c.kernels = kernels;
    c.dtype = dtype;
    c.attention.kind = kind;
    return blamed(c).empty() ? "" : first_complaint(c);
  };
  const KernelKind any = KernelKind::automatic;
  CHECK(complaint("cpu", any, Dtype::bf16, AttentionKind("window")).empty());
  CHECK(contains(complaint("cpu", KernelKind::reference, Dtype::bf16, AttentionKind("window")),
                 "bf16 trains dense attention alone"));
  CHECK(contains(complaint("mps", any, Dtype::bf16, AttentionKind::dense), "not on mps"));
  CHECK(contains(complaint("cpu", any, Dtype::tf32, AttentionKind::dense), "set dtype to fp32 or bf16"));
  CHECK(contains(complaint("mps", any, Dtype::tf32, AttentionKind::dense), "set dtype to fp32"));
  for (const Dtype dtype : {Dtype::tf32, Dtype::bf16}) {
    Config c;
    c.train.procedure = Procedure::pipeline;
    c.dtype = dtype;
    CHECK(contains(first_complaint(c), "the procedure pipeline trains in fp32"));
  }
  for (const char* device : {"auto", "cuda", "cuda:1"})
    CHECK(complaint(device, any, Dtype::tf32, AttentionKind::dense).empty());
}
