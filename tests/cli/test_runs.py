"""What a study leaves behind, what a second call does, and what scripts can read."""

import csv
import glob
import io
import json
import os
import re
import unittest

from harness import (FOCUSED, RUN_ID, Case, Run, read_bytes, read_json, reference_run, run, wait_until,
                     without_seconds)

TRIALS = ["bespoke-s0", "bespoke-s1", "standard-s0", "standard-s1"]

PROGRESS_KEYS = {"epoch", "train_losses", "val_losses", "val_perplexities", "model_name",  # the seed's
                 "eval_epochs", "epochs_total", "eta_seconds", "floor", "status"}
RESULT_KEYS = {"run_id", "preset", "mode", "floor_nats", "arms", "trials", "comparisons", "canaries",
               "seed_criteria"}
ROW_KEYS = {
    "arms": {"arm", "parameters", "mean_loss", "mean_excess"},
    "trials": {"arm", "seed", "status", "epochs", "val_loss", "perplexity", "excess", "seconds"},
    "comparisons": {"arm", "baseline", "n", "mean_difference", "ci95", "p_t", "p_sign_flip", "p_holm", "verdict",
                    "smallest_detectable"},
    "canaries": {"name", "passed", "detail"},
    "seed_criteria": {"name", "value", "threshold", "met"},
}


class Files(Case):
    def setUp(self):
        super().setUp()
        self.run_files = reference_run(FOCUSED)

    def test_run_id(self):
        self.assertRegex(self.run_files.id, f"^{RUN_ID}$")

    def test_run_folder(self):
        for name in ("config.json", "plan.json", "environment.json", "result.json", "metrics.jsonl", "DONE"):
            self.assertTrue(self.run_files.has(name), name)
        self.assertEqual(sorted(self.run_files.checkpoints()), TRIALS)
        self.assertEqual(glob.glob(os.path.join(self.run_files.out, "**", "*.tmp"), recursive=True), [])

    def test_config_is_the_resolved_one_and_can_be_run_again(self):
        config = read_json(self.run_files.path("config.json"))
        self.assertEqual(config["schedule"]["epochs"], 3)
        self.assertEqual(config["device"], "cpu")
        outcome = self.study(study=["validate-bespoke", "--config", self.run_files.path("config.json")])
        self.assertIn(self.run_files.id, outcome.out)

    def test_plan(self):
        plan = read_json(self.run_files.path("plan.json"))
        self.assertEqual((len(plan["requests"]), plan["extended"]), (1, False))
        self.assertEqual(plan["requests"][0]["seeds"], "0,1")
        self.assertEqual(plan["requests"][0]["arms"], ["standard", "bespoke"])
        self.assertEqual((plan["requests"][0]["margin"], plan["requests"][0]["epochs"]), (0.01, 3))
        self.assertRegex(plan["requests"][0]["hash"], "^[0-9a-f]{16}$")
        self.assertEqual(self.run_files.result()["plan"], {"hash": plan["requests"][0]["hash"], "departures": []})

    def test_environment(self):
        found = read_json(self.run_files.path("environment.json"))
        for key in ("ate", "commit", "libtorch", "system", "host", "processor", "device", "jobs",
                    "threads_per_trial"):
            self.assertIn(key, found)
        self.assertEqual(found["device"], "cpu")

    def test_metrics(self):
        events = self.run_files.events()
        self.assertEqual((events[0]["event"], events[-1]["event"]), ("started", "finished"))
        for event in events:
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        evaluations = self.run_files.events("evaluation")
        self.assertEqual(sorted((e["arm"], e["seed"], e["epoch"]) for e in evaluations),
                         [(arm, seed, epoch) for arm in ("bespoke", "standard") for seed in (0, 1)
                          for epoch in (0, 2)])

    def test_progress_files(self):
        for trial in TRIALS:
            arm, seed = trial.split("-s")
            progress = self.run_files.progress(arm, seed)
            with self.subTest(trial=trial):
                self.assertLessEqual(PROGRESS_KEYS, set(progress))
                self.assertEqual((progress["model_name"], progress["arm"]), (arm, arm))
                events = [e for e in self.run_files.events("evaluation") if (e["arm"], e["seed"]) == (arm, int(seed))]
                self.assertEqual(events[-1]["epochs_completed"], progress["epochs_completed"])
                self.assertEqual(progress["epochs_completed"], 3)
                self.assertEqual((progress["status"], progress["epoch"], progress["epochs_total"]),
                                 ("finished", 3, 3))
                self.assertEqual(len(progress["train_losses"]), 3)
                self.assertEqual(progress["eval_epochs"], [0, 2])
                self.assertEqual(len(progress["val_losses"]), 2)
                self.assertEqual(len(progress["val_perplexities"]), 2)
                self.assertEqual(progress["eta_seconds"], 0)
                self.assertAlmostEqual(progress["floor"], 2.9483, places=4)

    def test_result_contract(self):
        result = self.run_files.result()
        self.assertLessEqual(RESULT_KEYS, set(result))
        for section, keys in ROW_KEYS.items():
            self.assertTrue(result[section], section)
            for row in result[section]:
                self.assertLessEqual(keys, set(row), section)
        self.assertEqual((result["run_id"], result["preset"], result["mode"]),
                         (self.run_files.id, "focused", "corrected"))
        self.assertEqual([a["arm"] for a in result["arms"]], ["standard", "bespoke"])
        self.assertEqual(result["arms"][0]["parameters"], 25800)
        self.assertEqual([(t["arm"], t["seed"], t["status"], t["epochs"]) for t in result["trials"]],
                         [("standard", 0, "finished", 3), ("bespoke", 0, "finished", 3),
                          ("standard", 1, "finished", 3), ("bespoke", 1, "finished", 3)])
        self.assertEqual(len(result["comparisons"][0]["ci95"]), 2)

    def test_numbers_agree_with_each_other(self):
        result = self.run_files.result()
        loss = {(t["arm"], t["seed"]): t["val_loss"] for t in result["trials"]}
        excess = {(t["arm"], t["seed"]): t["excess"] for t in result["trials"]}
        for arm in result["arms"]:
            mean = (loss[arm["arm"], 0] + loss[arm["arm"], 1]) / 2
            self.assertAlmostEqual(arm["mean_loss"], mean, places=12)
            self.assertAlmostEqual(arm["mean_excess"], (excess[arm["arm"], 0] + excess[arm["arm"], 1]) / 2, places=12)
            # The loss is drawn, the excess exact.
            self.assertAlmostEqual(arm["mean_excess"], mean - result["floor_nats"],
                                   delta=4 * arm["standard_error_of_one_loss"])
        comparison = result["comparisons"][0]
        mean = sum(excess["bespoke", seed] - excess["standard", seed] for seed in (0, 1)) / 2
        self.assertAlmostEqual(comparison["mean_difference"], mean, places=12)
        self.assertLess(comparison["ci95"][0], mean)
        self.assertLess(mean, comparison["ci95"][1])
        for trial in TRIALS:
            arm, seed = trial.split("-s")
            self.assertEqual(self.run_files.progress(arm, seed)["val_losses"][-1], loss[arm, int(seed)])

    def test_result_stands_in_both_places(self):
        self.assertEqual(read_json(self.run_files.path("result.json")), self.run_files.result())


