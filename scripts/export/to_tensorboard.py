#!/usr/bin/env python3
"""A run's curves, floors and config as TensorBoard event files: tensorboard --logdir FOLDER."""

import os

import run_files


def main():
    given = run_files.arguments(__doc__, "tensorboard")
    writer_class = run_files.package("tensorboardX", "torch.utils.tensorboard").SummaryWriter
    for trial in given.trials:
        writer = writer_class(os.path.join(given.to, given.id, trial.name))
        writer.add_text("config", "\n".join(f"    {k} = {v}" for k, v in given.config.items()), 0)
        for place, loss in trial.train:
            writer.add_scalar("loss/train", loss, place)
        for place, loss in trial.validation:
            writer.add_scalar("loss/validation", loss, place)
            if trial.floor is not None:
                writer.add_scalar("loss/floor", trial.floor, place)
        writer.close()
    print(f"{len(given.trials)} trials in {os.path.join(given.to, given.id)}")


if __name__ == "__main__":
    main()
