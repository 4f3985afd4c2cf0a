"""The audit's claims that train for longer: interrupted and gone on with; too long for --quick."""

import json
import signal
import unittest

from harness import Case, Process, run, wait_until


class Audit(Case):
    def claim(self, name):
        outcome = run("audit", "-q", "--device", "cpu", "--out", self.out, "--only", name, "--format", "json", timeout=1200)
        self.assertEqual(outcome.code, 0, outcome.err)
        return json.loads(outcome.out)["claims"][0]

    def test_interrupted_and_gone_on(self):
        process = Process("audit", "--only", "bespoke.50", "--device", "cpu", "--out", self.out)
        self.addCleanup(process.close)
        wait_until(self.trained_something, "a checkpoint")
        process.kill(signal.SIGINT)
        outcome = process.wait()
        self.assertEqual((outcome.code, outcome.out), (130, ""))
        self.assertEqual(self.claim("bespoke.50")["verdict"], "reproduced")

    def test_what_cannot_run_says_why(self):
        claim = self.claim("bespoke.700")
        self.assertEqual(claim["verdict"], "not run")
        self.assertIn("too long for --quick", claim["found"])


if __name__ == "__main__":
    unittest.main()
