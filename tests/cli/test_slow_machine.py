"""A machine that fails a study: signals in storms, a clock set back, limits on files and memory, folders that vanish, power
that goes. Each ends in one line, and the same command then ends in the same bits. Takes a few minutes.

ATE_MACHINE_SEED repeats the moments that this file printed.
"""

import glob
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from harness import (BINARY, FOCUSED, MEDIUM, TIMEOUT, Case, Outcome, Process, Run, environment, read_bytes, reference_run,
                     run, wait_until, write_bytes)

SEED = int(os.environ.get("ATE_MACHINE_SEED", random.randrange(10**6)))
MOMENTS = random.Random(SEED)
HERE = os.path.dirname(os.path.abspath(__file__))


def setUpModule():
    print(f"\nATE_MACHINE_SEED={SEED}", flush=True)


def built(name):
    """The library of a C file beside this one, for LD_PRELOAD; None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    folder = tempfile.mkdtemp(prefix="ate-preload-")
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    library = os.path.join(folder, name + ".so")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", os.path.join(HERE, name + ".c"), "-o", library], check=True)
    return library


def limited(kind, most, *args):
    """Runs ate under a limit of the system's."""
    done = subprocess.run([BINARY, *args], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=TIMEOUT, check=False,
                          preexec_fn=lambda: resource.setrlimit(kind, (most, most)))
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))


class Faulty(Case):
    def goes_on(self, study=FOCUSED, out=None):
        """The same command on a sound machine."""
        self.study("-q", study=study, out=out)
        self.assert_same_run(Run(out or self.out), reference_run(study))

    def assert_one_line(self, outcome, pattern, codes=(1,)):
        lines = [line for line in outcome.err.splitlines() if line.startswith("ate: ")]
        self.assertIn(outcome.code, codes, outcome.err)
        self.assertEqual(len(lines), 1, outcome.err)
        self.assertRegex(lines[0], pattern)


class Signals(Faulty):
    def started(self):
        shutil.rmtree(self.out, ignore_errors=True)
        process = self.start("--jobs", "2", "--save-every", "0.05")
        wait_until(self.trained_something, "a checkpoint")
        return process

    def test_storm_of_signals_that_stop(self):
        for numbers, codes in [([signal.SIGTERM], [143]), ([signal.SIGHUP], [129]),
                               ([signal.SIGTERM, signal.SIGHUP, signal.SIGINT], [129, 130, 143])]:
            process = self.started()
            for _ in range(200):
                process.kill(MOMENTS.choice(numbers))
            outcome = process.wait()
            self.assertIn(outcome.code, codes, outcome.err)
        self.goes_on(MEDIUM)

    def test_stopped_and_continued(self):
        process = self.started()
        for _ in range(25):
            process.kill(signal.SIGSTOP)
            time.sleep(MOMENTS.uniform(0, 0.02))
            process.kill(signal.SIGCONT)
            time.sleep(MOMENTS.uniform(0, 0.05))
        self.assertEqual(process.wait().code, 0)
        self.assert_same_run(self.run_files, reference_run(MEDIUM))


class Clock(Faulty):
    def test_set_back_under_one_of_two_processes(self):
        library = built("clock_back")
        if library is None:
            self.skipTest("no C compiler")
        back = os.path.join(self.folder, "back")
        wrong = Process(*MEDIUM, "--out", self.out, "--jobs", "1", "--save-every", "0.05", "--lease", "5",
                        env=environment(LD_PRELOAD=library, CLOCK_BACK=back))
        self.addCleanup(wrong.close)
        right = self.start("--jobs", "1", "--save-every", "0.05", "--lease", "5")
        wait_until(self.trained_something, "a checkpoint")
        write_bytes(back, b"")
        for process in (wrong, right):
            outcome = process.wait()
            self.assertEqual(outcome.code, 0, outcome.err)
            self.assertNotIn("taken over", outcome.err)
        self.assert_same_run(self.run_files, reference_run(MEDIUM))
        evaluations = [(e["arm"], e["seed"], e["epoch"]) for e in self.run_files.events("evaluation")]
        self.assertEqual(len(evaluations), len(set(evaluations)), "a trial was trained twice")


class Limits(Faulty):
    def test_files_that_may_not_grow(self):
        largest = max(len(c) for c in reference_run(FOCUSED).checkpoints().values())
        for most in (0, 100, 4096, largest - 1):
            outcome = limited(resource.RLIMIT_FSIZE, most, *FOCUSED, "-q", "--out", self.out)
            self.assert_one_line(outcome, r"^ate: \S+: .*File too large$")
            self.assertEqual(outcome.out, "")
        self.goes_on()

    def test_memory_for_no_trial_or_for_some(self):
        """From too little to start up to enough."""
        codes = []
        for megabytes in (300, 600, 800, 1000, 1200, 1600, 2400, 6000):
            outcome = limited(resource.RLIMIT_AS, megabytes << 20, *MEDIUM, "--jobs", "2", "-q", "--out", self.out)
            codes.append(outcome.code)
            if outcome.code not in (0, 127):  # 127: the loader itself has no room
                self.assert_one_line(outcome, r"^ate: (out of memory|.*(memory|allocate|Resource temporarily unavailable))")
        self.assertEqual(codes[-1], 0, codes)
        self.goes_on(MEDIUM)

    def test_a_trial_too_large_for_memory(self):
        study = [*MEDIUM, "--set", "source.vocabulary=2000000", "--set", "body.width=512", "-q"]
        outcome = limited(resource.RLIMIT_AS, 8000 << 20, *study, "--out", self.out)
        self.assert_one_line(outcome, r"memory", codes=(1, 2))


