"""The claims of any paper: reading their file, checking them, stopping and going on."""

import csv
import io
import json
import os
import re
import shlex
import signal
import unittest

from harness import Case, Process, read_bytes, run, side_by_side, wait_until

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "configs")
EXAMPLE = os.path.join(CONFIGS, "claims.example.json")
# Trains for seconds: long enough to be stopped in the middle.
SLOW = ["schedule.epochs=40", "windows.batches_per_epoch=40", "source.tokens=10000", "source.vocabulary=100",
        "body.width=32", "study.seeds=0,1"]


def ratio(name="window.cost", **given):
    return {"id": name, "claim": "A window costs less", "claimed": "8x", "check": "cost_ratio",
            "given": {"d": 512, "T": 256, "k": 32, "attention": ["dense", "window"], "ratio": 8, **given}}


def study(name="table", **given):
    return {"id": name, "claim": "Bespoke is better", "claimed": "better", "check": "study_verdict",
            "given": {"preset": "focused", "set": ["schedule.epochs=2", "study.seeds=0..2"], "arm": "bespoke",
                      "verdict": "better", **given}}


def paper(*claims, **keys):
    return {"title": "A paper", "source": "doi", "claims": list(claims), **keys}


def without(document, key):
    return {k: v for k, v in document.items() if k != key}


# content of the file "c.json", the lines expected
FILES = [
    ("", [r"c\.json:1:1: not valid JSON"]),
    ("{", [r"c\.json:1:2: not valid JSON"]),
    (b"\xff\xfe{", [r"c\.json:1:1: not valid JSON"]),
    ("[]", [r"c\.json: expected an object, got \[\]"]),
    ('{"claims": [], "claims": []}', [r"c\.json: /claims: stands twice"]),
    ('{"claims": ' + "[" * 5000 + "]" * 5000 + "}", [r"c\.json:1:\d+: nested deeper than 100 levels"]),
    ({}, [r"c\.json: /title: is missing", r"c\.json: /source: is missing", r"c\.json: /claims: is missing"]),
    (paper(), [r"c\.json: /claims: expected a list that is not empty, got \[\]"]),
    (paper(ratio(), titel=1), [r'c\.json: /titel: unknown key \(did you mean "title"\?\)']),
    (paper(ratio(), title=3), [r"c\.json: /title: expected a string that is not empty, got 3"]),
    (paper(3), [r"c\.json: /claims/0: expected an object, got 3"]),
    (paper(without(ratio(), "given")), [r"c\.json: /claims/0/given: is missing"]),
    (paper({**ratio(), "chekc": 1}), [r'c\.json: /claims/0/chekc: unknown key \(did you mean "check"\?\)']),
    (paper({**ratio(), "check": "cost_ratoi"}),
     [r'c\.json: /claims/0/check: expected study_verdict, .* \(did you mean "cost_ratio"\?\), got "cost_ratoi"']),
    (paper({**ratio(), "id": "a b"}), [r"c\.json: /claims/0/id: expected up to 100 letters"]),
    (paper(ratio(), ratio()), [r'c\.json: /claims/1/id: "window.cost" is the id of /claims/0 too']),
    (paper(ratio(T=0)), [r"c\.json: /claims/0/given/T: expected a whole number from 1 to \d+, got 0"]),
    (paper(ratio(t=1)), [r'c\.json: /claims/0/given/t: unknown key \(did you mean "T"\?\)']),
    (paper(ratio(ratio="8x")), [r'c\.json: /claims/0/given/ratio: expected a number above 0, got "8x"']),
    (paper(study(preset="focusd")), [r'c\.json: /claims/0/given/preset: unknown preset \(did you mean "focused"']),
    (paper(study(config="none.json")), [r"c\.json: /claims/0/given/config: .*none\.json: cannot be read: No such file"]),
    (paper(study(config={"windows": {"length": "long"}})),
     [r"c\.json: /claims/0/given/config/windows/length: expected a whole number .*got \"long\""]),
    (paper(study(set=["windows.lenght=3"])), [r"c\.json: /claims/0/given: --set windows\.lenght=3: unknown key"]),
    (paper(study(arm="tied")), [r"c\.json: /claims/0/given/arm: expected bespoke, the arms of the config, got"]),
    (paper(ratio(T=0), study(verdict="best")),
     [r"/claims/0/given/T: ", r'/claims/1/given/verdict: expected better, worse or equivalent, got "best"']),
]


