"""Steps between the levels of series, with the runs between which they happened and what they are to a reader."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboards.history.levels import Level

REGRESSION, IMPROVEMENT, CHANGE = "regression", "improvement", "change"
NEW_CELL, NEW_FOOTING = "the cell became another one", "of other samples, extractor or reference"


@dataclass(frozen=True)
class Step:
    series: int
    after: int  # the last run of the old level, as columns of the series' machine
    begins: int  # the first run of the new one
    old: float
    new: float
    kind: str
    note: str = ""  # why it is neither regression nor improvement: the values are not comparable


def steps_between(levels: list[list[Level]], better: str, breaks: dict[str, np.ndarray]) -> list[Step]:
    """`better` as table metric has it; `breaks`: by note, [series, run] where a value cannot be compared with the one before."""
    return [_step(series, old, new, better, breaks) for series, of in enumerate(levels) for old, new in zip(of, of[1:])]


def _step(series: int, old: Level, new: Level, better: str, breaks: dict[str, np.ndarray]) -> Step:
    note = "; ".join(note for note, is_new in breaks.items() if is_new[series, old.last + 1 : new.first + 1].any())
    return Step(series, old.last, new.first, old.value, new.value, CHANGE if note else _kind(old.value, new.value, better), note)


def _kind(old: float, new: float, better: str) -> str:
    if better not in ("lower", "higher"):
        return CHANGE
    return IMPROVEMENT if (new < old) == (better == "lower") else REGRESSION
