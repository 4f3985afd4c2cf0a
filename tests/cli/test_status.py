"""`ate status`: how far runs are, from files alone."""

import json
import os
import re
import shutil
import signal
import unittest

from harness import FOCUSED, MEDIUM, Case, Process, read_bytes, read_json, reference_run, run, wait_until, write_bytes

ENDLESS = [word if word != "4" else "100000" for word in MEDIUM]
TUNED = ["study", "--preset", "focused", "--epochs", "3", "--seeds", "0..1", "--device", "cpu",
         "--set", "windows.batches_per_epoch=10", "--tune", "optimiser.learning_rate=3e-4,1e-3"]


def bytes_below(folder):
    return {os.path.join(f, n): read_bytes(os.path.join(f, n)) for f, _, names in os.walk(folder) for n in names}


class Status(Case):
    def status(self, *paths, code=0):
        outcome = run("status", *paths, "--json")
        self.assertEqual(outcome.code, code, outcome.err)
        return json.loads(outcome.out)["runs"]

    def counts(self, entry):
        return (entry["state"], entry["trials"], entry["finished"], len(entry["running"]), entry["open"],
                entry["diverged"])

    def test_finished_run(self):
        reference = reference_run(FOCUSED)
        before = bytes_below(reference.out)
        for path in (reference.folder, reference.folder + "/", reference.out, os.path.join(reference.out, "runs")):
            with self.subTest(path=path):
                entry, = self.status(path)
                self.assertEqual(self.counts(entry), ("done", 4, 4, 0, 0, 0))
                self.assertEqual((entry["run_id"], entry["arms"]), (reference.id, ["standard", "bespoke"]))
                self.assertEqual((entry["eta_seconds"], entry["tuned"]), (0, None))
        self.assertEqual(bytes_below(reference.out), before)
        text = run("status", reference.folder).out
        self.assertRegex(text, rf"(?m)^{reference.id}: done$")
        self.assertRegex(text, rf"(?m)^ *{reference.id}  +done  +4  +4  +0  +0  +0 ")

    def test_running_stopped_and_gone_on(self):
        process = self.start("--jobs", "1", "--save-every", "0", study=ENDLESS)
        wait_until(lambda: self.trained_something() and self.status(self.out)[0]["running"] and
                   self.status(self.out)[0]["running"][0]["epochs_total"], "progress")
        entry, = self.status(self.out)
        self.assertEqual(self.counts(entry), ("running", 4, 0, 1, 3, 0))
        trial, = entry["running"]
        self.assertEqual((trial["trial"], trial["pid"], trial["host"]), ("standard-s0", process.pid, os.uname().nodename))
        self.assertEqual(trial["epochs_total"], 100000)
        self.assertGreater(trial["eta_seconds"], 1)
        self.assertGreater(entry["eta_seconds"], trial["eta_seconds"])
        self.assertRegex(run("status", self.run_files.folder).out, rf"standard-s0 .* {process.pid} +\d+/100000 ")
        process.kill()
        process.wait()
        entry, = self.status(self.out)
        self.assertEqual(self.counts(entry), ("stopped", 4, 0, 0, 4, 0))
        self.assertIsNone(entry["eta_seconds"])

    def test_silent_process_of_another_host(self):
        process = self.start("--jobs", "1", "--save-every", "0", study=ENDLESS)
        wait_until(lambda: self.trained_something() and self.status(self.out)[0]["running"], "a lease")
        process.kill()
        process.wait()
        folder = self.run_files.path("leases")
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            lease = read_json(path)
            lease.update(host="elsewhere", place="elsewhere")
            write_bytes(path, json.dumps(lease).encode())
            os.utime(path, (1e9, 1e9))
        entry, = self.status(self.out)
        self.assertEqual(entry["state"], "stopped")
        self.assertEqual(entry["running"][0]["host"], "elsewhere")
        self.assertGreater(entry["running"][0]["silent_seconds"], 1000)

    def test_diverged_trials(self):
        self.study("--set", "optimiser.learning_rate=1e38", code=3)
        entry, = self.status(self.out)
        self.assertEqual((entry["trials"], entry["finished"] + entry["diverged"]), (4, 4))
        self.assertGreater(entry["diverged"], 0)

    def test_tuning(self):
        self.study(study=TUNED)
        entry, = self.status(self.out)
        self.assertEqual(self.counts(entry), ("done", 4, 4, 0, 0, 0))
        self.assertTrue(entry["tuned"])
        plan = read_json(self.run_files.path("plan.json"))
        del plan["tuned"], plan["settled"]
        write_bytes(self.run_files.path("plan.json"), json.dumps(plan).encode())
        entry, = self.status(self.out)
        self.assertFalse(entry["tuned"])
        self.assertGreaterEqual(entry["tuning_ended"], 4)

    def test_many_runs_a_line_each(self):
        for flags in ([], ["--mode", "published"]):
            self.study(*flags)
        entries = self.status(self.out)
        self.assertEqual([e["state"] for e in entries], ["done", "done"])
        self.assertEqual(len({e["run_id"] for e in entries}), 2)
        lines = [l for l in run("status", self.out).out.splitlines() if " done " in l]
        self.assertEqual(len(lines), 2)
        csv = run("status", self.out, "--format", "csv").out.splitlines()
        self.assertTrue(csv[0].startswith("run,state,trials,finished,running,open,diverged"))
        self.assertEqual(len(csv), 3)

    def test_pipeline(self):
        process = self.start(study=["train", "--preset", "sparse", "--device", "cpu", "--epochs", "100000"])
        wait_until(self.trained_something, "a checkpoint")
        wait_until(lambda: run("status", self.out).code == 0, "its config")
        entry, = self.status(self.out)
        self.assertEqual((entry["state"], entry["trials"]), ("running", 0))
        process.kill()
        process.wait()
        self.assertEqual(self.status(self.out)[0]["state"], "stopped")

    def test_watch_ends_when_all_is_done(self):
        process = self.start("--jobs", "1")
        wait_until(lambda: run("status", self.out).code == 0, "a run")
        watcher = Process("status", self.out, "--watch", "--format", "jsonl")
        self.addCleanup(watcher.close)
        self.assertEqual(process.wait().code, 0)
        outcome = watcher.wait()
        self.assertEqual(outcome.code, 0, outcome.err)
        rows = [json.loads(line) for line in outcome.out.splitlines()]
        self.assertEqual([r["state"] for r in rows if r["table"] == "runs"][-1], "done")

    def test_watch_is_interrupted(self):
        process = self.start("--jobs", "1", study=ENDLESS)
        wait_until(lambda: run("status", self.out).code == 0, "a run")
        watcher = Process("status", self.out, "--watch")
        self.addCleanup(watcher.close)
        wait_until(lambda: read_bytes(watcher.out_path), "a first look")
        watcher.kill(signal.SIGINT)
        outcome = watcher.wait()
        self.assertEqual(outcome.code, 130)
        self.assertRegex(outcome.err, r"^ate: interrupted; the runs go on\n$")
        self.assertTrue(process.running())

    def test_errors(self):
        os.mkdir(self.out)
        for path in (self.out, os.path.join(self.folder, "none")):
            self.assert_error(run("status", path), 2, rf'^ate: "{path}": holds no run: give a run\'s folder')
        self.assert_error(run("status"), 2, "RUN")
        self.study()
        self.assert_error(run("status", self.out, "--json", "--format", "csv"), 2, "--json")

    def test_damaged_files(self):
        self.study()
        shutil.copytree(self.out, self.out + ".whole")
        plan = self.run_files.path("plan.json")
        for content in (b"", b"{", b'{"requests": 3}', b'{"requests": [{"arms": 3}]}'):
            with self.subTest(content=content):
                write_bytes(plan, content)
                self.assert_error(run("status", self.out), 1, rf"^ate: {plan}:")
        shutil.rmtree(self.out)
        shutil.copytree(self.out + ".whole", self.out)
        progress = os.path.join(self.out, f"progress_standard_s0_{self.run_files.id}.json")
        for content in (b"", b"{", b"[]", b'{\n  "arm": "standard",\n  "status": "finished"\n}\n', bytes(range(256))):
            with self.subTest(content=content):
                write_bytes(progress, content)
                entry, = self.status(self.out)
                self.assertEqual((entry["finished"], entry["open"]), (3, 1))  # the next run of it says
        write_bytes(self.run_files.path("config.json"), b"{")
        self.assert_error(run("status", self.out), 2, r"config\.json")


if __name__ == "__main__":
    unittest.main()
