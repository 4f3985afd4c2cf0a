"""ate study: arms of one's own, tuning, budgets, added seeds; and what is refused."""

import glob
import json
import os
import unittest
import xml.etree.ElementTree

from harness import Case, read_json, run, side_by_side

STUDY = ["study", "--preset", "focused", "--epochs", "2", "--seeds", "0..2", "--device", "cpu",
         "--set", "windows.batches_per_epoch=20"]
TUNE = ["--tune", "optimiser.learning_rate=1e-3,1e-2", "--set", "study.tune.seeds=90..91", "--set", "study.tune.grow=1"]


class Study(Case):
    def config(self, content):
        path = os.path.join(self.folder, "mine.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
        return path

    def result(self, *more):
        return json.loads(self.study(*more, "--format", "json", study=STUDY).out)

    def test_arms_from_flags_and_from_a_file_are_the_same_study(self):
        by_flags = self.result("--arms", "standard", "--arm", "wide:body.width=96")
        self.assertEqual([arm["arm"] for arm in by_flags["arms"]], ["standard", "wide"])
        self.assertEqual(by_flags["arms"][1]["set"], {"body.width": 96})
        path = self.config({"extends": "focused", "name": "focused", "study": {
            "arms": ["standard", {"name": "wide", "set": {"body.width": 96}}]}})
        study = ["study", "--config", path, *STUDY[3:]]
        by_file = json.loads(self.study("--format", "json", study=study).out)
        for result in (by_flags, by_file):
            for trial in result["trials"]:
                del trial["seconds"]
        self.assertEqual(by_flags["trials"], by_file["trials"])
        self.assertEqual(by_flags["run_id"], by_file["run_id"])

    def test_a_tuned_study_shows_its_curves_and_freezes_its_choice_first(self):
        picture = os.path.join(self.folder, "tuning.svg")
        done = self.study(*TUNE, "--plot-tuning", picture, study=STUDY)
        self.assertIn("Tuning:", done.out)
        self.assertIn("Tuned before the test", " ".join(done.out.split()))
        xml.etree.ElementTree.parse(picture)
        result = self.result(*TUNE)
        tuning = result["tuning"]
        points = len(tuning["grid"]["optimiser.learning_rate"])
        self.assertEqual(tuning["trials"], 2 * 2 * points)
        for arm, chosen in zip(result["arms"], tuning["arms"]):
            self.assertEqual(arm["set"], chosen["chosen"])
        folder = glob.glob(os.path.join(self.out, "runs", "study-*"))[0]
        with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
            seeds = [event["seed"] for event in map(json.loads, file) if event["event"] == "evaluation"]
        first_test = next(i for i, seed in enumerate(seeds) if seed < 90)
        self.assertTrue(all(seed >= 90 for seed in seeds[:first_test]))
        self.assertTrue(all(seed < 90 for seed in seeds[first_test:]))
        self.assertIn("tuned", read_json(os.path.join(folder, "plan.json")))

    def test_equal_operations(self):
        result = self.result("--arms", "standard", "--arm", "wide:body.width=128", "--set", "study.budget=flops")
        self.assertEqual(result["arms"][1]["set"]["schedule.steps"], 20)  # twice the cost, half of 40 steps
        out = self.study("--arms", "standard", "--arm", "wide:body.width=128", "--set", "study.budget=flops",
                         study=STUDY).out
        self.assertIn("budget: equal flops", out)

    def test_equal_seconds_are_timed_once_for_arms_that_do_the_same_work(self):
        result = self.result("--arms", "standard,aa", *TUNE, "--set", "study.budget=seconds")
        self.assertEqual([cost["steps"] for cost in result["costs"]], [40, 40])
        self.assertEqual(len({cost["timed_seconds_per_step"] for cost in result["costs"]}), 1)
        for chosen in result["tuning"]["arms"]:
            self.assertNotIn("schedule.steps", chosen["chosen"])

    def test_arms_that_need_other_kernels_can_be_read_again(self):
        study = ["study", "--preset", "medium", "--epochs", "1", "--seeds", "0", "--device", "cpu",
                 "--set", "windows.batches_per_epoch=2", "--arms", "standard", "--arm", "near:attention.kind=window"]
        self.study(study=study)
        folder = glob.glob(os.path.join(self.out, "runs", "study-*"))[0]
        again = self.study(study=["study", "--config", os.path.join(folder, "config.json")])
        self.assertIn("no training needed", again.err)
        for checkpoint in glob.glob(os.path.join(folder, "checkpoint", "*-s0.safetensors")):
            self.assertEqual(run("train", "--evaluate", checkpoint).code, 0)

    def test_train_takes_an_arm_of_ones_own(self):
        table = self.study("--arm", "wide:body.width=96", "--seed", "0",
                           study=["train", "--preset", "focused", "--epochs", "1", "--device", "cpu"]).out
        self.assertIn(f"{200 * 96 + 96 * 200 + 200:,}", table)

    def test_until_decided(self):
        out = self.result("--until", "decided", "--max-seeds", "5", "--arms", "standard,aa", "--set", "study.margin=0")
        # Two starts of one arm: nothing decides, and all seeds are used.
        self.assertEqual([trial["seed"] for trial in out["trials"]], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
        self.assertEqual(out["comparisons"][0]["decided_by"], None)
        self.assertEqual(out["plan"]["departures"], ["seeds 3,4 added"])

    def test_bad_input(self):
        arm = ["--arms", "standard", "--arm"]
        rows = [
            ([*arm, "wide:body.widht=3"], 'unknown key (did you mean "width"?)'),
            ([*arm, "wide:body.width=0"], "expected a whole number from 1"),
            ([*arm, "wide:body.width"], "expected NAME:path=value"),
            ([*arm, "wide"], "expected standard, tied"),
            ([*arm, "a b:body.width=3"], "expected 1 to 100 letters"),
            ([*arm, "standard:body.width=32"], "there are two arms of the name standard"),
            ([*arm, "wide:study.seeds=3"], "study is the study's, the same for all arms"),
            ([*arm, "wide:source.vocabulary=100"], "arms are compared on one law"),
            (["--tune", "optimiser.learning_rate"], "expected PATH=VALUES"),
            (["--tune", "optimiser.learning_rate=1"], "expected a list of at least two values"),
            (["--tune", "optimiser.learning_rate=1,-1"], "expected a number above 0, got -1"),
            (["--tune", "optimiser.rate=1,2"], "unknown key"),
            (["--tune", "body.width=64,66", "--set", "body.kind=encoder"],
             "at 66 arm standard cannot train: body.heads: 4 heads do not divide the width 66"),
            ([*TUNE, "--set", "study.tune.seeds=0..3"], "seed 0 is one of study.seeds too"),
            ([*TUNE, "--set", "evaluation.tune_share=1"], "expected a number of at least 0 and below 1"),
            (["--set", "study.looks=[20,10]"], "a list of growing whole numbers"),
            (["--set", "study.budget=money"], "steps, tokens, flops or seconds"),
            ([*arm, "wide:body.width=4096", "--set", "study.budget=flops"], "buys wide no step"),
            ([*arm, "wide:schedule.epochs=9", "--set", "study.budget=flops"], "leave schedule out"),
            (["--until", "decided"], "--max-seeds"),
            (["--until", "never", "--max-seeds", "9"], "--until"),
            (["--plot-tuning", "x.svg"], "nothing is tuned"),
            (["--set", "embedding.kind=bespoke"], "each arm of the study names its own"),
        ]
        for (flags, complaint), done in side_by_side(
                lambda flags, _: run(*STUDY, "--out", self.out, *flags), rows):
            with self.subTest(flags=flags):
                self.assertEqual(done.code, 2, done.err)
                self.assertIn(complaint, done.err)
                self.assertEqual(done.out, "")
        self.assertFalse(os.path.exists(os.path.join(self.out, "runs")) and
                         glob.glob(os.path.join(self.out, "runs", "*", "checkpoint", "*")))


if __name__ == "__main__":
    unittest.main()
