"""Rows of a results file of schema 8, by the names of their columns, and what an estimate of a few numbers is."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).resolve().parents[2] / "results"
METRICS = {  # enough of metrics.h: unit, better, definition, formula, column of cell_summary
    "latency": ("ns", "lower", "how long a batch takes", "median", "latency_ns"),
    "throughput": ("images/s", "higher", "how many images", "1 / median", "images_per_s"),
    "speedup": ("", "higher", "how much faster", "ratio", "speedup"),
    "runtime_speedup": ("", "higher", "best against best", "ratio", "runtime_speedup"),
    "theoretical_speedup": ("", "higher", "what FLOPs promise", "ratio", "theoretical_speedup"),
    "realised_fraction": ("", "higher", "what arrived", "ratio", "realised_fraction"),
    "blocks_ratio": ("", "lower", "blocks that ran", "ratio", "blocks_ratio"),
    "flops_per_sample": ("FLOP", "lower", "arithmetic", "sum", "flops_per_sample"),
    "decode_share": ("", "lower", "of the decoder", "ratio", "decode_share"),
    "peak_memory": ("bytes", "lower", "largest memory", "max", "peak_memory_bytes"),
    "device_memory": ("bytes", "lower", "largest memory of the device", "max", "device_memory_bytes"),
    "overhead_nvtx": ("", "lower", "cost of ranges", "ratio", None),
    "overhead_activities": ("", "lower", "cost of activities", "ratio", None),
    "overhead_everything": ("", "lower", "cost of shapes", "ratio", None),
}
# of quality metrics, which a file holds where a cell was judged by them: better, comparison, smallest effect
QUALITY_METRICS = {
    "fid": ("lower", "ratio", 0.02), "fid_infinity": ("lower", "ratio", 0.02), "kid": ("lower", "difference", 1e-4),
    "precision": ("higher", "difference", 0.01), "recall": ("higher", "difference", 0.01), "psnr": ("higher", "difference", 0.5), "lpips": ("lower", "difference", 0.01),
}
# knob and knob_text of the methods that tests use, as the registry writes them
KNOBS = {
    "full": (None, "{}"), "null": (None, "{}"), "half": (None, "{}"), "broken": (None, "{}"),
    "uncertainty_exit": ("threshold", "{}"), "fixed_exit": ("exit", "{}"), "static_schedule": ("schedule", "{}"),
    "duodiff": ("switch_t", "t≥{}"),
}


def insert(connection: sqlite3.Connection, table: str, **columns: object) -> None:
    connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", tuple(columns.values()))


def new_file(path: Path) -> sqlite3.Connection:
    """With one run, its machine, rank and methods."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")  # tests survive no crash
    connection.executescript("".join((RESULTS / name).read_text() for name in ("schema.sql", "schema_profile.sql", "views.sql")))
    connection.execute("PRAGMA foreign_keys = ON")
    for name, (unit, better, definition, formula, column) in METRICS.items():
        insert(connection, "metric", name=name, unit=unit, better=better, definition=definition, formula=formula, summary_column=column)
    add_run_row(connection, 1, started="2026-01-01T00:00:00Z", suite_text='name = "<demo>"', argv='["run", "demo.toml"]')
    insert(connection, "machine", id=1, run=1, host="box", cpu_model="a CPU", core_count=2, memory_bytes=2**30, load_average_1min=0.5)
    insert(connection, "rank", run=1, rank=0, machine=1, device="cpu", threads=1, pid=42)
    add_extractor(connection, 1, "inception", reference_sha="r")
    for name, (knob, text) in KNOBS.items():
        insert(connection, "method", run=1, name=name, summary="", knob=knob, knob_text=text)
    return connection


def add_run_row(connection: sqlite3.Connection, number: int, *, started: str, status: str = "ok", **columns: object) -> None:
    values = {"suite_name": "demo", "suite_text": "", "suite_sha": "abc", "seed": 1, "argv": "[]", "program_version": "0.1",
              "finished_utc": None if status == "running" else started}
    insert(connection, "run", **({"id": number, "started_utc": started, "status": status} | values | columns))