class Again(Case):
    def stamps(self):
        return {f: os.stat(f).st_mtime_ns for f in glob.glob(self.run_files.path("checkpoint", "*"))}

    def test_second_call_prints_the_stored_result(self):
        first = self.study()
        stamps, result = self.stamps(), self.run_files.result()
        second = self.study()
        self.assertEqual(second.out, first.out)
        self.assertRegex(second.err, r"no training needed; stored in \S+/results_\S+\.json\n$")
        self.assertEqual(len(second.err.splitlines()), 1)
        self.assertEqual(self.stamps(), stamps)
        self.assertEqual(self.run_files.result(), result)

    def test_more_seeds_keep_what_is_finished(self):
        self.study("--quiet")
        stamps, checkpoints = self.stamps(), self.run_files.checkpoints()
        extended = run(*FOCUSED[:-4], "--seeds", "0..2", "--device", "cpu", "--out", self.out)
        self.assertEqual(extended.code, 0, extended.err)
        self.assertRegex(extended.err, r"2 trials to train, 4 finished before")
        for trial, content in checkpoints.items():
            self.assertTrue(self.run_files.checkpoints()[trial] == content, trial)
        for file, stamp in stamps.items():
            self.assertEqual(os.stat(file).st_mtime_ns, stamp, file)
        plan = read_json(self.run_files.path("plan.json"))
        self.assertEqual((plan["extended"], [r["seeds"] for r in plan["requests"]]), (True, ["0,1", "0..2"]))
        self.assertEqual(self.run_files.result()["comparisons"][0]["n"], 3)
        self.assertTrue(self.run_files.has("DONE"))
        self.assertEqual(self.run_files.result()["plan"]["departures"], ["seed 2 added"])
        self.assertRegex(extended.out, r"(?m)^- Beyond the plan: seed 2 added\.")

    def test_another_margin_trains_nothing_and_is_named(self):
        first = self.study("--format", "json")
        self.assertEqual(json.loads(first.out)["plan"]["departures"], [])
        other = self.study("--set", "study.margin=0.05", "--format", "json")
        self.assertIn("no training needed", other.err)
        before, after = json.loads(first.out), json.loads(other.out)
        self.assertEqual(after["plan"]["departures"], ["margin 0.05 instead of 0.01"])
        self.assertEqual(after["run_id"], before["run_id"])
        self.assertAlmostEqual(after["margin_nats"], 5 * before["margin_nats"])
        self.assertEqual(after["trials"], before["trials"])

    def test_fewer_seeds_leave_the_larger_result_stored(self):
        self.study()
        files = {f: read_bytes(f) for f in glob.glob(os.path.join(self.out, "**", "*.json"), recursive=True)}
        smaller = self.study("--format", "json", study=[*FOCUSED[:-4], "--seeds", "1", "--device", "cpu"])
        self.assertEqual([t["seed"] for t in json.loads(smaller.out)["trials"]], [1, 1])
        self.assertRegex(smaller.err, r"the whole study stays stored in \S+/results_\S+\.json\n$")
        for file, content in files.items():
            self.assertTrue(read_bytes(file) == content, file)

    def test_more_arms_keep_what_is_finished(self):
        self.study("--arms", "standard")
        content = self.run_files.checkpoints()["standard-s0"]
        self.assertEqual(self.run_files.result()["comparisons"], [])
        both = self.study()
        self.assertRegex(both.err, r"2 trials to train, 2 finished before")
        self.assertTrue(self.run_files.checkpoints()["standard-s0"] == content)
        self.assert_same_run(self.run_files, reference_run(FOCUSED))

    def test_fresh_keeps_the_old_run(self):
        self.study()
        old = self.run_files.checkpoints()
        folder = self.run_files.folder
        for number in (1, 2):
            outcome = self.study("--fresh")
            self.assertRegex(outcome.err, r"4 trials to train, 0 finished before")
            aside = f"{folder}.{number}"
            self.assertTrue(os.path.exists(os.path.join(aside, "DONE")))
            self.assertEqual(len(glob.glob(os.path.join(aside, "progress_*.json"))), 4)
            for trial, content in old.items():
                self.assertTrue(read_bytes(os.path.join(aside, "checkpoint", trial + ".safetensors")) == content)
            self.assertEqual(self.run_files.folder, folder)
        self.assert_same_run(self.run_files, reference_run(FOCUSED))

    def test_interrupted_fresh_run_leaves_no_result_of_the_old_one(self):
        reference = ["validate-bespoke", "--preset", "focused", "--seeds", "0", "--device", "cpu"]
        self.study("--quiet", study=reference)
        fresh = self.start("--fresh", study=reference)
        wait_until(lambda: glob.glob(os.path.join(self.out, "runs", "*.1", "DONE")), "the old run to move")
        fresh.kill()
        fresh.wait()
        if not self.run_files.has("DONE"):
            self.assertEqual(glob.glob(os.path.join(self.out, "results_*.json")), [])

    def test_fresh_without_an_old_run(self):
        self.study("--fresh")
        self.assertEqual(os.listdir(os.path.join(self.out, "runs")), [self.run_files.id])

    def test_jobs_do_not_change_results(self):
        for jobs in ("1", "4"):
            out = os.path.join(self.folder, jobs)
            self.study("--jobs", jobs, out=out)
            self.assertEqual(read_json(Run(out).path("environment.json"))["jobs"], int(jobs))
            self.assert_same_run(Run(out), reference_run(FOCUSED))

    def test_what_changes_the_id(self):
        def run_id(*flags):
            outcome = run(*FOCUSED[:5], "--seeds", "0", "--out", self.out, "--format", "json", *flags)
            self.assertEqual(outcome.code, 0, outcome.err)
            return json.loads(outcome.out)["run_id"]

        plain = run_id("--device", "cpu")
        same = [["--arms", "bespoke"], ["--set", "description=x"], ["--set", "study.margin=0.1"], ["--jobs", "1"], ["--save-every", "1"]]
        other = [["--mode", "published"], ["--set", "optimiser.learning_rate=0.002"], ["--set", "windows.batch=4"]]
        for flags in same:
            self.assertEqual(run_id("--device", "cpu", *flags), plain, flags)
        ids = {run_id("--device", "cpu", *flags) for flags in other}
        self.assertEqual(len(ids | {plain}), 1 + len(other))

    def test_config_file_names_the_run(self):
        path = self.write("my-study.json", {"schedule": {"epochs": 1}, "study": {"seeds": [0]}})
        self.study(study=["validate-bespoke", "--config", path, "--device", "cpu"])
        self.assertRegex(self.run_files.id, "^validate-bespoke-my-study-[0-9a-f]{10}$")

    def test_out_folder_is_tool_outputs_by_default(self):
        outcome = run(*FOCUSED, cwd=self.folder)
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertEqual(Run(os.path.join(self.folder, "tool_outputs")).result()["preset"], "focused")

    def test_diverging_trials_are_kept_and_named(self):
        outcome = self.study("--set", "optimiser.learning_rate=1e38", code=3)
        self.assertRegex(outcome.err, r"warning: .*standard-s0 diverged: the \w+ loss was (nan|-?inf)")
        statuses = {(t["arm"], t["seed"]): t["status"] for t in self.run_files.result()["trials"]}
        self.assertIn("diverged", statuses.values())
        self.assertIn("diverged", outcome.out)
        again = self.study("--set", "optimiser.learning_rate=1e38", code=3)
        self.assertEqual(again.out, outcome.out)


