"""A small results database, made from results/schema.sql and views.sql with numbers that can be checked by hand."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

RESULTS = Path(__file__).resolve().parents[2] / "results"
METHODS = {"full": ("baseline", 100.0, 1.0, 4.0), "half": ("method", 40.0, 0.5, 5.0), "null": ("null", 1.0, 0.0, None)}
ROUNDS = 8


def make_database(path: Path) -> Path:
    """One run: full, half (2.5 times as fast, half the FLOPs) and null, over 8 rounds; and one failed cell."""
    connection = sqlite3.connect(path)
    connection.executescript((RESULTS / "schema.sql").read_text() + (RESULTS / "views.sql").read_text())
    connection.execute("INSERT INTO metric VALUES ('fid', '', 'lower', 'distance to real images', 'Frechet', 'fid')")
    connection.execute("INSERT INTO metric VALUES ('speedup', '', 'higher', 'how much faster', 'ratio', 'speedup')")
    connection.execute(
        "INSERT INTO run (id, suite_name, suite_text, suite_sha, seed, argv, started_utc, finished_utc, program_version, status)"
        " VALUES (1, 'demo', 'name = \"<demo>\"', 'abc', 1, '[]', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z', '0.1', 'ok')"
    )
    connection.execute("INSERT INTO machine (id, run, host, cpu_model, core_count, memory_bytes, load_average_1min) VALUES (1, 1, 'box', 'a CPU', 2, 1073741824, 0.5)")
    connection.execute("INSERT INTO rank VALUES (1, 0, 1, 'cpu', 1, 42)")
    for number, (name, (role, duration_ms, share, fid)) in enumerate(METHODS.items(), start=1):
        _cell(connection, number, name, role, "ok", None, share)
        for round_ in range(ROUNDS):
            duration = int(duration_ms * 1e6 * (1 + 0.01 * round_))  # a drift that paired ratios cancel
            connection.execute("INSERT INTO timing VALUES (?, ?, 0, 0, 0, ?, 10, NULL)", (number, round_, duration))
        for evaluation, t in enumerate((999.0, 499.0)):
            connection.execute("INSERT INTO evaluation VALUES (?, ?, ?, 10, ?, 1.0, 0.0, 0.0, 0)", (number, evaluation, t, 4 * share))
            connection.execute("INSERT INTO exit_count VALUES (?, ?, ?, 10)", (number, evaluation, int(4 * share)))
        if fid:
            connection.execute("INSERT INTO quality VALUES (?, 'fid', ?, ?, ?, 512, 'e', 'r', 'c')", (number, fid, fid - 0.2, fid + 0.2))
            connection.execute("INSERT INTO sample VALUES (?, 0, 3, 2, 2, 1, ?)", (number, bytes([0, 80, 160, 255])))
    _cell(connection, 9, "broken", "method", "failed", "samples are <not> finite", 0.5)
    connection.commit()
    connection.close()
    return path


def _cell(connection, number: int, name: str, role: str, status: str, reason: str | None, share: float) -> None:
    connection.execute(
        "INSERT INTO cell (id, run, key, method, method_label, role, baseline_cell, model, model_fingerprint, solver, grid,"
        " steps, batch, precision, device, ranks, scenario, status, reason, block_count, flops_per_sample, flops_full)"
        " VALUES (?, 1, ?, ?, ?, ?, ?, 'm', 'f', 'ddim', 'trailing', 2, 10, 'fp32', 'cpu', 1, 'offline', ?, ?, 4, ?, 100.0)",
        (number, f"{name}/ddim", name, name, role, None if role == "baseline" else 1, status, reason, 100.0 * share),
    )


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
    "full": ("full", "baseline", "{}", lambda t: 4),
    "bins": ("static_schedule", "method", '{"depths":[4,2]}', lambda t: 2 if t >= 500 else 4),
    "duo": ("duodiff", "method", '{"switch_t":700}', lambda t: 1 if t >= 700 else 4),
}


def make_sweep(path: Path, times_of: dict = TIMES) -> Path:
    """full, bins and duo over solvers and step counts; a block takes 1 ms per sample, the rest nothing."""
    connection = sqlite3.connect(make_database(path))
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("DELETE FROM cell")
    number = 0
    for (solver, grid), of_steps in times_of.items():
        for steps, times in of_steps.items():
            baseline = number + 1
            for label, (method, role, params, depth) in SWEEP_METHODS.items():
                number += 1
                blocks = sum(depth(t) for t in times)
                connection.execute(
                    "INSERT INTO cell (id, run, key, method, method_label, method_params, role, baseline_cell, model,"
                    " model_fingerprint, solver, grid, steps, batch, precision, device, ranks, scenario, status,"
                    " block_count, flops_per_sample, flops_full)"
                    " VALUES (?, 1, ?, ?, ?, ?, ?, ?, 'm', 'f', ?, ?, ?, 10, 'fp32', 'cpu', 1, 'offline', 'ok', 4, ?, ?)",
                    (number, f"{label}/{solver}/{steps}", method, label, params, role, None if role == "baseline" else baseline,
                     solver, grid, steps, blocks, 4 * len(times)),
                )
                for round_ in range(ROUNDS):
                    connection.execute("INSERT INTO timing VALUES (?, ?, 0, 0, 0, ?, 10, NULL)", (number, round_, blocks * 10**7))
                for evaluation, t in enumerate(times):
                    connection.execute("INSERT INTO evaluation VALUES (?, ?, ?, 10, ?, 1.0, 0.0, 0.0, 0)", (number, evaluation, t, depth(t)))
                fid = 80.0 / steps + number
                connection.execute("INSERT INTO quality VALUES (?, 'fid', ?, ?, ?, 512, 'e', 'r', 'c')", (number, fid, fid - 1, fid + 1))
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def sweep_database(tmp_path: Path) -> Path:
    return make_sweep(tmp_path / "sweep.db")
