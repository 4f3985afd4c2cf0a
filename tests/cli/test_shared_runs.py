"""Several processes work on one study: the same bytes as one process, whoever is killed, stopped or late."""

import glob
import json
import os
import re
import shutil
import signal
import time
import unittest

from harness import (FOCUSED, MEDIUM, Case, Process, read_bytes, read_json, reference_run, run, wait_until,
                     without_seconds, write_bytes)

# Twelve trials that take a moment each.
STUDY = [*FOCUSED[:4], "30", "--seeds", "0..5", "--device", "cpu"]
ENDLESS = [word if word != "4" else "100000" for word in MEDIUM]
TUNED = ["study", "--preset", "focused", "--epochs", "3", "--seeds", "0..1", "--device", "cpu",
         "--set", "windows.batches_per_epoch=10", "--tune", "optimiser.learning_rate=3e-4,1e-3"]


class Shared(Case):
    def start_all(self, count, *flags, study=STUDY):
        return [self.start("--jobs", "1", *flags, study=study) for _ in range(count)]

    def finish_all(self, processes, code=0):
        outcomes = [process.wait() for process in processes]
        for outcome in outcomes:
            self.assertEqual(outcome.code, code, outcome.err)
        return outcomes

    def leases(self, ending=".trial"):
        return {os.path.basename(f)[:-len(ending)]: f for f in glob.glob(os.path.join(self.out, "runs", "*", "leases", "*" + ending))}

    def holder(self, trial):
        """The pid in a trial's lease; None where there is none, or it goes just now."""
        try:
            return read_json(self.leases()[trial])["pid"]
        except (KeyError, FileNotFoundError):
            return None

    def trained_by_all(self, processes):
        starts = self.run_files.events("started")
        self.assertGreaterEqual(len(starts), 2, "one process did all the work: the study is too short")

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.run_files.path("leases")), [])


class Together(Shared):
    def test_two_and_four_processes(self):
        for count in (2, 4):
            with self.subTest(processes=count):
                shutil.rmtree(self.out, ignore_errors=True)
                processes = self.start_all(count)
                outcomes = self.finish_all(processes)
                self.assertEqual({outcome.out for outcome in outcomes}, {outcomes[0].out})
                self.trained_by_all(processes)
                self.assert_same_run(self.run_files, reference_run(STUDY))
                self.assert_nothing_left()
                # Every trial was trained once: an evaluation is there once.
                evaluations = [(e["arm"], e["seed"], e["epoch"]) for e in self.run_files.events("evaluation")]
                self.assertEqual(len(evaluations), len(set(evaluations)))
                self.assertEqual(len(self.run_files.events("finished")), 1)

    def test_one_that_comes_late_waits_and_prints_the_same(self):
        first = self.start("--jobs", "2", "--save-every", "0.1")
        wait_until(lambda: len(self.leases()) == 2 and not self.run_has_open_trials(), "the last two trials")
        late = self.start("--jobs", "2")
        outcomes = self.finish_all([first, late])
        self.assertEqual(outcomes[0].out, outcomes[1].out)
        self.assert_same_run(self.run_files, reference_run(MEDIUM))

    def run_has_open_trials(self):
        return len(glob.glob(self.run_files.path("checkpoint", "*-s?.safetensors"))) < 4

    def test_it_says_whom_it_waits_for(self):
        study = [word if word != "0..1" else "0" for word in ENDLESS]
        owner = self.start("--jobs", "2", study=study)
        wait_until(lambda: len(self.leases()) == 2, "two leases")
        waiter = self.start(study=study)
        wait_until(lambda: b"waiting for" in read_bytes(waiter.err_path), "the waiting process to say so")
        waiter.kill(signal.SIGTERM)
        outcome = waiter.wait()
        self.assertEqual(outcome.code, 143, outcome.err)
        self.assertRegex(outcome.err, rf"waiting for 2 trials of other processes, the last with pid {owner.pid} on {os.uname().nodename}\n")
        self.assertTrue(owner.running())

    def test_tuning_is_shared(self):
        processes = self.start_all(3, study=TUNED)
        self.finish_all(processes)
        self.assert_same_run(self.run_files, reference_run(TUNED))
        plan, alone = (read_json(r.path("plan.json")) for r in (self.run_files, reference_run(TUNED)))
        self.assertEqual(plan, alone)

    def test_requests_of_other_seeds_at_the_same_time(self):
        """The larger one counts in the end, whichever ends first."""
        small = [word if word != "0..5" else "0..1" for word in STUDY]
        processes = [self.start("--jobs", "1", study=study) for study in (STUDY, small, STUDY)]
        self.finish_all(processes)
        self.study(study=STUDY)
        again = self.study(study=small)
        self.assertEqual(len(self.run_files.result()["trials"]), 12)
        self.assertIn("the whole study stays stored", again.err)
        ours, theirs = self.run_files.checkpoints(), reference_run(STUDY).checkpoints()
        self.assertEqual(ours, theirs)

    def test_until_decided(self):
        study = ["study", *FOCUSED[1:], "--until", "decided", "--max-seeds", "6"]
        self.finish_all(self.start_all(2, study=study))
        self.assert_same_run(self.run_files, reference_run(study))

    def test_a_stack(self):
        study = [*STUDY, "--stack", "4"]
        self.finish_all(self.start_all(2, study=study))
        self.assertEqual(without_seconds(self.run_files.result()), without_seconds(reference_run(study).result()))


