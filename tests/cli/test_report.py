"""ate report: the page is whole in one file, its JSON is the result's, names are escaped, and what is refused."""

import json
import math
import os
import re
import shutil
import unittest
from html.parser import HTMLParser

from harness import Case, Run, read_json, run

VOID = {"meta", "br", "circle", "line", "path", "rect", "polygon", "polyline"}
SMALL = ["--set", "windows.batches_per_epoch=10", "--set", "source.tokens=5000"]


class Page(HTMLParser):
    """The page's elements; fails where tags do not match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], {}
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open and self.open[-1] == tag, (tag, self.open)
            self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


class Report(Case):
    def page(self, *arguments):
        file = os.path.join(self.folder, "page.html")
        done = run("report", *arguments, "--out", self.out, "--output", file)
        self.assertEqual((done.code, done.out), (0, ""), done.err)
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
        return text, Page(text)

    def test_a_study(self):
        self.study("--set", "source.tokens=5000", "--arms", "standard,bespoke,random_band")
        study = Run(self.out)
        text, page = self.page(study.folder)
        # Nothing is asked from outside, and nothing needs a script.
        for _, attributes in page.elements:
            for name in ("src", "href", "action", "data"):
                self.assertRegex(attributes.get(name, "#"), "^#")
        self.assertNotIn("@import", text)
        self.assertEqual(page.all("script"), [{"type": "application/json", "id": "data"}])
        embedded = json.loads("".join(page.texts["script"]))
        result = study.result()
        losses = [{(t["arm"], t["seed"]): t["val_loss"] for t in r["trials"]} for r in (embedded, result)]
        self.assertEqual(losses[0], losses[1])
        self.assertEqual(embedded["comparisons"], result["comparisons"])
        # Every picture has a title and says of which run it is.
        self.assertEqual(len(page.all("svg")), 3)
        self.assertEqual(len(page.texts["figcaption"]), 3)
        for caption in page.texts["figcaption"]:
            self.assertIn(study.id, caption)
        self.assertGreaterEqual(len(page.texts["title"]), 4)
        headings = page.texts["h2"]
        for heading in ("Arms and verdicts", "Learning curves", "By frequency", "Canaries", "Run it again"):
            self.assertIn(heading, headings)
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        self.assertEqual(len(ids), len(set(ids)))
        for link in page.all("a"):
            self.assertIn(link["href"][1:], ids)
        self.assertIn(f"ate validate-bespoke --config {study.folder}/config.json", text)
        difference = result["comparisons"][0]["mean_difference"]
        self.assertIn(f"{difference:+.4f} nats", text)

        # The end of its name is enough; without --output the page lies beside the results.
        done = run("report", study.id[-10:], "--out", self.out)
        self.assertEqual(done.code, 0, done.err)
        with open(os.path.join(self.out, f"report_{study.id}.html"), encoding="utf-8") as stream:
            self.assertEqual(stream.read(), text.replace(study.folder, os.path.join(self.out, "runs", study.id)))
        compared = run("compare", study.id[-10:], study.id[-10:], "--out", self.out)
        self.assertEqual(compared.code, 0, compared.err)

    def test_names_are_shown_and_not_obeyed(self):
        book = self.write("<b>&|.txt", "one two three\n" * 500)
        self.study("--set", "source.kind=text", "--set", f"source.file={book}", "--set", "windows.batches_per_epoch=2", "--epochs", "1",
                   "--seeds", "0", "--arms", "standard", "--device", "cpu", study=["validate-bespoke", "--preset", "medium"])
        text, page = self.page(Run(self.out).folder)
        self.assertNotIn("<b>", text)
        self.assertIn("&lt;b&gt;&amp;|", text)
        self.assertIn("<b>&|.txt", "".join(page.texts["dd"]))

    def test_a_tuned_study(self):
        self.study("--set", "source.tokens=5000", "--arms", "standard,bespoke", "--tune", "optimiser.learning_rate=1e-3,3e-3",
                   "--set", "study.tune.seeds=90", "--seeds", "0..1", "--epochs", "1",
                   study=["study", "--preset", "focused", "--device", "cpu"])
        _, page = self.page(Run(self.out).folder)
        self.assertIn("Tuning", page.texts["h2"])
        embedded = json.loads("".join(page.texts["script"]))
        self.assertEqual(embedded["tuning"]["arms"], Run(self.out).result()["tuning"]["arms"])

    def test_several_runs(self):
        first = self.study("--set", "source.tokens=5000")
        second = self.study("--set", "source.tokens=6000")
        self.assertEqual((first.code, second.code), (0, 0))
        runs = sorted(os.listdir(os.path.join(self.out, "runs")))
        text, page = self.page(*[os.path.join(self.out, "runs", r) for r in runs])
        self.assertEqual(len(json.loads("".join(page.texts["script"]))), 2)
        for r in runs:
            self.assertIn(r, page.texts["h2"])
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        self.assertEqual(len(ids), len(set(ids)))

    def test_size_of_twelve_arms_by_ten_seeds_after_a_hundred_evaluations(self):
        self.study("--preset", "medium", "--epochs", "1", "--seeds", "0", "--arms", "all", *SMALL, "--device", "cpu",
                   study=["validate-bespoke"])
        study = Run(self.out)
        trials = read_json(study.path("trials.json"))
        self.assertEqual(len(trials), 12)
        grown = {}
        for name, trial in trials.items():
            for seed in range(10):
                evaluations = []
                for epoch in range(100):
                    evaluation = dict(trial["evaluations"][-1], epoch=epoch)
                    for key in ("loss", "excess"):
                        evaluation[key] *= 1 + 0.01 * math.sin(epoch + 7 * seed + len(name))
                    evaluations.append(evaluation)
                grown[name[:-1] + str(seed)] = dict(trial, evaluations=evaluations)
        shutil.rmtree(study.path("checkpoint"))
        with open(study.path("trials.json"), "w", encoding="utf-8") as file:
            json.dump(grown, file)
        text, page = self.page(study.folder)
        self.assertEqual(len(json.loads("".join(page.texts["script"]))["trials"]), 120)
        self.assertLess(len(text.encode()), 300_000)

    def test_a_record_without_checkpoints(self):
        self.study("--set", "source.tokens=5000", "--arms", "standard,bespoke", "--tune", "optimiser.learning_rate=1e-3,3e-3",
                   "--set", "study.tune.seeds=90", "--seeds", "0..1", "--epochs", "2",
                   study=["study", "--preset", "focused", "--device", "cpu"])
        study = Run(self.out)
        whole, _ = self.page(study.folder)
        as_markdown = run("report", study.folder, "--format", "md")
        compared = run("compare", study.folder, study.folder)
        shutil.rmtree(study.path("checkpoint"))
        os.remove(study.path("metrics.jsonl"))
        record, page = self.page(study.folder)
        self.assertEqual(record, re.sub("scripts/recompute.py.*\n", "", whole))
        self.assertIn("Tuning", page.texts["h2"])
        self.assertEqual(run("report", study.folder, "--format", "md"), as_markdown)
        self.assertEqual(run("compare", study.folder, study.folder), compared)
        with open(study.path("trials.json"), "a", encoding="utf-8") as file:
            file.write("x")
        done = run("report", study.folder)
        self.assertEqual((done.code, done.err.count("\n")), (1, 1), done.err)
        self.assertIn("trials.json", done.err)

    def test_other_formats_are_what_the_study_prints(self):
        self.study("--set", "source.tokens=5000")
        study = Run(self.out)
        for format in ("md", "csv", "jsonl"):
            printed = self.study("--set", "source.tokens=5000", "--format", format, "--quiet")
            told = run("report", study.folder, "--format", format)
            self.assertEqual((told.code, told.err), (0, ""))
            if format != "jsonl":  # trials there have their seconds
                self.assertEqual(told.out, printed.out, format)
        file = os.path.join(self.folder, "study.json")
        done = run("report", study.folder, "--format", "json", "--output", file)
        self.assertEqual((done.code, done.out), (0, ""), done.err)
        self.assertEqual(read_json(file)["comparisons"], study.result()["comparisons"])

    def test_a_sweep(self):
        file = self.write("tiny.json", json.dumps({
            "extends": "focused", "source": {"tokens": 2000}, "schedule": {"epochs": 1},
            "study": {"arms": ["standard", "bespoke"], "seeds": "0..1"},
            "grid": {"optimiser.learning_rate": [0.001, 0.01], "body.width": [16, 32]}}))
        folder = os.path.join(self.folder, "rates")
        swept = run("sweep", "run", file, "--out", folder)
        self.assertEqual(swept.code, 0, swept.err)
        text, page = self.page(folder)
        self.assertIn("Verdicts", page.texts["h2"])
        self.assertEqual(len(page.all("svg")), 1)
        for panel in ("width 16", "width 32"):
            self.assertIn(f">{panel}</text>", text)
        document = json.loads("".join(page.texts["script"]))
        self.assertEqual(len(document["comparisons"]), 4)
        for row in document["comparisons"]:
            result = read_json(os.path.join(folder, "runs", row["job"], "result.json"))
            self.assertEqual(row["mean_difference"], result["comparisons"][0]["mean_difference"])
            self.assertIn(f"{row['mean_difference']:+.4f} {row['verdict']}", text)
        told = run("report", folder, "--format", "csv")
        self.assertEqual(told.out.splitlines()[0], "optimiser.learning_rate,body.width,baseline,bespoke")
        self.assertEqual(len(told.out.splitlines()), 5)
        both = run("report", folder, folder)
        self.assertEqual(both.code, 2, both.err)
        self.assertIn("report it alone", both.err)

    def test_distillations(self):
        small = ["--epochs", "1", "--device", "cpu"]
        for setting in ("source.tokens=2000", "windows.batches_per_epoch=2", "windows.length=24", "windows.batch=8", "body.width=16",
                        "train.student_steps=2"):
            small += ["--set", setting]
        pipeline = []
        for setting in ("attention.hidden=8", "train.collect_batches=2", "train.selector_steps=10", "train.approximator_steps=10",
                        "train.recall_epochs=1", "train.recall_tokens=2000"):
            pipeline += ["--set", setting]
        for preset, more, picture, sections in (("sparse", pipeline, "Loss to the dense teacher", ("The selector",)),
                                                ("sparse-frontier", [], "perplexity / dense", ())):
            with self.subTest(preset=preset):
                done = run("train", "--preset", preset, *small, *more, "--out", os.path.join(self.out, preset))
                self.assertEqual(done.code, 0, done.err)
                folder = os.path.join(self.out, preset, "runs")
                run_folder = next(os.path.join(folder, r) for r in sorted(os.listdir(folder)) if not r.endswith("-recall"))
                text, page = self.page(run_folder)
                self.assertIn(picture, text)
                for heading in ("Loss and cost", "Run it again", *sections):
                    self.assertIn(heading, page.texts["h2"])
                self.assertEqual(json.loads("".join(page.texts["script"])), read_json(os.path.join(run_folder, "result.json")))
                shutil.rmtree(os.path.join(run_folder, "checkpoint"))
                self.assertEqual(self.page(run_folder)[0], text)
                os.remove(os.path.join(run_folder, "result.json"))
                gone = run("report", run_folder)
                self.assertEqual(gone.code, 2, gone.err)
                self.assertIn("has not finished", gone.err)

    def test_bad_input(self):
        rows = [
            (["nothing"], "is no run's folder"),
            ([self.folder], "has no config.json"),
            ([], "RUN is required"),
        ]
        for arguments, complaint in rows:
            done = run("report", *arguments, "--out", self.out)
            self.assertEqual(done.code, 2, done.err)
            self.assertIn(complaint, done.err)
            self.assertEqual(done.err.count("\n"), 1, done.err)
        self.study("--set", "source.tokens=5000")
        done = run("report", Run(self.out).folder, "--output", "/nowhere/page.html")
        self.assertEqual(done.code, 2, done.err)
        self.assertIn("--output /nowhere/page.html", done.err)


if __name__ == "__main__":
    unittest.main()
