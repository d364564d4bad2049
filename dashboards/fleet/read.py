"""The latest finished run of the reported run's suite on each kind of machine (machines.py), and what is the same cell on several.

Cells are the same where key, weights and parameters are; device, ranks and library may differ, for that is what is compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from dashboards.data import RunData, read_run, scenario_title
from dashboards.database import ReportError
from dashboards.fleet.prices import Price, Prices
from dashboards.machines import machine_labels

RUNS = """
SELECT id FROM run WHERE suite_name = (SELECT suite_name FROM run WHERE id = :run) AND status <> 'running' ORDER BY started_utc, id
"""
CEILINGS = "SELECT quantity, precision, sum(value) AS value FROM ceiling WHERE run = :run GROUP BY quantity, precision"
SAME = ["key", "model_fingerprint", "given_params", "given_solver_params"]


@dataclass(frozen=True)
class Machine:
    label: str
    hosts: list[str]
    data: RunData
    cells: pd.DataFrame  # by key: those that are ok, and the same as the reported run's
    others: int  # that have such a key and are not the same
    ceilings: pd.DataFrame  # of all ranks together: quantity, precision, value
    price: Price | None


@dataclass(frozen=True)
class Setting:
    """A full network and its methods."""

    title: str
    full: str  # keys
    keys: list[str]


@dataclass(frozen=True)
class Fleet:
    machines: list[Machine]  # that of the latest run first
    settings: list[Setting]
    names: dict[str, str]  # method_label by key

    @property
    def keys(self) -> list[str]:
        return [key for setting in self.settings for key in setting.keys]


def read_fleet(data: RunData, prices: Prices | None) -> Fleet | None:
    """None where the suite ran on one kind of machine alone."""
    runs = data.query(RUNS)["id"]
    latest = {label: run for label, run in zip(machine_labels(data, runs), runs)}
    if len(latest) < 2:
        if prices:
            raise ReportError(f"{prices.path}: prices compare machines, and the file holds this suite on one")
        return None
    wanted = data.cells[data.cells["role"] != "null"]
    machines = [_machine(label, read_run(data.connection, int(run)), wanted, prices) for label, run in reversed(latest.items())]
    if prices:
        prices.check([name for machine in machines for name in (machine.label, *machine.hosts)])
    return Fleet(machines, _settings(wanted), dict(zip(wanted["key"], wanted["method_label"])))


def _machine(label: str, data: RunData, wanted: pd.DataFrame, prices: Prices | None) -> Machine:
    cells = data.cells[(data.cells["status"] == "ok") & data.cells["images_per_s"].notna() & data.cells["key"].isin(wanted["key"])]
    same = cells[pd.MultiIndex.from_frame(cells[SAME]).isin(pd.MultiIndex.from_frame(wanted[SAME]))]
    hosts = data.query("SELECT host FROM machine WHERE run = :run ORDER BY id")["host"].tolist()
    return Machine(label, hosts, data, same.set_index("key"), len(cells) - len(same), data.query(CEILINGS), prices.of(label, hosts) if prices else None)


def _settings(cells: pd.DataFrame) -> list[Setting]:
    key_of = cells.set_index("cell")["key"]
    full = cells["baseline_cell"].fillna(cells["cell"]).map(key_of)
    found = []
    for key, of in cells.groupby(full, sort=False):
        first = of.iloc[0]
        title = f"{first['solver']}, {first['grid']}, {first['steps']} steps, {scenario_title(first['scenario'], first['batch'], first['compute'])}"
        found.append(Setting(title, key, [key, *(other for other in of["key"] if other != key)]))
    return found
