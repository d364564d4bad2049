"""Two files with a run each that differ in one method, and what `diffbench compare` says of them."""

from __future__ import annotations

import json
from pathlib import Path

from methods_database import add_cell
from profile_database import Recording
from rows import change, new_file

HOSTILE = 't<400 & "x"'
TIMES = (999.0, 499.0)


def make_side(path: Path, *, milliseconds: float, exits: list[dict[int, int]], suite: str, started: str, profile_us: float | None = None) -> Path:
    """full, and a method of this speed and these exits."""
    connection = new_file(path)
    connection.execute("UPDATE run SET suite_text = ?, started_utc = ?", (suite, started))
    add_cell(connection, 1, "full", {}, milliseconds=2.0, fid=5.0, times=TIMES, exits=[{4: 10}, {4: 10}])
    add_cell(connection, 2, "uncertainty_exit", {"threshold": 0.1}, label=HOSTILE, baseline=1, decides="row", milliseconds=milliseconds, speedup=2.0, fid=6.0, fid_lost=1.0,
             times=TIMES, exits=exits)
    connection.execute("UPDATE cell SET identity = method")
    if profile_us is not None:
        recording = Recording(connection)
        for cell, length in ((1, 40.0), (2, profile_us)):
            sampling = recording.scope(cell, "sampling", 1000 * cell, 1000 * cell + length, rows=2)
            block = recording.scope(cell, "block", 1000 * cell, 1000 * cell + length, sampling, block=1, rows=2, rows_inside=2)
            recording.activity(block, "gemm<float>", 1000 * cell, 1000 * cell + length)
    connection.commit()
    connection.close()
    return path


def make_pair(folder: Path, profiled: bool = True) -> tuple[Path, Path]:
    """old.db and new.db."""
    old = make_side(folder / "old.db", milliseconds=1.0, exits=[{1: 5, 3: 5}, {1: 10}], suite='name = "demo"\nsteps = 2\n', started="2026-01-01T00:00:00Z",
                    profile_us=30.0 if profiled else None)
    new = make_side(folder / "new.db", milliseconds=1.1, exits=[{1: 5, 3: 5}, {1: 5, 2: 5}], suite='name = "demo"\nsteps = 3 # <b>\n', started="2026-02-01T00:00:00Z",
                    profile_us=36.0 if profiled else None)
    return old, new


def judged(key: str, metric: str, verdict: str, ratio: float | None = None, half: float = 0.005, **others: object) -> dict:
    return {"key": key, "metric": metric, "verdict": verdict, "ratio": ratio, "low": ratio and ratio - half, "high": ratio and ratio + half, "n": 24, "confidence": 0.998,
            "cause": None, "reason": "", "rounds_needed": None, "smallest_effect": 0.02, "gates": True, "old_value": 1e7, "new_value": 1e7 * (ratio or 1), "scale": "ratio"} | others


def verdict(old_path: Path, new_path: Path, **others: object) -> dict:
    def side(path: Path, started: str, sha: str) -> dict:
        return {"database": str(path), "run": 1, "suite": "demo", "started_utc": started, "git_sha": sha, "program_version": "0.1"}

    return {
        "verdict": "regression", "old": side(old_path, "2026-01-01T00:00:00Z", "a" * 40), "new": side(new_path, "2026-02-01T00:00:00Z", "b" * 40),
        "rule": {"confidence": 0.95, "family": 24, "correction": "Holm", "paired": False},
        "differences": [{"group": "library", "entry": "torch_version", "old": "2.10.0", "new": None}, {"group": "suite", "entry": "<steps>", "old": 2, "new": 3}],
        "notes": ["the load was <high>"],
        "cells": [
            judged("full/2", "latency", "same", 1.001), judged("full/2", "throughput", "undecided", 1.015, 0.01, rounds_needed=40, reason="changed by 1.5 %; about 40 more rounds would decide"),
            judged(HOSTILE, "latency", "slower", 1.1, reason="slower by 10 % [9.5, 10.5]; full is unchanged, so it is <the> method", cause="method"),
            judged(HOSTILE, "peak_memory", "faster", 0.9, gates=False), judged(HOSTILE, "throughput", "slower", 0.7),
            judged("gone/2", "latency", "not_comparable", None, n=None, old_value=1e7, new_value=None, reason="no partner"),
            judged(HOSTILE, "fid_difference", "worse", None, scale="difference", difference=0.5, difference_low=0.2, difference_high=0.8, old_value=1.0, new_value=1.5),
        ],
    } | others


def write_verdict(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def blank_identities(database: Path) -> None:
    change(database, "UPDATE cell SET identity = ''")
