"""Published mode without a causal mask: the model copies its targets from the input, and the report says so.

A shrunken definitive study; the real one takes days.
"""

import unittest

from harness import Case, reference_run, run

TINY = ["validate-bespoke", "--preset", "definitive", "--seeds", "0", "--device", "cpu", "--epochs", "8",
        "--set", "source.vocabulary=40", "--set", "source.tokens=20000", "--set", "source.exponent=0.5",
        "--set", "windows.length=8", "--set", "windows.batches_per_epoch=100", "--set", "body.width=32",
        "--set", "body.layers=1", "--set", "body.heads=4", "--set", "body.init=framework",
        "--set", "body.dropout=0", "--set", "schedule.decay=constant", "--set", "optimiser.learning_rate=0.005",
        "--set", "evaluation.every=4"]


class Leak(Case):
    def setUp(self):
        super().setUp()
        self.run_files = reference_run([*TINY, "--mode", "published"])
        self.result = self.run_files.result()
        self.canaries = {c["name"]: c for c in self.result["canaries"]}

    def test_causality_canary_speaks(self):
        for arm in ("standard", "bespoke"):
            canary = self.canaries[f"causality {arm}"]
            self.assertFalse(canary["passed"])
            self.assertRegex(canary["detail"], r"7 of 8 targets are in the input")

    def test_floor_canary_speaks(self):
        """The mean loss ends below the entropy, which no honest model reaches, yet far from the law."""
        for arm in self.result["arms"]:
            self.assertLess(arm["mean_loss"], self.result["floor_nats"])
            self.assertGreater(arm["mean_excess"], 1)
            self.assertFalse(self.canaries[f"floor {arm['arm']}"]["passed"])

    def test_no_verdict(self):
        self.assertRegex(self.result["comparisons"][0]["verdict"], "^none")

    def test_notes_say_why(self):
        notes = "\n".join(self.result["notes"])
        limit = self.result["floor_nats"] / 8
        self.assertIn("H/T", notes)
        self.assertIn(f"= {limit:.3f}", notes)
        self.assertIn("reads its own targets", notes)

    def test_loss_by_position(self):
        floor = self.result["floor_nats"]
        for arm in self.result["arms"]:
            *seen, last = arm["loss_by_position"]
            self.assertEqual(len(seen), 7)
            self.assertGreater(last, floor - 0.1)
            for position, loss in enumerate(seen):
                self.assertLess(loss, floor / 2, f"{arm['arm']}, position {position + 1}")

    def test_table_shows_it(self):
        text = run(*TINY, "--mode", "published", "--out", self.run_files.out).out
        self.assertRegex(text, r"causality standard\s+NO\s")
        self.assertEqual(len(text.split("is in the input")) - 1, 5)  # positions 1, 2, 4, 6, 7
        self.assertRegex(text, r"(?m)^\s+8\s.*unseen$")

    def test_corrected_mode_passes_the_canaries(self):
        result = reference_run([*TINY, "--set", "evaluation.batches=1"]).result()
        for canary in result["canaries"]:
            self.assertTrue(canary["passed"], canary)
        for arm in result["arms"]:
            self.assertGreater(arm["mean_excess"], 0)
        self.assertNotIn("H/T", "\n".join(result["notes"]))
        self.assertRegex(result["comparisons"][0]["verdict"], "^none: 1 seed")


if __name__ == "__main__":
    unittest.main()
