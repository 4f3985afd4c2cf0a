"""No flag is dropped without a word: each is honoured, or refused with the reason."""

import json
import os
import shutil
import tempfile
import unittest

from harness import Case, reference_run, run, side_by_side

# A second or two.
ENCODER = ["train", "--preset", "medium", "--device", "cpu", "--epochs", "2", "--set", "source.tokens=6000",
           "--set", "source.vocabulary=50", "--set", "windows.batches_per_epoch=10", "--set", "body.width=16",
           "--set", "evaluation.every=1", "--set", "bands.rule=rank_share", "--set", "bands.high=0.2",
           "--set", "bands.low=0.3"]

# flags of ate train --evaluate, what the line says
REFUSED_BESIDE_EVALUATE = [
    ("--set body.width=128", r"--set body\.width=128: an evaluation trains nothing, and the checkpoint was trained with 16:"),
    ("--set source.exponent=2", r"--set source\.exponent=2: .*trained with 1\.3"),
    ("--set embedding.high=3", r"--set embedding\.high=3: .*trained with 1\.5"),
    ("--set body.wdth=128", r'--set body\.wdth=128: unknown key \(did you mean "width"\?\)'),
    ("--epochs 3", r"--epochs 3: an evaluation trains nothing, and the checkpoint was trained with 2"),
    ("--mode published", r"--mode published: .*trained with \"corrected\""),
    ("--arm bespoke", r"--arm bespoke: the checkpoint is of standard, seed 0$"),
    ("--seed 9", r"--seed 9: the checkpoint is of standard, seed 0$"),
    ("--dtype bf16", r"--dtype bf16: an evaluation is in fp32, whatever the training was in"),
    ("--set dtype=bf16", r"--set dtype=bf16: an evaluation is in fp32"),
    ("--set kernels=fused", r"--set kernels=fused: an evaluation runs on plain operations"),
    ("--device cuda:7", r'--device cuda:7: "cuda:7" is not available here; .*has .*cpu'),
    ("--set evaluation.every=5", r"--set evaluation\.every=5: one evaluation is made, now"),
    ("--set evaluation.batches=5", r"--set evaluation\.batches=5: .*set evaluation\.windows=sampled"),
    ("--set optimiser.learning_rate=1", r"--set optimiser\.learning_rate=1: an evaluation trains nothing"),
    ("--set train.rows=5", r"--set train\.rows=5: an evaluation does not read it"),
    ("--set study.margin=0.5", r"--set study\.margin=0\.5: an evaluation does not read it"),
    ("--fresh", r"--fresh: --evaluate trains and stores nothing"),
    ("--out elsewhere", r"--out: --evaluate trains and stores nothing"),
    ("--save-every 5", r"--save-every: --evaluate trains and stores nothing"),
    ("--plot x.svg", r"--plot: draws a frontier"),
]

# whole command lines, what the line says
REFUSED = [
    ("train --preset medium --arm standard,bespoke", r"--arm standard,bespoke: one model is trained: name one"),
    ("train --preset medium --arm all", r"--arm all: one model is trained"),
    ("train --preset medium --seed 0..3", r"--seed 0\.\.3: one model is trained"),
    ("train --preset medium --set study.seeds=2..3", r"--set study\.seeds=2\.\.3: one model is trained"),
    ("train --preset medium --set train.student_steps=9", r"--set train\.student_steps=9: only the procedures pipeline"),
    ("train --preset medium --set study.margin=0.1", r"--set study\.margin=0\.1: only a study compares arms"),
    ("train --preset medium --set seed_criteria.both_improve=true", r"seed_criteria.*: only a study compares arms"),
    ("validate-bespoke --preset focused --set train.rows=9", r"--set train\.rows=9: only ate train reads it"),
    ("compute-analysis --repeats 3", r"--repeats: is for --measure"),
    ("compute-analysis --device cpu", r"--device: is for --measure"),
    ("audit --list --jobs 2", r"--jobs: --list checks nothing"),
    ("audit --list --full", r"--full: --list checks nothing"),
    ("audit --list --out x", r"--out: --list checks nothing"),
    ("audit --list --only nothing", r"--only nothing: no claim or group"),
    ("bench step --set device=cuda", r"--set device=cuda: steps are timed on the CPU"),
    ("bench step --set dtype=bf16", r"--set dtype=bf16: .*give --dtype"),
    ("bench step --set kernels=reference", r"--set kernels=reference: fused and eager are timed against each other"),
    ("bench step --set schedule.epochs=3", r"--set schedule\.epochs=3: a step does not depend on it"),
    ("bench step --set study.seeds=3", r"--set study\.seeds=3: a step does not depend on it"),
    ("bench attention --scope layer", r"--scope: unknown flag"),
    ("config list -q -v", r"--quiet: says the opposite of --verbose"),
]


