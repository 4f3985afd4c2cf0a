"""A run as its files hold it, for the exports of this folder: its config, and the curves of each trial."""

import argparse
import glob
import importlib
import json
import os
import sys
from collections import namedtuple

# train and validation: (place, loss in nats); the place is an epoch, of validation by steps a step.
Trial = namedtuple("Trial", "name arm seed status floor train validation")


def fail(text, code=2):
    print(f"{os.path.basename(sys.argv[0])}: {text}", file=sys.stderr)
    sys.exit(code)


def package(*names):
    """The first of the packages that is installed; without one a line that says what to install."""
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    fail(f"needs the Python package {' or '.join(n.split('.')[0] for n in names)}, which is not installed: "
         f"pip install {names[0].split('.')[0]}", code=1)


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        return fail(f"{path}: {error}")


def flat(document, prefix=""):
    """{"body.width": 32} of a config; lists as text."""
    out = {}
    for key, value in document.items():
        if isinstance(value, dict):
            out.update(flat(value, prefix + key + "."))
        else:
            out[prefix + key] = json.dumps(value) if isinstance(value, list) else value
    return out


def points(places, values):
    """(place, value) of each point of a curve that has a value."""
    return [(int(place), float(value)) for place, value in zip(places, values) if value is not None]


def trials_of(folder):
    """Every trial of the run in <out>/runs/<id>, by its progress file in <out>."""
    folder = os.path.abspath(folder)
    run_id, out = os.path.basename(folder), os.path.dirname(os.path.dirname(folder))
    trials = []
    for path in sorted(glob.glob(os.path.join(glob.escape(out), f"progress_*_{glob.escape(run_id)}.json"))):
        p = read_json(path)
        train = points(range(1, len(p["train_losses"]) + 1), p["train_losses"])
        places = p["eval_steps"] if "eval_steps" in p else [e + 1 for e in p["eval_epochs"]]
        trials.append(Trial(f"{p['arm']}-s{p['seed']}", p["arm"], p["seed"], p["status"], p.get("floor"), train,
                            points(places, p["val_losses"])))
    return trials


def arguments(about, default_out):
    """The run's folder, its config and trials, and where to write."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("run", help="a run's folder, such as tool_outputs/runs/study-focused-0123456789")
    parser.add_argument("--to", default=default_out, help=f"folder to write to (default {default_out})")
    given = parser.parse_args()
    config = os.path.join(given.run, "config.json")
    if not os.path.isfile(config):
        fail(f"\"{given.run}\": is no run's folder: it has no config.json")
    given.config = flat(read_json(config))
    given.trials = trials_of(given.run)
    given.id = os.path.basename(os.path.abspath(given.run))
    if not given.trials:
        fail(f"\"{given.run}\": no trial has saved anything yet")
    return given
