#!/usr/bin/env python3
"""A run as an MLflow experiment, a run for each trial: mlflow ui --backend-store-uri FOLDER."""

import os

import run_files


def main():
    given = run_files.arguments(__doc__, "mlruns")
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # plain files, which newer versions ask to be allowed
    mlflow = run_files.package("mlflow")
    mlflow.set_tracking_uri("file:" + os.path.abspath(given.to))
    mlflow.set_experiment(given.id)
    for trial in given.trials:
        with mlflow.start_run(run_name=trial.name):
            mlflow.log_params({"arm": trial.arm, "seed": trial.seed,
                               **{k: str(v)[:500] for k, v in given.config.items()}})
            mlflow.set_tag("status", trial.status)
            for place, loss in trial.train:
                mlflow.log_metric("train_loss", loss, step=place)
            for place, loss in trial.validation:
                mlflow.log_metric("validation_loss", loss, step=place)
            if trial.floor is not None:
                mlflow.log_metric("floor", trial.floor)
    print(f"{len(given.trials)} trials in {given.to}")


if __name__ == "__main__":
    main()
