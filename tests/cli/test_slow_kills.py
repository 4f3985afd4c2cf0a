"""200 kills at random moments over commands and executors, each resumed: the same bytes as an undisturbed run. Takes several
minutes.

ATE_KILL_SEED repeats a sequence of moments that this file printed; ATE_KILLS sets how many there are for each command.
"""

import glob
import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from harness import (BINARY, FOCUSED, Case, Process, environment, read_bytes, reference_run, run, without_seconds)

SEED = int(os.environ.get("ATE_KILL_SEED", random.randrange(10**6)))
KILLS = int(os.environ.get("ATE_KILLS", 25))
MEDIUM = ["validate-bespoke", "--preset", "medium", "--epochs", "6", "--seeds", "0..2", "--device", "cpu",
          "--set", "windows.batches_per_epoch=60", "--set", "evaluation.every=2"]
# 50 epochs, so that there is something to interrupt.
LONG = [*FOCUSED[:4], "50", "--seeds", "0..9", "--device", "cpu"]
TUNED = ["study", "--preset", "focused", "--epochs", "10", "--seeds", "0..3", "--device", "cpu",
         "--set", "windows.batches_per_epoch=20", "--tune", "optimiser.learning_rate=3e-4,1e-3"]
PIPELINE = ["train", "--preset", "sparse", "--device", "cpu", "--epochs", "2", "--set", "source.tokens=4000",
            "--set", "windows.batches_per_epoch=10", "--set", "body.width=16", "--set", "attention.hidden=8",
            "--set", "train.collect_batches=2", "--set", "train.selector_steps=40", "--set", "train.approximator_steps=40",
            "--set", "train.student_steps=20", "--set", "train.recall_epochs=0"]
SWEEP = {"extends": "focused", "name": "killed", "device": "cpu", "schedule": {"epochs": 20},
         "study": {"arms": ["standard", "bespoke"], "seeds": "0..1"},
         "grid": {"body.width": [16, 24], "optimiser.learning_rate": [1e-3, 3e-3]}}


def setUpModule():
    print(f"\nATE_KILL_SEED={SEED}", flush=True)


class Kills(Case):
    def setUp(self):
        super().setUp()
        self.moments = random.Random(f"{SEED} {self.id()}")

    def kill_often(self, begin, longest, kills=KILLS):
        """`begin` starts a process group, which is killed; returns how many were, until one had ended before."""
        killed = 0
        for _ in range(kills):
            process = begin()
            try:
                code = process.wait(self.moments.uniform(0, longest))
                self.assertEqual(code, 0)
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                killed += 1
        print(f"{self._testMethodName}: {killed} kills", flush=True)
        self.assertGreaterEqual(killed, min(kills, KILLS) // 3, "over too soon to be killed often")

    def begin(self, *command, **options):
        return subprocess.Popen([BINARY, *command], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True, **options)

    def study_survives(self, study, *flags, longest):
        reference = reference_run(study)
        self.kill_often(lambda: self.begin(*study, "--out", self.out, *flags), longest)
        self.study(*flags, study=study)
        self.assert_same_run(self.run_files, reference)
        self.run_files.events()  # every line is whole

    def test_medium(self):
        self.study_survives(MEDIUM, "--save-every", "0.2", "--jobs", "2", longest=1.5)

    def test_focused_two_jobs(self):
        self.study_survives(LONG, "--save-every", "0.05", "--jobs", "2", longest=0.6)

    def test_tuned(self):
        self.study_survives(TUNED, "--save-every", "0.05", "--jobs", "2", longest=0.8)

    def test_a_stack(self):
        study = [*LONG, "--stack", "4"]
        reference = reference_run(study)
        self.kill_often(lambda: self.begin(*study, "--out", self.out, "--save-every", "0.05"), 0.8)
        self.study(study=study)
        self.assertEqual(without_seconds(self.run_files.result()), without_seconds(reference.result()))

    def test_one_of_two_processes(self):
        reference = reference_run(LONG)
        flags = ["--save-every", "0.05", "--jobs", "1", "--lease", "5"]
        other = Process(*LONG, "--out", self.out, *flags)
        self.addCleanup(other.close)
        self.kill_often(lambda: self.begin(*LONG, "--out", self.out, *flags), 0.6, KILLS // 2)
        self.assertEqual(other.wait().code, 0)
        self.study(study=LONG)
        self.assert_same_run(self.run_files, reference)

    def test_stages_of_a_pipeline(self):
        reference = reference_run(PIPELINE)
        self.kill_often(lambda: self.begin(*PIPELINE, "--out", self.out, "--save-every", "0"), 1.2)
        self.study(study=PIPELINE)
        self.assertEqual(self.run_files.checkpoints().keys(), reference.checkpoints().keys())
        for name, content in reference.checkpoints().items():
            self.assertTrue(self.run_files.checkpoints()[name] == content, name)

    def table(self, out):
        rows = json.loads(run("sweep", "collect", out, "--format", "json").out)["trials"]
        return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]

    def sweep_survives(self, begin, longest):
        there = os.path.join(self.folder, "reference")
        file = self.write("killed.json", SWEEP)
        self.assertEqual(run("sweep", "run", file, "--out", there, timeout=600).code, 0)
        self.kill_often(lambda: begin(file), longest)
        self.assertEqual(run("sweep", "run", file, "--out", self.out, timeout=600).code, 0)
        self.assertEqual(self.table(self.out), self.table(there))
        for reference in glob.glob(os.path.join(there, "runs", "*", "checkpoint", "*-s?.safetensors")):
            ours = os.path.join(self.out, os.path.relpath(reference, there))
            self.assertTrue(read_bytes(ours) == read_bytes(reference), ours)

    def test_sweep(self):
        self.sweep_survives(lambda file: self.begin("sweep", "run", file, "--out", self.out, "--jobs", "2", "--save-every",
                                                    "0.05"), 0.8)

    def test_sweep_under_gnu_parallel(self):
        if shutil.which("parallel") is None:
            self.skipTest("GNU parallel is not installed")

        def begin(file):
            script = run("sweep", "run", file, "--out", self.out, "--emit", "parallel", "--jobs", "2", "--save-every", "0.05")
            path = self.write("script.sh", script.out)
            return subprocess.Popen(["sh", path], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, start_new_session=True)
        self.sweep_survives(begin, 1.5)

    def test_report(self):
        """A file that is there is whole."""
        run_files = reference_run(LONG)
        page = os.path.join(self.folder, "page.html")
        command = ["report", run_files.folder, "--output", page]
        self.assertEqual(run(*command).code, 0)
        whole = read_bytes(page)
        start = time.monotonic()
        self.assertEqual(run(*command).code, 0)
        longest = time.monotonic() - start
        for _ in range(KILLS):
            if os.path.exists(page):
                os.remove(page)
            process = self.begin(*command)
            time.sleep(self.moments.uniform(0, longest))
            process.kill()
            process.wait()
            if os.path.exists(page):
                self.assertEqual(read_bytes(page), whole)


if __name__ == "__main__":
    unittest.main()
