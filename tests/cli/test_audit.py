"""The audit: what it says of each claim, to people and to scripts; choosing claims; being interrupted."""

import csv
import io
import json
import os
import signal
import unittest

from harness import Case, Process, run, side_by_side, wait_until

FIELDS = ["id", "claim", "claimed", "found", "verdict", "evidence", "rerun"]
VERDICTS = ("reproduced", "arithmetic only", "contradicted", "unsupported", "not run")

# What takes no training and no clock.
COUNTED = ["flops.row-2048", "flops.crossover", "flops.training", "gpt4", "bespoke.params", "bespoke.overhead",
           "bespoke.widths", "bespoke.dim128", "method", "industry"]


def only(*ids):
    return [word for claim in ids for word in ("--only", claim)]


class Audit(Case):
    def audit(self, *flags, code=0):
        outcome = run("audit", "-q", "--device", "cpu", "--out", self.out, *flags)
        self.assertEqual(outcome.code, code, outcome.err)
        return outcome.out

    def claims(self, *flags):
        return {c["id"]: c for c in json.loads(self.audit(*flags, "--format", "json"))["claims"]}

    def test_counted_claims(self):
        claims = self.claims(*only(*COUNTED))
        self.assertEqual({i: c["verdict"] for i, c in claims.items()},
                         {"flops.row-2048": "contradicted", "flops.crossover": "contradicted",
                          "flops.training": "contradicted", "bespoke.overhead": "contradicted",
                          "bespoke.widths": "contradicted",
                          "gpt4.8k": "arithmetic only", "gpt4.128k": "arithmetic only", "gpt4.units": "contradicted",
                          "bespoke.params": "arithmetic only", "bespoke.dim128": "contradicted",
                          "method.rigour": "unsupported", "industry.adoption": "unsupported"})
        self.assertFalse(os.path.exists(self.out))

    def test_fields_that_scripts_read(self):
        for claim in self.claims(*only(*COUNTED)).values():
            self.assertEqual(list(claim), FIELDS)
            self.assertIn(claim["verdict"], VERDICTS)
            self.assertTrue(claim["found"] and claim["claimed"] and claim["claim"])
            self.assertEqual(claim["rerun"], f"ate audit --only {claim['id']} --device cpu")
            self.assertIsInstance(claim["evidence"], list)

    def test_rerun_gives_the_same(self):
        claim = self.claims(*only("gpt4.8k"))["gpt4.8k"]
        again = json.loads(run(*claim["rerun"].split()[1:], "-q", "--format", "json").out)["claims"]
        self.assertEqual(again, [claim])

    def test_timed_and_measured_claims(self):
        claims = self.claims(*only("flops.128", "memory.512"))
        self.assertEqual(claims["flops.128"]["verdict"], "arithmetic only")
        self.assertRegex(claims["flops.128"]["found"], r"^0\.18x by its formula; corrected 0\.05x; clock \d")
        self.assertRegex(claims["memory.512"]["found"], r"^16\.0x by its formula; measured 0\.\d+x$")

    def test_trained_claims_are_stored_and_used_again(self):
        first = self.claims(*only("bespoke.3epochs"))
        self.assertEqual(first["bespoke.3epochs"]["verdict"], "contradicted")
        runs = os.listdir(os.path.join(self.out, "runs"))
        self.assertEqual(len(runs), 1)
        self.assertRegex(runs[0], r"^audit-focused-[0-9a-f]{10}$")
        self.assertEqual(self.claims(*only("bespoke.3epochs")), first)

    def test_table_has_verdict_evidence_and_command(self):
        text = " ".join(self.audit(*only("gpt4.units")).split())
        for words in ("1 claim: 1 contradicted", "gpt4.units contradicted 2,100,000M 2,111,062,325M: 1005 times as many",
                      "Rerun: ate audit --only gpt4.units"):
            self.assertIn(words, text)

    def test_other_formats(self):
        rows = list(csv.DictReader(io.StringIO(self.audit(*only("gpt4"), "--format", "csv"))))
        self.assertEqual([list(r) for r in rows], [FIELDS] * 3)
        lines = [json.loads(line) for line in self.audit(*only("gpt4"), "--format", "jsonl").splitlines()]
        self.assertEqual([line["id"] for line in lines], ["gpt4.8k", "gpt4.128k", "gpt4.units"])
        self.assertTrue(self.audit(*only("gpt4"), "--format", "md").startswith("## "))

    def test_list_checks_nothing(self):
        outcome = run("audit", "-q", "--list", "--format", "json")
        self.assertEqual(outcome.code, 0, outcome.err)
        claims = json.loads(outcome.out)["claims"]
        self.assertEqual(len(claims), 27)
        for claim in claims:
            self.assertNotIn("verdict", claim)

    def test_refused(self):
        rows = [("--only flops.129", r"--only flops\.129: no claim .*did you mean \"flops\.128\"\?"),
                ("--only nothing", r"--only nothing: no claim or group .*ate audit --list shows all"),
                ("--quick --full", r"--quick: says the opposite of --full"),
                ("--jobs 0", r"--jobs: .*from 1 to 4096"),
                ("--device cuda:99", r'--device: "cuda:99" is not available here; .* has .*cpu'),
                ("--format xml", r"--format xml: expected table")]
        for (flags, line), outcome in side_by_side(lambda flags, _: run("audit", *flags.split(), cwd=self.folder), rows):
            with self.subTest(flags=flags):
                self.assert_error(outcome, 2, line)
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_check_that_fails_leaves_the_others_their_turn(self):
        blocked = self.write("file", "")
        outcome = run("audit", "-q", *only("bespoke.3epochs", "gpt4.units"), "--out", blocked, "--format", "json")
        self.assertEqual(outcome.code, 1)
        claims = {c["id"]: c for c in json.loads(outcome.out)["claims"]}
        self.assertEqual(claims["gpt4.units"]["verdict"], "contradicted")
        self.assertEqual(claims["bespoke.3epochs"]["verdict"], "not run")
        self.assertRegex(claims["bespoke.3epochs"]["found"], "^the check failed: .*file")

    def test_interrupted_and_gone_on(self):
        process = Process("audit", *only("bespoke.3epochs"), "--device", "cpu", "--out", self.out)
        self.addCleanup(process.close)
        wait_until(self.trained_something, "a checkpoint")
        process.kill(signal.SIGINT)
        outcome = process.wait()
        self.assertEqual((outcome.code, outcome.out), (130, ""))
        self.assertIn("interrupted", outcome.err)
        self.assertEqual(self.claims(*only("bespoke.3epochs"))["bespoke.3epochs"]["verdict"], "contradicted")


if __name__ == "__main__":
    unittest.main()
