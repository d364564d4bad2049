#!/usr/bin/env python3
"""What the four procedures answer, computed with scipy: writes goldens.json beside this file.

    pip install -r requirements.txt && python make_goldens.py

Written from the equations of arXiv 2405.20915 and 2101.02703, in other terms than the C++ code: capital instead of its
logarithm, bisection, relative entropy from scipy.
"""

import json
import math
from pathlib import Path

import numpy as np
from scipy import optimize, stats

RANDOM = np.random.default_rng(20240531)


def upper_bound(x: np.ndarray, delta: float) -> float:
    n = len(x)
    running = np.arange(1, n + 1)
    mu = (0.5 + np.cumsum(x)) / (running + 1)
    variance = (0.25 + np.cumsum((x - mu) ** 2)) / (running + 1)
    before = np.concatenate([[0.25], variance[:-1]])
    nu = np.minimum(np.sqrt(2 * math.log(1 / delta) / (n * before)), 1.0)
    excess = lambda m: np.cumprod(1 - nu * (x - m)).max() - 1 / delta
    if excess(0.0) >= 0:
        return 0.0
    return 1.0 if excess(1.0) <= 0 else optimize.bisect(excess, 0.0, 1.0, xtol=1e-14)


def p_value(x: np.ndarray, epsilon: float) -> float:
    n, mean = len(x), min(math.fsum(x) / len(x), epsilon)
    bentkus = math.e * stats.binom.cdf(math.ceil(math.fsum(x)), n, epsilon)
    divergence = stats.entropy([mean, 1 - mean], [epsilon, 1 - epsilon])
    return float(min(bentkus, math.exp(-n * divergence), 1.0))


def last_of_prefix(passes: list[bool]) -> int | None:
    length = passes.index(False) if False in passes else len(passes)
    return length - 1 if length else None


def last(passes: list[bool]) -> int | None:
    return max((k for k, ok in enumerate(passes) if ok), default=None)


def answers(losses: np.ndarray, epsilon: float, delta: float, bound: float) -> dict:
    n, columns = len(losses), losses.T
    means = [math.fsum(column) / n for column in columns]
    level = ((n + 1) * epsilon - bound) / n
    uppers = [bound * upper_bound(column / bound, delta) for column in columns]
    p_values = [p_value(np.maximum(column / bound, 0), epsilon / bound) for column in columns]
    return {
        "naive": {"index": last([m < epsilon for m in means]), "bounds": [epsilon] * len(means)},
        "crc": {"index": last([m <= level for m in means]), "bounds": [level] * len(means)},
        "ucb_wsr": {"index": last_of_prefix([u < epsilon for u in uppers]), "bounds": uppers},
        "ltt_hb": {"index": last_of_prefix([p <= delta for p in p_values]), "bounds": p_values},
    }


def tables() -> dict[str, tuple[np.ndarray, float]]:
    rates = np.linspace(0.0, 0.4, 8)
    uniform = RANDOM.random((60, 1))
    bumpy = np.array([0.0, 0.02, 0.25, 0.05, 0.04, 0.3, 0.1, 0.5])
    return {
        "zero-one": ((uniform < rates).astype(float), 1.0),
        "one unit": (rates[None, :], 1.0),
        "smooth": (rates * RANDOM.beta(2, 2, (100, 8)), 1.0),
        "Brier, B = 2": (2 * np.minimum(rates * 2 * RANDOM.random((60, 1)), 1), 2.0),
        "all of it lost, B = 2": (np.full((20, 3), 2.0), 2.0),
        "gap, negative losses": (np.clip(rates - 0.1 + 0.2 * RANDOM.standard_normal((80, 8)), -1, 1), 1.0),
        "gap, B = 2": (np.clip(2 * rates - 0.3 + 0.5 * RANDOM.standard_normal((80, 8)), -2, 2), 2.0),
        "nothing lost": (np.zeros((100, 3)), 1.0),
        "not monotone": ((RANDOM.random((100, 1)) < bumpy).astype(float), 1.0),
    }


def main() -> None:
    cases = []
    for name, (losses, bound) in tables().items():
        losses = np.round(losses, 3)
        targets = [(0.05, 0.1), (0.15, 0.1), (0.15, 0.01), (0.3, 0.2)] + ([(1.2, 0.1)] if bound == 2 else [])
        cases.append({
            "name": name,
            "bound": bound,
            "losses": losses.tolist(),
            "answers": [{"epsilon": e, "delta": d} | answers(losses, e, d, bound) for e, d in targets],
        })
    text = json.dumps(cases, separators=(",", ":")).replace('{"name"', '\n{"name"').replace('"answers"', '\n"answers"')
    Path(__file__).with_name("goldens.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
