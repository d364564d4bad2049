"""How fast each cell is on each machine: images per second, per watt, and what a thousand of them cost. One is the other in another
unit, so intervals are those that were stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import pandas as pd

from dashboards.fleet.read import Fleet, Machine
from dashboards.intervals import interval_words, number_words

SECONDS, THOUSAND = 3600.0, 1000.0


@dataclass(frozen=True)
class Measure:
    title: str
    hover: str
    text: Callable[[Machine, pd.Series], tuple[str, str]]  # value and interval; ("", "") where it is not known


def _speed(machine: Machine, cell: pd.Series) -> tuple[str, str]:
    return number_words(cell["images_per_s"], ".4g"), cell["images_per_s_interval"]


def _per_watt(machine: Machine, cell: pd.Series) -> tuple[str, str]:
    joules = cell["energy_j_per_sample"]
    return ("", "") if pd.isna(joules) or joules == 0 else (number_words(1 / joules, ".3g"), "")


def _cost(machine: Machine, cell: pd.Series) -> tuple[str, str]:
    if machine.price is None:
        return "", ""
    cost = lambda speed: THOUSAND * machine.price.per_hour / SECONDS / speed  # noqa: E731
    ends = interval_words(cost(cell["images_per_s_high"]), cost(cell["images_per_s_low"]), cell["images_per_s_n"], ".3g")
    return f"{number_words(cost(cell['images_per_s']), '.3g')} {machine.price.currency}".strip(), ends


MEASURES = [
    Measure("images/s", "throughput, with its 95 % interval", _speed),
    Measure("images/s per watt", "images per joule: one over the energy per sample; it is stored without an interval", _per_watt),
    Measure("cost of 1,000 images", "1,000 / images per second at the price per hour that was given, with the interval of the throughput", _cost),
]


def speed_tables(fleet: Fleet, colours: dict[str, str]) -> list[dict]:
    """One for each measure that some machine has, in groups by setting."""
    tables = []
    for measure in MEASURES:
        groups = [{"title": setting.title, "rows": [_row(fleet, measure, key, colours) for key in setting.keys]} for setting in fleet.settings]
        if any(value for group in groups for row in group["rows"] for value, _ in row["values"]):
            tables.append({"title": measure.title, "hover": measure.hover, "groups": groups})
    return tables


def _row(fleet: Fleet, measure: Measure, key: str, colours: dict[str, str]) -> dict:
    values = [measure.text(machine, machine.cells.loc[key]) if key in machine.cells.index else ("", "") for machine in fleet.machines]
    return {"method": fleet.names[key], "colour": colours[fleet.names[key]], "values": values}
