// The examples of docs/extending.md, registered as a new part is: each trains, resumes in the same bits, and is checked,
// and the document shows the very text of these files.
#include <filesystem>

#include "catch.h"
#include "config/json.h"
#include "config/resolve.h"
#include "helpers/attention_kinds.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"
#include "helpers/trials.h"

namespace ate {
extern const AttentionDescription strided_attention;
extern const EmbeddingDescription hashed_embedding;
extern const OptimiserDescription lion_optimiser;
extern const SourceDescription noisy_cycle_source;
}  // namespace ate

using namespace ate;
using namespace ate::testing;

namespace {

// While it lives, one more kind is registered.
template <class Description>
class Registered {
 public:
  explicit Registered(const Description& kind) { registered<Description>().push_back(&kind); }
  ~Registered() { registered<Description>().pop_back(); }
};

std::string complaint(const std::vector<std::string>& sets) {
  return complaint_of<BadInput>([&] { (void)resolve({"medium", "", sets, {}}); });
}

// Trains to the end, and again with a resume at every step: the same bytes.
void check_trains(const Config& config, Arm arm) {
  Trial straight = make_trial(config, arm);
  const std::vector<std::string> states = all_states(straight);
  CHECK(straight.status() == TrainingStatus::finished);
  CHECK(straight.progress().validation_losses().back() < straight.progress().validation_losses().front());
  CHECK(straight.progress().leak == 0);
  for (size_t i = 0; i + 1 < states.size(); ++i) {
    Trial resumed = make_trial(config, arm);
    restore(resumed, states[i]);
    resumed.advance();
    const bool equal = resumed.checkpoint() == states[i + 1];
    CHECK(equal);
  }
}

}  // namespace

TEST_CASE("an attention kind of one file trains, and its setting is checked", "[extending]") {
  const Registered<AttentionDescription> kind(strided_attention);
  Config config = tiny_encoder();
  config.attention.kind = AttentionKind("strided");
  config.attention.k = 3;
  config.attention.own.set("stride", int64_t{2});
  check_trains(config, Arm::standard);
  CHECK(complaint({"attention.kind=strided", "attention.stride=2"}).empty());
  CHECK(contains(complaint({"attention.kind=strided", "attention.stride=99"}), "more than the 32 positions"));
  CHECK(contains(complaint({"attention.kind=window", "attention.stride=2"}), "only strided has"));
  CHECK(contains(config_schema().dump(), "distance between the keys read"));
}

TEST_CASE("an optimiser of one file trains, on the fused kernels too", "[extending]") {
  const Registered<OptimiserDescription> kind(lion_optimiser);
  for (const KernelKind kernels : {KernelKind::reference, KernelKind::fused}) {
    Config config = tiny_encoder();
    config.kernels = kernels;
    config.optimiser.kind = OptimiserKind("lion");
    config.optimiser.learning_rate = 1e-3;
    check_trains(config, Arm::bespoke);
  }
}

TEST_CASE("an arm of one file trains", "[extending]") {
  const Registered<EmbeddingDescription> arm(hashed_embedding);
  check_trains(tiny_encoder(), Arm("hashed"));
  CHECK(complaint({"study.arms=[\"standard\",\"hashed\"]"}).empty());
}

TEST_CASE("a source of one file trains a model toward its floor", "[extending]") {
  const Registered<SourceDescription> source(noisy_cycle_source);
  Config config = tiny_encoder();
  config.source.kind = SourceKind("noisy_cycle");
  config.source.own.set("noise", 0.2);
  config.source.tokens = 2000;
  config.windows.batches_per_epoch = 60;
  config.optimiser.learning_rate = 0.03;
  config.schedule.epochs = 6;
  Trial trial = make_trial(config, Arm::standard);
  while (!trial.ended()) trial.advance();
  CHECK(trial.progress().evaluations.back().excess.value() < 0.2);
  CHECK(trial.progress().evaluations.front().excess.value() >
        trial.progress().evaluations.back().excess.value());
  CHECK(complaint({"source.kind=noisy_cycle", "source.noise=0.5"}).empty());
  CHECK(contains(complaint({"source.noise=0.5"}), "only noisy_cycle has"));
}

TEST_CASE("a new kind's settings leave the names of experiments alone", "[extending]") {
  const Choice window = {"medium", "", {"attention.kind=window"}, {}};
  const std::string before = experiment_hash(resolve(window).config);
  const Registered<AttentionDescription> kind(strided_attention);
  CHECK(experiment_hash(resolve(window).config) == before);
}

TEST_CASE("docs/extending.md shows these files", "[extending]") {
  const std::filesystem::path root = std::filesystem::path(ATE_TESTS_FOLDER).parent_path();
  const std::string document = bytes_of_file(root / "docs" / "extending.md");
  for (const char* name : {"strided.cpp", "lion.cpp", "hashed.cpp", "noisy_cycle.cpp"}) {
    CAPTURE(name);
    CHECK(contains(document, bytes_of_file(root / "tests" / "extending" / name)));
  }
}
