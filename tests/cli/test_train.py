"""ate train: one model, its checkpoint and export; the pipeline of stages, killed inside each; bad input."""

import glob
import json
import os
import shutil
import signal
import struct
import tempfile
import unittest

from harness import Case, Process, read_bytes, run, wait_until

ENCODER = ["train", "--preset", "medium", "--device", "cpu", "--epochs", "2", "--set", "source.tokens=6000",
           "--set", "source.vocabulary=50", "--set", "windows.batches_per_epoch=10", "--set", "body.width=16",
           "--set", "evaluation.every=1", "--set", "bands.rule=rank_share", "--set", "bands.high=0.2",
           "--set", "bands.low=0.3"]
# Every stage in a part of a second, and slow enough to be stopped inside, as each step is saved.
PIPELINE = ["train", "--preset", "sparse", "--device", "cpu", "--epochs", "2", "--set", "source.tokens=3000",
            "--set", "windows.batches_per_epoch=20", "--set", "windows.length=24", "--set", "body.width=16",
            "--set", "windows.batch=16", "--set", "attention.hidden=8", "--set", "train.collect_batches=4",
            "--set", "train.selector_steps=150", "--set", "train.approximator_steps=150",
            "--set", "train.student_steps=20", "--set", "train.recall_epochs=1",
            "--set", "train.recall_tokens=3000", "--save-every", "0"]
STAGES = ["standard-s0", "selector", "approximator", "mlp_topk-k3", "lowrank_topk-k3"]


