#include "distil/demo.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/json.h"
#include "distil/head.h"
#include "distil/key_picture.h"
#include "distil/students.h"
#include "run/environment.h"
#include "study/study.h"
#include "support/files.h"
#include "train/device.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// The head of the last layer whose attention is furthest from even, on the last validation window.
KeyPicture picture_of(const Teacher& teacher, const Student& student) {
  const at::NoGradGuard no_grad;
  const at::Tensor windows = teacher.data.validation_windows();
  const int64_t length = teacher.config.windows.length;
  const at::Tensor tokens = teacher.tokens_of(windows.narrow(0, windows.size(0) - 1, 1));
  AttentionTraces traces;
  (void)student.model->model.logits(tokens, traces);
  const size_t layer = traces.size() - 1;
  const HeadInputs& heads = traces[layer].heads;
  const at::Tensor attention = heads.scores().softmax(-1).to(at::kCPU, at::kDouble);
  const Selection selection = student.model->model.attention(layer)->select(heads);
  const auto head = std::get<0>(attention.max(-1)).mean(-1).flatten().argmax().item<int64_t>();
  KeyPicture picture;
  picture.title = fmt::format("{}, layer {}, head {}: which keys each position reads",
                              student.result.attention, layer + 1, head + 1);
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

StudyResult embedding_study(const DemoOptions& options) {
  Choice choice;
  choice.preset = "focused";
  choice.sets = {"device=" + options.device, "schedule.epochs=20", "evaluation.every=20", "study.seeds=0..5"};
  StudyOptions study;
  study.command = "demo";
  study.out = options.out;
  return run_study(resolve(choice), study).result;
}

constexpr double kSmall = 0.02;  // nats: a loss that the demo calls small

const char* selector_verdict(const SelectorQuality& q) {
  if (q.accuracy < q.constant + 0.05) return "the query alone says little more than a fixed guess does";
  if (q.mass < 0.9 * q.mass_oracle)
    return "the query alone beats a fixed guess, and still misses keys that matter";
  return "the query alone finds the keys that matter";
}

std::string sparse_text(const Config& config, const HeadResult& head, const StudentResult& lowrank,
                        const StudentResult& window, const KeyPicture& picture) {
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
      "\nThe original report's idea: a network that sees the query alone guesses which {} of {} positions "
      "matter.\n"
      "  {:>5.1f} %   of held-out queries: it names the key that really gets most attention\n"
      "  {:>5.1f} %   the best fixed guess for each position does, which sees nothing\n"
      "  {:>5.1f} %   of the attention is on the {} keys that it picks; on the {} best keys {:.1f} %\n"
      "  {:>5.0f} %   of the time the strongest key moves when the text is shuffled; its pick moves in "
      "{:.0f} %\n",
      config.attention.k, config.windows.length, 100 * q.accuracy, 100 * q.constant, 100 * q.mass,
      config.attention.k, config.attention.k, 100 * q.mass_oracle, 100 * q.strongest_moved,
      100 * q.choice_moved);
  out += fmt::format(
      "\nAll heads sparse, {} keys each, after a little training against the dense model:\n"
      "  {:+.4f} nats   change of the loss when keys are chosen by cheap scores of query times key "
      "(lowrank_topk)\n"
      "  {:+.4f} nats   when each position reads the {} tokens before it, no choice at all (window)\n"
      "  {:>5.1f} %   of the attention is on the keys that lowrank_topk reads; {:.1f} % is the most "
      "possible\n\n"
      "Verdict: {}; {}.\n\n",
      lowrank.k, s.difference(), window.score.difference(), window.k, 100 * s.recall, 100 * s.oracle_recall,
      selector_verdict(q),
      s.difference() < kSmall ? "keys chosen by query and key together cost less than 0.02 nats"
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
    "  ate audit                                                every claim of the original report, with a "
    "verdict\n";

Report demo_report(const Teacher& teacher, const HeadResult& head,
                   const std::vector<const StudentResult*>& students, const StudyResult& study,
                   const std::string& picture) {
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
  for (const StudentResult* s : students) {
    add(s->attention + "_difference", s->score.difference());
    add(s->attention + "_mass", s->score.recall);
  }
  add("bespoke_difference", study.comparisons.front().difference.mean);
  report.notes = {fmt::format("source {}; bespoke is {}", teacher.name, study.comparisons.front().verdict),
                  "picture: " + picture};
  report.tables.push_back(std::move(table));
  report.document = {{"values", std::move(values)},
                     {"bespoke_verdict", study.comparisons.front().verdict},
                     {"picture", picture}};
  return report;
}

}  // namespace

DemoOutcome run_demo(const DemoOptions& options) {
  Choice choice;
  choice.preset = "demo";
  choice.sets = {"device=" + options.device};
  Config config = resolve(choice).config;
  const at::Device device = choose_device(options.device);
  config.device = device.str();
  at::set_num_threads(1);

  const auto run =
      std::make_shared<RunFolder>(options.out, "demo-sparse-" + experiment_hash(config), /*fresh=*/false);
  run->write_json("config.json", write_config(config));
  run->begin(describe_environment(config.device, 1), {});
  const Teacher teacher = train_teacher("recall", config, device, run, 30);
  const HeadResult head = train_head(teacher).result;
  const int64_t k = config.attention.k;
  const auto student = [&](const char* kind) {
    return train_student(teacher, student_attention(teacher, AttentionKind(kind), k));
  };
  const Student lowrank = student("lowrank_topk");
  const Student window = student("window");
  const KeyPicture picture = picture_of(teacher, lowrank);
  const std::filesystem::path path = options.out / "demo_keys.svg";
  write_atomically(path, svg_picture(picture));
  const StudyResult study = embedding_study(options);
  DemoOutcome outcome;
  outcome.text = sparse_text(config, head, lowrank.result, window.result, picture) +
                 "  the same as a picture: " + path.string() + "\n" + embedding_text(study) + kNext;
  outcome.report = demo_report(teacher, head, {&lowrank.result, &window.result}, study, path.string());
  run->finish(outcome.report.document);
  return outcome;
}

}  // namespace ate
