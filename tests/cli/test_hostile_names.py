"""Names and texts that others chose, in every format: none is obeyed by a terminal, spreadsheet, Markdown reader or browser."""

import csv
import io
import json
import os
import re
import shutil
import unittest
import xml.etree.ElementTree as ET

from harness import FOCUSED, Case, Run, read_json, reference_run, run, write_bytes
from test_report import Page

HOSTILE = ["\x1b[2J\x1b]0;title\x07", "a|b\n| c", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
           "[x](javascript:alert(1))", "`rm`", "\u202egnp.exe", "\x9b2J", "]]>--><!--", "a\r\nb\x00c", "\u2028line", "&lt;b&gt;"]
# In a spreadsheet the beginning counts.
TEXTS = [start + " ".join(HOSTILE) for start in ("=cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "")]
NAMES = [text.replace("/", "").replace("\x00", "") for text in TEXTS]  # of files
FORMATS = ["table", "md", "csv", "json", "jsonl"]
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Hostile(Case):
    def assert_harmless(self, *command, cwd=None):
        """Every format of a command's output."""
        texts = {}
        for form in FORMATS:
            outcome = run(*command, "--format", form, cwd=cwd)
            self.assertIn(outcome.code, (0, 3), outcome.err)
            texts[form] = outcome.out
            with self.subTest(command=command, format=form):
                text = outcome.out.replace("\r\n", "\n") if form == "csv" else outcome.out
                self.assertIsNone(OBEYED.search(text), text)
                self.assertIsNone(OBEYED.search(outcome.err), outcome.err)
                getattr(self, "check_" + form, lambda text: None)(outcome.out)
        return texts

    def check_md(self, text):
        for block in re.findall(r"(?m)(?:^\|.*\n)+", text):
            widths = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in block.splitlines()}
            self.assertEqual(len(widths), 1, block)
        self.assertIsNone(re.search(r"(?<!\\)(?:\\\\)*[<`]", text), text)
        self.assertIsNone(re.search(r"(?<!\\)(?:\\\\)*\[[^\]]*\]\(", text), text)

    def check_csv(self, text):
        rows = list(csv.reader(io.StringIO(text, newline="")))
        self.assertEqual({len(row) for row in rows}, {len(rows[0])}, text)
        for cell in (cell for row in rows for cell in row):
            self.assertFalse(re.match(r"[=+@\t\r]|-[^\d.]", cell), cell)

    def check_json(self, text):
        json.loads(text)

    def check_jsonl(self, text):
        for line in text.splitlines():
            json.loads(line)

    def copy_of_run(self):
        shutil.copytree(reference_run(FOCUSED).out, self.out)
        return Run(self.out)


class Sweeps(Hostile):
    """A sweep's list and the words of its failures."""

    def setUp(self):
        super().setUp()
        os.makedirs(os.path.join(self.out, "runs", "study-x-0"))
        write_bytes(os.path.join(self.out, "runs", "study-x-0", "failure.json"),
                    json.dumps({"reason": TEXTS[0]}).encode())

    def test_every_text(self):
        for text in TEXTS:
            listing = {"sweep": text, "jobs": [
                {"id": "study-x-0", "set": {text: text, "a,b": [text]}, "arms": [text], "seeds": "0"}]}
            write_bytes(os.path.join(self.out, "sweep_x.json"), json.dumps(listing).encode())
            self.assert_harmless("sweep", "status", self.out)
            self.assert_harmless("sweep", "collect", self.out)

    def test_an_id_leads_nowhere_else(self):
        for text in [*TEXTS, "../../x", "/etc", "", "a" * 5000]:
            listing = {"sweep": "x", "jobs": [{"id": text, "set": {}, "arms": ["standard"], "seeds": "0"}]}
            write_bytes(os.path.join(self.out, "sweep_x.json"), json.dumps(listing).encode())
            for command in ("status", "collect"):
                outcome = run("sweep", command, self.out)
                self.assert_error(outcome, 1, r"sweep_x\.json: /jobs/0/id: expected a run's id, got ")
                self.assertIsNone(OBEYED.search(outcome.err.rstrip("\n")))


class Runs(Hostile):
    """What a run's files say of machines and plans, and what its folder is called."""

    def test_machine_of_a_run(self):
        files = self.copy_of_run()
        for text in TEXTS:
            environment = read_json(files.path("environment.json"))
            environment["processor"] = environment["products"] = text
            write_bytes(files.path("environment.json"), json.dumps(environment).encode())
            self.assert_harmless("compare", reference_run(FOCUSED).folder, files.folder)
            self.check_page(files.folder)

    def check_page(self, *runs):
        path = os.path.join(self.folder, "page.html")
        outcome = run("report", *runs, "--output", path, "--out", self.out)
        self.assertEqual(outcome.code, 0, outcome.err)
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        page = Page(text)
        self.assertEqual([s for s in page.all("script") if s.get("type") != "application/json"], [])
        self.assertEqual(page.all("img"), [])
        for _, attributes in page.elements:
            self.assertFalse([name for name in attributes if name.startswith("on")], attributes)
        self.assertIsNone(OBEYED.search(text))

    def test_host_of_a_lease(self):
        files = self.copy_of_run()
        os.remove(files.path("DONE"))
        lease = {"host": "", "pid": 1, "place": "elsewhere", "started": "1", "since": "", "token": "0" * 16, "alone": False}
        for text in TEXTS:
            for name in ("standard-s0.trial", "0000000000000000.process"):
                write_bytes(files.path("leases", name), json.dumps({**lease, "host": text}).encode())
            self.assert_harmless("status", files.folder)

    def test_names_of_folders(self):
        files = self.copy_of_run()
        for text in NAMES:
            named = os.path.join(self.out, "runs", text)
            shutil.copytree(files.folder, named)
            self.assert_harmless("status", named)
            self.assert_harmless("status", self.out)
            self.check_page(named)
            shutil.rmtree(named)

    def test_arms_of_a_plan(self):
        files = self.copy_of_run()
        for text in TEXTS:
            plan = read_json(files.path("plan.json"))
            plan["requests"][0]["arms"] = [text]
            write_bytes(files.path("plan.json"), json.dumps(plan).encode())
            self.assert_harmless("status", files.folder)
            self.assert_harmless(*FOCUSED, "--out", self.out)


class Claims(Hostile):
    def test_texts_of_a_register(self):
        for text in TEXTS:
            claim = {"id": "a.b", "claim": text, "claimed": text, "check": "cost_ratio",
                     "given": {"d": 512, "k": 64, "T": 2048, "attention": ["dense", "window"], "ratio": 32}}
            path = self.write("claims.json", {"title": text, "source": text, "claims": [claim]})
            self.assert_harmless("audit", "--claims", path)
            self.assert_harmless("audit", "--claims", path, "--list")


class Names(Hostile):
    """Names of arms and sweeps become parts of file names: hostile ones are refused, in one line."""

    def test_refused(self):
        for text in [*TEXTS, "../x", ".x", "a/b", "a" * 200]:
            file = self.write("sweep.json", {"extends": "focused", "name": text, "grid": {"body.width": [8]}})
            for command in (["sweep", "plan", file],
                            ["study", "--preset", "focused", "--set", "study.arms=" + json.dumps([{"name": text, "set": {}}]),
                             "--out", self.out],
                            ["study", "--preset", "focused", "--set", "name=" + json.dumps(text), "--out", self.out]):
                outcome = run(*command)
                with self.subTest(text=text, command=command[0]):
                    self.assertEqual(outcome.code, 2, outcome.err)
                    self.assertEqual(len(outcome.err.splitlines()), 1, outcome.err)
                    self.assertIsNone(OBEYED.search(outcome.err.rstrip("\n")))
        self.assertFalse(os.path.exists(self.out))


class Pictures(Hostile):
    def test_svg(self):
        for number, text in enumerate(NAMES):
            book = os.path.join(self.folder, text + ".txt")
            write_bytes(book, b"one two three four five\n" * 300)
            picture = os.path.join(self.folder, f"{number}.svg")
            outcome = run("study", "--preset", "medium", "--device", "cpu", "--epochs", "1", "--seeds", "0", "--set",
                          "source.kind=text", "--set", f"source.file={book}", "--set", "windows.batches_per_epoch=1", "--set",
                          "body.width=8", "--out", self.out, "--plot", picture, "-q")
            self.assertEqual(outcome.code, 0, outcome.err)
            with open(picture, encoding="utf-8", newline="") as stream:
                drawn = stream.read()
            self.assertIsNone(OBEYED.search(drawn))
            for element in ET.fromstring(drawn).iter():
                self.assertNotIn("script", element.tag)
                self.assertFalse([name for name in element.attrib if name.startswith("on")])


if __name__ == "__main__":
    unittest.main()
