"""Everything the database knows about where the numbers come from."""

from __future__ import annotations

import json

import pandas as pd

from dashboards.data import RunData

ARTIFACTS = """
SELECT artifact.role, path, sha256, count(*) AS cells FROM artifact JOIN cell ON cell.id = artifact.cell
WHERE cell.run = :run GROUP BY artifact.role, path, sha256 ORDER BY artifact.role, path
"""
# columns of table machine with the words before and after them; what is not known is left out
CLOCKS = [("governor", "governor {}"), ("turbo", "turbo {}"), ("smt", "SMT {}"), ("huge_pages", "huge pages {}"),
          ("clock_source", "clock source {}"), ("load_average_1min", "load {:.2f} at the start")]
VERSIONS = [(f"{name}_version", f"{name} {{}}") for name in ("torch", "mpi", "cuda", "driver")]


def known(row: pd.Series, phrases: list[tuple[str, str]], between: str = ", ") -> str:
    return between.join(text.format(row[name]) for name, text in phrases if not pd.isna(row[name]))


def environment_rows(data: RunData) -> list[tuple[str, str]]:
    run = data.run
    dirty = " (with uncommitted changes)" if run["git_dirty"] == 1 else ""
    rows = [
        ("suite", f"{run['suite_name']}, seed {run['seed']}, sha256 {run['suite_sha'][:12]}"),
        ("run", f"{run['id']}, {run['started_utc']} to {run['finished_utc'] or 'unfinished'}, {run['status']}"),
        ("program", f"{run['program_version']}, git {str(run['git_sha'] or 'unknown')[:12]}{dirty}"),
        ("command", " ".join(map(str, json.loads(run["argv"]))) or "unknown"),
    ]
    for _, machine in data.query("SELECT * FROM machine WHERE run = :run ORDER BY id").iterrows():
        rows += _machine_rows(machine)
    for rank in data.query("SELECT * FROM rank WHERE run = :run ORDER BY rank").itertuples():
        asked = [(rank.torch_threads, "LibTorch {:.0f}"), (rank.omp_threads, "OpenMP {:.0f}")]
        threads = ", ".join(text.format(count) for count, text in asked if not pd.isna(count))
        bound = "" if pd.isna(rank.binding) else f", may run on cores {rank.binding}"
        rows.append((f"rank {rank.rank}", f"{rank.device}, {rank.threads} threads" + f" ({threads})" * bool(threads) + bound))
    for model in data.cells["model"].drop_duplicates():
        rows.append(("model", model))
    for of in data.query(ARTIFACTS).itertuples():
        rows.append((of.role, f"{of.path}, sha256 {of.sha256[:12]}, read by {of.cells} cells"))
    return rows


def _machine_rows(machine: pd.Series) -> list[tuple[str, str]]:
    gpus = ", ".join(json.loads(machine["gpu_names"])) or "no GPU"
    memory = f"{machine['memory_bytes'] / 2**30:.0f} GiB" if not pd.isna(machine["memory_bytes"]) else "unknown memory"
    usable = known(machine, [("usable_core_count", " ({:.0f} usable)")])
    cores = f"{machine['core_count']:.0f} cores{usable}" if not pd.isna(machine["core_count"]) else f"unknown cores{usable}"
    rows = [
        ("machine", f"{machine['host']}: {machine['cpu_model'] or 'unknown CPU'}, {cores}, {memory}, {gpus}"),
        ("system", known(machine, [("os", "{}"), ("kernel", "kernel {}")])),
        ("clocks", known(machine, CLOCKS)),
        ("allocator", known(machine, [("allocator", "{}")])),
        ("settings", ", ".join(f"{name}={value}" for name, value in json.loads(machine["settings"]).items())),
        ("build", known(machine, [("build_type", "{}"), ("compiler", "{}"), ("compiler_flags", "{}")])),
        ("versions", known(machine, VERSIONS)),
    ]
    return [(name, text) for name, text in rows if text]
