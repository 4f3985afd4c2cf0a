"""What the command-line tests share: running `ate`, small studies, waiting for a state, comparing runs.

ATE_BINARY names the binary. Tests read like a user's session: they know the command line and the files that it
documents, and nothing of the code.
"""

import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from collections import namedtuple

import fork_server

BINARY = os.path.abspath(os.environ.get("ATE_BINARY", "build/release/ate"))
if not os.access(BINARY, os.X_OK):
    raise SystemExit(f"no program at {BINARY}; set ATE_BINARY")
TIMEOUT = 120  # seconds; a hang is a failure, a slow machine is not

Outcome = namedtuple("Outcome", "code out err")
RUN_ID = r"validate-bespoke-[A-Za-z0-9._-]+-[0-9a-f]{10}"

# Takes well under a second.
FOCUSED = ["validate-bespoke", "--preset", "focused", "--epochs", "3", "--seeds", "0..1", "--device", "cpu"]
# An encoder that trains for a second or two: long enough to be stopped in the middle.
MEDIUM = ["validate-bespoke", "--preset", "medium", "--epochs", "4", "--seeds", "0..1", "--device", "cpu",
          "--set", "windows.batches_per_epoch=40", "--set", "source.tokens=10000",
          "--set", "source.vocabulary=100", "--set", "body.width=32", "--set", "evaluation.every=2"]


def environment(**changes):
    """The environment without what would change the output."""
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM", "OMP_NUM_THREADS", "COLUMNS")}
    env["TERM"] = "xterm"
    env.update(changes)
    return env


def run(*args, cwd=None, env=None, stdout=subprocess.PIPE, timeout=TIMEOUT):
    words = [BINARY, *map(str, args)]
    usual = environment()
    env = env or usual
    if fork_server.usable(words, env, usual):
        code, out, err = fork_server.run(words, usual, env=env, cwd=cwd, stdout=stdout, timeout=timeout)
    else:
        done = subprocess.run(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=stdout,
                              stderr=subprocess.PIPE, timeout=timeout, check=False)
        code, out, err = done.returncode, done.stdout, done.stderr
    return Outcome(code, out.decode() if out is not None else "", err.decode(errors="replace"))


def side_by_side(function, rows):
    """function(*row) for each row, a few at a time; yields (row, what it returned) in order."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield from zip(rows, pool.map(lambda row: function(*row), rows))


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def write_bytes(path, content):
    with open(path, "wb") as file:
        file.write(content)


def wait_until(condition, what, seconds=TIMEOUT):
    """Polls; returns the first true value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.005)


class Run:
    """The files of the one run under an --out folder."""

    def __init__(self, out):
        self.out = out

    @property
    def folder(self):
        folders = [f for f in glob.glob(os.path.join(self.out, "runs", "*")) if not re.search(r"\.\d+$", f)]
        if len(folders) != 1:
            raise AssertionError(f"expected one run under {self.out}, found {folders}")
        return folders[0]

    @property
    def id(self):
        return os.path.basename(self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def has(self, *parts):
        return os.path.exists(self.path(*parts))

    def checkpoint(self, trial, previous=False):
        return self.path("checkpoint", trial + (".previous" if previous else "") + ".safetensors")

    def checkpoints(self):
        """Trial -> bytes of its newest checkpoint. The previous ones depend on when it was saved."""
        found = glob.glob(self.path("checkpoint", "*.safetensors"))
        return {os.path.basename(f)[:-len(".safetensors")]: read_bytes(f)
                for f in found if not f.endswith(".previous.safetensors")}

    def result(self):
        return read_json(os.path.join(self.out, f"results_{self.id}.json"))

    def progress(self, arm, seed):
        return read_json(os.path.join(self.out, f"progress_{arm}_s{seed}_{self.id}.json"))

    def events(self, kind=None):
        with open(self.path("metrics.jsonl"), encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
        return [e for e in events if kind in (None, e["event"])]


def without_seconds(document):
    """The result less its wall-clock fields and what was planned first, which differ between equal results."""
    if isinstance(document, dict):
        return {k: without_seconds(v) for k, v in document.items() if k not in ("seconds", "seconds_per_step", "plan")}
    if isinstance(document, list):
        return [without_seconds(v) for v in document]
    if isinstance(document, str):  # a note on tuning
        return re.sub(r", \S+( \S+)? of training\b", "", document)
    return document


def checkpoint_progress(path):
    """The progress that a safetensors checkpoint carries."""
    content = read_bytes(path)
    length = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8:8 + length])["__metadata__"]["progress"])


