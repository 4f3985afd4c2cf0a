"""The arms of a study: every one trains, and what they share is shared to the bit."""

import json
import unittest

from harness import Case, run

ARMS = ["standard", "tied", "bespoke", "reversed", "random_band", "uniform_projected", "param_matched", "factorised",
        "mixed_dim", "adaptive", "aa", "known_worse"]
SHORT = ["--epochs", "2", "--device", "cpu", "--set", "windows.batches_per_epoch=20", "--format", "json"]
FOCUSED = ["validate-bespoke", "--preset", "focused", *SHORT]
MEDIUM = ["validate-bespoke", "--preset", "medium", *SHORT, "--set", "source.tokens=10000"]


class Arms(Case):
    def losses(self, *more, study=FOCUSED):
        """Arm -> its losses by seed, in the order of the seeds."""
        losses = {}
        for trial in json.loads(self.study(*more, study=study).out)["trials"]:
            losses.setdefault(trial["arm"], []).append(trial["val_loss"])
        return losses

    def test_all_arms_train(self):
        for study in (FOCUSED, MEDIUM):
            result = json.loads(self.study("--arms", "all", "--seeds", "0", study=study).out)
            self.assertEqual([arm["arm"] for arm in result["arms"]], ARMS)
            for arm in result["arms"]:
                self.assertGreater(arm["parameters"], 0)
                self.assertGreater(arm["flops_per_token"], 0)

    def test_parameter_counts(self):
        # V = 200, d = 64, bands of 20, 130 and 50 tokens; the trunk is the head, 200 x 64 + 200.
        trunk = 200 * 64 + 200
        bands = 20 * 128 + 128 * 64 + 64 + 130 * 64 + 50 * 16 + 16 * 64 + 64
        expected = {
            "standard": trunk + 200 * 64, "aa": trunk + 200 * 64, "tied": 200 * 64 + 200, "bespoke": trunk + bands,
            "random_band": trunk + bands,
            "reversed": trunk + 20 * 16 + 16 * 64 + 64 + 130 * 64 + 50 * 128 + 128 * 64 + 64,
            "uniform_projected": trunk + 200 * 128 + 128 * 64 + 64,
            "factorised": trunk + 200 * 16 + 16 * 64 + 64, "known_worse": trunk + 200 * 8 + 8 * 64 + 64,
            "adaptive": trunk + 20 * 64 + 64 * 64 + 64 + 130 * 16 + 16 * 64 + 64 + 50 * 4 + 4 * 64 + 64,
        }
        result = json.loads(self.study("--arms", "all", "--seeds", "0", study=FOCUSED).out)
        found = {arm["arm"]: arm["parameters"] for arm in result["arms"]}
        for arm, count in expected.items():
            self.assertEqual(found[arm], count, arm)
        self.assertLess(abs(found["param_matched"] / found["bespoke"] - 1), 0.005)

    def test_flops_of_the_bag(self):
        # Forward and two products backward: the head once a window of 16 tokens, the whole table once a step of 128.
        result = json.loads(self.study("--arms", "standard,known_worse", "--seeds", "0", study=FOCUSED).out)
        head = 3 * 2 * 64 * 200 / 16
        self.assertEqual([arm["flops_per_token"] for arm in result["arms"]],
                         [head, head + 3 * 2 * 200 * 8 * 64 / 128])

    def test_bespoke_with_equal_widths_is_standard_to_the_bit(self):
        equal = ["--set", "embedding.high=1", "--set", "embedding.mid=1", "--set", "embedding.low=1"]
        for study in (FOCUSED, MEDIUM):
            losses = self.losses("--arms", "standard,bespoke,aa", "--seeds", "0..1", *equal, study=study)
            self.assertEqual(losses["standard"], losses["bespoke"])
            self.assertNotEqual(losses["standard"], losses["aa"])

    def test_a_table_as_wide_as_the_model_is_standard_to_the_bit(self):
        losses = self.losses("--arms", "standard,uniform_projected,factorised", "--seeds", "0..1",
                             "--set", "embedding.high=1", "--set", "embedding.rank=1")
        self.assertEqual(losses["standard"], losses["uniform_projected"])
        self.assertEqual(losses["standard"], losses["factorised"])

    def test_unpaired_arms_share_nothing(self):
        losses = self.losses("--arms", "standard,uniform_projected", "--seeds", "0", "--set", "embedding.high=1",
                             "--set", "study.paired=false")
        self.assertNotEqual(losses["standard"], losses["uniform_projected"])

    def test_dealt_bands_differ_from_seed_to_seed_and_repeat(self):
        first = self.losses("--arms", "random_band", "--seeds", "0..1")
        again = self.losses("--arms", "random_band", "--seeds", "0..1", "--fresh")
        self.assertEqual(first, again)
        self.assertNotEqual(first["random_band"][0], first["random_band"][1])

    def test_arms_that_cannot_be_built(self):
        for more, pattern in [
            (["--arms", "standard,known_worse", "--set", "body.width=8"],
             r"--arms standard,known_worse: .*known_worse cannot be built for this shape: the width 8 is not above 8"),
            (["--arms", "standard,allocated"], r"embedding.widths: allocated takes a list of widths"),
            (["--arms", "standard,allocated", "--set", "embedding.widths=[4,0]"], r"expected a list of whole numbers"),
            (["--arms", "adaptive", "--set", "body.width=12"], r"--arms adaptive: .*a sixteenth of the width 12"),
            (["--arms", "standard,nosuch"], r"--arms standard,nosuch: expected standard, .*known_worse, or an object with name and set, got .nosuch."),
        ]:
            self.assert_error(run(*FOCUSED, "--out", self.out, *more), 2, pattern)


if __name__ == "__main__":
    unittest.main()
