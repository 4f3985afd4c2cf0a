"""ate bench: what it prints, the trace, and what it refuses. Nothing here asserts a time."""

import glob
import json
import os
import signal
import unittest

from harness import Case, Process, environment, read_json, run, side_by_side, wait_until

STEP = ["bench", "step", "--rounds", "1", "--seconds", "0"]
TINY = [*STEP, "--preset", "medium", "--set", "source.tokens=5000",
        "--set", "source.vocabulary=60", "--set", "body.width=32", "--set", "windows.batch=4"]
PARTS = {"products", "attention", "norms", "activation", "masks", "embedding", "loss", "optimiser"}

REFUSED = [
    (["--trace", "/no/such/folder/x.json"], r"^ate: --trace /no/such/folder/x\.json: cannot be written: No such file or directory; give"),
    (["--arms", "standrad"], r"--arms standrad: .*standard"),
    (["--dtype", "bf61"], r'--dtype bf61: expected a list of fp32, bf16 or all \(did you mean "bf16"\?\)'),
    (["--threads", "0"], r"--threads 0: expected whole numbers from 1 to 256"),
    (["--replicas", "1,two"], r"--replicas 1,two: expected whole numbers"),
    (["--set", "windows.length=0"], r"windows"),
    (["--set", "body.widht=3"], r'did you mean "width"'),
    (["--rouds", "3"], r'did you mean "--rounds"\?.*see ate bench step --help'),
]


class Step(Case):
    def document(self, *more):
        outcome = run(*TINY, *more, "--format", "json", "--quiet", cwd=self.folder)
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        return json.loads(outcome.out)

    def test_rows(self):
        document = self.document("--replicas", "1,2")
        rows = document["rows"]
        found = [(r["arm"], r["kernels"], r["dtype"], r["threads"], r["replicas"]) for r in rows]
        self.assertEqual(sorted(found), sorted((arm, kernels, dtype, 1, replicas) for arm in ("standard", "bespoke")
                                               for kernels in ("eager", "fused") for dtype in ("fp32", "bf16")
                                               for replicas in (1, 2)))
        for row in rows:
            for field in ("ms_per_step", "cpu_ms_per_step", "ratio_to_eager", "ratio_to_eager_fp32", "steps_per_second",
                          "flops_per_second", "gemm_peak_share", "fma_peak_share"):
                self.assertIsInstance(row[field], float, field)
                self.assertGreater(row[field], 0, field)
            self.assertLessEqual(row["ms_least"], row["ms_per_step"])
            self.assertLessEqual(row["ms_per_step"], row["ms_most"])
            self.assertLessEqual(row["ratio_least"], row["ratio_most"])
            self.assertEqual(row["ratio_by"], "CPU time")
            if row["kernels"] == "eager":
                self.assertEqual((row["by_part"], row["gemm_share"]), (None, None))
                self.assertEqual(row["ratio_to_eager"], 1)
            else:
                self.assertEqual(set(row["by_part"]), PARTS)
                self.assertTrue(0 < row["gemm_share"] < 1)
            self.assertEqual(row["scaling"] is None, row["replicas"] == 1)
        self.assertEqual([(p["threads"], p["dtype"]) for p in document["peaks"]], [(1, "fp32"), (1, "bf16")])
        self.assertTrue(all(p["fma_flops"] > 0 and p["square_flops"] > 0 for p in document["peaks"]))
        self.assertIn("qkv forward", [p["product"] for p in document["products"]])

    def test_several_threads_are_compared_by_wall_clock(self):
        rows = self.document("--threads", "2", "--dtype", "fp32", "--arms", "standard")["rows"]
        self.assertEqual([(r["kernels"], r["dtype"], r["threads"], r["ratio_by"]) for r in rows],
                         [("eager", "fp32", 2, "wall clock"), ("fused", "fp32", 2, "wall clock")])

    def test_an_arm_of_the_config_by_its_name(self):
        path = self.write("mine.json", {"study": {"arms": ["standard", {"name": "narrow", "set": {"body.width": 16}}]}})
        document = self.document("--config", path, "--arms", "narrow", "--dtype", "fp32")
        self.assertEqual([row["arm"] for row in document["rows"]], ["narrow", "narrow"])
        # What is timed is the arm's own step: a model 32 wide has products 64 and 96 wide.
        shapes = [(product["m"], product["k"], product["n"]) for product in document["products"]]
        self.assertFalse([shape for shape in shapes if 64 in shape or 96 in shape], shapes)

    def test_trace(self):
        self.document("--arms", "bespoke", "--trace", "step.json")
        events = read_json(os.path.join(self.folder, "step.json"))["traceEvents"]
        self.assertEqual({e["ph"] for e in events}, {"X"})
        self.assertEqual({e["name"] for e in events if e["cat"] == "part"}, PARTS)
        steps = [e for e in events if e["cat"] == "step"]
        self.assertEqual({e["tid"] for e in steps}, {1, 2})
        for event in events:
            self.assertGreaterEqual(event["dur"], 0)
            around = [s for s in steps if s["tid"] == event["tid"] and s["ts"] <= event["ts"] + 1e-6
                      and event["ts"] + event["dur"] <= s["ts"] + s["dur"] + 1e-6]
            self.assertTrue(around, event)
        self.assertEqual(os.listdir(self.folder), ["step.json"])

    def test_formats(self):
        outcome = run(*TINY, "--arms", "standard", "--dtype", "fp32", "--quiet")
        self.assertEqual(outcome.code, 0, outcome.err)
        for word in ("Training step of medium", "x eager", "of GEMM peak", "attention", "linear1 gradient", "- x eager:"):
            self.assertIn(word, outcome.out)

    def test_refused(self):
        attempt = lambda flags, _: run(*TINY, *flags, cwd=self.folder)
        for (flags, line), outcome in side_by_side(attempt, REFUSED):
            with self.subTest(flags=flags):
                self.assert_error(outcome, 2, line)
        self.assert_error(run(*STEP, "--preset", "focused"), 2, r"/kernels: there are no fused kernels for the bag")
        self.assert_error(run(*STEP, "--preset", "definitve"), 2, r'did you mean "definitive"')
        self.assert_error(run("bench", "step", "--rounds", "0"), 2, r"--rounds: expected a whole number from 1")
        self.assertEqual(os.listdir(self.folder), [])


