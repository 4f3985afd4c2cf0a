"""`ate source show` and `write`: what they say of a source, the files and how they hang together, what is refused; and a run's
losses recomputed in PyTorch from these files, where a Python with torch is given."""

import array
import ast
import json
import math
import os
import re
import struct
import subprocess
import unittest

from harness import BINARY, FOCUSED, Case, read_bytes, read_json, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TORCH = os.environ.get("ATE_TORCH_PYTHON", "")  # a Python that has torch and numpy

# A small encoder on any source.
ENCODER = ["--preset", "medium", "--epochs", "2", "--set", "windows.batches_per_epoch=6", "--set", "source.tokens=3210",
           "--set", "source.vocabulary=40", "--set", "windows.length=16", "--set", "body.width=16", "--set", "body.heads=2"]
MQAR = [*ENCODER, "--set", "source.kind=mqar", "--set", "source.pairs=3"]
LLAMA = [word for setting in ("norm=pre", "normalisation=rms", "activation=swiglu", "feedforward_width=24",
                              "positions=rotary", "heads=4", "kv_heads=2", "qk_norm=true", "bias=false")
         for word in ("--set", "body." + setting)]
# An arm of each kind of attention, over the heads and layers that a flag may leave dense.
KINDS = [word for arm in ("window:attention.kind=window,attention.k=5",
                          "block:attention.kind=block_topk,attention.k=8,body.kv_heads=1",
                          "oracle:attention.kind=oracle_topk,attention.k=5",
                          "lowrank:attention.kind=lowrank_topk,attention.k=5,attention.heads=1",
                          "mlp:attention.kind=mlp_topk,attention.k=5,attention.layers=1",
                          "exact:attention.kind=mlp_topk,attention.k=5,attention.approximator=false",
                          "bare:body.feedforward=0")
         for word in ("--arm", arm)]


def load(path):
    """(shape, numbers in one list) of a .npy file, by the format's description."""
    content = read_bytes(path)
    assert content[:8] == b"\x93NUMPY\x01\x00", path
    size = struct.unpack("<H", content[8:10])[0]
    assert (10 + size) % 64 == 0 and content[9 + size:10 + size] == b"\n", path
    header = ast.literal_eval(content[10:10 + size].decode())
    assert header["fortran_order"] is False
    numbers = array.array({"<i4": "i", "<i8": "q", "<f8": "d"}[header["descr"]], content[10 + size:])
    assert math.prod(header["shape"]) == len(numbers), path
    return header["shape"], list(numbers)


