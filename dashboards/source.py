"""What a page is made from."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.comparison.read import Comparison
from dashboards.data import RunData
from dashboards.fleet.prices import Prices


@dataclass(frozen=True)
class Source:
    data: RunData  # the run that is reported
    comparison: Comparison | None = None  # with --comparison
    prices: Prices | None = None  # with --prices
