#include "pipeline/demo.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/json.h"
#include "pipeline/key_picture.h"
#include "pipeline/pipeline.h"
#include "pipeline/single.h"
#include "pipeline/stages.h"
#include "run/signals.h"
#include "study/study.h"
#include "support/files.h"
#include "train/device.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// Small enough for half a minute on one core, and still a source that no model can do well on without attention.
Resolved demo_config(const std::string& device) {
  Choice choice;
  choice.preset = "sparse-frontier";
  choice.sets = {"name=demo",
                 "device=" + device,
                 "source.vocabulary=24",
                 "source.keys=2",
                 "source.values=8",
                 "source.distance=12",
                 "source.tokens=60000",
                 "windows.length=32",
                 "body.width=32",
                 "body.feedforward=2",
                 "schedule.epochs=28",
                 "evaluation.every=14",
                 "attention.kind=mlp_topk",
                 "attention.k=4",
                 "attention.hidden=32",
                 "attention.heads=1",
                 "attention.layers=1",
                 "train.procedure=pipeline",
                 "train.student_steps=250",
                 "train.collect_batches=16"};
  return resolve(choice);
}

// The head of the last layer whose attention is furthest from even, on the last validation window.
KeyPicture picture_of(const World& world, const Student& student) {
  const at::NoGradGuard no_grad;
  const at::Tensor windows = world.validation_windows();
  const int64_t length = world.config.windows.length;
  const at::Tensor tokens =
      windows.narrow(0, windows.size(0) - 1, 1).narrow(1, 0, length).contiguous().to(world.device);
  AttentionTraces traces;
  (void)student.model->model.logits(tokens, traces);
  const size_t layer = traces.size() - 1;
  const HeadInputs& heads = traces[layer].heads;
  const at::Tensor attention = heads.scores().softmax(-1).to(at::kCPU, at::kDouble);
  const Selection selection = student.model->model.attention(layer)->select(heads);
  const auto head = std::get<0>(attention.max(-1)).mean(-1).flatten().argmax().item<int64_t>();
  KeyPicture picture;
  picture.title =
      fmt::format("{}, layer {}, head {}: which keys each position reads", student.name, layer + 1, head + 1);
  for (int64_t query = 0; query < length; ++query) {
    std::vector<double> row(static_cast<size_t>(length));
    std::vector<bool> chosen(static_cast<size_t>(length));
    for (int64_t key = 0; key < length; ++key)
      row[static_cast<size_t>(key)] = attention[0][head][query][key].item<double>();
    for (int64_t i = 0; i < selection.positions.size(3); ++i)
      if (!selection.absent.defined() || !selection.absent[0][head][query][i].item<bool>())
        chosen[static_cast<size_t>(selection.positions[0][head][query][i].item<int64_t>())] = true;
    picture.attention.push_back(std::move(row));
    picture.chosen.push_back(std::move(chosen));
  }
  return picture;
}

StudyOutcome embedding_study(const DemoOptions& options) {
  Choice choice;
  choice.preset = "focused";
  choice.sets = {"device=" + options.device, "schedule.epochs=20", "evaluation.every=20", "study.seeds=0..5"};
  StudyOptions study;
  study.command = "demo";
  study.out = options.out;
  return run_study(resolve(choice), study);
}

constexpr double kSmall = 0.02;  // nats: a loss that the demo calls small

const char* selector_verdict(const SelectorQuality& q) {
  if (q.accuracy < q.constant + 0.05) return "the query alone says little more than a fixed guess does";
  if (q.mass < 0.9 * q.mass_oracle)
    return "the query alone beats a fixed guess, and still misses keys that matter";
  return "the query alone finds the keys that matter";
}

std::string sparse_text(const World& world, const HeadResult& head, const Student& lowrank,
                        const Student& window, const KeyPicture& picture) {
  const SelectorQuality& q = head.quality;
  const Score& s = lowrank.score;
  std::string out = fmt::format(
      "1. Sparse attention\n\n"
      "A small transformer (two layers, two heads) reads text in which keys are given values and asked for "
      "later:\n"
      "  {:.4f} nats   its loss with dense attention, every position reading all before it\n",
      s.teacher_loss);
  if (s.teacher_excess)
    out += fmt::format("  {:.4f} nats   of that above the best that any model could do with these windows\n",
                       *s.teacher_excess);
  out += fmt::format(
      "\nThe seed's idea: a network that sees the query alone guesses which {} of {} positions matter.\n"
      "  {:>5.1f} %   of held-out queries: it names the key that really gets most attention\n"
      "  {:>5.1f} %   the best fixed guess for each position does, which sees nothing\n"
      "  {:>5.1f} %   of the attention stands on the {} keys that it picks; on the {} best keys {:.1f} %\n"
      "  {:>5.0f} %   of the time the strongest key moves when the text is shuffled; its pick moves in "
      "{:.0f} %\n",
      world.config.attention.k, world.config.windows.length, 100 * q.accuracy, 100 * q.constant, 100 * q.mass,
      world.config.attention.k, world.config.attention.k, 100 * q.mass_oracle, 100 * q.strongest_moved,
      100 * q.choice_moved);
  out += fmt::format(
      "\nAll heads sparse, {} keys each, after a little training against the dense model:\n"
      "  {:+.4f} nats   change of the loss when keys are chosen by cheap scores of query times key "
      "(lowrank_topk)\n"
      "  {:+.4f} nats   when each position reads the {} tokens before it, no choice at all (window)\n"
      "  {:>5.1f} %   of the attention stands on the keys that lowrank_topk reads; {:.1f} % is the most "
      "possible\n\n"
      "Verdict: {}; {}.\n\n",
      lowrank.attention.k, s.loss - s.teacher_loss, window.score.loss - window.score.teacher_loss,
      window.attention.k, 100 * s.recall, 100 * s.oracle_recall, selector_verdict(q),
      s.loss - s.teacher_loss < kSmall ? "keys chosen by query and key together cost less than 0.02 nats"
                                       : "keys chosen by query and key together cost more than 0.02 nats");
  return out + text_picture(picture);
}

