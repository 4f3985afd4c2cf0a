"""The differences as a picture."""

import os
import unittest
import xml.etree.ElementTree

from harness import Case, run, FOCUSED

SVG = "{http://www.w3.org/2000/svg}"


class Plot(Case):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.folder, "differences.svg")

    def drawn(self):
        return xml.etree.ElementTree.parse(self.path).getroot()

    def test_picture_of_a_study(self):
        outcome = self.study("--plot", self.path, "--arms", "standard,bespoke,known_worse")
        self.assertIn("bespoke", outcome.out)
        root = self.drawn()
        self.assertEqual(root.tag, SVG + "svg")
        words = [element.text for element in root.iter(SVG + "text")]
        for word in ("bespoke", "known_worse", "0"):
            self.assertIn(word, words)
        self.assertTrue([w for w in words if w.endswith("exploratory: undecided") or "worse" in w], words)
        self.assertEqual(len([e for e in root.iter(SVG + "line") if "interval" in e.get("class", "").split()]), 2)

    def test_stored_result_is_drawn_too_and_stdout_is_the_same(self):
        plain = self.study()
        drawn = self.study("--plot", self.path)
        self.assertEqual(drawn.out, plain.out)
        self.drawn()

    def test_one_seed_has_a_dot_without_an_interval(self):
        self.study("--plot", self.path, study=[*FOCUSED[:-4], "--seeds", "0", "--device", "cpu"])
        root = self.drawn()
        self.assertEqual(len(list(root.iter(SVG + "circle"))), 1)
        self.assertEqual([e for e in root.iter(SVG + "line") if e.get("class") == "interval"], [])

    def test_path_that_cannot_be_written_stops_before_training(self):
        for path in (os.path.join(self.folder, "none", "x.svg"), "/proc/x.svg"):
            outcome = run(*FOCUSED, "--out", self.out, "--plot", path)
            self.assert_error(outcome, 1, r"--plot \S+x\.svg: cannot be written: .*give a file in a folder")
            self.assertFalse(os.path.exists(self.out))

    def test_diverged_trials_are_drawn_as_what_they_are(self):
        self.study("--plot", self.path, "--set", "optimiser.learning_rate=1e38", code=3)
        words = [element.text for element in self.drawn().iter(SVG + "text")]
        self.assertIn("no verdict", words)


if __name__ == "__main__":
    unittest.main()
