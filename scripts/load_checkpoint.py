#!/usr/bin/env python3
"""Loads a checkpoint of a stored run in PyTorch, from the run's folder alone.

    scripts/load_checkpoint.py tool_outputs/runs/RUN ARM SEED [--ate build/release/ate]

Prints each parameter's name and shape, then the validation loss that the run recorded and the one that PyTorch computes. In
a program of your own, `load` of recompute.py gives the module. Needs torch and numpy. Exit code 2: a model that this script
cannot rebuild, with the reason.
"""

import argparse
import os
import sys

from recompute import evaluate, last_evaluation, load, parameters_of, read_safetensors
from torch_model import CannotRebuild


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("run", help="a run's folder, tool_outputs/runs/RUN")
    parser.add_argument("arm", help="such as standard")
    parser.add_argument("seed", type=int)
    parser.add_argument("--ate", default="ate", help="the program that wrote it (default: ate)")
    flags = parser.parse_args()
    name = f"{flags.arm}-s{flags.seed}"
    file = os.path.join(flags.run, "checkpoint", name + ".safetensors")
    if not os.path.exists(file):
        there = sorted(found[:-len(".safetensors")] for found in os.listdir(os.path.dirname(file))
                       if "previous" not in found) if os.path.isdir(os.path.dirname(file)) else []
        parser.error(f"no checkpoint {file}; there are: {', '.join(there) or 'none'}")
    try:
        model, files, progress = load(flags.run, flags.ate, name)
        recorded, place = last_evaluation(files, progress)
        loss = evaluate(model, files, place)["loss"]
    except CannotRebuild as reason:
        print(f"load_checkpoint.py: {name}: {reason}", file=sys.stderr)
        return 2
    for parameter, array in parameters_of(read_safetensors(file)[1]).items():
        print(f"{parameter:45} {list(array.shape)}")
    print(f"validation loss: recorded {recorded['loss']:.9f}, computed {loss:.9f} nats")
    if progress["status"] != "finished":
        print(f"The trial is {progress['status']}: it went on after its last evaluation.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
