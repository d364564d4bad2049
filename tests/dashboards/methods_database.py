"""Rows of a run over methods and their knobs, one call per cell."""

from __future__ import annotations

import sqlite3

from rows import add_cell_row, add_estimate, add_evaluation, add_quality, add_speedup, add_timings, insert

ROUNDS = 8


def add_cell(
    connection: sqlite3.Connection, number: int, method: str, params: dict, *, label: str = "", model: str = "net",
    baseline: int | None = None, steps: int = 4, batch: int = 10, block_count: int = 4, decides: str = "time", milliseconds: float,
    speedup: float = 1.0, fid: float | None = None, fid_half_width: float = 0.5, fid_lost: float | None = None, flops: float = 1.0,
    flops_full: float = 1.0, times: tuple[float, ...] = (), exits: list[dict[int, int]] = (), probe_flops: float = 0.0,
    carried: float = 0.0, compactions: int = 0,
) -> None:
    """`milliseconds` per sample in each round; `exits`: rows by block of each evaluation at `times`; `flops` per sample with
    `probe_flops` of them for probes; `carried` blocks per row at each evaluation; `fid_lost` against the full network."""
    add_cell_row(connection, number, method, label=label, given=params, baseline=baseline, model=model, steps=steps, batch=batch,
                 block_count=block_count, decides=decides, flops_full=flops_full, key=f"{label or method}/{steps}/{batch}/{number}")
    add_timings(connection, number, [round(milliseconds * batch * 1e6)] * ROUNDS, batch)
    add_speedup(connection, number, speedup, speedup, speedup, theory=flops_full / flops)
    add_estimate(connection, number, "flops_per_sample", flops)
    for evaluation, (t, rows_by_block) in enumerate(zip(times, exits)):
        rows = sum(rows_by_block.values())
        mean = sum(block * rows_ for block, rows_ in rows_by_block.items()) / rows
        add_evaluation(connection, number, evaluation, t, mean + carried, rows, flops / len(times), probe_flops / len(times), carried, compactions)
        for block, rows_ in rows_by_block.items():
            insert(connection, "exit_count", cell=number, evaluation=evaluation, block=block, rows=rows_)
    if fid is not None:
        add_quality(connection, number, "fid", fid, fid_half_width)
    if fid_lost is not None:
        add_quality(connection, number, "fid_difference", fid_lost, fid_half_width)
