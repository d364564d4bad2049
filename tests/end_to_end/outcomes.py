"""What came of a run, and how far it has come: for tests that disturb one."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest


def outcome(result: subprocess.CompletedProcess) -> dict[str, tuple]:
    cells = json.loads(result.stdout)["cells"]
    return {cell["key"]: (cell["status"], cell["sample_checksum"], cell["fid"], cell["n"]) for cell in cells}


def assert_same(one: dict[str, tuple], other: dict[str, tuple]) -> None:
    assert one.keys() == other.keys()
    for key in one:
        assert one[key][:2] == other[key][:2], key
        assert one[key][2] == pytest.approx(other[key][2], rel=1e-9) if one[key][2] is not None else other[key][2] is None
        assert one[key][3] == other[key][3]


def progress(database: Path) -> tuple[int, int]:
    """timings and shards stored so far"""
    if not database.exists():
        return 0, 0
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as connection:
            return (
                connection.execute("SELECT count(*) FROM timing").fetchone()[0],
                connection.execute("SELECT count(*) FROM feature_shard").fetchone()[0],
            )
    except sqlite3.OperationalError:
        return 0, 0
