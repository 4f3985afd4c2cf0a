"""Writes statistics.json beside itself: paired statistics by SciPy, sign-flip tests by exact enumeration, Holm's
p-values by closed testing, power of the t test by numerical integration, e-values as mixtures of likelihoods by
numerical integration, entropies of Zipf laws by exact summation.

Run as `python make_statistics.py`; needs scipy.
"""

import itertools
import json
import math
import random
import statistics
from fractions import Fraction
from pathlib import Path

import numpy
from scipy import integrate, optimize, special, stats


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
    "six_ties": [1.0, 2.0, 3.0, -2.0, 1.0, -1.0],
    "seven_zeros": [0.0, 0.5, 0.0, 0.25, -0.25, 0.0, 1.0],
    "eleven_outlier": [*drawn(6, 10, 0.01, 0.02), 0.5],
}
# Of these also what can be said after each value; their effects are of a few standard deviations.
ANYTIME = ["two", "two_opposite", "three_mixed", "three_tiny", "five_gain", "five_large", "ten_mixed", "ten_no_effect",
           "twenty_gain", "twenty_mixed", "six_ties", "eleven_outlier"]
ANYTIME_LEVELS = [0.05, 0.01, 0.01 / 11]
P_VALUES = {
    "one": [0.03],
    "rising": [0.001, 0.01, 0.02, 0.04],
    "mixed": [0.04, 0.0005, 0.3, 0.012, 0.9, 0.012, 0.049],
    "monotone_binds": [0.02, 0.021, 0.022],
    "large": [0.6, 0.7, 0.8],
    "zero_and_one": [0.0, 1.0, 0.05],
    "eleven": [0.0020, 0.0039, 0.0059, 0.0137, 0.0273, 0.0488, 0.1309, 0.2324, 0.4922, 0.7695, 1.0],
}
# seeds, true mean in standard deviations, level
POWER = [(2, 1, 0.05), (3, 1, 0.05), (3, 2.5, 0.05), (5, 0, 0.05), (10, 0, 0.01), (10, 0.3, 0.05), (10, 1, 0.05),
         (10, 1, 0.05 / 11), (10, 2, 0.05 / 11), (20, 0.66, 0.05), (100, 0.28, 0.05), (1000, 0.1, 0.05)]
# seeds, level; power 0.8
DETECTABLE = [(2, 0.05), (3, 0.05), (3, 0.05 / 11), (5, 0.05), (10, 0.05), (10, 0.05 / 11), (11, 0.05), (20, 0.05),
              (20, 0.05 / 3), (100, 0.05), (1000, 0.05)]
ZIPF_LAWS = [(200, 1.4), (500, 1.3), (1000, 1.2), (2, 0), (7, 0), (1000, 0)]


def sign_flip(differences):
    """Share of all 2^n sign patterns whose |sum| is at least the observed one, in whole numbers."""
    exact = [Fraction(d) for d in differences]
    scale = math.lcm(*(d.denominator for d in exact))
    whole = [int(d * scale) for d in exact]
    sums = [0]
    for value in whole:
        sums = [s + sign * value for s in sums for sign in (1, -1)]
    return sum(abs(s) >= abs(sum(whole)) for s in sums) / len(sums)


def equivalence(differences, margin):
    """The larger p of the two one-sided tests."""
    above = stats.ttest_1samp(differences, -margin, alternative="greater")
    below = stats.ttest_1samp(differences, margin, alternative="less")
    return {"margin": margin, "p": float(max(above.pvalue, below.pvalue))}


def closed_testing(p):
    """Holm's adjusted p as what it stands for: the largest Bonferroni p of all intersections that a hypothesis is in."""
    adjusted = [0.0] * len(p)
    for size in range(1, len(p) + 1):
        for subset in itertools.combinations(range(len(p)), size):
            bonferroni = min(1.0, size * min(p[i] for i in subset))
            for i in subset:
                adjusted[i] = max(adjusted[i], bonferroni)
    return adjusted


def power(n, effect, level):
    """P(|Z + effect * sqrt(n)| > critical * S), S^2 chi-square over its degrees of freedom: integrated over S."""
    degrees = n - 1
    critical = stats.t.isf(level / 2, degrees)
    shift = effect * math.sqrt(n)

    def integrand(s):
        tails = stats.norm.sf(critical * s - shift) + stats.norm.cdf(-critical * s - shift)
        return tails * stats.chi.pdf(s * math.sqrt(degrees), degrees) * math.sqrt(degrees)

    edges = [0, *(stats.chi.ppf(q, degrees) / math.sqrt(degrees) for q in (1e-4, 0.01, 0.1, 0.5, 0.9, 0.99, 0.9999)), 40]
    return sum(integrate.quad(integrand, a, b, epsabs=1e-14, epsrel=1e-13, limit=500)[0]
               for a, b in zip(edges, edges[1:]))


def detectable(n, level):
    return optimize.brentq(lambda effect: power(n, effect, level) - 0.8, 1e-3, 200, xtol=1e-13, rtol=1e-13)


