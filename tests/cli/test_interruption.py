"""Stopped, killed and damaged runs: the same command ends in the same bytes as an undisturbed one."""

import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from harness import MEDIUM, Case, checkpoint_progress, read_bytes, reference_run, wait_until, write_bytes

# For damaged checkpoints: over in less than a second, and slow enough to be stopped when it saves at each step.
SHORT = ["validate-bespoke", "--preset", "focused", "--epochs", "12", "--seeds", "0", "--device", "cpu"]
TRIALS = ["bespoke-s0", "bespoke-s1", "standard-s0", "standard-s1"]
SAVE_OFTEN = ["--save-every", "0.05", "--jobs", "2"]


class Stopping(Case):
    def start_and_wait(self, study=MEDIUM):
        """A study that has saved in the middle of its first trials."""
        process = self.start(*SAVE_OFTEN, study=study)
        wait_until(lambda: os.path.isdir(os.path.join(self.out, "runs")) and os.listdir(os.path.join(self.out, "runs")) and
                   any(self.run_files.has("checkpoint", f"{t}.safetensors") for t in TRIALS),
                   "a checkpoint")
        self.assertTrue(process.running(), "the study was over before it could be stopped")
        return process

    def finish(self, *more):
        outcome = self.study(*more, study=MEDIUM)
        self.assert_same_run(self.run_files, reference_run(MEDIUM))
        return outcome

    def test_sigint_and_sigterm(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number):
                shutil.rmtree(self.out, ignore_errors=True)
                process = self.start_and_wait()
                process.kill(number)
                begin = time.monotonic()
                outcome = process.wait()
                self.assertLess(time.monotonic() - begin, 10)
                self.assertEqual((outcome.code, outcome.out), (code, ""), outcome.err)
                self.assertRegex(outcome.err.splitlines()[-1], "interrupted.*same command goes on")
                self.assertFalse(self.run_files.has("DONE"))
                self.assertFalse(os.path.exists(os.path.join(self.out, f"results_{self.run_files.id}.json")))
                # The trials that were going on have saved what they had done.
                self.assertGreaterEqual(len(self.run_files.checkpoints()), 2)
                self.assertEqual(self.run_files.events()[-1]["event"], "interrupted")
                states = [checkpoint_progress(self.run_files.checkpoint(t)) for t in self.run_files.checkpoints()]
                self.assertIn("running", [state["status"] for state in states])
                resumed = self.finish()
                self.assertRegex(resumed.err, r"going on after epoch \d+, step \d+")
                self.assertTrue(self.run_files.events("resumed"))

    def test_other_number_of_jobs_after_an_interruption(self):
        process = self.start_and_wait()
        process.kill(signal.SIGTERM)
        self.assertEqual(process.wait().code, 143)
        self.finish("--jobs", "1")

    def test_progress_file_while_running(self):
        process = self.start_and_wait()
        wait_until(lambda: os.path.exists(os.path.join(self.out, f"progress_standard_s0_{self.run_files.id}.json")),
                   "a progress file")
        progress = self.run_files.progress("standard", 0)
        self.assertIn(progress["status"], ("running", "finished"))
        self.assertEqual(progress["epochs_total"], 4)
        self.assertGreaterEqual(progress["eta_seconds"], 0)
        self.assertTrue(process.running())

    def test_second_sigint_ends_at_once_and_harms_nothing(self):
        process = self.start_and_wait()
        for _ in range(20):
            process.kill(signal.SIGINT)
        self.assertEqual(process.wait(10).code, 130)
        self.finish()

    def test_three_kills(self):
        seed = random.randrange(10**6)
        print(f"(kills seeded with {seed})", end=" ", flush=True)
        moments = random.Random(seed)
        for _ in range(3):
            process = self.start_and_wait()
            try:
                process.wait(moments.uniform(0, 0.3))
            except subprocess.TimeoutExpired:  # still running: the usual case
                pass
            process.kill(signal.SIGKILL)
            process.wait()
        self.finish()

    def test_another_experiment_in_the_same_folder(self):
        endless = [word if word != "4" else "100000" for word in MEDIUM]
        process = self.start_and_wait(study=endless)
        other = self.study("--set", "windows.batches_per_epoch=1", study=MEDIUM)
        self.assertIn("standard", other.out)
        self.assertTrue(process.running())

    def test_run_is_free_after_a_kill(self):
        process = self.start_and_wait()
        process.kill(signal.SIGKILL)
        process.wait()
        self.finish()


def flip(position):
    def damage(content):
        at = position(content)
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]
    return damage


def header_length(content):
    return int.from_bytes(content[:8], "little")


# name, what happens to the file's bytes
DAMAGE = [
    ("a bit of the last array", flip(lambda c: len(c) - 5)),
    ("a bit of the first array", flip(lambda c: 8 + header_length(c))),
    ("a bit of the metadata", flip(lambda c: c.index(b"updates") + 1)),
    ("a bit of an array's name", flip(lambda c: c.index(b"adam.first_moment"))),
    ("a bit of the header's length", flip(lambda c: 0)),
    ("a high bit of the header's length", flip(lambda c: 7)),
    ("truncated in the arrays", lambda c: c[:-1]),
    ("truncated in the header", lambda c: c[:100]),
    ("empty", lambda c: b""),
    ("zeros", lambda c: bytes(len(c))),
]


