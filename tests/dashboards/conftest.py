"""A small results database, made from results/schema.sql and views.sql with numbers that can be checked by hand."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from rows import add_cell_row, add_estimate, add_evaluation, add_quality, add_speedup, add_timings, insert, new_file, plan_depths

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


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_database(tmp_path / "results.db")


# t of each evaluation by (solver, grid) and steps
TIMES = {
    ("ddim", "trailing"): {2: (999.0, 499.0), 4: (999.0, 749.0, 499.0, 249.0)},
    ("unipc", "logsnr"): {2: (999.0, 99.0), 4: (999.0, 399.0, 99.0, 9.0)},
}
# what the three networks of 4 blocks run: S(t) of bins of 500, and a network of 1 block from t = 700 on
SWEEP_METHODS = {
    "full": ("full", {}, ()),
    "bins": ("static_schedule", {"depths": [4, 2]}, ((0, 500, 4), (500, 1000, 2))),
    "duo": ("duodiff", {"switch_t": 700}, ((0, 700, 4), (700, 1000, 1))),
}


def depth_at(bins: tuple, t: float) -> float:
    return next((blocks for from_t, to_t, blocks in bins if from_t <= t < to_t), 4)


def make_sweep(path: Path, times_of: dict = TIMES) -> Path:
    """full, bins and duo over solvers and step counts; a block takes 1 ms per sample, the rest nothing."""
    connection = new_file(path)
    number = 0
    for (solver, grid), of_steps in times_of.items():
        for steps, times in of_steps.items():
            baseline = number + 1
            for label, (method, given, bins) in SWEEP_METHODS.items():
                number += 1
                blocks, all_blocks = sum(depth_at(bins, t) for t in times), 4 * len(times)
                add_cell_row(connection, number, method, label=label, given=given, baseline=None if label == "full" else baseline,
                             solver=solver, grid=grid, steps=steps, flops_full=all_blocks)
                add_timings(connection, number, [blocks * 10**7] * ROUNDS, 10)
                add_estimate(connection, number, "blocks_ratio", blocks / all_blocks)
                add_speedup(connection, number, all_blocks / blocks, all_blocks / blocks, all_blocks / blocks, theory=all_blocks / blocks)
                for evaluation, t in enumerate(times):
                    add_evaluation(connection, number, evaluation, t, depth_at(bins, t))
                plan_depths(connection, number, *bins)
                add_quality(connection, number, "fid", 80.0 / steps + number, 1.0)
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def sweep_database(tmp_path: Path) -> Path:
    return make_sweep(tmp_path / "sweep.db")
