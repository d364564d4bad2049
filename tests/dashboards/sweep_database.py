"""A run over solvers and step counts, with numbers that can be checked by hand."""

from __future__ import annotations

from pathlib import Path

from rows import add_cell_row, add_estimate, add_evaluation, add_quality, add_speedup, add_timings, new_file, plan_depths

ROUNDS = 8
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
