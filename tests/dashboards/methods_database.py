"""Rows of a run over methods and their knobs, one call per cell."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from conftest import make_database

ROUNDS = 8


def empty_run(path: Path) -> sqlite3.Connection:
    """The run of conftest.py without its cells."""
    connection = sqlite3.connect(make_database(path))
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("DELETE FROM cell")
    return connection


def add_cell(
    connection: sqlite3.Connection, number: int, method: str, params: dict, *, label: str = "", model: str = "net",
    baseline: int | None = None, steps: int = 4, batch: int = 10, block_count: int = 4, milliseconds: float,
    fid: float | None = None, fid_half_width: float = 0.5, flops: float = 1.0, flops_full: float = 1.0, samples: int = 512,
    times: tuple[float, ...] = (), exits: list[dict[int, int]] = (), probe_flops: float = 0.0, carried: float = 0.0,
    compactions: int = 0, drift: tuple[float, ...] = (1.0,) * ROUNDS,
) -> None:
    """`milliseconds` per sample, over rounds times `drift`; `exits`: rows by block of each evaluation at `times`;
    `flops` per sample with `probe_flops` of them for probes; `carried` blocks per row at each evaluation."""
    connection.execute(
        "INSERT INTO cell (id, run, key, method, method_label, method_params, role, baseline_cell, model, model_fingerprint,"
        " solver, grid, steps, batch, precision, device, ranks, scenario, status, block_count, flops_per_sample, flops_full)"
        " VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, 'f', 'ddim', 'trailing', ?, ?, 'fp32', 'cpu', 1, 'offline', 'ok', ?, ?, ?)",
        (number, f"{label or method}/{steps}/{batch}/{number}", method, label or method, json.dumps(params),
         "method" if baseline else "baseline", baseline, model, steps, batch, block_count, flops, flops_full),
    )
    for round_, factor in enumerate(drift):
        connection.execute("INSERT INTO timing VALUES (?, ?, 0, 0, 0, ?, ?, NULL)",
                           (number, round_, round(milliseconds * factor * batch * 1e6), batch))
    for evaluation, (t, rows_by_block) in enumerate(zip(times, exits)):
        rows = sum(rows_by_block.values())
        mean = sum(block * rows_ for block, rows_ in rows_by_block.items()) / rows
        connection.execute("INSERT INTO evaluation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (
            number, evaluation, t, rows, mean + carried, (flops - probe_flops) / len(times), probe_flops / len(times), carried, compactions))
        for block, rows_ in rows_by_block.items():
            connection.execute("INSERT INTO exit_count VALUES (?, ?, ?, ?)", (number, evaluation, block, rows_))
    if fid is not None:
        connection.execute("INSERT INTO quality VALUES (?, 'fid', ?, ?, ?, ?, 'e', 'r', 'c')",
                           (number, fid, fid - fid_half_width, fid + fid_half_width, samples))
