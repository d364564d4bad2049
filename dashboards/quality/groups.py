"""Which settings are set against each other: the methods of one full network and itself, on the same seeds.

    for group in groups(data):
        group.cells         # the full network first; cells judged as another one, on the same samples, are left out
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboards.data import RunData


@dataclass(frozen=True)
class Group:
    title: str
    full: int  # cell of the full network
    cells: pd.DataFrame


def groups(data: RunData) -> list[Group]:
    cells = data.cells[(data.cells["status"] == "ok") & (data.cells["role"] != "null")].drop_duplicates("judged_as")
    judged_as = data.cells.set_index("cell")["judged_as"]
    full = cells["baseline_cell"].fillna(cells["cell"]).map(judged_as)
    found = []
    for number, of in cells.groupby(full, sort=False):
        first = of.iloc[0]
        title = f"{first['solver']}, {first['grid']}, {first['steps']} steps"
        found.append(Group(title, int(number), of.sort_values("role", key=lambda role: role != "baseline", kind="stable")))
    titles = [group.title for group in found]
    precision = lambda group: f", {group.cells.iloc[0]['compute']}, batch {group.cells.iloc[0]['batch']}"  # noqa: E731
    return [Group(group.title + precision(group) * (titles.count(group.title) > 1), group.full, group.cells) for group in found]