class SourceFiles(Case):
    def written(self, *flags):
        folder = os.path.join(self.folder, "source")
        outcome = run("source", "write", *flags, "--out", folder)
        self.assertEqual(outcome.code, 0, outcome.err)
        about = read_json(os.path.join(folder, "source.json"))
        self.assertEqual(sorted([*about["files"], "source.json"]), sorted(os.listdir(folder)))
        arrays = {}
        for name, file in about["files"].items():
            shape, numbers = load(os.path.join(folder, name))
            self.assertEqual(list(shape), file["shape"], name)
            arrays[name[:-len(".npy")]] = numbers
            self.assertIn(name, outcome.out)
        return about, arrays

    def assert_law(self, about, arrays):
        """The targets' mean -ln p is near their laws' mean entropy, and each law adds to 1."""
        vocabulary, length = about["vocabulary"], about["window"]
        dense = [arrays["law_dense"][i:i + vocabulary] for i in range(0, len(arrays.get("law_dense", [])), vocabulary)]
        rows = [dict(enumerate(row)) for row in dense]
        first = arrays.get("law_sparse_first", [0])
        for begin, end in zip(first, first[1:]):
            rows.append(dict(zip(arrays["law_sparse_token"][begin:end], arrays["law_sparse_probability"][begin:end])))
        self.assertEqual(len(rows), len(arrays["law_entropy"]))
        for row, entropy in zip(rows, arrays["law_entropy"]):
            self.assertAlmostEqual(sum(row.values()), 1)
            self.assertAlmostEqual(-sum(p * math.log(p) for p in row.values() if p > 0), entropy)
        losses = []
        for i, start in enumerate(arrays["evaluation_windows"]):
            for t in range(length):
                place = i * length + t
                row = arrays["evaluation_law_row"][place]
                target = arrays["answers"][start + t] if "answers" in arrays else arrays["corpus"][start + t + 1]
                self.assertEqual(row < 0, target < 0)
                if target < 0:
                    continue
                weight, token = arrays["evaluation_law_weight"][place], arrays["evaluation_law_token"][place]
                p = (1 - weight) * rows[row].get(target, 0) + (weight if target == token else 0)
                losses.append(-math.log(p))
        return sum(losses) / len(losses)

    def test_a_stream(self):
        for kind, most in (("zipf_iid", 3.7), ("zipf_markov", 2.4), ("recall", 3.7)):
            with self.subTest(kind):
                self.setUp()
                about, arrays = self.written(*ENCODER, "--set", f"source.kind={kind}", "--seed", "3")
                corpus = arrays["corpus"]
                self.assertEqual((about["seed"], about["arm"], len(corpus)), (3, "standard", 3210))
                self.assertNotIn("answers", arrays)
                begin, end = about["split"]["test"]
                self.assertEqual(arrays["evaluation_windows"], list(range(begin, end - 16, 16)))
                self.assertEqual(about["files"]["training_windows.npy"]["shape"], [12, 16])  # steps, windows of each
                self.assertTrue(all(0 <= start < about["split"]["training"][1] - 16 for start in arrays["training_windows"]))
                self.assertGreater(len(set(arrays["training_windows"])), 20)
                self.assertLess(self.assert_law(about, arrays), most)

    def test_examples_and_their_answers(self):
        about, arrays = self.written(*MQAR)
        corpus, answers = arrays["corpus"], arrays["answers"]
        self.assertEqual(about["floor_nats"], 0)
        for start in arrays["evaluation_windows"] + arrays["training_windows"]:
            self.assertEqual(start % 16, 0)
            pairs = dict(zip(corpus[start:start + 6:2], corpus[start + 1:start + 6:2]))
            asked = [t for t in range(start, start + 16) if answers[t] >= 0]
            self.assertEqual(sorted(corpus[t] for t in asked), sorted(pairs))
            for t in asked:
                self.assertEqual(answers[t], pairs[corpus[t]])
        self.assertEqual(self.assert_law(about, arrays), 0)

    def test_a_text_its_arm_and_sampled_windows(self):
        text = "".join(f"In the beginning was the word number {i}.\n" for i in range(120))
        path = self.write("book.txt", text)
        about, arrays = self.written(*ENCODER, "--set", "source.kind=text", "--set", f"source.file={path}", "--set",
                                     "source.vocabulary=256", "--set", "evaluation.windows=sampled", "--set",
                                     "evaluation.batches=2", "--set", "evaluation.every=1", "--arm", "bespoke",
                                     "--set", "bands={\"rule\": \"rank_count\", \"high\": 5, \"low\": 230}")
        self.assertEqual(bytes(arrays["corpus"]).decode(), text[:3210])
        self.assertIsNone(about["floor_nats"])
        self.assertNotIn("law_entropy", arrays)
        self.assertEqual(about["evaluation_draws"], [0, 1])
        self.assertEqual(about["files"]["evaluation_windows.npy"]["shape"][0], 2)
        half = len(arrays["evaluation_windows"]) // 2
        self.assertNotEqual(arrays["evaluation_windows"][:half], arrays["evaluation_windows"][half:])
        self.assertEqual(about["embedding_tables"], ["embedding.high", "embedding.mid", "embedding.low"])
        tables = arrays["embedding"][::2]
        self.assertEqual([tables.count(i) for i in range(3)], [5, 21, 230])
        self.assertEqual(tables[ord(" ")], 0)
        rows = sorted(arrays["embedding"][2 * t + 1] for t in range(256) if tables[t] == 2)
        self.assertEqual(rows, list(range(230)))

    def test_show(self):
        outcome = run("source", "show", *MQAR, "--windows", "2")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertRegex(outcome.out, r"corpus: 200 examples of 16 tokens with 3 pairs of 19 keys and 20 values")
        self.assertRegex(outcome.out, r"k\d+ v\d+ k\d+ v\d+ k\d+ v\d+ ")
        self.assertRegex(outcome.out, r"\d+:v\d+ \d+:v\d+ \d+:v\d+")
        shown = json.loads(run("source", "show", *MQAR, "--windows", "2", "--format", "json").out)
        self.assertEqual((shown["floor_nats"], shown["facts"]["answers_per_window"]), (0, 3))
        self.assertAlmostEqual(shown["facts"]["loss_without_lookup"], math.log(3))
        self.assertEqual([sum(t >= 0 for t in window["targets"]) for window in shown["windows"]], [3, 3])
        lines = [json.loads(line) for line in run("source", "show", *ENCODER, "--format", "jsonl").out.splitlines()]
        self.assertEqual({line["table"] for line in lines}, {"facts", "bands", "windows"})
        self.assertAlmostEqual(sum(line["share"] for line in lines if line["table"] == "bands"), 1)
        aggregate = run("source", "show", *ENCODER, "--set", "source.kind=aggregate", "--set", "source.counts=true",
                        "--format", "json")
        losses = json.loads(aggregate.out)["facts"]
        self.assertEqual(losses["least_loss_reading_16"], 0)
        self.assertGreater(losses["least_loss_reading_8"], losses["least_loss_reading_15"])

    def test_what_is_refused(self):
        there = self.write("there", "")
        for flags, pattern in (
                (["write", "--preset", "focused"], r"--out is required"),
                (["write", "--preset", "focused", "--out", there], r"--out .*there: is there already: name a new folder"),
                (["write", "--out", "x"], r"give --preset NAME"),
                (["write", "--preset", "focused", "--seed", "0..2", "--out", "x"], r"--seed 0..2: .*name one"),
                (["show", "--preset", "focused", "--dtype", "bf16"], r"--dtype bf16: .*nothing is trained: leave it out"),
                (["show", "--preset", "focused", "--windows", "-1"], r"--windows"),
                (["show", *ENCODER, "--set", "source.kind=mqar", "--set", "source.pairs=5"],
                 r"source\.pairs=5: 5 pairs .* take 20 tokens, and an example has 16: set source\.pairs to at most 4"),
                (["show", *MQAR, "--set", "source.vocabulary=7"], r"source\.vocabulary=7: of 7 tokens 2 are keys"),
                (["show", "--preset", "focused", "--set", "source.kind=copy"], r"the bag predicts the token after"),
                (["show", *MQAR, "--set", "source.example=32"], r"a window is an example, and mqar's have 32 tokens")):
            with self.subTest(flags):
                outcome = run("source", *flags, cwd=self.folder)
                self.assertEqual((outcome.code, outcome.out), (2, ""), outcome.err)
                self.assertRegex(outcome.err, pattern)
                self.assertFalse(os.path.exists(os.path.join(self.folder, "x")))

    def test_a_study_of_a_source_that_asks(self):
        study = ["validate-bespoke", *MQAR, "--seeds", "0..1", "--device", "cpu"]
        outcome = self.study(study=study)
        self.assertRegex(outcome.out, r"an answer costs 0\.0000 nats at least \(the floor\)")
        self.assertRegex(outcome.out, r"ratio +accuracy")
        result = self.run_files.result()
        for arm in result["arms"]:
            own = [t["accuracy"] for t in result["trials"] if t["arm"] == arm["arm"]]
            self.assertAlmostEqual(arm["mean_accuracy"], sum(own) / 2)
            self.assertEqual(arm["loss_by_position"][:6], [None] * 6)
            self.assertGreater(arm["loss_by_position"][6], 0)
        progress = [name for name in os.listdir(self.out) if name.startswith("progress_")]
        for name in progress:
            document = read_json(os.path.join(self.out, name))
            self.assertEqual(len(document["val_accuracies"]), len(document["val_losses"]))
        stream = self.study(study=FOCUSED, out=os.path.join(self.folder, "stream"))
        self.assertNotIn("accuracy", stream.out)

    @unittest.skipUnless(TORCH, "no Python with torch: name one in ATE_TORCH_PYTHON")
    def test_losses_recomputed_in_pytorch(self):
        for name, study in (("bag", FOCUSED), ("mqar", ["validate-bespoke", *MQAR, "--seeds", "0", "--device", "cpu"]),
                            ("markov", ["validate-bespoke", *ENCODER, "--seeds", "0", "--device", "cpu", "--set",
                                        "source.kind=zipf_markov", "--set", "evaluation.windows=sampled"]),
                            ("llama", ["study", *ENCODER, *LLAMA, "--seeds", "0", "--device", "cpu"]),
                            ("kinds", ["study", *ENCODER, "--arms", "standard", *KINDS, "--seeds", "0", "--device", "cpu"])):
            with self.subTest(name):
                out = os.path.join(self.folder, name)
                self.study(study=study, out=out)
                runs = os.path.join(out, "runs")
                done = subprocess.run([TORCH, os.path.join(ROOT, "scripts", "recompute.py"),
                                       os.path.join(runs, os.listdir(runs)[0]), "--ate", BINARY],
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertGreaterEqual(done.stdout.count("  loss "), 2)

    @unittest.skipUnless(TORCH, "no Python with torch: name one in ATE_TORCH_PYTHON")
    def test_a_checkpoint_loaded_in_pytorch(self):
        self.study("--set", "optimiser.kind=sgd")
        load = lambda *words: subprocess.run([TORCH, os.path.join(ROOT, "scripts", "load_checkpoint.py"), *words, "--ate",
                                              BINARY], capture_output=True, text=True, check=False)
        done = load(self.run_files.folder, "bespoke", "0")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^head\.weight +\[200, \d+\]$")
        self.assertRegex(done.stdout, r"(?m)^embedding\.high\.weight +\[20, \d+\]$")
        self.assertNotIn("sgd", done.stdout)
        losses = re.search(r"recorded (\S+), computed (\S+) nats", done.stdout).groups()
        self.assertAlmostEqual(*map(float, losses), delta=1e-6)
        missing = load(self.run_files.folder, "bespoke", "7")
        self.assertEqual((missing.returncode, missing.stdout), (2, ""))
        self.assertRegex(missing.stderr, r"no checkpoint .*bespoke-s7\.safetensors; there are: bespoke-s0, bespoke-s1, "
                                         r"standard-s0, standard-s1\n$")


if __name__ == "__main__":
    unittest.main()
