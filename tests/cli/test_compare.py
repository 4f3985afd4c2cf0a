"""Two runs side by side."""

import json
import os
import unittest

from harness import MEDIUM, Case, Run, run


class Compare(Case):
    def study_in(self, name, *more):
        out = os.path.join(self.folder, name)
        self.study(*more, study=MEDIUM + ["--set", "windows.batches_per_epoch=5"], out=out)
        return Run(out).folder

    def test_two_precisions(self):
        left = self.study_in("left", "--dtype", "fp32")
        right = self.study_in("right", "--dtype", "bf16")
        outcome = run("compare", left, right, "--margin", "0.01", "--format", "json")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        document = json.loads(outcome.out)
        self.assertEqual(document["settings"], [{"setting": "dtype", "left": "fp32", "right": "bf16"}])
        self.assertEqual((document["epoch"], document["environment"]), (None, []))
        self.assertEqual(document["left_out"], {"left": [], "right": []})
        rows = {row["comparison"]: row for row in document["comparisons"]}
        self.assertEqual(list(rows), ["standard", "bespoke", "bespoke - standard"])
        for row in rows.values():
            self.assertEqual(row["n"], 2)
            self.assertNotEqual(row["mean_difference"], 0)
            self.assertLess(abs(row["mean_difference"]), 0.01)
            self.assertAlmostEqual(row["mean_difference"], row["mean_right"] - row["mean_left"], 12)

        earlier = run("compare", left, right, "--epoch", "3")
        self.assertEqual(earlier.code, 0, earlier.err)
        self.assertIn('dtype: "fp32" on the left, "bf16" on the right', earlier.out)
        self.assert_error(run("compare", left, right, "--epoch", "2"), 2,
                          r"left.*standard-s0 was not evaluated after epoch 2, but after 1, 3, 4$")
        self.assert_error(run("compare", left, right, "--margin", "2"), 2, r"--margin: .*0 to 1")
        self.assertIn("after epoch 3", earlier.out)
        self.assert_error(run("compare", left, ""), 2, r"is no run's folder")
        self.assert_error(run("compare", left, self.folder), 2, r"is no run's folder: it has no config\.json")

    def test_a_text_that_was_moved(self):
        text = os.path.join(self.folder, "text.txt")
        self.write("text.txt", "a rose is a rose is a rose. " * 400)
        out = os.path.join(self.folder, "left")
        self.study("--set", "source.kind=text", "--set", f"source.file={text}",
                   study=["validate-bespoke", "--preset", "medium", "--epochs", "1", "--seeds", "0..1", "--device", "cpu",
                          "--set", "windows.batches_per_epoch=5", "--set", "body.width=32"], out=out)
        os.remove(text)
        outcome = run("compare", Run(out).folder, Run(out).folder)
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        self.assertIn("equivalent", outcome.out)

    def test_another_corpus(self):
        left = self.study_in("left")
        right = self.study_in("right", "--set", "source.exponent=1.5")
        self.assert_error(run("compare", left, right), 2, r"right.*is of another corpus than .*left")


if __name__ == "__main__":
    unittest.main()
