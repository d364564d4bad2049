"""A suite on several machines, as `diffbench merge` puts them into one file."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np

from history_database import empty_file, started
from rows import add_cell_row, add_estimate, add_run_row, add_speedup, insert

FLOPS = {"full": 100.0, "duodiff": 50.0, "fixed_exit": 40.0}  # per sample: theory is 2 and 2.5
METRICS = "INSERT OR IGNORE INTO metric VALUES ('energy_per_sample', 'J', 'lower', 'energy', 'sum', 'energy_j_per_sample', NULL, NULL)"


def add_machine(connection: sqlite3.Connection, run: int, label: str, speed: float, speedups: dict[str, float], *, host: str = "", half_width: float = 0.01,
                joules: float | None = None, ceiling: float | None = None, status: str = "ok", **columns: object) -> None:
    """A run of `full` at `speed` images/s and methods that are faster by `speedups`, in one setting; `columns` of its cells."""
    connection.execute(METRICS)
    add_run_row(connection, run, started=started(run), status=status)
    insert(connection, "machine", id=run, run=run, host=host or f"host{run}", cpu_model=label, core_count=2)
    insert(connection, "rank", run=run, rank=0, machine=run, device="cpu", threads=1, pid=42)
    for place, (method, speedup) in enumerate({"full": 1.0, **speedups}.items()):
        cell = run * 100 + place
        add_cell_row(connection, cell, method, run=run, key=f"{method}/ddim", label=method, baseline=run * 100 if place else None, **columns)
        mine = speed * speedup
        add_estimate(connection, cell, "throughput", mine, mine * (1 - half_width), mine * (1 + half_width))
        add_estimate(connection, cell, "flops_per_sample", FLOPS[method])
        if place:
            add_speedup(connection, cell, speedup, speedup * (1 - half_width), speedup * (1 + half_width), theory=FLOPS["full"] / FLOPS[method])
        if joules is not None:
            add_estimate(connection, cell, "energy_per_sample", joules / speedup)
    if ceiling is not None:
        connection.execute("INSERT INTO ceiling VALUES (?, 0, 'flops_per_s', 'fp32', ?)", (run, ceiling))
        connection.execute("INSERT INTO ceiling VALUES (?, 0, 'bytes_per_s', '', 1e9)", (run,))


def make_fleet(path: Path) -> Path:
    """Two machines: on the large one fixed_exit's saving arrives, on the small one's it does not."""
    connection = empty_file(path)
    add_machine(connection, 1, "large", 100.0, {"duodiff": 1.8, "fixed_exit": 2.2}, joules=0.5, ceiling=20e3)
    add_machine(connection, 2, "small", 10.0, {"duodiff": 1.5, "fixed_exit": 1.2}, ceiling=10e3)
    connection.commit()
    connection.close()
    return path


MACHINES = {"AMD EPYC 9654 96-Core Processor": [], "Intel(R) Xeon(R) Platinum 8480C": ["NVIDIA H200"], "ARM Neoverse-V2": ["NVIDIA GH200 480GB"],
            "12th Gen Intel(R) Core(TM) i7-1260P": [], "AMD Ryzen 9 7950X": ["NVIDIA GeForce RTX 4090"] * 2, "Intel(R) Xeon(R) CPU @ 2.60GHz": []}


def make_large_fleet(path: Path, count: int = len(MACHINES)) -> Path:
    """Of machines with real names; some without a meter or a ceiling, and each with its own saving."""
    connection, random = empty_file(path), np.random.default_rng(2)
    for run, (name, gpus) in enumerate(list(MACHINES.items())[:count], start=1):
        speedups = {"duodiff": random.uniform(1.4, 1.9), "fixed_exit": random.uniform(1.1, 2.3)}
        add_machine(connection, run, name, random.uniform(5, 400), speedups, half_width=0.02, joules=random.uniform(0.3, 4) if run % 2 else None,
                    ceiling=random.uniform(1e5, 9e5) if run % 3 else None)
        connection.execute("UPDATE machine SET gpu_names = ? WHERE run = ?", (json.dumps(gpus), run))
    connection.commit()
    connection.close()
    return path
