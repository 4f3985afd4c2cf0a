#!/usr/bin/env python3
"""A run for Weights & Biases, offline, a run for each trial: wandb sync FOLDER/wandb/offline-run-*."""

import os

import run_files


def main():
    given = run_files.arguments(__doc__, "wandb-offline")
    wandb = run_files.package("wandb")
    os.makedirs(given.to, exist_ok=True)
    for trial in given.trials:
        run = wandb.init(project="ate", group=given.id, name=trial.name, dir=given.to, mode="offline", reinit=True,
                         config={**given.config, "arm": trial.arm, "seed": trial.seed})
        for name, curve in (("train_loss", trial.train), ("validation_loss", trial.validation)):
            run.define_metric(name, step_metric=name + "_at")
            for place, loss in curve:
                run.log({name: loss, name + "_at": place})
        run.summary["status"] = trial.status
        run.summary["floor"] = trial.floor
        run.finish()
    print(f"{len(given.trials)} trials in {given.to}")


if __name__ == "__main__":
    main()