class Process:
    """`ate` in the background. stdout and stderr go to files, so that no pipe can fill up."""

    def __init__(self, *args, env=None):
        self.folder = tempfile.mkdtemp(prefix="ate-process-")
        self.out_path = os.path.join(self.folder, "stdout")
        self.err_path = os.path.join(self.folder, "stderr")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen([BINARY, *map(str, args)], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=err, env=env or environment())
        self.pid = self.process.pid

    def running(self):
        return self.process.poll() is None

    def kill(self, number=signal.SIGKILL):
        if self.running():
            self.process.send_signal(number)

    def wait(self, timeout=TIMEOUT):
        code = self.process.wait(timeout)
        return Outcome(code, read_bytes(self.out_path).decode(), read_bytes(self.err_path).decode())

    def close(self):
        self.kill()
        self.process.wait(TIMEOUT)
        shutil.rmtree(self.folder, ignore_errors=True)


class Case(unittest.TestCase):
    """A test with a temporary folder of its own; `self.out` in it does not exist yet."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="ate-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.out = os.path.join(self.folder, "out")
        self.run_files = Run(self.out)

    def study(self, *more, study=FOCUSED, out=None, code=0, **options):
        """Runs a study in the foreground and expects an exit code."""
        outcome = run(*study, "--out", out or self.out, *more, **options)
        self.assertEqual(outcome.code, code, outcome.err)
        return outcome

    def start(self, *more, study=MEDIUM, out=None):
        """Starts a study in the background; it is ended with the test."""
        process = Process(*study, "--out", out or self.out, *more)
        self.addCleanup(process.close)
        return process

    def trained_something(self):
        """Whether a run under `self.out` has a checkpoint."""
        runs = os.path.join(self.out, "runs")
        return os.path.isdir(runs) and any(os.listdir(os.path.join(runs, r, "checkpoint")) for r in os.listdir(runs)
                                           if os.path.isdir(os.path.join(runs, r, "checkpoint")))

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        write_bytes(path, content.encode() if isinstance(content, str) else content)
        return path

    def assert_error(self, outcome, code, *patterns):
        """Exactly these lines on stderr, in order, each as `ate: ...`; nothing on stdout."""
        lines = outcome.err.splitlines()
        said = "\n" + "\n".join(lines[-5:])
        self.assertEqual(outcome.code, code, said)
        self.assertEqual(outcome.out, "")
        self.assertEqual(len(lines), len(patterns), said)
        for line, pattern in zip(lines, patterns):
            self.assertRegex(line, "^ate: ")
            self.assertRegex(line, pattern)

    def assert_same_run(self, run_files, reference):
        """Same checkpoints byte for byte, same results apart from the wall-clock, nothing left half-written."""
        ours, theirs = run_files.checkpoints(), reference.checkpoints()
        self.assertEqual(sorted(ours), sorted(theirs))
        for trial in theirs:
            self.assertTrue(ours[trial] == theirs[trial], f"{trial}: the checkpoints differ")
        self.assertEqual(without_seconds(run_files.result()), without_seconds(reference.result()))
        self.assertTrue(run_files.has("DONE"))
        self.assertEqual(glob.glob(os.path.join(run_files.out, "**", "*.tmp"), recursive=True), [])


_references = {}


def reference_run(study=MEDIUM):
    """The same study undisturbed, trained once per test program."""
    key = tuple(study)
    if key not in _references:
        folder = tempfile.mkdtemp(prefix="ate-reference-")
        unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
        outcome = run(*study, "--out", folder)
        if outcome.code != 0:
            raise AssertionError(outcome.err)
        _references[key] = Run(folder)
    return _references[key]