class Evaluate(Case):
    checkpoint = None

    @classmethod
    def setUpClass(cls):
        cls.stored = tempfile.mkdtemp(prefix="ate-evaluate-")
        outcome = run(*ENCODER, "--out", cls.stored, "--format", "json", "-q")
        assert outcome.code == 0, outcome.err
        cls.trained = json.loads(outcome.out)
        cls.checkpoint = cls.trained["checkpoint"]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.stored, ignore_errors=True)

    def evaluated(self, *flags, code=0):
        outcome = run("train", "--evaluate", self.checkpoint, "--format", "json", "-q", *flags, cwd=self.folder)
        self.assertEqual(outcome.code, code, outcome.err)
        return json.loads(outcome.out)

    def test_refused(self):
        attempt = lambda flags, _: run("train", "--evaluate", self.checkpoint, *flags.split(), cwd=self.folder)
        for (flags, line), outcome in side_by_side(attempt, REFUSED_BESIDE_EVALUATE):
            with self.subTest(flags=flags):
                self.assert_error(outcome, 2, line)
        self.assertEqual(os.listdir(self.folder), [])

    def test_every_problem_is_told(self):
        outcome = run("train", "--evaluate", self.checkpoint, "--epochs", "3", "--dtype", "bf16", cwd=self.folder)
        self.assertEqual((outcome.code, len(outcome.err.splitlines())), (2, 2))

    def test_windows_are_honoured(self):
        whole = self.evaluated()
        sampled = self.evaluated("--set", "evaluation.windows=sampled", "--set", "evaluation.batches=3")
        self.assertEqual(whole["val_loss"], self.trained["val_loss"])
        self.assertNotEqual(sampled["val_loss"], whole["val_loss"])
        self.assertEqual(sampled["targets"], 3 * 16 * 32)  # batches of 16 windows of 32 targets

    def test_what_agrees_with_the_checkpoint_is_no_problem(self):
        plain = self.evaluated()
        for flags in (["--arm", "standard", "--seed", "0"], ["--epochs", "2"], ["--dtype", "fp32"], ["--device", "cpu"],
                      ["--set", "body.width=16"], ["--mode", "corrected"]):
            self.assertEqual(self.evaluated(*flags), plain, flags)

    def test_the_command_that_trained_it_evaluates_it(self):
        outcome = run(*ENCODER, "--evaluate", self.checkpoint, "--format", "json", "-q")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertEqual(json.loads(outcome.out), self.evaluated())

    def test_a_checkpoint_far_from_its_run_needs_a_config(self):
        path = os.path.join(self.folder, "alone.safetensors")
        shutil.copy(self.checkpoint, path)
        self.assert_error(run("train", "--evaluate", path), 2, r"lies in no run folder .*give --preset or --config too")
        outcome = run(*ENCODER, "--evaluate", path, "--format", "json", "-q")
        self.assertEqual(json.loads(outcome.out)["val_loss"], self.trained["val_loss"])
        self.assert_error(run(*ENCODER, "--evaluate", path, "--seed", "4"), 2, r"--seed 4: the checkpoint is of standard")

    def test_one_of_a_study_keeps_its_arm(self):
        run_files = reference_run()
        checkpoint = run_files.checkpoint("bespoke-s1")
        outcome = run("train", "--evaluate", checkpoint, "--format", "json", "-q")
        self.assertEqual(json.loads(outcome.out)["val_loss"], run_files.progress("bespoke", 1)["val_losses"][-1])
        for flags in (["--arm", "bespoke"], ["--seed", "1"]):
            self.assertEqual(run("train", "--evaluate", checkpoint, "--format", "json", "-q", *flags).out, outcome.out)
        self.assert_error(run("train", "--evaluate", checkpoint, "--arm", "standard"), 2, r"is of bespoke, seed 1$")


class Others(Case):
    def test_refused(self):
        for (command, line), outcome in side_by_side(lambda command, _: run(*command.split(), cwd=self.folder), REFUSED):
            with self.subTest(command=command):
                self.assert_error(outcome, 2, line)
        self.assertEqual(os.listdir(self.folder), [])

    def test_list_takes_only(self):
        claims = json.loads(run("audit", "--list", "--only", "gpt4", "--format", "json").out)["claims"]
        self.assertEqual([c["id"] for c in claims], ["gpt4.8k", "gpt4.128k", "gpt4.units"])

    def test_settings_that_a_file_has_and_nobody_reads(self):
        path = self.write("shape.json", {"d": 128, "T": 64, "scope": "layer"})
        self.assert_error(run("bench", "attention", "--config", path), 2, r"shape\.json: /scope: this command does not read it")

    def test_a_last_evaluation_that_is_not_the_best_is_told(self):
        overfit = ["train", "--preset", "medium", "--device", "cpu", "--epochs", "30", "--set", "source.tokens=700",
                   "--set", "windows.length=8", "--set", "body.dropout=0", "--set", "source.vocabulary=60", "--set",
                   "bands.rule=rank_share", "--set", "bands.high=0.2", "--set", "bands.low=0.3", "--set",
                   "optimiser.learning_rate=0.01", "--set", "evaluation.every=5"]
        export = os.path.join(self.folder, "x.safetensors")
        outcome = self.study(*["--export", export], study=overfit)
        said = " ".join(outcome.out.split())
        self.assertRegex(said, r"- The lowest validation loss was \d\.\d{4} nats, after epoch \d+; the last is \d+\.\d{4}, "
                               r"after epoch 30, and the checkpoint and an export of it hold the last\.")
        result = json.loads(self.study("--format", "json", study=overfit).out)
        self.assertLess(result["best_val_loss"], result["val_loss"])
        self.assertLess(result["best_epochs_completed"], 30)
        checkpoint = result["checkpoint"]
        self.assertIn("The lowest validation loss was", " ".join(run("train", "--evaluate", checkpoint).out.split()))


if __name__ == "__main__":
    unittest.main()