class Folders(Faulty):
    def broken(self, fault):
        """A study whose --out meets a fault while it trains."""
        shutil.rmtree(self.out, ignore_errors=True)
        process = self.start("--jobs", "2", "--save-every", "0.02")
        wait_until(self.trained_something, "a checkpoint")
        fault()
        return process.wait()

    def removed(self):
        for _ in range(100):  # while others still write into it
            shutil.rmtree(self.out, ignore_errors=True)
            if not os.path.exists(self.out):
                return

    def test_vanished(self):
        self.assert_one_line(self.broken(self.removed), r"^ate: \S+: .*(No such file or directory|taken over)")
        self.removed()
        self.goes_on(MEDIUM)

    def test_moved_away_and_replaced_by_a_file(self):
        def fault():
            os.rename(self.out, self.out + ".moved")
            write_bytes(self.out, b"a file")
        self.assert_one_line(self.broken(fault), r"^ate: \S+: .*Not a directory")
        self.assertEqual(read_bytes(self.out), b"a file")
        os.remove(self.out)
        os.rename(self.out + ".moved", self.out)
        self.goes_on(MEDIUM)

    def test_replaced_by_an_empty_folder(self):
        def fault():
            os.rename(self.out, self.out + ".moved")
            os.mkdir(self.out)
        self.assert_one_line(self.broken(fault), r"^ate: \S+: .*(No such file or directory|taken over)")
        self.goes_on(MEDIUM)

    def test_read_only_from_one_moment_on(self):
        if os.geteuid() != 0:
            self.skipTest("mounting a tmpfs takes root")
        os.mkdir(self.out)
        done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.out], stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            self.skipTest("a tmpfs cannot be mounted here: " + done.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.out], check=False)
        process = self.start("--jobs", "2", "--save-every", "0.02")
        wait_until(self.trained_something, "a checkpoint")
        # Refused while a file is open for writing, as metrics.jsonl is: a bind mount of its own is not.
        subprocess.run(["mount", "--bind", self.out, self.out], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.out], check=False)
        subprocess.run(["mount", "-o", "remount,bind,ro", self.out], check=True)
        self.assert_one_line(process.wait(), r"^ate: \S+: .*Read-only file system")
        subprocess.run(["mount", "-o", "remount,bind,rw", self.out], check=True)
        self.goes_on(MEDIUM)


class Power(Faulty):
    """Power that goes, and takes all that was not synced (power_loss.c)."""

    def logged(self, study, *flags):
        """The syncs of a study, in order: ("file", inode, bytes) and ("folder", inode, {name: (inode, is a folder)})."""
        library = built("power_loss")
        if library is None:
            self.skipTest("no C compiler")
        log = os.path.join(self.folder, "log")
        os.mkdir(log)
        process = Process(*study, "--out", self.out, *flags, env=environment(LD_PRELOAD=library, SYNC_LOG=log))
        self.addCleanup(process.close)
        outcome = process.wait()
        self.assertEqual(outcome.code, 0, outcome.err)
        syncs = []
        with open(os.path.join(log, "log"), encoding="utf-8") as lines:
            for line in lines:
                words = line.split()
                if words[0] == "file":
                    syncs.append(("file", words[1], read_bytes(os.path.join(log, words[2]))))
                elif words[0] == "folder":
                    syncs.append(("folder", words[1], {}))
                else:
                    syncs[-1][2][words[2]] = (words[0], int(words[1]) == stat.S_IFDIR >> 12)
        return syncs

    def left_after(self, syncs, out):
        """Writes what these syncs leave of the folder that `out` is in."""
        files = {inode: content for kind, inode, content in syncs if kind == "file"}
        folders = {inode: names for kind, inode, names in syncs if kind == "folder"}

        def restore(inode, path):
            os.mkdir(path)
            for name, (inner, is_folder) in folders.get(inode, {}).items():
                if is_folder:
                    restore(inner, os.path.join(path, name))
                else:  # a name that was synced, of a file that was not, is an empty one
                    write_bytes(os.path.join(path, name), files.get(inner, b""))
        names = folders.get(str(os.stat(self.folder).st_ino), {})
        if os.path.basename(self.out) in names:
            restore(names[os.path.basename(self.out)][0], out)

    def test_what_is_stored_survives_and_goes_on(self):
        study = [*FOCUSED[:4], "6", *FOCUSED[5:]]
        syncs = self.logged(study, "--save-every", "0", "--jobs", "2")
        self.assertGreater(len(syncs), 100)
        moments = sorted(MOMENTS.sample(range(1, len(syncs)), 25)) + [len(syncs)]
        trained = 0
        for moment in moments:
            out = os.path.join(self.folder, f"left-{moment}")
            self.left_after(syncs[:moment], out)
            with self.subTest(syncs=moment):
                if moment == len(syncs):  # the result was printed
                    self.assert_same_run(Run(out), reference_run(study))
                if os.path.isdir(out):
                    trained += len(glob.glob(os.path.join(out, "runs", "*", "checkpoint", "*-s?.safetensors")))
                outcome = run(*study, "-q", "--out", out)
                self.assertEqual(outcome.code, 0, outcome.err)
                self.assertEqual(outcome.err, "", "a sound checkpoint is there at every moment")
                self.assert_same_run(Run(out), reference_run(study))
        self.assertGreater(trained, len(moments), "no checkpoint outlived the power")


if __name__ == "__main__":
    unittest.main()