def arrays_of(path):
    """Name -> (shape, bytes) by the rules of the safetensors format."""
    content = read_bytes(path)
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + length])
    data = content[8 + length:]
    return {name: (entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in header.items() if name != "__metadata__"}


def kill_in(case, stage, out):
    """Starts the pipeline or lets it go on, and kills it once the stage has saved a step."""
    process = Process(*PIPELINE, "--out", out)
    case.addCleanup(process.close)
    pattern = os.path.join(out, "runs", "*", "checkpoint", stage + ".safetensors")
    wait_until(lambda: glob.glob(pattern) or not process.running(), stage)
    case.assertTrue(process.running(), f"{stage}: the pipeline was over before it could be killed")
    process.kill(signal.SIGKILL)
    process.wait()


class Single(Case):
    def test_schedules_optimisers_and_evaluations_by_steps(self):
        """20 steps: with warm-up and decay, several batches to a step, the loss after every 6 and the best by the tune part."""
        for optimiser in (["sgd", "--set", "optimiser.momentum=0.9"], ["muon"], ["adamw", "--set", "optimiser.decayed=matrices"]):
            trained = json.loads(self.study(
                "--format", "json", "--set", "optimiser.kind=" + optimiser[0], *optimiser[1:], "--set", "optimiser.accumulate=2",
                "--set", "schedule.decay=wsd", "--set", "schedule.unit=step", "--set", "schedule.warmup_steps=3",
                "--set", "schedule.minimum_share=0.1", "--set", "evaluation.every_steps=6", "--set", "evaluation.tune_share=0.5",
                "--set", "evaluation.best=true", study=ENCODER).out)
            best = trained["best"]
            self.assertEqual(trained["status"], "finished")
            self.assertIn(best["steps_completed"], (6, 12, 18, 20))
            self.assertGreater(best["tune_loss"], 0)
            progress = json.loads(read_bytes(os.path.join(self.out, f"progress_standard_s0_{trained['run_id']}.json")))
            self.assertEqual(progress["eval_steps"], [6, 12, 18, 20])
            at = progress["eval_steps"].index(best["steps_completed"])
            self.assertEqual(progress["val_losses"][at], best["val_loss"])
            self.assertEqual(min(progress["tune_losses"]), best["tune_loss"])

    def test_trains_evaluates_and_exports(self):
        export = os.path.join(self.folder, "model.safetensors")
        trained = json.loads(self.study("--format", "json", "--export", export, "--arm", "bespoke", "--seed", "3",
                                        study=ENCODER).out)
        self.assertEqual((trained["arm"], trained["seed"], trained["status"], trained["epochs"]),
                         ("bespoke", 3, "finished", 2))
        evaluated = json.loads(run("train", "--evaluate", trained["checkpoint"], "--format", "json", "-q").out)
        for key in ("val_loss", "excess", "standard_error", "parameters", "loss_by_position", "arm", "seed"):
            self.assertEqual(evaluated[key], trained[key], key)

        checkpoint, exported = arrays_of(trained["checkpoint"]), arrays_of(export)
        self.assertEqual(set(checkpoint) - set(exported), {"adam.first_moment", "adam.second_moment"})
        for name, value in exported.items():
            self.assertEqual(value, checkpoint[name], name)
        self.assertEqual(exported["layers.0.self_attn.in_proj_weight"][0], [48, 16])
        self.assertEqual(exported["head.weight"][0], [50, 16])
        try:
            from safetensors.numpy import load_file
        except ImportError:
            return
        loaded = load_file(export)
        self.assertEqual({n: list(a.shape) for n, a in loaded.items()}, {n: s for n, (s, _) in exported.items()})
        for name, array in loaded.items():
            self.assertEqual(array.tobytes(), exported[name][1], name)

    def test_every_attention_kind_trains_with_any_embedding(self):
        for kind, more in [("mlp_topk", ["attention.hidden=8"]), ("oracle_topk", []), ("window", []),
                           ("lowrank_topk", ["attention.rank=4"]), ("block_topk", ["attention.block=3"]),
                           ("certified", ["attention.epsilon=0.2"]), ("threshold", ["attention.drop=1"]),
                           ("indexer", ["attention.rank=4", "attention.indexer_heads=2"])]:
            sets = [word for s in [f"attention.kind={kind}", "attention.k=7", *more] for word in ("--set", s)]
            result = json.loads(self.study("--format", "json", "--arm", "bespoke", *sets, study=ENCODER).out)
            with self.subTest(kind=kind):
                self.assertEqual((result["attention"], result["status"], result["leak"]), (kind, "finished", 0))

    def test_again_trains_nothing_and_another_seed_is_another_model(self):
        first = self.study("--format", "json", study=ENCODER)
        again = self.study("--format", "json", study=ENCODER)
        self.assertIn("no training needed", again.err)
        self.assertEqual(first.out, again.out)
        other = self.study("--format", "json", "--seed", "5", study=ENCODER)
        self.assertNotEqual(json.loads(other.out)["val_loss"], json.loads(first.out)["val_loss"])

    def test_interrupted_it_goes_on(self):
        command = [word if word != "2" else "40" for word in ENCODER] + ["--save-every", "0"]
        process = self.start(study=command)
        pattern = os.path.join(self.out, "runs", "*", "checkpoint", "*.safetensors")
        wait_until(lambda: glob.glob(pattern), "a checkpoint")
        process.kill(signal.SIGINT)
        self.assertEqual(process.wait().code, 130)
        ended = self.study("--format", "json", study=command)
        straight = self.study("--format", "json", study=command, out=os.path.join(self.folder, "straight"))
        drop = lambda text: {k: v for k, v in json.loads(text).items() if k not in ("seconds", "checkpoint")}
        self.assertEqual(drop(ended.out), drop(straight.out))


class Pipeline(Case):
    reference = None

    @classmethod
    def undisturbed(cls):
        if cls.reference is None:
            folder = tempfile.mkdtemp(prefix="ate-reference-")
            unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
            outcome = run(*PIPELINE, "--out", folder, "--format", "json")
            assert outcome.code == 0, outcome.err
            cls.reference = (folder, json.loads(outcome.out))
        return cls.reference

    def test_report(self):
        folder, result = self.undisturbed()
        self.assertEqual([w["name"] for w in result["worlds"]], ["random", "recall"])
        for world in result["worlds"]:
            selector = world["selector"]
            for key in ("accuracy", "chance", "best_constant", "mass", "mass_chance", "mass_constant", "mass_oracle"):
                self.assertTrue(0 <= selector[key] <= 1 + 1e-9, key)
            # A window's strongest keys bound every choice of as many.
            for key in ("mass", "mass_chance", "mass_constant", "mass_window"):
                self.assertLessEqual(selector[key], selector["mass_oracle"] + 1e-6)
            self.assertEqual(selector["choice_moved"], 0)  # it reads the query alone
            self.assertEqual([s["attention"] for s in world["students"]],
                             ["mlp_topk", "oracle_topk", "window", "lowrank_topk", "block_topk"])
            for student in world["students"]:
                score = student["score"]
                self.assertEqual(score["leak"], 0)
                self.assertLessEqual(score["mass_recall"], score["oracle_recall"] + 1e-6)
                self.assertGreaterEqual(score["kl"], -1e-6)
                self.assertAlmostEqual(score["difference"], score["loss"] - score["teacher_loss"], places=12)
        self.assertTrue(result["worlds"][1]["hybrid"]["distances"])
        again = run(*PIPELINE, "--out", folder, "--format", "json")
        self.assertEqual(json.loads(again.out), result)
        self.assertIn("no training needed", again.err)
        self.assertIn("strongest key", run(*PIPELINE, "--out", folder).out)

    def test_killed_inside_each_stage_it_ends_in_the_same_bits(self):
        """One run, killed in a stage after another; test_slow_pipeline.py has a run for each stage."""
        _, expected = self.undisturbed()
        for stage in STAGES:
            kill_in(self, stage, self.out)
        ended = run(*PIPELINE, "--out", self.out, "--format", "json")
        self.assertEqual(ended.code, 0, ended.err)
        self.assertEqual(json.loads(ended.out), expected)

    def test_a_signal_saves_the_stage(self):
        process = Process(*PIPELINE, "--out", self.out)
        self.addCleanup(process.close)
        pattern = os.path.join(self.out, "runs", "*", "checkpoint", "selector.safetensors")
        wait_until(lambda: glob.glob(pattern), "the selector")
        process.kill(signal.SIGTERM)
        self.assertEqual(process.wait().code, 143)


class BadInput(Case):
    def test_lines(self):
        for words, *patterns in [
            (["--preset", "medium", "--set", "attention.kind=window", "--set", "attention.k=0"],
             r"--set attention.k=0: expected a whole number from 1"),
            (["--preset", "medium", "--set", "attention.kind=window", "--set", "attention.k=33"],
             r"--set attention.k=33: 33 is more than the 32 positions of a window"),
            (["--preset", "medium", "--set", "attention.kind=topk"], r"expected dense, mlp_topk, .*block_topk"),
            (["--preset", "focused", "--set", "attention.kind=window"], r"needs attention, which the bag has not"),
            (["--preset", "medium", "--arm", "standard,bespok"], r"--arm standard,bespok: "),
            (["--evaluate", "missing.safetensors"], r"--evaluate missing.safetensors: cannot be read"),
            (["--preset", "sparse", "--export", "x.safetensors"], r"--export: is for a single model"),
            (["--preset", "sparse", "--plot", "x.svg"], r"--plot: draws a frontier"),
            (["--preset", "sparse-frontier", "--plot", "x.pdf"], r"--plot x.pdf: expected a file name that ends in"),
        ]:
            with self.subTest(words=words):
                self.assert_error(run("train", *words, cwd=self.folder), 2, *patterns)
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_checkpoint_of_another_shape(self):
        trained = json.loads(self.study("--format", "json", study=ENCODER).out)
        outcome = run(*ENCODER, "--set", "body.width=32", "--evaluate", trained["checkpoint"])
        self.assert_error(outcome, 2, r"--set body.width=32: .*the checkpoint was trained with 16")
        alone = os.path.join(self.folder, "alone.safetensors")
        shutil.copy(trained["checkpoint"], alone)
        outcome = run(*ENCODER, "--set", "body.width=32", "--evaluate", alone)
        self.assert_error(outcome, 2, r"--evaluate .*: has no array .* it is of another model")

    def test_a_damaged_checkpoint(self):
        path = self.write("broken.safetensors", b"\x08\0\0\0\0\0\0\0{}      ")
        self.assert_error(run("train", "--evaluate", path), 2, r"broken.safetensors: damaged: ")


if __name__ == "__main__":
    unittest.main()
