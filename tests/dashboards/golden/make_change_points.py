"""Writes change_points.json: the cuts that ruptures finds in fixed series, over all numbers of segments by the criterion of
dashboards/history/segments.py. Versions: requirements.txt beside this file.

    python make_change_points.py
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import ruptures

BETA_SCALE, RESOLUTION, SHORTEST = 4.0, 1e-3, 2
MOST_SEGMENTS = 8


def series() -> dict[str, np.ndarray]:
    random = np.random.default_rng(20260101)
    found = {}
    for number, (n, sd, steps) in enumerate([
        (12, 0.01, {}), (12, 0.01, {6: 0.1}), (30, 0.01, {}), (30, 0.01, {10: 0.03}), (30, 0.01, {10: 0.03, 20: -0.05}), (40, 0.02, {30: 0.05}),
        (40, 0.02, {38: 0.2}), (40, 0.005, {2: -0.1, 35: 0.02}), (60, 0.01, {20: 0.02, 40: 0.02}), (60, 0.03, {30: 0.04}),
    ]):
        values = 4.6 + random.normal(0, sd, n)
        for at, change in steps.items():
            values[at:] += change
        found[f"{number}: {n} runs, sd {sd}, steps {steps}"] = values
    blip = 4.6 + random.normal(0, 0.005, 40)
    blip[17] += 0.4
    found["a blip"] = blip
    for number in range(12):  # on the edge of being cut, so that another penalty or resolution would cut otherwise
        found[f"edge {number}"] = 4.6 + random.normal(0, 0.01, 24) + 0.016 * (np.arange(24) >= 10)
        found[f"quiet edge {number}"] = 4.6 + random.normal(0, 2e-4, 24) + 4e-4 * number * (np.arange(24) >= 10)
    found["a drift"] = 4.6 + np.linspace(0, 0.1, 40) + random.normal(0, 0.003, 40)
    found["heavy tails"] = 4.6 + 0.01 * random.standard_t(2, 60)
    return {name: np.round(values, 5) for name, values in found.items()}


def cuts_of(values: np.ndarray) -> list[int]:
    n = len(values)
    search = ruptures.Dynp(model="l1", min_size=SHORTEST, jump=1).fit(values.reshape(-1, 1))
    best, chosen = math.inf, []
    for segments in range(1, min(MOST_SEGMENTS, n // SHORTEST) + 1):
        ends = search.predict(n_bkps=segments - 1) if segments > 1 else [n]
        score = BETA_SCALE * math.log(n) / n * segments + math.log(search.cost.sum_of_costs(ends) + n * RESOLUTION)
        if score < best:
            best, chosen = score, ends[:-1]
    return [int(cut) for cut in chosen]


if __name__ == "__main__":
    cases = [{"name": name, "values": values.tolist(), "cuts": cuts_of(values)} for name, values in series().items()]
    path = Path(__file__).with_name("change_points.json")
    lines = ",\n".join(json.dumps(case) for case in cases)
    path.write_text(f'{{"ruptures": "{ruptures.__version__}", "cases": [\n{lines}\n]}}\n')
