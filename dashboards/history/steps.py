"""Steps between the levels of series, with the runs between which they happened and what they are to a reader."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboards.history.causes import BOTH, SHARED, UNKNOWN, Causes
from dashboards.history.levels import Level

REGRESSION, IMPROVEMENT, CHANGE = "regression", "improvement", "change"
MACHINE, UNDECIDED = "shared", "undecided"  # neither of the two: not, or not known to be, the method's doing
WORDS = {MACHINE: "the machine: full moved as well", UNDECIDED: "cannot tell method from machine"}  # of kinds whose name does not say it
NEW_CELL, NEW_FOOTING = "the cell became another one", "of other samples, extractor or reference"


@dataclass(frozen=True)
class Step:
    series: int
    after: int  # the last run of the old level, as columns of the series' machine
    begins: int  # the first run of the new one
    old: float
    new: float
    kind: str
    note: str = ""  # why it is a change and no more (the values are not comparable), or what else moved


def steps_between(levels: list[list[Level]], better: str, breaks: dict[str, np.ndarray], causes: Causes | None = None) -> list[Step]:
    """`better` as table metric has it; `breaks`: by note, [series, run] where a value cannot be compared with the one before;
    `causes` of a metric that the machine moves."""
    return [_step(series, old, new, better, breaks, causes) for series, of in enumerate(levels) for old, new in zip(of, of[1:])]


def _step(series: int, old: Level, new: Level, better: str, breaks: dict[str, np.ndarray], causes: Causes | None) -> Step:
    note = "; ".join(note for note, is_new in breaks.items() if is_new[series, old.last + 1 : new.first + 1].any())
    kind = CHANGE if note else _kind(new.value - old.value, better)
    if causes and not note:
        cause = causes.of(series, old, new)
        if cause.who == BOTH:
            kind, note = _kind(cause.against_full, better), f"{WORDS[MACHINE]}; {100 * cause.against_full:+.3g} % against full".replace("-", "−")
        kind = {SHARED: MACHINE, UNKNOWN: UNDECIDED}.get(cause.who, kind)
    return Step(series, old.last, new.first, old.value, new.value, kind, note)


def _kind(move: float, better: str) -> str:
    if better not in ("lower", "higher"):
        return CHANGE
    return IMPROVEMENT if (move < 0) == (better == "lower") else REGRESSION