std::string embedding_text(const StudyResult& study) {
  const Comparison& c = study.comparisons.front();
  return fmt::format(
      "\n2. Bespoke embeddings\n\n"
      "{} pairs of models on independent draws of 200 tokens; no honest loss is below {:.4f} nats.\n"
      "  {:.4f} nats   mean loss of standard embeddings\n"
      "  {:.4f} nats   mean loss with wider rows for frequent tokens, narrower for rare ones\n"
      "  {:+.4f} nats   their mean difference, pair by pair (95 % interval {:+.4f} to {:+.4f})\n"
      "\nVerdict: bespoke is {}.\n",
      c.difference.n, study.floor.value_or(0), study.arms[0].loss.mean, study.arms[1].loss.mean,
      c.difference.mean, c.ci95.low, c.ci95.high, c.verdict);
}

constexpr const char* kNext =
    "\nWhat to run next:\n"
    "  ate train --preset sparse-frontier --plot frontier.svg   every kind of sparse attention: what it "
    "loses and costs\n"
    "  ate validate-bespoke --preset focused                    the embedding study with ten seeds and its "
    "tests\n"
    "  ate audit                                                every claim of the document, with a "
    "verdict\n";

Report demo_report(const World& world, const HeadResult& head, const std::vector<const Student*>& students,
                   const StudyResult& study, const std::string& picture) {
  Report report;
  report.title = "ate demo";
  Table table{"demo", "", {{"quantity", "quantity"}, {"value", "value", 4}}, {}};
  Json values = Json::object();
  const auto add = [&](const std::string& name, double value) {
    table.rows.push_back({name, value});
    values[name] = value;
  };
  add("teacher_loss", students.front()->score.teacher_loss);
  add("selector_accuracy", head.quality.accuracy);
  add("selector_best_constant", head.quality.constant);
  add("selector_mass", head.quality.mass);
  add("selector_mass_oracle", head.quality.mass_oracle);
  for (const Student* s : students) {
    add(s->name + "_difference", s->score.loss - s->score.teacher_loss);
    add(s->name + "_mass", s->score.recall);
  }
  add("bespoke_difference", study.comparisons.front().difference.mean);
  report.notes = {fmt::format("source {}; bespoke is {}", world.name, study.comparisons.front().verdict),
                  "picture: " + picture};
  report.tables.push_back(std::move(table));
  report.document = {{"values", std::move(values)},
                     {"bespoke_verdict", study.comparisons.front().verdict},
                     {"picture", picture}};
  return report;
}

}  // namespace

DemoOutcome run_demo(const DemoOptions& options) {
  Resolved resolved = demo_config(options.device);
  keep_one_model(resolved);
  const at::Device device = choose_device(options.device);
  resolved.config.device = device.str();
  at::set_num_threads(1);
  DemoOutcome outcome;
  try {
    const auto run = std::make_shared<RunFolder>(
        options.out, "demo-sparse-" + experiment_hash(resolved.config), /*fresh=*/false);
    run->write_json("config.json", write_config(resolved.config));
    const World world = make_world("recall", resolved.config, device, run, 30);
    const HeadResult head = train_head(world, 30);
    const int64_t k = world.config.attention.k;
    const Student lowrank =
        train_student(world, "lowrank_topk", student_attention(world, AttentionKind::lowrank_topk, k), 30);
    const Student window =
        train_student(world, "window", student_attention(world, AttentionKind::window, k), 30);
    const KeyPicture picture = picture_of(world, lowrank);
    const std::filesystem::path path = options.out / "demo_keys.svg";
    write_atomically(path, svg_picture(picture));
    outcome.picture = path.string();
    const StudyOutcome study = embedding_study(options);
    if (!study.complete) throw StageStopped();
    outcome.text = sparse_text(world, head, lowrank, window, picture) +
                   "  the same as a picture: " + outcome.picture + "\n" + embedding_text(study.result) +
                   kNext;
    outcome.report = demo_report(world, head, {&lowrank, &window}, study.result, outcome.picture);
    run->finish(outcome.report.document);
    outcome.complete = true;
  } catch (const StageStopped&) {
    outcome.stop_signal = stop_signal();
  }
  return outcome;
}

}  // namespace ate
