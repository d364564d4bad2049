"""Kinds of machine: processors, their cores and GPUs, never a host's name, so that a history goes on when a host is replaced."""

from __future__ import annotations

import json

import pandas as pd

from dashboards.data import RunData

MACHINES = "SELECT run, host, cpu_model, core_count, gpu_names FROM machine ORDER BY run, id"


def machine_labels(data: RunData, runs: pd.Series) -> pd.Series:
    """Of each of these runs, in their order; a run over several hosts is on one machine of several."""
    labels: dict[int, list[str]] = {}
    for row in data.query(MACHINES).itertuples():
        cores = "unknown cores" if pd.isna(row.core_count) else f"{row.core_count:.0f} cores"
        labels.setdefault(row.run, []).append(", ".join(["unknown CPU" if pd.isna(row.cpu_model) else row.cpu_model, cores, *json.loads(row.gpu_names)]))
    hosts = {run: sorted(labels.get(run, ["unknown machine"])) for run in runs}
    return runs.map(lambda run: " and ".join(f"{hosts[run].count(of)} × {of}" if hosts[run].count(of) > 1 else of for of in dict.fromkeys(hosts[run])))
