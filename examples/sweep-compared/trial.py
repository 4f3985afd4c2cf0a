"""One trial for Hydra: trains an arm from a seed, and leaves its row in the job's folder."""
import json
import subprocess

import hydra
from omegaconf import OmegaConf


@hydra.main(version_base=None, config_path=".", config_name="hydra")
def trial(config):
    done = subprocess.run(["ate", "study", "--preset", "focused", "--epochs", "2", "--jobs", "1", "--arms", config.arm,
                           "--seeds", str(config.seed), "--set", f"optimiser.learning_rate={config.rate}",
                           "--set", f"body.width={config.width}", "--out", "ate", "-q", "--format", "json"],
                          stdout=subprocess.PIPE, check=True)
    row = OmegaConf.to_container(config)
    row["loss"] = json.loads(done.stdout)["trials"][0]["val_loss"]
    with open("row.json", "w", encoding="utf-8") as file:
        json.dump(row, file)


if __name__ == "__main__":
    trial()