def log_e_value(values, mean=0.0):
    """ln of (likelihood mixed over effects ~ N(0, 1) and over scales) / (likelihood of effect 0 mixed over scales).

    The scale has the right Haar measure d sigma / sigma on both sides; both integrals by the trapezoidal rule, with
    nothing known of the t statistic.
    """
    x = numpy.asarray(values) - mean
    x = x / math.sqrt(numpy.mean(x * x))
    n = len(x)
    log_scale = numpy.linspace(-6, 18, 601)[:, None]
    effect = numpy.linspace(-30, 30, 3001)[None, :]
    precision = numpy.exp(-2 * log_scale)
    common = -n * log_scale - precision * numpy.sum(x * x) / 2
    cross = numpy.exp(-log_scale) * numpy.sum(x)
    mixed = common + cross * effect - (n + 1) * effect**2 / 2 - math.log(2 * math.pi) / 2
    return float(special.logsumexp(mixed) + math.log(60 / 3000) - special.logsumexp(common))


def log_e_value_of_t(values):
    """The same from the t statistic alone: its non-central density mixed over effects, over its central density."""
    n = len(values)
    t = stats.ttest_1samp(values, 0.0).statistic

    def integrand(effect):
        return stats.nct.pdf(t, n - 1, effect * math.sqrt(n)) * stats.norm.pdf(effect)

    peak = t / math.sqrt(n) * n / (n + 1)
    edges = sorted([-12, -3, 0, 3, 12, peak - 1, peak, peak + 1])
    mixed = sum(integrate.quad(integrand, a, b, epsabs=0, epsrel=1e-9, limit=200)[0] for a, b in zip(edges, edges[1:]))
    return math.log(mixed / stats.t.pdf(t, n - 1))


def confidence_sequence(values, level):
    """The means against which the e-value is below 1 / level, searched on either side; None where it never is."""
    center, scale = statistics.fmean(values), statistics.stdev(values)

    def over(distance):
        return log_e_value(values, center + distance * scale) + math.log(level)

    ends = []
    for side in (-1, 1):
        if over(side * 20) <= 0:  # 20 standard deviations away: it grows no more
            return None
        ends.append(center + scale * side * optimize.brentq(lambda d, s=side: over(s * d), 1e-9, 20, xtol=1e-10))
    return ends


def anytime(values):
    log_e = [log_e_value(values[:n]) for n in range(2, len(values) + 1)]
    for n in range(2, len(values) + 1):
        if n <= 12:
            of_t = log_e_value_of_t(values[:n])
            assert abs(of_t - log_e[n - 2]) < 1e-12, (values[:n], of_t, log_e[n - 2])
    intervals = [{"level": a, "interval": confidence_sequence(values, a)} for a in ANYTIME_LEVELS]
    return {"log_e": log_e, "p": min(1.0, math.exp(-max(log_e))), "sequences": intervals}


def paired(differences):
    test = stats.ttest_1samp(differences, 0.0)
    interval = test.confidence_interval(0.95)
    margins = [0.5 * statistics.stdev(differences), 2 * abs(statistics.fmean(differences)) + statistics.stdev(differences)]
    return {
        "differences": differences,
        "mean": statistics.fmean(differences),
        "sd": statistics.stdev(differences),
        "interval": [float(interval.low), float(interval.high)],
        "p_value": float(test.pvalue),
        "sign_flip": sign_flip(differences),
        "equivalence": [equivalence(differences, margin) for margin in margins],
    }


def entropy(vocabulary, exponent):
    """-sum p ln p in nats, p(r) proportional to r^-exponent: ln Z + exponent * sum r^-exponent ln r / Z."""
    weights = [r**-exponent for r in range(1, vocabulary + 1)]
    total = math.fsum(weights)
    return math.log(total) + exponent * math.fsum(w * math.log(r) for r, w in enumerate(weights, start=1)) / total


def main():
    cases = [{"case": name} | paired(values) for name, values in DIFFERENCES.items()]
    laws = [{"vocabulary": v, "exponent": s, "nats": entropy(v, s)} for v, s in ZIPF_LAWS]
    adjusted = [{"case": name, "p": p, "adjusted": closed_testing(p)} for name, p in P_VALUES.items()]
    powers = [{"n": n, "effect": e, "level": a, "power": power(n, e, a)} for n, e, a in POWER]
    smallest = [{"n": n, "level": a, "power": 0.8, "effect": detectable(n, a)} for n, a in DETECTABLE]
    always = [{"case": name, "differences": DIFFERENCES[name]} | anytime(DIFFERENCES[name]) for name in ANYTIME]
    sections = {"paired": cases, "anytime": always, "holm": adjusted, "power": powers, "detectable": smallest, "zipf_entropy": laws}
    text = ",\n".join(
        f'  "{key}": [\n' + ",\n".join(f"    {json.dumps(row, allow_nan=False)}" for row in rows) + "\n  ]"
        for key, rows in sections.items()
    )
    Path(__file__).with_name("statistics.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