class Taken(Shared):
    def test_one_of_four_is_killed(self):
        processes = self.start_all(4, "--save-every", "0.05")
        victim = processes[1]
        wait_until(lambda: any(self.holder(t) == victim.pid for t in self.leases()) or not victim.running(),
                   "a lease of the second process")
        victim.kill()
        victim.wait()
        self.finish_all([p for p in processes if p is not victim])
        self.assert_same_run(self.run_files, reference_run(STUDY))

    def interrupted(self, study=MEDIUM):
        """A study killed with trials under way: its leases are left."""
        process = self.start("--jobs", "2", "--save-every", "0.05", study=study)
        wait_until(self.trained_something, "a checkpoint")
        process.kill()
        process.wait()
        self.assertTrue(self.leases())

    def test_lease_of_a_dead_owner_is_taken_at_once(self):
        self.interrupted()
        outcome = self.study(study=MEDIUM)
        self.assertNotIn("waiting", outcome.err)
        self.assert_same_run(self.run_files, reference_run(MEDIUM))
        self.assert_nothing_left()

    def change_leases(self, change):
        for path in glob.glob(os.path.join(self.out, "runs", "*", "leases", "*")):
            change(path)

    def elsewhere(self, path):
        lease = read_json(path)
        lease.update(host="elsewhere", place="elsewhere")
        write_bytes(path, json.dumps(lease).encode())

    def test_lease_of_another_host(self):
        """It counts until it has been silent for --lease seconds."""
        self.interrupted()
        self.change_leases(self.elsewhere)
        waiter = self.start("--lease", "1000")
        wait_until(lambda: b"on elsewhere" in read_bytes(waiter.err_path), "the waiting process to say so")
        self.assertTrue(waiter.running())
        waiter.kill(signal.SIGTERM)
        waiter.wait()
        self.study("--lease", "1", study=MEDIUM)
        self.assert_same_run(self.run_files, reference_run(MEDIUM))

    def test_damaged_leases(self):
        for content in (b"", b"{", b"[1]", b'{"pid": "x"}', bytes(range(256))):
            with self.subTest(content=content):
                shutil.rmtree(self.out, ignore_errors=True)
                self.interrupted()
                self.change_leases(lambda path: write_bytes(path, content))
                self.study("--lease", "1", study=MEDIUM)
                self.assert_same_run(self.run_files, reference_run(MEDIUM))

    def test_folder_in_place_of_a_lease(self):
        self.interrupted()
        path = self.run_files.path("leases", "standard-s0.trial")
        if os.path.exists(path):
            os.remove(path)
        os.mkdir(path)
        outcome = self.study("-q", study=MEDIUM, code=1)
        self.assert_error(outcome, 1, rf"^ate: {path}: is a folder where a lease's file belongs: remove it$")
        os.rmdir(path)
        self.study(study=MEDIUM)
        self.assert_same_run(self.run_files, reference_run(MEDIUM))

    def test_stopped_owner_notices_that_its_lease_was_taken(self):
        flags = ["--jobs", "1", "--save-every", "0.05", "--lease", "1"]
        stopped = self.start(*flags)
        wait_until(lambda: self.trained_something() and self.leases(), "a checkpoint")
        stopped.kill(signal.SIGSTOP)
        other = self.start(*flags)
        self.finish_all([other])
        self.assert_same_run(self.run_files, reference_run(MEDIUM))
        stamps = {f: os.stat(f).st_mtime_ns for f in glob.glob(self.run_files.path("checkpoint", "*"))}
        stopped.kill(signal.SIGCONT)
        outcome = stopped.wait()
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertRegex(outcome.err, r"warning: .*this process was silent too long")
        self.assert_same_run(self.run_files, reference_run(MEDIUM))
        # What it had begun to write before it was stopped it may still have written, the same bytes.
        again = {f: os.stat(f).st_mtime_ns for f in glob.glob(self.run_files.path("checkpoint", "*"))}
        self.assertEqual(sorted(stamps), sorted(again))

    def test_fresh_while_another_works(self):
        process = self.start("--jobs", "1", study=ENDLESS)
        wait_until(self.leases, "a lease")
        outcome = self.study("--fresh", study=ENDLESS, code=1)
        self.assert_error(outcome, 1, rf"going on already \(held by pid {process.pid} on {os.uname().nodename}\)")
        self.assertTrue(process.running())


class Alone(Shared):
    PIPELINE = ["train", "--preset", "sparse", "--device", "cpu", "--epochs", "100000"]

    def test_stages_of_a_pipeline_are_one_process_s(self):
        process = self.start(study=self.PIPELINE)
        wait_until(lambda: self.leases(".process"), "the process to say that it is there")
        outcome = self.study(study=self.PIPELINE, code=1)
        self.assert_error(outcome, 1, rf"held by pid {process.pid} on {os.uname().nodename}\b")
        process.kill()
        process.wait()
        after = self.start(study=self.PIPELINE)
        wait_until(lambda: after.pid in [read_json(f)["pid"] for f in self.leases(".process").values() if os.path.exists(f)], "the next one")


if __name__ == "__main__":
    unittest.main()
