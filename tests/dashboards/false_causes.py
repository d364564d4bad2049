"""Makes the table of dashboards/README.md, "Whose step it is": how often a step of the machine is called a method's, and how often a
method's own is found, beside a phase in which all cells are slower by 30 %. From the repository's root, in half a minute:

    PYTHONPATH=. python tests/dashboards/false_causes.py
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from dashboards.history.causes import Causes
from dashboards.history.levels import find_levels
from dashboards.history.steps import steps_between

HISTORIES, RUNS, CELLS = 100, 200, 5
PHASE, OWN = slice(60, 100), 140  # runs
FULL = pd.DataFrame({"machine": 0, "role": ["baseline"] + ["method"] * (CELLS - 1), "full": [-1] + [0] * (CELLS - 1)})


def count(noise: float, factor: float) -> tuple[Counter, Counter]:
    """Kinds of the steps of the phase, and of the one of the first method."""
    random, of_phase, of_method = np.random.default_rng(5), Counter(), Counter()
    for _ in range(HISTORIES):
        values = 100 * np.exp(random.normal(0, noise, (CELLS, RUNS)))
        values[:, PHASE] *= 1.3
        values[1, OWN:] *= factor
        low, high = values * (1 - noise), values * (1 + noise)
        for step in steps_between(find_levels(values, low, high), "lower", {}, Causes(values, low, high, FULL)):
            if step.series > 0 and min(abs(step.begins - PHASE.start), abs(step.begins - PHASE.stop)) <= 2:
                of_phase[step.kind] += 1
            elif step.series == 1 and abs(step.begins - OWN) <= 2:
                of_method[step.kind] += 1
    return of_phase, of_method


def share(kinds: Counter, *names: str) -> str:
    return f"{sum(kinds[name] for name in names) / sum(kinds.values()):.1%}" if kinds else "-"


if __name__ == "__main__":
    print("| noise | method | the phase: the machine's | called a method's | the method's own step: seen | of these a regression | cannot tell |\n|---|---|---|---|---|---|---|")
    for noise in (0.005, 0.01, 0.03):
        for factor in (1.05, 1.1):
            phase, own = count(noise, factor)
            print(f"| {noise:.1%} | {factor - 1:+.0%} | {share(phase, 'shared')} | {share(phase, 'regression', 'improvement')} | {sum(own.values()) / HISTORIES:.0%} | {share(own, 'regression')} | {share(own, 'undecided')} |")
