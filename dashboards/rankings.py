"""Who stands before whom as far as intervals tell: one thing is better than another where their intervals lie apart.

    ranking = Ranking(["a", "b", "c"], losses)    # losses by name: low and high, less is better; n and origin must be equal
    ranking.better("a", "b")     # True: a is known to be better
    ranking.words("a")           # "1–2": first or second
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Ranking:
    cells: list
    losses: pd.DataFrame  # NaN where there is no interval: nothing is known then

    def better(self, one: object, other: object) -> bool:
        """Known to be."""
        a, b = self.losses.loc[one], self.losses.loc[other]
        return bool(a["n"] == b["n"] and a["origin"] == b["origin"] and a["high"] < b["low"])

    def rank(self, cell: object) -> tuple[int, int]:
        """From and to, counted from 1: what is known to be better stands before, what is known to be worse behind."""
        before = sum(self.better(other, cell) for other in self.cells)
        behind = sum(self.better(cell, other) for other in self.cells)
        return 1 + before, len(self.cells) - behind

    def words(self, cell: object) -> str:
        first, last = self.rank(cell)
        return str(first) if first == last else f"{first}–{last}"
