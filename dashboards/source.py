"""What a page is made from."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.comparison.read import Comparison
from dashboards.data import RunData


@dataclass(frozen=True)
class Source:
    data: RunData  # the run that is reported
    comparison: Comparison | None = None  # with --comparison
