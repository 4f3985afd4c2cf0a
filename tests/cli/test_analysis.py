"""compute-analysis and gpt4-analysis: numbers, formats, plots, and what is said to sizes that do not go together."""

import csv
import io
import json
import os
import unittest
from xml.etree import ElementTree

from harness import Case, run, side_by_side

# d, T, ratio by the published formula, by the longer one
PUBLISHED = [(128, 64, 0.18, 0.525), (256, 128, 0.67, 0.904), (512, 256, 2.29, 1.124), (768, 512, 5.33, 1.256),
             (1024, 1024, 9.85, 1.433), (1280, 2048, 15.24, 1.722), (2048, 2048, 24.38, None)]

# flags, the one line expected
REFUSED = [
    ("--T 0", r"--T 0: expected whole numbers from 1 to 1099511627776, .*got \"0\""),
    ("--T -4", r"--T -4: expected whole numbers from 1"),
    ("--T 4..1", r"--T 4\.\.1: expected whole numbers"),
    ("--T many", r'--T many: expected whole numbers .*got "many"'),
    ("--T 9223372036854775808", r"--T 9223372036854775808: expected whole numbers"),
    ("--d 0", r"--d 0: expected whole numbers from 1"),
    ("--d 100", r"--d 100: heads of 64 do not divide d = 100; give --heads, or a --head-size such as"),
    ("--d 512 --heads 12", r"--heads 12: 12 heads do not divide d = 512; the nearest that do are 8 or 16"),
    ("--d 512 --heads 8 --head-size 32", r"--head-size 32: 8 heads of 32 make 256, not d = 512"),
    ("--d 512 --kv-heads 3", r"--kv-heads 3: 3 key-value heads do not divide the 8 heads"),
    ("--T 64 --k 65", r"--k 65: 65 keys cannot be selected from 64 tokens; give --k of at most 64"),
    ("--k 0", r"--k 0: expected whole numbers from 1"),
    ("--T 4", r"--T 4: 8 keys cannot be selected from 4 tokens"),
    ("--hidden 0", r"--hidden 0: expected a whole number from 1"),
    ("--pass forwards", r'--pass forwards: expected forward, backward or both, .*did you mean "forward"'),
    ("--scope layr", r'did you mean "layer"'),
    ("--causal maybe", r"--causal maybe: expected true or false"),
    ("--dtype fp64", r"--dtype fp64: expected fp32 or bf16"),
    ("--accounting honest", r"--accounting honest: expected a list of published, detailed or corrected"),
    ("--show memry", r'--show memry: expected a list of .*did you mean "memory"'),
    ("--roofline h10", r'--roofline h10: expected cpu, h100, h200 or a100 .*did you mean "h100"'),
    ("--plot x.png", r"--plot x\.png: expected a file name that ends in \.svg$"),
    ("--format xml", r"--format xml: expected table"),
    ("--measure --repeats 0", r"--repeats: .*from 1 to 1000"),
    ("--measure --device cuda:99", r'--device: "cuda:99" is not available here; .* has .*cpu'),
    ("--config nothere.json", r"--config nothere\.json: cannot be read"),
    ("--depth 3", r"--depth: unknown flag"),
]

# --assume, the one line expected
ASSUMED = [
    ("layrs=3", r'--assume layrs=3: expected name=number .*did you mean "layers"'),
    ("layers=0", r"layers: expected a whole number from 1"),
    ("d=100", r"d = 100 is no multiple of the heads' 128; give heads=\.\.\. as well"),
    ("d=100,heads=7", r"7 heads do not divide d = 100"),
    ("k=9000", r"--T 8192: 9000 keys cannot be selected from 8192 tokens"),
]


