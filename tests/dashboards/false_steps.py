"""What the rule for steps is worth: how many series of pure noise get a step, and how often a true one is found. The table of
dashboards/README.md, made from the repository's root in a minute or two by

    PYTHONPATH=. python tests/dashboards/false_steps.py
"""

from __future__ import annotations

import numpy as np

from dashboards.history.levels import find_levels

SERIES = 2000
STEPS = (0.02, 0.03, 0.05, 0.1)  # of true changes, in the middle
SPREADS = (0.005, 0.01, 0.03)  # of the noise


def noise(kind: str, n: int, spread: float, random: np.random.Generator) -> np.ndarray:
    """[SERIES, n] with standard deviation `spread` (heavy tails: of their middle)."""
    if kind == "normal":
        return random.normal(0, spread, (SERIES, n))
    if kind == "heavy tails":  # Student's t with 2 degrees of freedom
        return spread * random.standard_t(2, (SERIES, n))
    correlation = 0.5  # from run to run
    values = random.normal(0, spread, (SERIES, n))
    for run in range(1, n):
        values[:, run] = correlation * values[:, run - 1] + np.sqrt(1 - correlation**2) * values[:, run]
    return values


def share_with_steps(logs: np.ndarray) -> float:
    values = np.exp(logs)
    unknown = np.full_like(values, np.nan)  # the rule without the help of intervals
    return float(np.mean([len(levels) > 1 for levels in find_levels(values, unknown, unknown)]))


if __name__ == "__main__":
    print("| noise | spread | runs | none | " + " | ".join(f"{step:.0%}" for step in STEPS) + " |")
    for kind in ("normal", "heavy tails", "correlated"):
        for spread in SPREADS:
            for n in (10, 30, 200):
                random = np.random.default_rng(n)
                base = noise(kind, n, spread, random)
                after = (np.arange(n) >= n // 2).astype(float)
                shares = [share_with_steps(base)] + [share_with_steps(base[:300] + np.log1p(step) * after) for step in STEPS]
                print(f"| {kind} | {spread:.1%} | {n} | " + " | ".join(f"{share:.1%}" for share in shares) + " |", flush=True)
