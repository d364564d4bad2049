"""Everything the database knows about where the numbers come from."""

from __future__ import annotations

import json

from dashboards.data import RunData


def environment_rows(data: RunData) -> list[tuple[str, str]]:
    run = data.run
    dirty = " (with uncommitted changes)" if run["git_dirty"] == 1 else ""
    rows = [
        ("suite", f"{run['suite_name']}, seed {run['seed']}, sha256 {run['suite_sha'][:12]}"),
        ("run", f"{run['id']}, {run['started_utc']} to {run['finished_utc'] or 'unfinished'}, {run['status']}"),
        ("program", f"{run['program_version']}, git {str(run['git_sha'] or 'unknown')[:12]}{dirty}"),
    ]
    for _, machine in data.query("SELECT * FROM machine WHERE run = :run ORDER BY id").iterrows():
        gpus = ", ".join(json.loads(machine["gpu_names"])) or "no GPU"
        memory = f"{machine['memory_bytes'] / 2**30:.0f} GiB" if machine["memory_bytes"] else "unknown memory"
        rows.append(("machine", f"{machine['host']}: {machine['cpu_model']}, {machine['core_count']} cores, {memory}, {gpus}"))
        rows.append(("system", f"{machine['os']}; governor {machine['governor'] or 'unknown'}; load {machine['load_average_1min']:.2f} at the start"))
        rows.append(("build", f"{machine['compiler']} {machine['compiler_flags'] or ''}"))
        versions = [f"{name} {machine[f'{name}_version']}" for name in ("torch", "mpi", "cuda", "driver") if machine[f"{name}_version"]]
        rows.append(("versions", ", ".join(versions)))
    ranks = data.query("SELECT rank, device, threads FROM rank WHERE run = :run ORDER BY rank")
    rows.append(("ranks", "; ".join(f"{r.rank}: {r.device}, {r.threads} threads" for r in ranks.itertuples())))
    for _, model in data.cells.drop_duplicates("model").iterrows():
        rows.append(("model", model["model"]))
    return rows
