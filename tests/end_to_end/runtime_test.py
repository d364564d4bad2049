"""Runtimes as a user meets them: an axis of a suite, a flag, a list, and a reason where one cannot run."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

import tensor_files
from program import diffbench, run_ok


def runtimes() -> list[dict]:
    return json.loads(run_ok("list", "runtimes", "--json").stdout)


def compiled() -> list[str]:
    return [entry["name"] for entry in runtimes() if entry["available"] and entry["name"] != "eager"]


def rows(database: Path, sql: str) -> list[tuple]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_what_is_not_here_is_listed_with_its_reason() -> None:
    assert {entry["name"] for entry in runtimes()} >= {"eager", "fused", "openvino"}
    # one that is here may still lack a precision of this CPU, and says so
    assert all(entry["available"] == bool(entry["precisions"]) and (entry["available"] or entry["missing"]) for entry in runtimes())
    assert all("bf16" not in entry["precisions"] for entry in runtimes() if entry["available"] and entry["missing"])


def test_runtime_is_an_axis_and_speedups_are_within_one(suite: Path, tmp_path: Path) -> None:
    names = ["eager", *compiled()]
    database = tmp_path / "results.db"
    run_ok("run", suite, "--db", database, "--set", f"run.runtime={json.dumps(names)}", "--only", "(full|fixed_exit|duodiff)/ddim", "--set", "quality.samples=64")
    cells = rows(database, "SELECT cell.runtime, cell.key, cell.status, base.runtime FROM cell LEFT JOIN cell AS base ON base.id = cell.baseline_cell")
    assert {status for _, _, status, _ in cells} == {"ok"}
    assert {runtime for runtime, *_ in cells} == set(names)
    assert all(base in (None, runtime) for runtime, _, _, base in cells)
    assert all((f"/fp32/{runtime}/" in key) == (runtime != "eager") for runtime, key, _, _ in cells)
    best = rows(database, "SELECT count(*) FROM cell_summary WHERE runtime_speedup IS NOT NULL")[0][0]
    assert best == len(cells)
    fids = dict(rows(database, "SELECT runtime, value FROM cell_quality JOIN cell ON cell.id = cell_quality.cell WHERE metric = 'fid' AND method = 'full'"))
    assert set(fids) == set(names) and all(value == pytest.approx(fids["eager"], rel=1e-3) for value in fids.values())


def test_two_ranks_make_the_samples_of_one(suite: Path, tmp_path: Path) -> None:
    names, found = ["eager", *compiled()], []
    for ranks in (1, 2):
        database = tmp_path / f"{ranks}.db"
        run_ok("run", suite, "--db", database, "--set", f"run.runtime={json.dumps(names)}", "--only", "(full|static_schedule|duodiff)/ddim", "--set", "quality.samples=64", ranks=ranks)
        found.append(dict(rows(database, "SELECT cell.key, sample_checksum FROM quality JOIN cell ON cell.id = quality.cell WHERE metric = 'fid'")))
    assert len(found[0]) == 3 * len(names) and found[0] == found[1]


@pytest.mark.parametrize("runtime", ["fused", "openvino"])
def test_sample_makes_the_same_images(models: Path, tmp_path: Path, runtime: str) -> None:
    if runtime not in compiled():
        pytest.skip(f"no {runtime} here")
    made = {}
    for name in ("eager", runtime):
        out = tmp_path / f"{name}.safetensors"
        run_ok("sample", "--model", models / "deep", "--method", "duodiff", "--param", "switch_t=500", "--solver", "ddim", "--steps", "4", "--num", "3", "--runtime", name, "--out", out)
        made[name] = tensor_files.read(out)["samples"]
    assert np.abs(made["eager"] - made[runtime]).max() < 1e-4


def test_what_cannot_run_is_skipped_with_the_reason(suite: Path, models: Path, tmp_path: Path) -> None:
    database = tmp_path / "results.db"
    shown = run_ok("run", suite, "--db", database, "--set", 'run.runtime=["eager", "fused"]', "--set", "run.precision=fp64", "--only", "(full|fixed_exit)/ddim",
                "--set", "quality.samples=0")
    reasons = rows(database, "SELECT runtime, status, reason FROM cell")
    assert {(runtime, status) for runtime, status, _ in reasons} == {("eager", "ok"), ("fused", "skipped")}
    assert all("does not compute in fp64" in reason for _, status, reason in reasons if status == "skipped")
    assert "does not compute in fp64" in shown.stdout
    flag = diffbench("sample", "--model", models / "mixture", "--method", "full", "--solver", "ddim", "--steps", "2", "--runtime", "fused", "--out", tmp_path / "s.safetensors", "--num", "1")
    assert flag.returncode == 2 and "not made of transformer blocks" in flag.stderr


def test_an_unknown_runtime_names_line_and_neighbour(suite: Path, tmp_path: Path) -> None:
    suite.write_text(suite.read_text().replace("[run]\n", '[run]\nruntime = ["openvin"]\n'))
    refused = diffbench("run", suite, "--db", tmp_path / "results.db")
    assert refused.returncode == 2 and "suite.toml:" in refused.stderr and "openvino" in refused.stderr and not (tmp_path / "results.db").exists()
