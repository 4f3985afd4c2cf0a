"""ate report: the page is whole in one file, its JSON is the result's, names are escaped, and what is refused."""

import json
import os
import re
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

    def test_size(self):
        self.study("--preset", "medium", "--epochs", "2", "--seeds", "0..1", "--arms", "all", *SMALL, "--device", "cpu",
                   study=["validate-bespoke"])
        text, _ = self.page(Run(self.out).folder)
        self.assertLess(len(text.encode()), 300_000)

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
