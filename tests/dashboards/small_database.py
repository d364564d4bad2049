"""A small results database, made from results/schema.sql and views.sql with numbers that can be checked by hand."""

from __future__ import annotations

from pathlib import Path

from rows import add_cell_row, add_estimate, add_evaluation, add_quality, add_speedup, add_timings, insert, new_file

METHODS = {"full": ("baseline", 100.0, 1.0, 4.0), "half": ("method", 40.0, 0.5, 5.0), "null": ("null", 1.0, 0.0, None)}
ROUNDS = 8


def make_database(path: Path) -> Path:
    """One run: full, half (2.5 times as fast, half the FLOPs) and null, over 8 rounds; and one failed cell."""
    connection = new_file(path)
    for number, (name, (role, duration_ms, share, fid)) in enumerate(METHODS.items(), start=1):
        add_cell_row(connection, number, name, role=role, baseline=None if role == "baseline" else 1)
        # a drift that paired ratios cancel
        add_timings(connection, number, [int(duration_ms * 1e6 * (1 + 0.01 * round_)) for round_ in range(ROUNDS)], 10)
        for evaluation, t in enumerate((999.0, 499.0)):
            add_evaluation(connection, number, evaluation, t, 4 * share, flops=50 * share)
            insert(connection, "exit_count", cell=number, evaluation=evaluation, block=int(4 * share), rows=10)
        if role != "null":
            add_estimate(connection, number, "blocks_ratio", share)
            add_estimate(connection, number, "flops_per_sample", 100 * share)
        if fid:
            add_quality(connection, number, "fid", fid, 0.2)
            insert(connection, "sample", cell=number, sample_index=0, label=3, width=2, height=2, channels=1, pixels=bytes([0, 80, 160, 255]))
    add_speedup(connection, 1, 1.0, theory=1.0)
    add_speedup(connection, 2, 2.5, 2.4, 2.6, theory=2.0)
    add_quality(connection, 2, "fid_difference", 1.0, 0.1)
    add_cell_row(connection, 9, "broken", baseline=1, status="failed", reason="samples are <not> finite")
    connection.commit()
    connection.close()
    return path
