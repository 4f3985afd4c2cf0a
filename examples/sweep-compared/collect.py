"""The rows of Hydra's jobs as one table."""
import csv
import glob
import json
import sys

rows = [json.load(open(path, encoding="utf-8")) for path in glob.glob("hydra-out/*/row.json")]
table = csv.DictWriter(sys.stdout, ["rate", "width", "arm", "seed", "loss"])
table.writeheader()
table.writerows(rows)
