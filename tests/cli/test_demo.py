"""ate demo: both claims in under a minute, a picture, and what to run next."""

import json
import os
import re
import unittest

from harness import Case, run


class Demo(Case):
    def test_demo(self):
        outcome = self.study(study=["demo", "--device", "cpu"])
        for line in ("1. Sparse attention", "2. Bespoke embeddings", "Verdict: ", "What to run next:"):
            self.assertIn(line, outcome.out)
        self.assertEqual(len(re.findall(r"^  ate ", outcome.out, re.M)), 3)
        with open(os.path.join(self.out, "demo_keys.svg"), encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("<svg "))
        # Again: nothing is trained, and the same text comes out.
        again = self.study(study=["demo", "--device", "cpu"])
        self.assertEqual(again.out, outcome.out)
        values = json.loads(self.study("--format", "json", study=["demo", "--device", "cpu"]).out)["values"]
        self.assertLessEqual(values["selector_mass"], values["selector_mass_oracle"] + 1e-6)
        # The commands that it names are there.
        for command in ("train", "validate-bespoke", "audit"):
            self.assertEqual(run(command, "--help").code, 0)


if __name__ == "__main__":
    unittest.main()
