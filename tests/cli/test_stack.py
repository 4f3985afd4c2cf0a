"""Trials in stacks: the same study as one by one, to rounding; resumed with any mix of stack sizes."""

import os
import signal
import unittest

from harness import FOCUSED, MEDIUM, Case, Run, checkpoint_progress, run, wait_until

REFERENCE = ["--set", "kernels=reference"]
ARMS = ["--arms", "standard,tied,bespoke,mixed_dim"]
TINY = ["validate-bespoke", "--preset", "medium", "--epochs", "2", "--seeds", "0..1", "--device", "cpu",
        "--set", "windows.batches_per_epoch=8", "--set", "source.tokens=4000", "--set", "source.vocabulary=60",
        "--set", "body.width=16", "--set", "evaluation.every=1", *ARMS, *REFERENCE]


class Stacks(Case):
    def assert_agree(self, ours, theirs, tolerance=1e-4):
        ours, theirs = ours.result()["trials"], theirs.result()["trials"]
        self.assertEqual([(t["arm"], t["seed"]) for t in ours], [(t["arm"], t["seed"]) for t in theirs])
        for a, b in zip(ours, theirs):
            self.assertLess(abs(a["val_loss"] - b["val_loss"]), tolerance, (a["arm"], a["seed"]))

    def test_any_stack_agrees_with_none(self):
        plain = self.folder + "/plain"
        self.study("--stack", "1", study=TINY, out=plain)
        for stack in ("4", "16"):
            out = f"{self.folder}/{stack}"
            outcome = self.study("--stack", stack, "--jobs", "1", study=TINY, out=out)
            self.assert_agree(Run(out), Run(plain))
            # Six trials can be stacked; the two of tied train alone.
            widest = min(int(stack), 6)
            self.assertIn(f"up to {widest} in a stack", outcome.err)
            self.assertEqual(Run(out).events("started")[0]["stack"], widest)
            self.assertEqual(Run(out).id, Run(plain).id)
            self.assertEqual(Run(out).progress("bespoke", 1)["status"], "finished")
            self.assertEqual(len(Run(out).events("evaluation")), 8 * 2)

    def test_a_bag_can_be_stacked(self):
        plain = self.folder + "/plain"
        self.study("--stack", "1", out=plain)
        self.study("--stack", "4", out=self.out)
        self.assert_agree(Run(self.out), Run(plain))

    def test_auto_is_off_on_the_cpu(self):
        plain = self.folder + "/plain"
        self.study(out=self.out)  # auto is the default
        self.study("--stack", "1", out=plain)
        self.assert_same_run(Run(self.out), Run(plain))

    def test_stopped_and_gone_on_with_other_stacks(self):
        study = [*MEDIUM, *REFERENCE]
        whole, mixed = self.folder + "/whole", self.out
        self.study("--stack", "4", "--jobs", "1", study=study, out=whole)
        trials = ("standard-s0", "bespoke-s0", "standard-s1", "bespoke-s1")
        # Stopped in the middle, the four stand at the same step; the same stack ends in the same bits.
        process = self.start("--stack", "4", "--jobs", "1", "--save-every", "0.05", study=study)
        wait_until(lambda: self.has_checkpoint("bespoke-s1"), "a checkpoint")
        process.kill(signal.SIGINT)
        self.assertEqual(process.wait().code, 130)
        states = [checkpoint_progress(Run(mixed).checkpoint(t)) for t in trials]
        self.assertEqual({s["status"] for s in states}, {"running"})
        self.assertEqual(len({s["updates"] for s in states}), 1)
        outcome = self.study("--stack", "4", "--jobs", "1", study=study)
        self.assertRegex(outcome.err, r"going on after epoch \d+, step \d+")
        self.assert_same_run(Run(mixed), Run(whole))
        # Stopped with one trial ahead, then stacks that let the others catch up.
        self.study("--fresh", "--seeds", "0", "--arms", "standard", study=self.without_lists(study))
        process = self.start("--stack", "1", "--jobs", "1", "--save-every", "0", study=study)
        wait_until(lambda: self.has_checkpoint("bespoke-s0"), "a checkpoint")
        process.kill(signal.SIGTERM)
        self.assertEqual(process.wait().code, 143)
        self.study("--stack", "3", "--jobs", "2", study=study)
        self.assert_agree(Run(mixed), Run(whole))

    def has_checkpoint(self, trial):
        try:
            return Run(self.out).has("checkpoint", f"{trial}.safetensors")
        except AssertionError:
            return False

    @staticmethod
    def without_lists(study):
        at = study.index("--seeds")
        return study[:at] + study[at + 2:]

    def test_bf16(self):
        study = [*MEDIUM, "--set", "windows.batches_per_epoch=5", "--set", "kernels=reference"]
        outcome = self.study("--stack", "4", "--dtype", "bf16", study=study)
        self.assertIn("up to 4 in a stack", outcome.err)
        others = [os.path.join(self.folder, name) for name in ("alone", "float")]
        self.study("--dtype", "bf16", study=study, out=others[0])
        self.study("--stack", "4", study=study, out=others[1])
        rows = zip(*(Run(out).result()["trials"] for out in (self.out, *others)))
        for ours, alone, in_float in rows:
            self.assertEqual(ours["status"], "finished")
            self.assertLess(abs(ours["val_loss"] - alone["val_loss"]), 0.01)
            self.assertLess(abs(ours["val_loss"] - in_float["val_loss"]), 0.01)
            self.assertNotEqual(ours["val_loss"], in_float["val_loss"])

    def test_a_diverging_study_says_so_and_ends(self):
        outcome = self.study("--stack", "4", "--set", "optimiser.learning_rate=1e30", code=3)
        self.assertRegex(outcome.err, r"standard-s0 diverged: the training loss was nan at epoch 1, step 2")
        self.assertEqual(Run(self.out).progress("bespoke", 1)["status"], "diverged")

    def test_bad_values(self):
        for flags, pattern in [
            (["--stack", "0"], r'--stack: expected auto or a whole number from 1 to 4096, got "0"'),
            (["--stack", "many"], r'--stack: expected auto or .*, got "many"'),
            (["--stack", "1.5"], r'--stack: expected auto or .*, got "1.5"'),
            (["--stack", "4", "--arms", "tied"], r"--stack 4: tied has no weight of the head"),
        ]:
            self.assert_error(run(*FOCUSED, "--out", self.out, *flags), 2, pattern)
        for more, pattern in [
            (["--dtype", "bf16"], r"--stack 4: a stack rounds more in bf16 than the fused kernels.*: set kernels to reference"),
            (["--set", "kernels=fused"], r"--stack 4: the fused kernels train one model at a time"),
            (["--set", "attention.kind=window"], r"--stack 4: stacks train dense attention alone"),
        ]:
            self.assert_error(run(*MEDIUM, "--out", self.out, "--stack", "4", *more), 2, pattern)


if __name__ == "__main__":
    unittest.main()
