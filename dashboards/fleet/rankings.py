"""Which method is faster on which machine, as far as the intervals of speed-ups over `full` tell (each is paired within the
rounds of its own run), and where two machines are known to say the opposite."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from dashboards.fleet.read import Fleet, Machine, Setting
from dashboards.intervals import number_words
from dashboards.rankings import Ranking


def speed_ranking(machine: Machine, setting: Setting) -> Ranking:
    """Of the cells that ran there; `full` is 1 by definition."""
    keys = [key for key in setting.keys if key in machine.cells.index]
    of = machine.cells.loc[keys]
    losses = pd.DataFrame({"low": -of["speedup_high"], "high": -of["speedup_low"], "n": 0, "origin": ""})
    if setting.full in keys:
        losses.loc[setting.full, ["low", "high"]] = -1.0
    return Ranking(keys, losses)


def ranking_table(fleet: Fleet, setting: Setting, colours: dict[str, str]) -> dict:
    """Rows by method, a column by machine: the rank as far as it is known, and the speed-up that it comes from."""
    rankings = [speed_ranking(machine, setting) for machine in fleet.machines]
    rows = [{"method": fleet.names[key], "colour": colours[fleet.names[key]], "ranks": [_cell(machine, ranking, key) for machine, ranking in zip(fleet.machines, rankings)]}
            for key in setting.keys]
    return {"title": setting.title, "rows": rows, "differences": _differences(fleet, setting, rankings)}


def _cell(machine: Machine, ranking: Ranking, key: str) -> dict:
    if key not in ranking.cells:
        return {"rank": "–", "value": ""}
    cell = machine.cells.loc[key]
    value = "" if pd.isna(cell["speedup"]) else f"{number_words(cell['speedup'], '.3f')} {cell['speedup_interval']}"
    return {"rank": ranking.words(key), "value": value.strip()}


def _differences(fleet: Fleet, setting: Setting, rankings: list[Ranking]) -> list[dict]:
    """Each pair of methods that one machine is known to order this way and another the other way, with what arrived of their promises."""
    found = []
    for one, other in combinations(setting.keys, 2):
        sides = [[machine for machine, ranking in zip(fleet.machines, rankings) if {one, other} <= set(ranking.cells) and ranking.better(*pair)]
                 for pair in ((one, other), (other, one))]
        if all(sides):
            found.append({"words": _sides_words(fleet, one, other, sides), "why": [_why(fleet, machine, setting, (one, other)) for side in sides for machine in side]})
    return found


def _sides_words(fleet: Fleet, one: str, other: str, sides: list[list[Machine]]) -> str:
    on = ["; ".join(machine.label for machine in side) for side in sides]
    return f"{fleet.names[one]} is faster than {fleet.names[other]} on {on[0]}. On {on[1]}: the other way round."


def _why(fleet: Fleet, machine: Machine, setting: Setting, keys: tuple[str, str]) -> str:
    """Of what FLOPs promise, the share that the machine gives; and how near `full` comes to its ceiling, for saved arithmetic is worth little where it does not bound."""
    parts = []
    for key in keys:
        cell = machine.cells.loc[key]
        if pd.notna(cell["realised_fraction"]):
            parts.append(f"{cell['realised_fraction']:.0%} of what {fleet.names[key]} promises ({cell['theoretical_speedup']:.2f} times) arrives")
    share = ceiling_share(machine, setting.full)
    if share is not None:
        parts.append(f"{fleet.names[setting.full]} reaches {share:.0%} of the arithmetic ceiling")
    return f"{machine.label}: " + ("; ".join(parts) if parts else "neither realised fraction nor ceiling is known")


def ceiling_share(machine: Machine, key: str) -> float | None:
    """Of FLOP/s that the machine reached with a large matrix product in the cell's precision."""
    if key not in machine.cells.index:
        return None
    cell = machine.cells.loc[key]
    ceiling = ceiling_of(machine, "flops_per_s", cell["precision"])
    return None if ceiling is None or pd.isna(cell["flops_per_sample"]) else float(cell["images_per_s"] * cell["flops_per_sample"] / ceiling)


def ceiling_of(machine: Machine, quantity: str, precision: str = "") -> float | None:
    rows = machine.ceilings
    found = rows.loc[(rows["quantity"] == quantity) & (rows["precision"] == precision), "value"]
    return None if found.empty else float(found.iloc[0])
