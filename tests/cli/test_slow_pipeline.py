"""The pipeline of stages, a fresh run killed inside each; test_train.py kills one run in a stage after another."""

import json
import os
import unittest

import test_train
from harness import Case, run


class Kills(Case):
    def test_killed_inside_a_stage_it_ends_in_the_same_bits(self):
        _, expected = test_train.Pipeline.undisturbed()
        for stage in test_train.STAGES:
            with self.subTest(stage=stage):
                out = os.path.join(self.folder, stage)
                test_train.kill_in(self, stage, out)
                ended = run(*test_train.PIPELINE, "--out", out, "--format", "json")
                self.assertEqual(ended.code, 0, ended.err)
                self.assertEqual(json.loads(ended.out), expected)


if __name__ == "__main__":
    unittest.main()
