// A teacher of a tiny model on a recall source, in a folder of its own.
#pragma once

#include <string>
#include <vector>

#include "config/resolve.h"
#include "distil/distillation.h"
#include "helpers/libtorch.h"
#include "helpers/temporary_folder.h"

namespace ate::testing {

inline Resolved tiny_distillation(std::vector<std::string> more = {}, const char* preset = "demo") {
  Choice choice;
  choice.preset = preset;
  choice.sets = {"name=tiny",
                 "device=cpu",
                 "source.tokens=2000",
                 "windows={\"length\": 16, \"batch\": 4, \"batches_per_epoch\": 5}",
                 "body.width=8",
                 "body.feedforward=1",
                 "attention.hidden=4",
                 "schedule.epochs=1",
                 "train.collect_batches=3",
                 "train.rows=16",
                 "train.selector_steps=4",
                 "train.approximator_steps=4",
                 "train.student_steps=4"};
  choice.sets.insert(choice.sets.end(), more.begin(), more.end());
  return resolve(choice);
}

inline DistillationOptions distil_in(const TemporaryFolder& out) {
  DistillationOptions options;
  options.out = out.path();
  return options;
}

inline DistillationOutcome distil(const TemporaryFolder& out, std::vector<std::string> more = {}) {
  return run_distillation(tiny_distillation(std::move(more)), distil_in(out));
}

}  // namespace ate::testing
