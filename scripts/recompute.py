#!/usr/bin/env python3
"""Recomputes the validation losses of a stored run in PyTorch, from its checkpoints and what `ate source write` writes.

    scripts/recompute.py tool_outputs/runs/RUN [--ate build/release/ate] [--tolerance 1e-6]

Nothing of ate's arithmetic is used: the models are those of docs/checkpoints.md (torch_model.py), in double, and corpus,
windows, answers and the table of each token are read from the files of docs/sources.md. For each checkpoint the last loss that the
run recorded is held against the one computed here, with the excess loss and the accuracy where the run has them. Needs torch
and numpy. Exit code 0: all within the tolerance; 1: not; 2: a run that this script cannot rebuild, with the reason.
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
except ImportError as missing:
    sys.exit(f"recompute.py: {missing}: give a Python that has torch and numpy")

from torch_model import CannotRebuild, Embedding, Model

BATCH = 64  # windows at a time


def read_safetensors(path):
    """(metadata, {name: array}) of a file of float32 arrays."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        content = file.read()
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise CannotRebuild(f"{path}: {name} is {entry['dtype']}, not F32")
        begin, end = entry["data_offsets"]
        arrays[name] = np.frombuffer(content[begin:end], "<f4").reshape(entry["shape"])
    return metadata, arrays


def parameters_of(arrays):
    """Those of the model, not of the optimiser."""
    return {name: array for name, array in arrays.items() if not name.startswith(("adam.", "sgd.", "muon."))}


class Files:
    """What `ate source write` wrote into a folder."""

    def __init__(self, folder):
        with open(os.path.join(folder, "source.json"), encoding="utf-8") as file:
            self.about = json.load(file)
        self.arrays = {name: np.load(os.path.join(folder, name)) for name in self.about["files"] if name.endswith(".npy")}

    def __contains__(self, name):
        return name + ".npy" in self.arrays

    def __getitem__(self, name):
        return self.arrays[name + ".npy"]


def law_rows(files):
    """The law's rows as a function of their numbers: [n] -> [n, V]."""
    dense = files["law_dense"] if "law_dense" in files else np.zeros((0, files.about["vocabulary"]))
    sparse = [files["law_sparse_" + part] for part in ("first", "token", "probability")] \
        if "law_sparse_first" in files else None

    def rows(numbers):
        out = np.zeros((len(numbers), files.about["vocabulary"]))
        for i, number in enumerate(numbers):
            if number < len(dense):
                out[i] = dense[number]
            else:
                begin, end = sparse[0][number - len(dense):number - len(dense) + 2]
                out[i, sparse[1][begin:end]] = sparse[2][begin:end]
        return out
    return rows


def evaluate(model, files, evaluation):
    """{loss, excess, accuracy} over the windows of an evaluation; `evaluation`: its place among evaluation_draws."""
    corpus, starts = files["corpus"], files["evaluation_windows"]
    sampled = starts.ndim == 2
    if sampled:
        starts = starts[evaluation]
    length = files.about["window"]
    asked = "answers" in files
    answers = files["answers"] if asked else None
    laws = None
    if "evaluation_law_row" in files:
        laws = [files["evaluation_law_" + part] for part in ("row", "weight", "token")]
        laws = [part[evaluation] if sampled else part for part in laws]
        rows = law_rows(files)
    loss = excess = right = count = 0
    for first in range(0, len(starts), BATCH):
        windows = starts[first:first + BATCH]
        places = windows[:, None] + np.arange(length)
        with torch.no_grad():
            log = torch.log_softmax(model(torch.tensor(corpus[places].astype(np.int64))), -1).numpy()
        targets = answers[places] if asked else corpus[places + 1]
        targets = targets[:, -log.shape[1]:]
        scored = targets >= 0
        targets, log = targets[scored], log[scored]
        loss -= log[np.arange(len(targets)), targets].sum()
        right += (log.argmax(1) == targets).sum()
        count += len(targets)
        if laws is not None:
            row, weight, token = (part[first:first + BATCH][scored] for part in laws)
            p = (1 - weight)[:, None] * rows(row)
            p[np.arange(len(p)), token] += weight
            positive = p > 0
            excess += (p[positive] * (np.log(p[positive]) - log[positive])).sum()
    out = {"loss": loss / count}
    if laws is not None:
        out["excess"] = excess / count
    if asked:
        out["accuracy"] = right / count
    return out


