"""Intervals as they were stored, in words and as bars. Nothing is computed here: table estimate has value, low, high and n.

    interval_words(2.4, 2.6, 8, ".1f")         # "[2.4, 2.6]"
    number_words(67321.0, ".4g")               # "67320"
    interval_words(math.nan, math.nan, 3, "")  # "n < 6": three repetitions bound no median
    go.Scatter(error_y=plotly_bars(cells, "speedup", colour))    # none where there is no interval
    axis.errorbar(x, y, yerr=paper_bars(cells, "speedup"))
"""

from __future__ import annotations

import pandas as pd

LEAST_N = 6  # results/README.md: below, no rule keeps its promise of 95 %


def no_interval(n: float) -> str:
    """Why there is none."""
    if pd.isna(n):
        return ""
    return f"n < {LEAST_N}" if n < LEAST_N else f"no interval at n = {n:.0f}"


def interval_words(low: float, high: float, n: float, form: str) -> str:
    return no_interval(n) if pd.isna(low) else f"[{number_words(low, form)}, {number_words(high, form)}]"


def number_words(value: float, form: str) -> str:
    """As `form` rounds it, but large numbers without an exponent: 1e+03 is 1000."""
    text = format(value, form)
    return format(float(text), "+.0f" if "+" in form else ".0f") if "e+0" in text else text


def paper_bars(cells: pd.DataFrame, name: str) -> list[pd.Series]:
    """Lengths below and above; NaN draws nothing. A value is never outside its interval but for rounding."""
    return [(cells[name] - cells[f"{name}_low"]).clip(lower=0.0), (cells[f"{name}_high"] - cells[name]).clip(lower=0.0)]


def plotly_bars(cells: pd.DataFrame, name: str, colour: str, thickness: float = 1, width: float = 3) -> dict:
    below, above = paper_bars(cells, name)
    return {"type": "data", "symmetric": False, "thickness": thickness, "width": width, "color": colour, "array": above, "arrayminus": below}
