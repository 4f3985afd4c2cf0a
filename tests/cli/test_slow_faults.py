"""Files of a run that were cut, flipped, emptied, swapped, replaced by a folder or given values of other types: each ends in
the same bits, or in one line that names the file, and in time. Takes a few minutes.

ATE_FAULT_SEED repeats a sequence that this file printed; ATE_FAULTS sets how many there are.
"""

import glob
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import (FOCUSED, Case, Process, Run, read_bytes, reference_run, run, side_by_side, wait_until,
                     without_seconds, write_bytes)

FAULTS = int(os.environ.get("ATE_FAULTS", 400))
STUDY = [*FOCUSED[:4], "4", *FOCUSED[5:], "--set", "windows.batches_per_epoch=10", "--set", "evaluation.every=1"]
TIMEOUT = 60


def files_of(out):
    return sorted(f for f in glob.glob(os.path.join(out, "**"), recursive=True) if os.path.isfile(f))


def truncate(path, choice):
    content = read_bytes(path)
    write_bytes(path, content[:choice.randrange(len(content))] if content else b"")


def flip(path, choice):
    content = bytearray(read_bytes(path))
    if content:
        content[choice.randrange(len(content))] ^= 1 << choice.randrange(8)
    write_bytes(path, bytes(content))


def empty(path, choice):
    write_bytes(path, b"")


def swap(path, choice):
    """With another file of the same folder and ending."""
    like = [f for f in glob.glob(os.path.join(os.path.dirname(path), "*" + os.path.splitext(path)[1]))
            if f != path and os.path.isfile(f)]
    if not like:
        return flip(path, choice)
    other = choice.choice(sorted(like))
    ours, theirs = read_bytes(path), read_bytes(other)
    write_bytes(path, theirs)
    write_bytes(other, ours)


def folder(path, choice):
    os.remove(path)
    os.mkdir(path)
    write_bytes(os.path.join(path, "inside"), b"x")


def places(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def retype(path, choice):
    """One value of a JSON file gets another type; other files are flipped."""
    try:
        document = json.loads(read_bytes(path))
        place = choice.choice(sorted(places(document), key=str))
    except (ValueError, IndexError):
        return flip(path, choice)
    parent = document
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = choice.choice([None, 3, -1.5, "text", [], {}, True, [[]], 10 ** 30, "\u001b[31m"])
    write_bytes(path, json.dumps(document, indent=2).encode())


FAULT_KINDS = [truncate, flip, empty, swap, folder, retype]


class Faults(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.states = {"finished": reference_run(STUDY).out, "killed": cls.killed()}
        print(f"\nATE_FAULT_SEED={cls.seed()}", end=" ", flush=True)

    @classmethod
    def seed(cls):
        if not hasattr(cls, "_seed"):
            cls._seed = int(os.environ.get("ATE_FAULT_SEED", random.randrange(10**6)))
        return cls._seed

    @classmethod
    def killed(cls):
        """A study killed in its middle, its leases left, and every trial begun."""
        out = tempfile.mkdtemp(prefix="ate-faults-")
        cls.addClassCleanup(shutil.rmtree, out, ignore_errors=True)
        longer = [*STUDY[:4], "4", *STUDY[5:]]
        process = Process(*longer, "--out", out, "--jobs", "4", "--save-every", "0")
        wait_until(lambda: len(glob.glob(os.path.join(out, "runs", "*", "checkpoint", "*previous*"))) >= 3, "saves")
        process.kill(signal.SIGKILL)
        process.wait()
        process.close()
        return out

    def one(self, number):
        """What went wrong with one fault, or None."""
        choice = random.Random(f"{self.seed()} {number}")
        state = choice.choice(sorted(self.states))
        with tempfile.TemporaryDirectory(prefix="ate-fault-") as parent:
            out = os.path.join(parent, "out")
            shutil.copytree(self.states[state], out)
            path = choice.choice(files_of(out))
            kind = choice.choice(FAULT_KINDS)
            kind(path, choice)
            name = f"fault {number}: {kind.__name__} {os.path.relpath(path, out)} of the {state} study"
            try:
                outcome = run(*STUDY, "--out", out, "--lease", "2", timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                return f"{name}: not over in {TIMEOUT} s"
            errors = [line for line in outcome.err.splitlines() if line.startswith("ate: ")]
            if outcome.code in (1, 2):
                if len(errors) != 1 or out not in errors[0]:
                    return f"{name}: {errors or outcome.err}"
                return None
            if outcome.code != 0:
                return f"{name}: exit code {outcome.code}: {outcome.err}"
            return self.difference(name, Run(out), outcome)

    def difference(self, name, ours, outcome):
        theirs = reference_run(STUDY)
        if ours.checkpoints() != theirs.checkpoints():
            return f"{name}: other checkpoints\n{outcome.err}"
        result, expected = without_seconds(ours.result()), without_seconds(theirs.result())
        for document in (result, expected):
            document.pop("notes", None)  # they tell what was altered
        if result != expected:
            keys = [k for k in expected if result.get(k) != expected[k]]
            return f"{name}: other results: {keys}\n{outcome.err}"
        return None

    def test_faults(self):
        bad = [problem for _, problem in side_by_side(self.one, [(n,) for n in range(FAULTS)]) if problem]
        self.assertEqual(bad, [], f"{len(bad)} of {FAULTS}")


if __name__ == "__main__":
    unittest.main()