def settings_of(run, config, name):
    """What an arm sets: as it was settled before it trained (plan.json), else as the config has it."""
    arms = []
    plan = os.path.join(run, "plan.json")
    if os.path.exists(plan):
        with open(plan, encoding="utf-8") as file:
            arms = json.load(file).get("settled", [])
    named = [arm for arm in arms + config["study"]["arms"] if isinstance(arm, dict) and arm["name"] == name]
    return named[0]["set"] if named else {}


def load(run, ate, name):
    """(model, files, progress) of one checkpoint: the module, what it reads, and what the run recorded."""
    metadata, arrays = read_safetensors(os.path.join(run, "checkpoint", name + ".safetensors"))
    config_path = os.path.join(run, "config.json")
    with open(config_path, encoding="utf-8") as file:
        config = json.load(file)
    settings = settings_of(run, config, metadata["arm"])
    arm = metadata["arm"] + (":" if settings else "") + ",".join(f"{path}={json.dumps(value)}"
                                                                for path, value in settings.items())
    for path, value in settings.items():
        *sections, last = path.split(".")
        place = config
        for section in sections:
            place = place[section]
        place[last] = value
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "source")
        command = [ate, "source", "write", "--config", config_path, "--arm", arm, "--seed", metadata["seed"],
                   "--out", folder, "-q"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CannotRebuild(" ".join(command) + ": " + done.stderr.strip())
        files = Files(folder)
    own = parameters_of(arrays)
    embedding = Embedding(files.about["embedding_tables"], files["embedding"], own)
    return Model(config, own, embedding), files, json.loads(metadata["progress"])


def last_evaluation(files, progress):
    """What the run recorded last, and its place among evaluation_draws."""
    recorded = progress["evaluations"][-1]
    return recorded, files.about["evaluation_draws"].index(recorded.get("updates", recorded["epoch"]))


def recompute(run, ate, name):
    """[(quantity, recorded, computed)] of one checkpoint."""
    model, files, progress = load(run, ate, name)
    if progress["status"] != "finished":  # its parameters are not those of its last evaluation
        print(f"{name}  is {progress['status']}: left out")
        return []
    recorded, place = last_evaluation(files, progress)
    return [(quantity, recorded[quantity], value) for quantity, value in evaluate(model, files, place).items()
            if recorded.get(quantity) is not None]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("run", help="a run's folder, tool_outputs/runs/RUN")
    parser.add_argument("--ate", default="ate", help="the program that wrote it (default: ate)")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="largest difference (default: 1e-6)")
    flags = parser.parse_args()
    folder = os.path.join(flags.run, "checkpoint")
    if not os.path.isdir(folder):
        parser.error(f"{flags.run} has no checkpoint folder: name a run's folder, tool_outputs/runs/RUN")
    names = sorted(file[:-len(".safetensors")] for file in os.listdir(folder)
                   if file.endswith(".safetensors") and "previous" not in file)
    worst = compared = 0
    for name in names:
        try:
            rows = recompute(flags.run, flags.ate, name)
        except CannotRebuild as reason:
            print(f"recompute.py: {name}: {reason}", file=sys.stderr)
            return 2
        for quantity, recorded, computed in rows:
            worst = max(worst, abs(recorded - computed))
            compared += 1
            print(f"{name}  {quantity:8}  recorded {recorded:.9f}  computed {computed:.9f}  "
                  f"difference {computed - recorded:+.1e}")
    print(f"largest difference {worst:.1e}, tolerance {flags.tolerance:.0e}")
    return 0 if compared and worst <= flags.tolerance else 1


if __name__ == "__main__":
    sys.exit(main())