class Claims(Case):
    def audit(self, file, *flags, code=0):
        outcome = run("audit", "-q", "--device", "cpu", "--out", self.out, "--claims", file, *flags)
        self.assertEqual(outcome.code, code, outcome.err)
        return outcome.out

    def document(self, file, *flags):
        return json.loads(self.audit(file, *flags, "--format", "json"))

    def verdicts(self, file, *flags):
        return {c["id"]: c["verdict"] for c in self.document(file, *flags)["claims"]}

    def test_example(self):
        document = self.document(EXAMPLE)
        self.assertEqual((document["title"], document["source"]), ("An example", "docs/claims.md"))
        self.assertEqual({c["id"]: (c["verdict"], c["found"].split(" ")[0]) for c in document["claims"]},
                         {"table.early": ("reproduced", "better"), "table.late": ("contradicted", "equivalent"),
                          "table.cost": ("reproduced", "1.3188x"),
                          "window.cost": ("reproduced", "32x"), "window.linear": ("reproduced", "T^1.00")})
        with open(os.path.join(CONFIGS, "..", "docs", "claims.md"), encoding="utf-8") as file:
            shown = file.read().split("## What comes out")[1].split("```")[1].removeprefix("text\n")
        printed = self.audit(EXAMPLE, "--plain")
        for line in shown.splitlines():  # last digits can differ between machines
            self.assertIn(re.split(r" \([-+]", line.strip())[0], printed)

    def test_stored_schema_is_the_printed_one(self):
        printed = run("audit", "--claims-schema")
        self.assertEqual((printed.code, printed.err), (0, ""))
        self.assertEqual(read_bytes(os.path.join(CONFIGS, "claims.schema.json")).decode(), printed.out,
                         "configs/claims.schema.json is out of date: "
                         "ate audit --claims-schema > configs/claims.schema.json")

    def test_registers_name_the_schema(self):
        for name in ("claims.json", "claims.example.json"):
            with self.subTest(file=name):
                schema = json.loads(read_bytes(os.path.join(CONFIGS, name)))["$schema"]
                self.assertTrue(os.path.isfile(os.path.join(CONFIGS, schema)))

    def test_the_original_register_is_such_a_file(self):
        flags = ["-q", "--format", "json", "--only", "gpt4", "--only", "bespoke.params", "--device", "cpu"]
        ours = json.loads(run("audit", *flags).out)
        theirs = json.loads(self.audit(os.path.join(CONFIGS, "claims.json"), *flags[1:-2]))
        for claim in theirs["claims"]:
            claim["rerun"] = claim["rerun"].replace(f" --claims {os.path.join(CONFIGS, 'claims.json')}", "")
        self.assertEqual(ours, theirs)

    def test_only_ids_of_that_file(self):
        file = self.write("c.json", paper(ratio("a.1"), ratio("a.2", ratio=3), ratio("b")))
        self.assertEqual(self.verdicts(file, "--only", "a"), {"a.1": "reproduced", "a.2": "contradicted"})
        self.assertEqual(self.verdicts(file, "--only", "b"), {"b": "reproduced"})
        self.assert_error(run("audit", "--claims", file, "--only", "flops.128"), 2, r"--only flops\.128: no claim or group")

    def test_rerun_names_the_file(self):
        file = self.write("it's a paper.json", paper(ratio("a.1"), ratio("a.2")))
        claim = self.document(file, "--only", "a.2")["claims"][0]
        words = shlex.split(claim["rerun"])
        self.assertEqual(words, ["ate", "audit", "--claims", file, "--only", "a.2", "--device", "cpu"])
        again = json.loads(run(*words[1:], "-q", "--format", "json").out)["claims"]
        self.assertEqual(again, [claim])

    def test_other_formats_and_list(self):
        file = self.write("c.json", paper(ratio("a.1"), study()))
        listed = json.loads(run("audit", "-q", "--claims", file, "--list", "--format", "json").out)
        self.assertEqual([c["id"] for c in listed["claims"]], ["a.1", "table"])
        self.assertEqual(listed["claims"][0]["given"], ratio()["given"])
        rows = list(csv.DictReader(io.StringIO(self.audit(file, "--only", "a", "--format", "csv"))))
        self.assertEqual([r["verdict"] for r in rows], ["reproduced"])
        self.assertIn("A paper (doi)", self.audit(file, "--only", "a"))

    def test_config_file_beside_the_claims(self):
        os.mkdir(os.path.join(self.folder, "paper"))
        self.write("paper/short.json", {"schedule": {"epochs": 1}, "study": {"seeds": "0..1"}})
        file = self.write("paper/c.json", paper(study(config="short.json", set=[])))
        self.assertEqual(list(self.verdicts(file)), ["table"])
        result = self.run_files.result()
        self.assertEqual({(t["seed"], t["epochs"]) for t in result["trials"]}, {(0, 1), (1, 1)})
        self.write("paper/short.json", {"schedule": {"epoch": 1}})
        self.assert_error(run("audit", "--claims", file), 2,
                          r'^ate: .*paper/short\.json: /schedule/epoch: unknown key \(did you mean "epochs"\?\)')

    def test_studies_are_stored_and_used_again(self):
        file = self.write("c.json", paper(study()))
        first = self.document(file)
        self.assertRegex(self.run_files.id, r"^audit-focused-[0-9a-f]{10}$")
        stored = self.run_files.checkpoints()
        self.assertEqual(self.document(file), first)
        self.assertEqual(self.run_files.checkpoints(), stored)

    def test_bad_files(self):
        def audit(index, content, _):
            os.mkdir(os.path.join(self.folder, str(index)))
            return run("audit", "--claims", self.write(f"{index}/c.json", content), "--out", self.out)

        rows = [(index, *row) for index, row in enumerate(FILES)]
        for (_, content, lines), outcome in side_by_side(audit, rows):
            with self.subTest(content=str(content)[:100]):
                self.assert_error(outcome, 2, *lines)
        self.assertFalse(os.path.exists(self.out))

    def test_what_is_no_file(self):
        huge = self.write("huge.json", b" " * ((16 << 20) + 1))
        for path, line in [(self.folder, "is a folder, not a file"),
                           (os.path.join(self.folder, "none.json"), "cannot be read: No such file"),
                           (huge, "is longer than 16 MiB: no claims"), ("/dev/zero", "is longer than 16 MiB: no claims"),
                           ("", "expected a value, got an empty one")]:
            with self.subTest(path=path):
                self.assert_error(run("audit", "--claims", path), 2, rf"--claims.*{line}")

    def test_the_schema_is_printed_alone(self):
        for flags in (["--list"], ["--only", "gpt4"], ["--claims", EXAMPLE], ["--full"], ["--out", "x"]):
            with self.subTest(flags=flags):
                self.assert_error(run("audit", "--claims-schema", *flags), 2,
                                  rf"{flags[0]}: --claims-schema prints the schema alone")

    def test_interrupted_and_gone_on(self):
        file = self.write("c.json", paper(ratio("a"), study("b", preset="medium", set=SLOW), ratio("c")))
        process = Process("audit", "--claims", file, "--device", "cpu", "--out", self.out)
        self.addCleanup(process.close)
        wait_until(self.trained_something, "a checkpoint")
        process.kill(signal.SIGINT)
        outcome = process.wait()
        self.assertEqual((outcome.code, outcome.out), (130, ""))
        self.assertIn("interrupted", outcome.err)
        self.assertEqual(list(self.verdicts(file)), ["a", "b", "c"])
        self.assertTrue(any(e["event"] == "resumed" for e in self.run_files.events()))


if __name__ == "__main__":
    unittest.main()