class Output(Case):
    def setUp(self):
        super().setUp()
        self.run_files = reference_run(FOCUSED)

    def formatted(self, form):
        return self.study("--format", form, out=self.run_files.out).out

    def test_json_is_the_results_file(self):
        self.assertEqual(json.loads(self.formatted("json")), self.run_files.result())

    def test_jsonl(self):
        lines = [json.loads(line) for line in self.formatted("jsonl").splitlines()]
        tables = {line["table"] for line in lines}
        self.assertLessEqual({"arms", "comparisons", "canaries", "seed_criteria"}, tables)

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(self.formatted("csv"), newline="")))
        self.assertEqual([row["arm"] for row in rows], ["standard", "bespoke"])
        for row, arm in zip(rows, self.run_files.result()["arms"]):
            self.assertEqual(float(row["mean_loss"]), arm["mean_loss"])  # full precision
            self.assertEqual(int(row["parameters"]), arm["parameters"])

    def test_markdown(self):
        text = self.formatted("md")
        self.assertRegex(text, r"(?m)^\|.*\bloss \(nats\) \|.*\n\|[-:|]+\|\n\| standard \|")
        widths = {}
        for block in re.findall(r"(?m)(?:^\|.*\n)+", text):
            widths[block] = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            self.assertEqual(len(widths[block]), 1, block)

    def test_table_says_what_a_user_needs(self):
        text = self.formatted("table")
        for words in ("focused, corrected mode: 3 epochs of 50 steps", "entropy 2.9483 nats", self.run_files.id,
                      "25,800", "loss (nats)", "perplexity", "excess", "exploratory", "The original script's own criteria",
                      "Canaries"):
            self.assertIn(words, text)
        self.assertNotIn("\033", text)
        self.assertFalse([line for line in text.splitlines() if line != line.rstrip()])

    def test_log_line_per_evaluation_when_stderr_is_no_terminal(self):
        outcome = self.study()
        lines = re.findall(r"(?m)^\d\d:\d\d:\d\d (\w+-s\d): epoch (\d+)/3, loss \d+\.\d{4} nats \(perplexity "
                           r"\d+\.\d\d, [+-]\d\.\d{4} to the floor 2\.9483\)$", outcome.err)
        self.assertEqual(sorted(lines), [(trial, epoch) for trial in TRIALS for epoch in ("1", "3")])
        self.assertNotIn("\033", outcome.err)

    def test_log_line_per_trial_tells_how_far_the_study_is(self):
        outcome = self.study("--jobs", "1")
        lines = re.findall(rf"(?m)^\d\d:\d\d:\d\d {self.run_files.id}: (\d) of 4 trials(?:, (\d+)s left)?$", outcome.err)
        self.assertEqual([number for number, _ in lines], ["1", "2", "3", "4"])
        self.assertEqual(lines[-1][1], "")

    def test_table_draws_the_differences(self):
        lines = self.formatted("table").splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("Difference to standard with its 95 % interval"))
        self.assertRegex(lines[start + 1], r"better <- +-> worse$")
        self.assertRegex(lines[start + 2], r"^  bespoke .*[-o|<>].*  [+-]\d\.\d{4} exploratory: \w+$")
        for line in lines[start:start + 4]:
            self.assertLessEqual(len(line), 100)
            self.assertTrue(line.isascii())

    def test_quiet(self):
        outcome = self.study("-q")
        self.assertEqual(outcome.err, "")
        self.assertIn("standard", outcome.out)

    def test_verbose(self):
        self.assertIn("epoch 1/3", self.study("-v").err)

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_stdout_that_takes_nothing(self):
        commands = [FOCUSED + ["--out", self.run_files.out, "-q"], ["config", "list"], ["config", "schema"],
                    ["--help"], ["--version"]]
        for command in commands:
            with self.subTest(command=command), open("/dev/full", "wb") as full:
                outcome = run(*command, stdout=full)
                self.assertEqual(outcome.code, 1)
                self.assertRegex(outcome.err, r"^ate: standard output: cannot be written: No space left on device\n$")

    def test_seconds_are_the_only_field_that_differs(self):
        first = self.run_files.result()
        self.study()
        self.assertEqual(without_seconds(Run(self.out).result()), without_seconds(first))
        for trial in first["trials"]:
            self.assertGreater(trial["seconds"], 0)


if __name__ == "__main__":
    unittest.main()
