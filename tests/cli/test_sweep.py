"""ate sweep: points of a file, one study each; what is finished is not trained again; failures; scripts."""

import csv
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import unittest

from harness import Case, Process, environment, read_bytes, run, side_by_side, wait_until

TINY = {"extends": "focused", "name": "tiny", "device": "cpu", "schedule": {"epochs": 2},
        "study": {"arms": ["standard", "bespoke"], "seeds": "0..1"}}
RATE = "optimiser.learning_rate"


class Sweep(Case):
    def sweep(self, name="tiny.json", base=TINY, **parts):
        return self.write(name, {**base, **parts})

    def call(self, verb, *args, code=0, **options):
        done = run("sweep", verb, *args, **options)
        self.assertEqual(done.code, code, done.err)
        return done

    def run_sweep(self, file, *more, code=0, **options):
        return self.call("run", file, "--out", self.out, *more, code=code, **options)

    def collect(self):
        return json.loads(self.call("collect", self.out, "--format", "json").out)["trials"]

    def counts(self):
        rows = json.loads(self.call("status", self.out, "--format", "json").out)["counts"]
        return {row["state"]: row["jobs"] for row in rows if row["jobs"]}


class Points(Sweep):
    def test_plan_counts_and_writes_nothing(self):
        file = self.sweep(grid={RATE: {"from": 1e-3, "to": 1e-1, "points": 3}, "body.width": [16, 32]})
        plan = json.loads(self.call("plan", file, "--out", self.out, "--format", "json").out)
        self.assertEqual(len(plan["jobs"]), 6)
        self.assertEqual(plan["trials"], 24)
        self.assertEqual([(j["body.width"], j[RATE]) for j in plan["jobs"]][:3], [(16, 0.001), (32, 0.001), (16, 0.01)])
        self.assertGreater(plan["seconds"], 0)
        wide = [j["flops"] for j in plan["jobs"] if j["body.width"] == 32]
        self.assertGreater(wide[0], plan["jobs"][0]["flops"])
        self.assertFalse(os.path.exists(self.out))

    def test_a_job_is_the_study_of_its_settings(self):
        file = self.sweep(grid={"body.width": [16]})
        self.run_sweep(file)
        config = self.write("one.json", {**TINY, "body": {"width": 16}})
        done = run("study", "--config", config, "--out", self.out)
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("no training needed", done.err)
        rows = self.collect()
        result = self.run_files.result()
        self.assertEqual([r["loss"] for r in sorted(rows, key=lambda r: (r["arm"], r["seed"]))],
                         [t["val_loss"] for t in sorted(result["trials"], key=lambda t: (t["arm"], t["seed"]))])

    def test_random_draws_are_the_files(self):
        law = {"count": 4, "draw": {RATE: {"low": 1e-4, "high": 1e-2, "log": True},
                                    "body.width": {"low": 8, "high": 24}, "body.init": ["framework", "normal"]}}

        def draws(**changes):
            plan = self.call("plan", self.sweep(random={**law, **changes}), "--format", "json")
            return [(j[RATE], j["body.width"], j["body.init"]) for j in json.loads(plan.out)["jobs"]]
        four = draws()
        self.assertEqual(four, draws())
        self.assertEqual(four, draws(count=6)[:4])
        self.assertNotEqual(four, draws(seed=1))
        self.assertEqual({d[2] for d in draws(count=9)}, {"framework", "normal"})
        twice = self.call("plan", self.sweep(random={"count": 40, "draw": {"body.width": [8, 16]}}), "--format", "json")
        self.assertEqual(len(json.loads(twice.out)["jobs"]), 2)
        for rate, width, _ in four:
            self.assertTrue(1e-4 <= rate <= 1e-2)
            self.assertTrue(8 <= width <= 24 and isinstance(width, int))

    def test_seeds_and_arms_as_axes_are_one_study(self):
        file = self.sweep(grid={"study.seeds": ["0", "1"], "study.arms": [["standard"], ["bespoke"]]})
        self.run_sweep(file)
        self.assertEqual(len(os.listdir(os.path.join(self.out, "runs"))), 1)
        self.assertEqual([(r["arm"], r["seed"]) for r in self.collect()],
                         [("standard", 0), ("standard", 1), ("bespoke", 0), ("bespoke", 1)])

    def test_bad_files(self):
        huge = {RATE: [1e-3]}
        rows = [
            ({"gird": huge}, r'tiny\d+.json: /gird: unknown key \(did you mean "grid"\?\)$'),
            ({}, "has no points: add a grid, list or random"),
            ({"grid": {}}, "/grid: is empty"),
            ({"grid": {"body.widht": [16, 32]}}, r'/grid/body.widht: .*did you mean "width"'),
            ({"grid": {"body.width": [16, 0]}}, "/grid/body.width: expected a whole number"),
            ({"grid": {"body.width": [16, 16]}}, "/grid/body.width: has 16 twice"),
            ({"grid": {"name": ["a", "b"]}}, "/grid: name changes no trial"),
            ({"grid": {"train.evaluate": [True]}}, "/grid/train.evaluate|only ate train reads it"),
            ({"list": [{RATE: 1e-3}, {RATE: 0.001}]}, "point 2: .*trains nothing that point 1 does not"),
            ({"list": [{RATE: -1}]}, f"/list/0/{RATE}: expected a number"),
            ({"list": []}, "/list: expected a list of at least one"),
            ({"grid": huge, "list": [{RATE: 1}]}, f"/list: {RATE} is set by two of grid, list and random"),
            ({"random": {"count": 0, "draw": {RATE: [1]}}}, "/random/count: expected a whole number from 1"),
            ({"random": {"count": 2, "draw": {RATE: {"low": 0, "high": 1, "log": True}}}}, f"/random/draw/{RATE}: expected"),
            ({"random": {"count": 2, "draw": {RATE: {"low": 1, "hihg": 2}}}}, f"/random/draw/{RATE}: expected"),
            ({"random": {"cuont": 2, "count": 1, "draw": {RATE: [1]}}}, 'unknown key .did you mean "count"'),
            ({"list": [{"study.seeds": [0], "study.arms": ["standard"]},
                       {"study.seeds": [1], "study.arms": ["bespoke"]}]}, "give every arm every seed"),
            ({"grid": {"windows.length": [16, 100000000]}}, r"point 2 \(windows.length=100000000\)|/grid/windows.length"),
            ({"grid": huge, "slurm": {"tiem": "1:00"}}, '/slurm/tiem: unknown key .did you mean "time"'),
            ({"grid": huge, "slurm": {"time": "1:00\n#SBATCH --uid=0"}}, "/slurm/time: expected a string of one line"),
        ]
        files = [(self.sweep(f"tiny{i}.json", **parts), pattern) for i, (parts, pattern) in enumerate(rows)]
        for (file, pattern), done in side_by_side(lambda f, _: run("sweep", "run", f, "--out", self.out), files):
            with self.subTest(pattern=pattern):
                self.assert_error(done, 2, pattern)
        self.assertFalse(os.path.exists(self.out))

    def test_bad_flags(self):
        file = self.sweep(grid={"body.width": [16]})
        for flags, pattern in [(["--shard", "2/2"], "--shard 2/2: expected I/N"), (["--shard", "x"], "expected I/N"),
                               (["--emit", "slurm", "--jobs", "2"], "slurm.cpus"),
                               (["--emit", "slurm", "--executor", "slurm"], "give one of them")]:
            self.assert_error(run("sweep", "run", file, "--out", self.out, *flags), 2, pattern)
        self.assert_error(run("sweep", "status", self.out), 2, "has no sweep")
        self.assert_error(run("sweep", "retry", file, "--out", self.out), 2, "has no sweep")
        self.assertFalse(os.path.exists(self.out))
        for path, why in [(os.path.join(self.folder, "none.json"), "cannot be read: No such file"), (self.folder, "is a folder")]:
            self.assert_error(run("sweep", "run", path, "--out", self.out), 2, f"^ate: {path}: {why}")


