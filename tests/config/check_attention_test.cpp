// What the attention and train sections refuse, and in which words.
#include "catch.h"
#include "config/resolve.h"
#include "helpers/attention_kinds.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

namespace {

// The complaints of ate train about a preset with these settings.
std::string complaint(const std::string& preset, std::vector<std::string> sets) {
  return complaint_of<BadInput>([&] { (void)resolve({preset, "", std::move(sets), {}, true}); });
}

}  // namespace

TEST_CASE("every attention kind goes with every source and embedding of an encoder", "[config]") {
  for (const std::string& name : registered_names<AttentionDescription>())
    CHECK(complaint("medium", {std::string("attention.kind=") + name}).empty());
  for (const AttentionKind kind : sparse_kinds()) CHECK(check_config(sparse_encoder(kind)).empty());
}

TEST_CASE("k is at least one key and at most the window", "[config]") {
  CHECK(contains(complaint("medium", {"attention.kind=window", "attention.k=0"}),
                 "--set attention.k=0: expected a whole number from 1"));
  CHECK(complaint("medium", {"attention.kind=window", "attention.k=33"}) ==
        "--set attention.k=33: 33 is more than the 32 positions of a window: set attention.k to at most 32");
  CHECK(complaint("medium", {"attention.kind=window", "attention.k=32"}).empty());
}

TEST_CASE("heads, layers, rank and block stay inside what there is", "[config]") {
  CHECK(
      contains(complaint("medium", {"attention.kind=window", "attention.heads=5"}), "more than the 4 heads"));
  CHECK(contains(complaint("medium", {"attention.kind=window", "attention.layers=2"}),
                 "more than the 1 layers"));
  CHECK(contains(complaint("medium", {"attention.kind=lowrank_topk", "attention.rank=33"}),
                 "more than the 32 dimensions of a head"));
  CHECK(contains(complaint("medium", {"attention.kind=block_topk", "attention.block=9"}),
                 "more than the 8 keys that a position reads"));
  for (const char* kind : {"certified", "threshold"})
    CHECK(contains(complaint("medium", {std::string("attention.kind=") + kind, "attention.block=33"}),
                   "more than the 32 positions of a window"));
  CHECK(contains(complaint("medium", {"attention.kind=indexer", "attention.rank=129"}),
                 "more than the 128 dimensions of the heads together"));
  CHECK(contains(complaint("medium", {"attention.kind=certified", "attention.epsilon=0"}),
                 "--set attention.epsilon=0: expected a number from 1e-12 to 0.9"));
  CHECK(contains(complaint("medium", {"attention.kind=threshold", "attention.drop=-1"}),
                 "--set attention.drop=-1: expected a number from 0 to 1000000"));
  // Blocks need not divide the window, nor k.
  CHECK(complaint("medium", {"attention.kind=block_topk", "attention.block=5"}).empty());
}

TEST_CASE("a setting of another kind of attention is refused", "[config]") {
  CHECK(complaint("medium", {"attention.k=4"}) ==
        "--set attention.k=4: dense has no such setting, only the sparse kinds have: leave it out or set "
        "attention.kind");
  CHECK(contains(complaint("medium", {"attention.kind=window", "attention.rank=4"}),
                 "only lowrank_topk and indexer have"));
  CHECK(contains(complaint("medium", {"attention.kind=window", "attention.distil=2"}),
                 "only mlp_topk and lowrank_topk and indexer have"));
}

TEST_CASE("the bag has no attention to make sparse", "[config]") {
  CHECK(contains(complaint("focused", {"attention.kind=window"}), "needs attention, which the bag has not"));
  CHECK(
      contains(complaint("focused", {"train.procedure=frontier"}), "needs attention, which the bag has not"));
}

TEST_CASE("the pipeline needs a selector and an approximator", "[config]") {
  CHECK(contains(complaint("medium", {"train.procedure=pipeline"}), "set attention.kind=mlp_topk"));
}

TEST_CASE("experiments named before there was an attention section keep their names", "[config]") {
  // Of the version before it, on the CPU.
  CHECK(experiment_hash(resolve({"focused", "", {"device=cpu"}, {}}).config) == "d98979b514");
}