class Others(Case):
    def test_help(self):
        for command in (["bench"], ["bench", "step"], ["bench", "attention"], ["bench", "startup"]):
            outcome = run(*command, "--help")
            self.assertEqual((outcome.code, outcome.err), (0, ""))
            self.assertIn(" ".join(["Usage: ate", *command]), outcome.out)
        alone = run("bench")
        self.assertEqual((alone.code, alone.out), (2, ""))
        self.assertIn("bench: a subcommand is missing; there are", alone.err)
        for name in ("step", "attention", "startup"):
            self.assertIn(f"  {name}", alone.err)

    def test_attention(self):
        outcome = run("bench", "attention", "--d", "64", "--T", "64", "--repeats", "1", "--device", "cpu", "--format", "json", "--quiet")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        rows = json.loads(outcome.out)["rows"]
        self.assertEqual([r["speedup"] for r in rows if r["remark"] == "fastest dense"], [1.0])
        self.assertTrue([r for r in rows if r["path"].startswith("sparse") and r["speedup"] > 0])

    def test_attention_of_one_decoded_query(self):
        outcome = run("bench", "attention", "--decode", "--d", "64", "--T", "256", "--k", "64", "--repeats", "1", "--device", "cpu", "--format", "json", "--quiet")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        rows = json.loads(outcome.out)["rows"]
        self.assertEqual({r["pass"] for r in rows}, {"decode"})
        self.assertLessEqual({"dense naive", "sparse window", "sparse block_topk"}, {r["path"] for r in rows})

    def test_attention_of_the_kinds_asked_for(self):
        common = ["--d", "64", "--T", "256", "--k", "64", "--repeats", "1", "--device", "cpu", "--format", "json", "--quiet"]
        for flags, sparse in ((["--kinds", "window,block_topk"], {"sparse window", "sparse block_topk"}),
                              (["--kinds", "mlp_topk"], {"sparse mlp_topk"}), (["--kinds", "dense"], set()),
                              (["--kinds", "window", "--decode"], {"sparse window"})):
            with self.subTest(flags=flags):
                outcome = run("bench", "attention", *common, *flags)
                self.assertEqual((outcome.code, outcome.err), (0, ""))
                paths = {r["path"] for r in json.loads(outcome.out)["rows"]}
                self.assertEqual({p for p in paths if p.startswith("sparse")}, sparse)
                self.assertIn("dense flash, ate", paths)
                self.assertNotIn("dense naive", paths)

    def test_attention_quality(self):
        outcome = run("bench", "attention", "--quality", "--d", "32", "--heads", "2", "--T", "128", "--k", "16", "--epsilon", "0.05", "--format", "json", "--quiet")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        rows = json.loads(outcome.out)["rows"]
        self.assertEqual({r["inputs"] for r in rows}, {"independent", "clustered"})
        for row in rows:
            self.assertLessEqual(row["error_most"], 2 * row["skipped_most"] + 1e-9)
            if row["kind"] == "certified":
                self.assertEqual(row["above_epsilon"], 0)
                self.assertLessEqual(row["error_most"], row["bound_most"] + 1e-12)
                self.assertLessEqual(row["bound_most"], 0.1)

    def test_attention_quality_of_a_trained_model(self):
        tiny = ["--preset", "medium", "--epochs", "1", "--set", "source.tokens=5000", "--set", "source.vocabulary=60", "--set",
                "body.width=32", "--set", "windows.batch=4", "--set", "windows.length=16", "--set", "windows.batches_per_epoch=2"]
        trained = run("train", *tiny, "--format", "json", "--quiet", cwd=self.folder)
        self.assertEqual(trained.code, 0, trained.err)
        [checkpoint] = glob.glob(os.path.join(self.folder, "tool_outputs/runs/*/checkpoint/*.safetensors"))
        outcome = run("bench", "attention", "--checkpoint", checkpoint, "--k", "4,8", "--format", "json", "--quiet")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        rows = json.loads(outcome.out)["rows"]
        self.assertEqual({(r["inputs"], r["T"], r["k"]) for r in rows}, {("layer 1", 16, 4), ("layer 1", 16, 8)})
        self.assertEqual({r["above_epsilon"] for r in rows if r["kind"] == "certified"}, {0})
        self.assert_error(run("bench", "attention", "--checkpoint", checkpoint, "--k", "17"), 2,
                          r"--k 17: the model's windows have 16 positions: give at most so many")

    def test_attention_refused(self):
        for flags, line in [
                (["--quality", "--T", "8192"], r"--T 8192: --quality keeps T x T numbers: give at most 4096"),
                (["--quality", "--repeats", "3"], r"--repeats: is not read with --quality, which times nothing: leave it out"),
                (["--quality", "--batch", "3"], r"--batch: is not read with --quality: leave it out"),
                (["--epsilon", "0.1"], r"--epsilon: is read with --quality or --checkpoint: give one of them"),
                (["--quality", "--epsilon", "2"], r"--epsilon: expected a number from 1e-12 to 0\.9"),
                (["--checkpoint", "no.safetensors"], r"--checkpoint no\.safetensors: "),
                (["--checkpoint", "no.safetensors", "--T", "64"], r"--T: is not read with --checkpoint: leave it out"),
                (["--law", "clusterd"], r'--law clusterd: .*did you mean "clustered"'),
                (["--law", "clustered", "--heads", "4", "--kv-heads", "2"], r"--law clustered: draws keys for each head: leave out --kv-heads"),
                (["--kinds", "windw"], r'--kinds windw: expected .*did you mean "window"'),
                (["--kinds", "window", "--quality"], r"--kinds: is not read with --quality, which times nothing: leave it out"),
                (["--kinds", "certified", "--decode"], r'--kinds certified: expected dense, window or block_topk, got "certified"'),
                (["--decode", "--backward"], r"--decode: trains nothing, and --backward times gradients: leave one of the two out")]:
            with self.subTest(flags=flags):
                self.assert_error(run("bench", "attention", *flags, cwd=self.folder), 2, line)

    def test_startup(self):
        outcome = run("bench", "startup", "--rounds", "1", "--format", "json", "--quiet")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        rows = json.loads(outcome.out)["rows"]
        self.assertEqual(len(rows), 5)
        for row in rows:
            self.assertGreater(row["ms"], 0)
            self.assertEqual(row["runs"], 1)
        self.assertEqual(rows[0]["command"], "ate --help")

    def test_startup_interrupted_leaves_nothing(self):
        process = Process("bench", "startup", "--quiet", env=environment(TMPDIR=self.folder))
        self.addCleanup(process.close)
        wait_until(lambda: os.listdir(self.folder), "its temporary folder")
        process.kill(signal.SIGINT)
        outcome = process.wait()
        self.assertEqual((outcome.code, outcome.out), (130, ""))
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main()
