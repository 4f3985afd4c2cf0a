"""ate widths: widths by pruning, the study that it writes, and what is refused."""

import json
import os
import unittest

from harness import Case, read_json, run, side_by_side

WIDTHS = ["widths", "--preset", "medium", "--epochs", "1", "--seeds", "0..1", "--device", "cpu",
          "--set", "windows.batches_per_epoch=4", "--set", "study.tune.seeds=90..91"]


class Widths(Case):
    def test_search_then_study(self):
        study = os.path.join(self.folder, "widths.json")
        found = json.loads(self.study("--study", study, "--format", "json", study=WIDTHS).out)
        self.assertEqual([arm["arm"] for arm in found["arms"]],
                         ["searched", "power", "uniform", "random1", "random2", "random3"])
        self.assertEqual(found["seeds"], "90,91")
        for block in found["blocks"]:
            self.assertEqual(block["energies"], sorted(block["energies"], reverse=True))
        self.assertAlmostEqual(sum(block["share"] for block in found["blocks"]), 1, places=6)
        # Every arm is within the budget, and all of the blocks' kinds use it up to a column.
        for arm in found["arms"]:
            if arm["arm"] != "uniform":
                cost = sum(w * (b["tokens"] + 128) for w, b in zip(arm["widths"], found["blocks"]))
                self.assertLessEqual(cost, found["budget"])
                self.assertGreater(cost, 0.8 * found["budget"])
        again = json.loads(self.study("--study", study, "--format", "json", study=WIDTHS).out)
        self.assertEqual(found, again)

        result = json.loads(self.study("--format", "json", study=["study", "--config", study]).out)
        self.assertEqual([arm["arm"] for arm in result["arms"]], [arm["arm"] for arm in found["arms"]])
        self.assertEqual(result["arms"][0]["set"]["embedding.widths"], found["arms"][0]["widths"])
        self.assertEqual({trial["seed"] for trial in result["trials"]}, {0, 1})
        other = self.study("--set", "source.exponent=1.2", study=["study", "--config", study])
        self.assertIn("searched", other.out)

    def test_a_budget_without_a_choice_is_told(self):
        rich = self.study("--parameters", "1000000", "--study", os.path.join(self.folder, "rich.json"), study=WIDTHS)
        self.assertRegex(rich.out, r"leaves little to choose: power, random1\s+have\s+the\s+widths\s+of\s+searched")
        poor = self.study("--parameters", "20000", "--blocks", "8", "--study", os.path.join(self.folder, "poor.json"),
                          study=WIDTHS)
        self.assertNotIn("little to choose", poor.out)

    def test_bad_input(self):
        rows = [
            (["--set", "study.tune.seeds=1..2"], "seed 1 is one of study.seeds too"),
            (["--blocks", "1"], "--blocks"),
            (["--parameters", "10"], "10 parameters do not pay for one column"),
            (["--arms", "bespoke"], "the search makes its own arms"),
            (["--set", "embedding.widths=[1]"], "the search finds them"),
        ]
        for (flags, complaint), done in side_by_side(lambda flags, _: run(*WIDTHS, "--out", self.out, *flags), rows):
            with self.subTest(flags=flags):
                self.assertEqual(done.code, 2, done.err)
                self.assertIn(complaint, done.err)


if __name__ == "__main__":
    unittest.main()
