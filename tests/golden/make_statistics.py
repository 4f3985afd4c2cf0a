"""Writes statistics.json beside itself: paired statistics by SciPy, entropies of Zipf laws by exact summation.

Run as `python make_statistics.py`; needs scipy.
"""

import json
import math
import random
import statistics
from pathlib import Path

from scipy import stats


def drawn(seed, n, mean, sd):
    generator = random.Random(seed)
    return [generator.gauss(mean, sd) for _ in range(n)]


# name: differences (bespoke - standard) of paired runs
DIFFERENCES = {
    "two": [-0.031, -0.012],
    "two_opposite": [0.25, -0.25],
    "three_mixed": [0.01, -0.02, 0.04],
    "three_tiny": [1.5e-9, -2.25e-9, 4.0e-10],
    "five_gain": [-0.052, -0.047, -0.061, -0.055, -0.049],
    "five_large": [123456.75, 98765.5, -45678.25, 150000.0, 87654.125],
    "five_scales": [1e-6, -3e-3, 2.0, -40.0, 5e-8],
    "ten_mixed": drawn(1, 10, -0.01, 0.03),
    "ten_no_effect": drawn(2, 10, 0.0, 1.0),
    "ten_offset": drawn(3, 10, 1000.0, 0.001),
    "twenty_gain": drawn(4, 20, -0.05, 0.004),
    "twenty_mixed": drawn(5, 20, 0.002, 0.01),
}
ZIPF_LAWS = [(200, 1.4), (500, 1.3), (1000, 1.2), (2, 0), (7, 0), (1000, 0)]


def paired(differences):
    test = stats.ttest_1samp(differences, 0.0)
    interval = test.confidence_interval(0.95)
    return {
        "differences": differences,
        "mean": statistics.fmean(differences),
        "sd": statistics.stdev(differences),
        "interval": [float(interval.low), float(interval.high)],
        "p_value": float(test.pvalue),
    }


def entropy(vocabulary, exponent):
    """-sum p ln p in nats, p(r) proportional to r^-exponent: ln Z + exponent * sum r^-exponent ln r / Z."""
    weights = [r**-exponent for r in range(1, vocabulary + 1)]
    total = math.fsum(weights)
    return math.log(total) + exponent * math.fsum(w * math.log(r) for r, w in enumerate(weights, start=1)) / total


def main():
    cases = [{"case": name} | paired(values) for name, values in DIFFERENCES.items()]
    laws = [{"vocabulary": v, "exponent": s, "nats": entropy(v, s)} for v, s in ZIPF_LAWS]
    sections = {"paired": cases, "zipf_entropy": laws}
    text = ",\n".join(
        f'  "{key}": [\n' + ",\n".join(f"    {json.dumps(row, allow_nan=False)}" for row in rows) + "\n  ]"
        for key, rows in sections.items()
    )
    Path(__file__).with_name("statistics.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