class Damage(Case):
    """Works on a copy of the state of an interrupted study."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        maker = Stopping("test_three_kills")
        maker.setUp()
        cls.addClassCleanup(maker.doCleanups)
        process = maker.start("--save-every", "0", "--jobs", "2", study=SHORT)
        wait_until(lambda: os.path.isdir(os.path.join(maker.out, "runs")) and
                   maker.run_files.has("checkpoint", "standard-s0.previous.safetensors"), "two checkpoints")
        process.kill(signal.SIGTERM)
        process.wait()
        cls.stopped = maker.out

    def setUp(self):
        super().setUp()
        self.restore()

    def restore(self):
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self.stopped, self.out)
        self.newest = self.run_files.checkpoint("standard-s0")
        self.previous = self.run_files.checkpoint("standard-s0", previous=True)

    def damage(self, path, change):
        write_bytes(path, change(read_bytes(path)))

    def test_previous_checkpoint_is_used(self):
        for name, change in DAMAGE:
            with self.subTest(damage=name):
                self.restore()
                self.damage(self.newest, change)
                outcome = self.study(study=SHORT)
                self.assertRegex(outcome.err, rf"(?m)^warning: .*{self.newest}: damaged.*previous checkpoint$")
                self.assert_same_run(self.run_files, reference_run(SHORT))

    def test_the_warning_stands_once(self):
        self.damage(self.newest, DAMAGE[0][1])
        outcome = self.study(study=SHORT)
        self.assertEqual(outcome.err.count("warning: "), 1, outcome.err)

    def test_newest_checkpoint_is_missing(self):
        os.remove(self.newest)
        self.study(study=SHORT)
        self.assert_same_run(self.run_files, reference_run(SHORT))

    def test_both_damaged(self):
        for change in (DAMAGE[0][1], DAMAGE[-2][1]):
            self.restore()
            self.damage(self.newest, change)
            self.damage(self.previous, change)
            outcome = self.study("-q", study=SHORT, code=1)
            last = outcome.err.splitlines()[-1]
            self.assertRegex(last, r"^ate: \S*standard-s0\S*\.safetensors: .*damaged.*delete")
            self.assertEqual(outcome.out, "")
            self.assertFalse(self.run_files.has("DONE"))

    def test_what_the_message_advises_works(self):
        for path in (self.newest, self.previous):
            os.remove(path)
        self.study(study=SHORT)
        self.assert_same_run(self.run_files, reference_run(SHORT))

    def test_only_checkpoint_damaged(self):
        os.remove(self.previous)
        self.damage(self.newest, DAMAGE[0][1])
        outcome = self.study("-q", study=SHORT, code=1)
        self.assert_error(outcome, 1, r"^ate: \S*standard-s0\.safetensors: .*damaged.*delete it")

    def test_finished_run_with_a_damaged_checkpoint(self):
        self.study(study=SHORT)
        self.damage(self.newest, DAMAGE[0][1])
        outcome = self.study(study=SHORT)
        self.assertIn(self.newest, outcome.err)
        self.assert_same_run(self.run_files, reference_run(SHORT))

    def test_checkpoint_of_another_model(self):
        """Sound, but of another arm: never taken, whichever of the two it is."""
        other = read_bytes(self.run_files.checkpoint("bespoke-s0"))
        write_bytes(self.newest, other)
        outcome = self.study(study=SHORT)
        self.assertRegex(outcome.err, rf"(?m)^warning: .*{self.newest}: is of arm bespoke, not of arm standard; going on "
                                      r"from the previous checkpoint$")
        self.assert_same_run(self.run_files, reference_run(SHORT))
        self.restore()
        write_bytes(self.newest, other)
        write_bytes(self.previous, other)
        outcome = self.study("-q", study=SHORT, code=1)
        self.assertRegex(outcome.err, r"(?m)^ate: \S*standard-s0\S*\.safetensors: .*is of arm bespoke, not of arm standard")

    def test_torn_last_line_of_metrics(self):
        path = self.run_files.path("metrics.jsonl")
        whole = read_bytes(path)
        write_bytes(path, whole + b'{"time":"2026-01-01T00:00:00Z","eve')
        self.study(study=SHORT)
        self.assertTrue(read_bytes(path).startswith(whole))
        self.assertEqual(self.run_files.events()[-1]["event"], "finished")  # every line parses

    def test_half_written_files_of_a_kill(self):
        for name in ("checkpoint/standard-s0.safetensors.tmp", "checkpoint/bespoke-s0.safetensors.tmp",
                     "plan.json.tmp", "config.json.tmp", "result.json.tmp"):
            write_bytes(self.run_files.path(*name.split("/")), b"half")
        self.study(study=SHORT)
        names = os.listdir(self.run_files.path("checkpoint"))
        self.assertFalse([n for n in names if n.endswith(".tmp")])
        self.assertEqual(self.run_files.checkpoints().keys(), reference_run(SHORT).checkpoints().keys())

    def test_damaged_small_files(self):
        """Files that only inform do not stop a run."""
        for name in ("config.json", "environment.json"):
            write_bytes(self.run_files.path(name), b"{")
        write_bytes(os.path.join(self.out, f"progress_standard_s0_{self.run_files.id}.json"), b"")
        self.study(study=SHORT)
        self.assert_same_run(self.run_files, reference_run(SHORT))


if __name__ == "__main__":
    unittest.main()