class Running(Sweep):
    def test_a_changed_grid_runs_what_is_new(self):
        self.run_sweep(self.sweep(grid={"body.width": [16, 24]}))
        again = self.run_sweep(self.sweep(grid={"body.width": [16, 24]}))
        self.assertIn("0 finished, 2 before", again.err)
        more = self.run_sweep(self.sweep(grid={"body.width": [16, 24, 32]}))
        self.assertIn("1 finished, 2 before", more.err)
        self.assertEqual(self.counts(), {"finished": 3})
        rows = self.collect()
        self.assertEqual(len(rows), 12)
        for row in rows:
            self.assertGreater(row["steps"], 0)
            self.assertGreater(row["flops"], 0)
            self.assertEqual(row["baseline"], "standard" if row["arm"] == "bespoke" else None)
        text = self.call("collect", self.out, "--format", "csv").out
        table = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual([float(r["loss"]) for r in table], [r["loss"] for r in rows])

    def test_shards_are_disjoint_and_all(self):
        file = self.sweep(grid={"body.width": [16, 24, 32]})
        self.run_sweep(file, "--shard", "0/2")
        self.assertEqual(self.counts(), {"finished": 2, "waiting": 1})
        text = self.call("status", self.out, "--format", "csv", "--table", "counts").out
        self.assertIn("finished,2,8", text)
        self.assertEqual([r["status"] for r in self.collect()].count("waiting"), 4)
        self.run_sweep(file, "--shard", "1/2")
        self.assertEqual(self.counts(), {"finished": 3})

    def test_a_failure_stops_no_other(self):
        file = self.sweep(grid={"body.width": [16, 24]})
        self.run_sweep(file, "--shard", "0/2")
        # A run that cannot be taken up: its plan is damaged.
        run_id = os.listdir(os.path.join(self.out, "runs"))[0]
        folder = os.path.join(self.out, "runs", run_id)
        os.remove(os.path.join(folder, "DONE"))
        plan = os.path.join(folder, "plan.json")
        sound = read_bytes(plan)
        self.write(plan, "{")
        done = self.run_sweep(file, code=3)
        self.assertRegex(done.err, rf"warning: [\d:]+ \d/2 {run_id} \(body.width=16\): .*plan.json")
        self.assertEqual(self.counts(), {"finished": 1, "failed": 1})
        failed = json.loads(self.call("status", self.out, "--format", "json").out)["jobs"]
        self.assertEqual([j["job"] for j in failed], [run_id])
        self.assertIn("plan.json", failed[0]["reason"])
        self.write(plan, sound)
        retried = self.call("retry", file, "--out", self.out)
        self.assertIn("1 finished", retried.err)
        self.assertEqual(self.counts(), {"finished": 2})

    def test_retry_leaves_alone_what_has_not_failed(self):
        file = self.sweep(grid={"body.width": [16, 24]})
        self.run_sweep(file, "--shard", "0/2")
        done = self.call("retry", file, "--out", self.out)
        self.assertIn("0 finished, 1 before, 0 failed, 1 left alone;", done.err)
        self.assertEqual(self.counts(), {"finished": 1, "waiting": 1})

    def test_divergence_is_a_failure_and_stays_one(self):
        file = self.sweep(grid={RATE: [1e-3, 1e30]}, optimiser={"kind": "sgd"})
        first = self.run_sweep(file, code=3)
        self.assertRegex(first.err, "diverged")
        self.assertEqual(self.counts(), {"finished": 1, "diverged": 1})
        again = self.run_sweep(file, code=3)
        self.assertRegex(again.err, "diverged.*as before")
        self.assertIn("diverged", {r["status"] for r in self.collect()})

    def test_max_fails(self):
        file = self.sweep(grid={RATE: [1e29, 1e30, 1e31]}, optimiser={"kind": "sgd"})
        done = self.run_sweep(file, "--max-fails", "1", "--jobs", "1", code=3)
        self.assertIn("no other begins", done.err)
        self.assertEqual(self.counts(), {"diverged": 1, "waiting": 2})

    def test_a_stopped_sweep_goes_on(self):
        file = self.sweep(grid={"body.width": [16, 24, 32, 40]}, schedule={"epochs": 60})
        process = Process("sweep", "run", file, "--out", self.out, "--save-every", "0", "--jobs", "1")
        self.addCleanup(process.close)
        wait_until(self.trained_something, "a checkpoint")
        process.kill(signal.SIGTERM)
        stopped = process.wait()
        self.assertEqual(stopped.code, 143, stopped.err)
        self.assertIn("interrupted; ", stopped.err)
        self.run_sweep(file)
        other = os.path.join(self.folder, "undisturbed")
        self.call("run", file, "--out", other)
        losses = [r["loss"] for r in self.collect()]
        self.out = other
        self.assertEqual(losses, [r["loss"] for r in self.collect()])

    def test_two_processes_on_one_folder(self):
        file = self.sweep(grid={"body.width": [16, 24, 32]}, schedule={"epochs": 40})
        both = [Process("sweep", "run", file, "--out", self.out, "--jobs", "1") for _ in range(2)]
        for process in both:
            self.addCleanup(process.close)
        for process in both:
            self.assertEqual(process.wait().code, 0)
        self.assertEqual(self.counts(), {"finished": 3})


