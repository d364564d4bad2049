"""Files with several runs of a suite, one call per run, or as large as a year of nightly runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from rows import add_cell_row, add_estimate, add_quality, add_quality_metric, add_run_row, insert, new_file

LARGE_METRICS = ("latency", "throughput", "speedup", "peak_memory")  # and fid


def empty_file(path: Path) -> sqlite3.Connection:
    """No run in it."""
    connection = new_file(path)
    connection.execute("DELETE FROM run")
    return connection


def started(number: int) -> str:
    """A day after the other."""
    return str(np.datetime64("2026-01-01T03:00:00") + np.timedelta64(number, "D")) + "Z"


def add_run(connection: sqlite3.Connection, number: int, cells: dict[str, float | None] | None = None, *, suite: str = "demo", cpu: str | None = "a CPU",
            gpus: str = "[]", identity: str = "i", half_width: float = 0.002, status: str = "ok", sha: str | None = None,
            is_beside_full: bool = False, **columns: object) -> None:
    """`cells`: ms of latency by key, in front of its "/" the method; None: the cell failed. Their intervals reach as far as `half_width` of them.
    `is_beside_full`: the first cell is the full network of the others."""
    add_run_row(connection, number, started=started(number), status=status, suite_name=suite, git_sha=sha or f"{number:08x}" + "0" * 32, **columns)
    insert(connection, "machine", run=number, host=f"host{number}", cpu_model=cpu, core_count=2, gpu_names=gpus)
    insert(connection, "rank", run=number, rank=0, machine=number, device="cpu", threads=1, pid=42)
    for place, (key, latency) in enumerate((cells or {}).items()):
        cell = number * 1000 + place
        outcome = {"status": "failed", "reason": "out of <memory>"} if latency is None else {}
        add_cell_row(connection, cell, key.partition("/")[0], key=key, label=key.partition("/")[0], run=number, identity=f"{identity} {key}",
                     baseline=number * 1000 if is_beside_full and place else None, **outcome)
        if latency is not None:
            add_estimate(connection, cell, "latency", latency * 1e6, latency * 1e6 * (1 - half_width), latency * 1e6 * (1 + half_width))


def make_history(path: Path, latencies: dict[str, list[float | None]], **columns: object) -> Path:
    """A run for each place of the lists."""
    connection = empty_file(path)
    for number in range(max(map(len, latencies.values()))):
        add_run(connection, number + 1, {key: of[number] for key, of in latencies.items() if number < len(of)}, **columns)
    connection.commit()
    connection.close()
    return path


def make_large(path: Path, runs: int = 200, series: int = 600) -> Path:
    """Five metrics of `series` cells over `runs` runs with 1 % of noise; every fiftieth cell is slower by 10 % from the middle on."""
    connection, random = empty_file(path), np.random.default_rng(1)
    add_quality_metric(connection, "fid")
    speeds = np.exp(random.normal(0, 0.01, (runs, series)))
    speeds[runs // 2 :, ::50] *= 1.1
    base = random.uniform(50, 500, series)
    for run in range(runs):
        add_run(connection, run + 1)
        cells = [(run * series + cell + 1, run + 1, f"{'full' if cell % 4 == 0 else 'duodiff'}/ddim/trailing/{cell}/b32/fp32/offline") for cell in range(series)]
        connection.executemany(
            "INSERT INTO cell (id, run, key, method, method_label, role, model, model_fingerprint, solver, grid, steps, batch, precision, device, ranks, scenario, identity, status)"
            " VALUES (?, ?, ?, ?, ?, 'method', 'm', 'f', 'ddim', 'trailing', 2, 32, 'fp32', 'cpu', 1, 'offline', ?, 'ok')",
            [(*cell, *[cell[2].partition("/")[0]] * 2, cell[2]) for cell in cells])
        latency = base * speeds[run] * 1e6
        values = {"latency": latency, "throughput": 32e9 / latency, "speedup": np.exp(random.normal(0.3, 0.01, series)), "peak_memory": 2e8 * np.exp(random.normal(0, 0.01, series))}
        connection.executemany(
            "INSERT INTO estimate (cell, metric, value, low, high, confidence, n, rule) VALUES (?, ?, ?, ?, ?, 0.95, 12, '')",
            [(cell[0], metric, value, value * 0.99, value * 1.01) for metric in LARGE_METRICS for cell, value in zip(cells, values[metric].tolist())])
        connection.executemany("INSERT INTO quality (cell, metric, value, low, high, n) VALUES (?, 'fid', ?, ?, ?, 512)",
                               [(cell[0], value, value - 1, value + 1) for cell, value in zip(cells, random.normal(60, 0.3, series).tolist())])
    connection.commit()
    connection.close()
    return path


def with_quality(path: Path, run: int, place: int, fid: float) -> None:
    with sqlite3.connect(path) as connection:
        add_quality(connection, run * 1000 + place, "fid", fid, 1.0)
