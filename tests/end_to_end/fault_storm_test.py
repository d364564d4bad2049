"""The short form of fault_storm.py: each kind of fault once. results/scale_out/faults.csv holds 53."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fault_storm import FAULTS, storm


def test_nothing_is_lost_and_nothing_twice_whatever_happens(tmp_path: Path) -> None:
    names = list(FAULTS)
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        names.remove("disk_full")  # no right to mount a small file system here
    rows = list(storm(len(names), 3, names, tmp_path))
    assert [row["fault"] for row in rows] == names
    assert any(row["exit"] != 0 for row in rows), "no fault met its run"


def test_the_storm_sees_what_is_wrong(tmp_path: Path) -> None:
    """a fault that ends in another exit code than it may is no success"""
    kept = FAULTS["kill"]
    try:
        FAULTS["kill"] = (kept[0], {7})
        with pytest.raises(AssertionError):
            list(storm(1, 3, ["kill"], tmp_path))
    finally:
        FAULTS["kill"] = kept