class ComputeAnalysis(Case):
    def analysis(self, *flags):
        outcome = run("compute-analysis", *flags, cwd=self.folder)
        self.assertEqual(outcome.code, 0, outcome.err)
        return outcome.out

    def document(self, *flags):
        return json.loads(self.analysis(*flags, "--format", "json"))

    def test_published_table_with_the_corrected_one_beside_it(self):
        document = self.document()
        rows = {(r["d"], r["T"], r["accounting"]): r for r in document["rows"]}
        for d, length, published, detailed in PUBLISHED:
            with self.subTest(d=d):
                self.assertAlmostEqual(rows[d, length, "published"]["ratio"], published, delta=0.005)
                if detailed is not None:
                    self.assertAlmostEqual(rows[d, length, "detailed"]["ratio"], detailed, delta=0.0005)
                self.assertLess(rows[d, length, "corrected"]["ratio"], 1)
                for accounting in ("published", "detailed", "corrected"):
                    row = rows[d, length, accounting]
                    self.assertAlmostEqual(row["full"] / row["sparse"], row["ratio"])
                    self.assertEqual(row["heads"], d // 64)
                    self.assertIn(row["unit"], ("MAC", "operations", "FLOP"))

    def test_table_says_why(self):
        text = self.analysis()
        for number in ("0.18", "15.24", "24.38", "1.72"):
            self.assertIn(number, text)
        for words in ("one sparse head against all 20", "d = 1280", "never"):
            self.assertIn(words, " ".join(text.split()))

    def test_crossovers(self):
        crossovers = {c["accounting"]: c for c in self.document("--d", "512")["crossovers"]}
        self.assertEqual(crossovers["published"]["T"], 92)
        self.assertIsNone(crossovers["corrected"]["T"])
        # A selector far narrower than a head does pay.
        narrow = {c["accounting"]: c for c in self.document("--d", "512", "--hidden", "8")["crossovers"]}
        self.assertIsInstance(narrow["corrected"]["T"], int)

    def test_csv_is_rectangular(self):
        rows = list(csv.reader(io.StringIO(self.analysis("--d", "512,1024", "--T", "1k..128k", "--format", "csv"))))
        self.assertEqual(len(rows), 1 + 2 * 8 * 3)
        self.assertEqual({len(row) for row in rows}, {len(rows[0])})
        self.assertEqual(rows[0][:8], ["d", "T", "heads", "k", "hidden", "accounting", "full", "sparse"])
        self.assertEqual(rows[-1][1], "131072")

    def test_jsonl_line_by_line(self):
        lines = [json.loads(line) for line in self.analysis("--format", "jsonl", "--show", "all").splitlines()]
        tables = {line["table"] for line in lines}
        self.assertEqual(tables, {"rows", "crossovers", "keys", "terms", "complexity", "amdahl", "memory"})
        for line in lines:
            if line["table"] == "terms":
                self.assertIsInstance(line["count"], int)

    def test_markdown(self):
        text = self.analysis("--format", "md")
        self.assertTrue(text.startswith("## "))
        self.assertIn("|---:|", text)

    def test_numbers_beyond_63_bits_are_exact_integers(self):
        row = next(r for r in self.document("--d", "16384", "--T", "1000000000000")["rows"] if r["accounting"] == "published")
        self.assertEqual(row["full"], 2 * 10**24 * 16384)
        text = self.analysis("--d", "16384", "--T", "1000000000000", "--format", "csv")
        self.assertIn(str(2 * 10**24 * 16384), text)

    def test_terms_add_up(self):
        document = self.document("--d", "512", "--T", "1k", "--scope", "model", "--layers", "3", "--vocabulary", "1000",
                                 "--pass", "both", "--kv-heads", "2")
        for row in document["rows"]:
            for path in ("full", "sparse"):
                total = sum(t["count"] for t in document["terms"]
                            if t["accounting"] == row["accounting"] and t["path"] == path)
                self.assertEqual(total, row[path])

    def test_config_file(self):
        path = self.write("shape.json", {"d": [512], "T": "256..1k", "k": 16, "causal": False})
        rows = self.document("--config", path)["rows"]
        self.assertEqual([r["T"] for r in rows if r["accounting"] == "corrected"], [256, 512, 1024])
        self.assertEqual({r["k"] for r in rows}, {16})
        self.assertEqual({r["k"] for r in self.document("--config", path, "--k", "4")["rows"]}, {4})

    def test_config_file_problems_are_told_together(self):
        self.write("c.json", {"T": 0, "hiden": 3, "k": "x"})
        self.assert_error(run("compute-analysis", "--config", "c.json", cwd=self.folder), 2,
                          r'c\.json: /hiden: unknown key \(did you mean "hidden"\?\)')
        self.write("c.json", {"T": 0, "k": "x"})
        self.assert_error(run("compute-analysis", "--config", "c.json", cwd=self.folder), 2,
                          r"c\.json: /T: expected whole numbers", r'c\.json: /k: .*got "x"')

    def test_refused(self):
        attempt = lambda flags, _: run("compute-analysis", *flags.split(), cwd=self.folder)
        for (flags, line), outcome in side_by_side(attempt, REFUSED):
            with self.subTest(flags=flags):
                self.assert_error(outcome, 2, line)
        self.assertEqual(os.listdir(self.folder), [])

    def test_empty_values(self):
        flags = ["--d", "--T", "--k", "--heads", "--config", "--show", "--roofline", "--plot", "--device", "--format"]
        for (flag, _), outcome in side_by_side(lambda flag, _: run("compute-analysis", flag, ""), [(f, 0) for f in flags]):
            with self.subTest(flag=flag):
                self.assertEqual((outcome.code, outcome.out), (2, ""))
                self.assertEqual(len(outcome.err.splitlines()), 1)
                self.assertIn(flag, outcome.err)

    def test_roofline_names_its_source(self):
        text = self.analysis("--d", "1024", "--T", "8k", "--dtype", "bf16", "--roofline", "h100", "--show", "none")
        self.assertIn("data sheet", " ".join(text.split()))
        document = self.document("--d", "1024", "--T", "8k", "--dtype", "bf16", "--roofline", "h100")
        fused = next(r for r in document["roofline"] if r["path"] == "dense fused")
        naive = next(r for r in document["roofline"] if r["path"] == "dense naive")
        self.assertGreater(fused["intensity"], naive["intensity"])
        self.assertEqual((fused["bound"], naive["bound"]), ("arithmetic", "memory"))
        self.assertIn("measured in this run", " ".join(self.analysis("--roofline", "cpu", "--show", "none").split()))

    def test_measure(self):
        document = self.document("--d", "128", "--T", "64..256", "--measure", "--repeats", "2", "--device", "cpu")
        rows = document["measured"]
        self.assertEqual({r["T"] for r in rows}, {64, 128, 256})
        for length in (64, 128, 256):
            paths = {r["path"]: r for r in rows if r["T"] == length}
            self.assertEqual(sum(r["remark"] == "fastest dense" for r in paths.values()), 1)
            sparse = paths["sparse mlp_topk"]
            self.assertGreaterEqual(sparse["runs"], 2)
            self.assertGreater(sparse["peak_bytes"], 0)
            self.assertLessEqual(sparse["least_seconds"], sparse["median_seconds"])
            predicted = next(r["ratio"] for r in document["rows"] if r["T"] == length and r["accounting"] == "corrected")
            self.assertAlmostEqual(sparse["predicted_speedup"], predicted)
            for kind in ("oracle_topk", "window", "lowrank_topk", "block_topk"):
                self.assertGreaterEqual(paths["sparse " + kind]["runs"], 2)

    def test_measure_goes_on_past_a_shape_that_does_not_fit(self):
        document = self.document("--d", "64", "--T", "64,1024M", "--measure", "--repeats", "1", "--device", "cpu")
        far = [r for r in document["measured"] if r["T"] == 2**30]
        self.assertTrue(far)
        for row in far:
            self.assertRegex(row["remark"], r"^does not fit: needs [\d.]+ GB, [\d.]+ GB of memory are free$")
            self.assertIsNone(row["median_seconds"])
        self.assertTrue(any(r["median_seconds"] for r in document["measured"] if r["T"] == 64))


class Plots(Case):
    def test_unwritable_plot_stops_before_any_work(self):
        outcome = run("compute-analysis", "--measure", "--plot", "no/such/folder/x.svg", cwd=self.folder)
        self.assert_error(outcome, 1, r"--plot no/such/folder/x\.svg: cannot be written: No such file or directory; give")
        self.assertEqual(os.listdir(self.folder), [])

    def drawn(self, *flags):
        outcome = run("compute-analysis", *flags, "--plot", "x.svg", cwd=self.folder)
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertEqual(os.listdir(self.folder), ["x.svg"])
        with open(os.path.join(self.folder, "x.svg"), encoding="utf-8") as file:
            return file.read()

    def test_lengths_are_labelled_whole(self):
        svg = self.drawn("--d", "1024", "--T", "1k..128k", "--k", "32")
        root = ElementTree.fromstring(svg)
        texts = ["".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")]
        for label in ("1k", "16k", "128k", "published", "detailed", "corrected", "1: equal cost"):
            self.assertIn(label, texts)
        self.assertTrue(root.find("{http://www.w3.org/2000/svg}desc").text)
        rows = json.loads(run("compute-analysis", "--d", "1024", "--T", "128k", "--k", "32", "--format", "json").out)["rows"]
        for row in rows:
            told = f"{row['accounting']}: {row['ratio']:.4g} at 128k"
            self.assertIn(f"<title>{told}</title>", svg)
            self.assertIn(" to " + told.split(": ")[1], root.find("{http://www.w3.org/2000/svg}desc").text)

    def test_a_panel_for_each_width_and_for_each_measured_path(self):
        svg = self.drawn("--d", "64,128", "--T", "64..256", "--head-size", "32", "--hidden", "16", "--k", "4")
        for panel in ("d 64, k 4", "d 128, k 4"):
            self.assertIn(f">{panel}</text>", svg)
        svg = self.drawn("--d", "64", "--T", "64,128", "--k", "4", "--measure", "--repeats", "1", "--device", "cpu")
        for text in ("by each accounting", "sparse window, d 64, k 4", "by FLOPs", "measured"):
            self.assertIn(f">{text}</text>", svg)


class Gpt4Analysis(Case):
    def document(self, *flags):
        outcome = run("gpt4-analysis", *flags, "--format", "json")
        self.assertEqual(outcome.code, 0, outcome.err)
        return json.loads(outcome.out)

    def test_the_document_rows_exactly(self):
        rows = self.document()["rows"]
        self.assertEqual([(r["T"], r["full"], r["sparse"]) for r in rows],
                         [(8192, 2111062325329920, 4252017623040), (128000, 515396075520000000, 66437775360000)])
        self.assertAlmostEqual(rows[0]["ratio"], 496.48, delta=0.005)
        self.assertAlmostEqual(rows[1]["ratio"], 7757.58, delta=0.005)
        for row in rows:
            self.assertAlmostEqual(row["full_over_printed"], 1000, delta=10)

    def test_ten_million_tokens(self):
        row = self.document("--T", "10000000")["rows"][0]
        self.assertEqual(row["full"], 3145728000000000000000)
        self.assertIn("3,145,728,000,000,000,000,000", run("gpt4-analysis", "--T", "10000000").out)

    def test_memory_and_amdahl(self):
        document = self.document()
        self.assertEqual([round(r["scores"] / 1e9, 1) for r in document["memory"]], [274.9, 67108.9])
        self.assertEqual([round(r["selected_scores"] / 1e9, 1) for r in document["memory"]], [1.1, 16.8])
        limits = {(r["T"], r["mask"]): r["layer_limit"] for r in document["corrected"]}
        self.assertAlmostEqual(limits[8192, "none"], 1.08, delta=0.005)
        self.assertAlmostEqual(limits[128000, "none"], 2.3, delta=0.05)

    def test_what_carries_each_number(self):
        carried = self.document()["carried_by"]
        self.assertEqual(carried["block_ratio"], ["T", "k"])
        self.assertIn("feedforward", carried["layer_limit"])
        self.assertIn("hidden", carried["corrected_ratio"])

    def test_assumptions(self):
        document = self.document("--assume", "d=12288,layers=96", "--assume", "k=16", "--T", "2k")
        self.assertEqual(document["assumed"]["heads"], 96)
        self.assertEqual(document["rows"][0]["full"], 2 * 8 * 2048**2 * 12288 * 96)
        self.assertEqual(document["rows"][0]["k"], 16)
        self.assertNotIn("printed_ratio", document["rows"][0])

    def test_refused(self):
        for (assume, line), outcome in side_by_side(lambda assume, _: run("gpt4-analysis", "--assume", assume), ASSUMED):
            with self.subTest(assume=assume):
                self.assert_error(outcome, 2, line)
        self.assert_error(run("gpt4-analysis", "--T", "0"), 2, r"--T 0: expected whole numbers")
        self.assert_error(run("gpt4-analysis", "--T", "8"), 2, r"--T 8: 8 tokens leave .* give T of at least 16")
        self.assert_error(run("gpt4-analysis", "--assume", ""), 2, r"--assume")


if __name__ == "__main__":
    unittest.main()