class Scripts(Sweep):
    def file(self, **slurm):
        return self.sweep(grid={"body.width": [16, 24, 32]}, slurm={"time": "0:10:00", "before": ["echo ready"], **slurm})

    def test_slurm_script(self):
        script = self.call("run", self.file(at_once=2, gpus=1, partition="gpu"), "--out", self.out, "--emit", "slurm").out
        for line in ["#SBATCH --array=0-2%2", "#SBATCH --requeue", "#SBATCH --open-mode=append", "#SBATCH --gres=gpu:1",
                     "#SBATCH --signal=B:USR1@120", "#SBATCH --partition=gpu", "#SBATCH --time=0:10:00", "echo ready"]:
            self.assertIn(line + "\n", script)
        self.assertEqual(subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode, 0)

    def run_script(self, script, **env):
        path = self.write("script.sh", script)
        return subprocess.run(["bash", path], env=environment(**env), capture_output=True, text=True, timeout=120,
                              check=False)

    def test_tasks_of_the_script_run_the_sweep(self):
        script = self.call("run", self.file(tasks=2), "--out", self.out, "--emit", "slurm").out
        for task in ["0", "1"]:
            done = self.run_script(script, SLURM_ARRAY_TASK_ID=task)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.counts(), {"finished": 3})

    def test_a_task_whose_time_is_up_requeues_itself(self):
        file = self.sweep(grid={"body.width": [16]}, schedule={"epochs": 5000})
        script = self.call("run", file, "--out", self.out, "--emit", "slurm", "--save-every", "0").out
        tools = os.path.join(self.folder, "bin")
        os.mkdir(tools)
        asked = os.path.join(self.folder, "asked")
        scontrol = self.write("bin/scontrol", f'#!/bin/sh\necho "$@" >> {asked}\n')
        os.chmod(scontrol, os.stat(scontrol).st_mode | stat.S_IXUSR)
        env = environment(SLURM_ARRAY_TASK_ID="0", SLURM_ARRAY_JOB_ID="7", PATH=tools + ":" + os.environ["PATH"])
        for number, words in [(signal.SIGUSR1, "requeue 7_0\n"), (signal.SIGTERM, "")]:
            with subprocess.Popen(["bash", self.write("script.sh", script)], env=env, stderr=subprocess.DEVNULL) as task:
                wait_until(lambda: self.counts_if_any() == {"running": 1}, "a running task")
                wait_until(self.trained_something, "a checkpoint")
                task.send_signal(number)
                self.assertEqual(task.wait(60), 143)
            said = read_bytes(asked).decode() if os.path.exists(asked) else ""
            self.assertEqual(said, words)
            if os.path.exists(asked):
                os.remove(asked)
            self.assertEqual(self.counts(), {"stopped": 1})
        stops = json.loads(self.call("status", self.out, "--format", "json").out)["stops"]
        self.assertEqual({row["stop"]: row["times"] for row in stops if row["times"]},
                         {"time limit": 1, "stopped, not begun again": 1})

    def counts_if_any(self):
        done = run("sweep", "status", self.out, "--format", "json")
        return {r["state"]: r["jobs"] for r in json.loads(done.out)["counts"] if r["jobs"]} if done.code == 0 else {}

    def test_without_slurm(self):
        done = run("sweep", "run", self.file(), "--out", self.out, "--executor", "slurm",
                   env=environment(PATH=os.path.join(self.folder, "empty")))
        self.assertEqual(done.code, 1)
        self.assertRegex(done.err, "sbatch: took no job: .*the script is in .*tiny.sbatch")

    def test_parallel_script(self):
        script = self.call("run", self.file(), "--out", self.out, "--emit", "parallel", "--jobs", "2").out
        self.assertIn("\n0/3\n1/3\n2/3\n", script)
        if shutil.which("parallel") is None:
            self.skipTest("GNU parallel is not installed")
        done = self.run_script(script)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.counts(), {"finished": 3})
        again = self.run_script(script)
        self.assertEqual(again.returncode, 0)
        self.assertEqual(len(read_bytes(os.path.join(self.out, "sweep_tiny.joblog")).splitlines()), 4)


if __name__ == "__main__":
    unittest.main()
