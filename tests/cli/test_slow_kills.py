"""Twenty kills at random moments, each resumed: the same bytes as an undisturbed run. Takes a minute or two.

ATE_KILL_SEED repeats a sequence of moments that this file printed.
"""

import os
import random
import signal
import subprocess
import unittest

from harness import FOCUSED, Case, reference_run

KILLS = 20
MEDIUM = ["validate-bespoke", "--preset", "medium", "--epochs", "6", "--seeds", "0..2", "--device", "cpu",
          "--set", "windows.batches_per_epoch=60", "--set", "evaluation.every=2"]
# 50 epochs, so that there is something to interrupt.
FOCUSED = [*FOCUSED[:4], "50", "--seeds", "0..9", "--device", "cpu"]


class Kills(Case):
    def kill_and_resume(self, study, flags, longest):
        reference = reference_run(study)
        seed = int(os.environ.get("ATE_KILL_SEED", random.randrange(10**6)))
        moments = random.Random(seed)
        print(f"\nATE_KILL_SEED={seed}: killed after", end="", flush=True)
        kills = 0
        for _ in range(KILLS):
            process = self.start(*flags, study=study)
            delay = moments.uniform(0, longest)
            try:
                outcome = process.wait(delay)
                self.assertEqual(outcome.code, 0, outcome.err)
                break  # the machine was fast enough to finish
            except subprocess.TimeoutExpired:
                process.kill(signal.SIGKILL)
                process.wait()
                kills += 1
                print(f" {delay:.3f}", end="", flush=True)
        print(f" s ({kills} kills)")
        self.assertGreaterEqual(kills, KILLS // 2, "the study is too short to be killed often")
        outcome = self.study(*flags, study=study)
        self.assert_same_run(self.run_files, reference)
        self.run_files.events()  # every line is whole
        return outcome

    def test_medium(self):
        self.kill_and_resume(MEDIUM, ["--save-every", "0.2", "--jobs", "2"], longest=1.5)

    def test_focused_two_jobs(self):
        self.kill_and_resume(FOCUSED, ["--save-every", "0.05", "--jobs", "2"], longest=0.4)


if __name__ == "__main__":
    unittest.main()