def add_cell_row(connection: sqlite3.Connection, number: int, method: str, *, label: str = "", given: dict | None = None,
                 resolved: dict | None = None, baseline: int | None = None, **columns: object) -> None:
    """A cell of one rank on the CPU; `resolved` is `given` where nothing was left out."""
    values = {
        "key": f"{label or method}/{number}", "method_label": label or method, "role": "method" if baseline else "baseline",
        "model": "m", "model_fingerprint": "f", "solver": "ddim", "grid": "trailing", "steps": 2, "batch": 10, "precision": "fp32",
        "device": "cpu", "ranks": 1, "scenario": "offline", "status": "ok", "block_count": 4, "flops_full": 100.0, "traced_samples": 10,
        "given_params": json.dumps(given or {}), "method_params": json.dumps(given or {} if resolved is None else resolved),
    }
    insert(connection, "cell", **({"id": number, "run": 1, "method": method, "baseline_cell": baseline} | values | columns))


def add_estimate(connection: sqlite3.Connection, cell: int, metric: str, value: float, low: float | None = None,
                 high: float | None = None, n: int = 8) -> None:
    insert(connection, "estimate", cell=cell, metric=metric, value=value, low=low, high=high, confidence=0.95, n=n, rule="by hand")


def add_timings(connection: sqlite3.Connection, cell: int, durations_ns: list[int], samples: int) -> None:
    """A round each, with the median latency and throughput; from six on between the smallest and the largest."""
    for round_, duration in enumerate(durations_ns):
        insert(connection, "timing", cell=cell, round=round_, repetition=0, rank=0, started_ns=0, duration_ns=duration, samples=samples)
    if durations_ns:
        middle, n = median(durations_ns), len(durations_ns)
        ends = (min(durations_ns), max(durations_ns)) if n >= 6 else None
        add_estimate(connection, cell, "latency", middle, *(ends or ()), n=n)
        add_estimate(connection, cell, "throughput", samples * 1e9 / middle, *((samples * 1e9 / e for e in reversed(ends)) if ends else ()), n=n)


def add_speedup(connection: sqlite3.Connection, cell: int, speedup: float, low: float | None = None, high: float | None = None,
                n: int = 8, theory: float | None = None) -> None:
    """With what theory promises, and the part of its gain that arrived."""
    add_estimate(connection, cell, "speedup", speedup, low, high, n)
    if theory is not None:
        add_estimate(connection, cell, "theoretical_speedup", theory, n=n)
        if theory != 1:
            fraction, ends = lambda ratio: (ratio - 1) / (theory - 1), [end for end in (low, high) if end is not None]
            add_estimate(connection, cell, "realised_fraction", fraction(speedup), *sorted(map(fraction, ends)), n=n)


def add_evaluation(connection: sqlite3.Connection, cell: int, evaluation: int, t: float, blocks: float, rows: int = 10, flops: float = 1.0,
                   probe_flops: float = 0.0, carried: float = 0.0, compactions: int = 0) -> None:
    """All but `rows` and `compactions` per row; the file holds sums."""
    insert(connection, "evaluation", cell=cell, evaluation=evaluation, t=t, rows=rows, blocks_executed=blocks * rows, flops=flops * rows,
           probe_flops=probe_flops * rows, blocks_carried=carried * rows, compaction_count=compactions)


def add_quality(connection: sqlite3.Connection, cell: int, metric: str, value: float, half_width: float | None, n: int = 512, extractor: int = 1) -> None:
    add_quality_metric(connection, metric)
    low, high = (None, None) if half_width is None else (value - half_width, value + half_width)
    insert(connection, "quality", cell=cell, metric=metric, value=value, low=low, high=high, rule="jackknife", n=n,
           extractor=extractor, sample_checksum="c")


def add_quality_metric(connection: sqlite3.Connection, metric: str) -> None:
    """Its row, unless it is there."""
    base = metric.removesuffix("_difference")
    better, comparison, effect = QUALITY_METRICS[base]
    definition, formula = ("distance to real images", "as published") if metric == base else ("what was lost", "paired")
    column = metric if base == "fid" else None
    connection.execute("INSERT OR IGNORE INTO metric (name, unit, better, definition, formula, summary_column, comparison, smallest_effect) VALUES (?, '', ?, ?, ?, ?, ?, ?)",
                       (metric, better, definition, formula, column, comparison, effect))


def add_extractor(connection: sqlite3.Connection, place: int, name: str, run: int = 1, **columns: object) -> None:
    insert(connection, "extractor", **({"run": run, "place": place, "name": name, "to_uint8": "round", "sha256": f"of {name}"} | columns))


def plan_depths(connection: sqlite3.Connection, cell: int, *bins: tuple[float, float, float]) -> None:
    for from_t, to_t, blocks in bins:
        insert(connection, "planned_depth", cell=cell, from_t=from_t, to_t=to_t, blocks=blocks)


def change(database: Path, sql: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(sql)
