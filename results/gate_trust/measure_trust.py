#!/usr/bin/env python3
"""How far the gate is to be trusted: false alarms of equal programs, and what slowdowns it finds.

    measure_trust.py alarms FOLDER [--runs 201]                  equal runs one after the other; each compared with the next
    measure_trust.py power FOLDER DELAYED [--runs 50] [--delay 0.03] [--minutes 5]   ab of a program built with delay.patch against itself
    measure_trust.py table FOLDER                                what has been measured so far

Every line is appended to FOLDER/*.jsonl as soon as it is known, and a further call goes on where the last one ended.
FOLDER keeps the database of the alarms. README.md says what came out."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("DIFFBENCH_BINARY", ROOT / "build/release/bin/diffbench"))
METHOD = "block_cache"  # that is delayed


def call(*words: object, environment: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=os.environ | (environment or {}))
    if done.returncode not in (0, 1, 4):
        raise SystemExit(f"{words}: exit {done.returncode}\n{done.stderr}")
    return done.returncode, done.stdout


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def append(path: Path, row: dict) -> None:
    with path.open("a") as out:
        out.write(json.dumps(row) + "\n")


def counts(document: dict) -> dict:
    rows = [row for row in document["cells"] if row["gates"]]
    claims = [row for row in rows if row["verdict"] in ("faster", "slower", "better", "worse")]
    return {
        "verdict": document["verdict"], "rows": len(rows), "regressions": sum(row["regression"] for row in rows), "claims": len(claims),
        "machine": sum(row["cause"] == "machine" for row in claims), "undecided": sum(row["verdict"] == "undecided" for row in rows),
        "rounds": max(row["n"] for row in rows),
    }


def alarms(folder: Path, runs: int) -> None:
    database, out = folder / "alarms.db", folder / "alarms.jsonl"
    for run in range(finished_runs(database) + 1, runs + 1):
        call(PROGRAM, "run", "gate", "--db", database, "--set", "quality.samples=0")
        if run > 1:
            _, text = call(PROGRAM, "compare", f"{database}@{run - 1}", f"{database}@{run}", "--json")
            append(out, {"old": run - 1, "new": run} | counts(json.loads(text)))


def finished_runs(database: Path) -> int:
    """A run that was cut off goes away: the next one takes its number."""
    if not database.exists():
        return 0
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM run WHERE status = 'running'")
        return connection.execute("SELECT ifnull(max(id), 0) FROM run").fetchone()[0]


def power(folder: Path, delayed: Path, runs: int, delay: float, minutes: float) -> None:
    out = folder / f"power_{delay:g}_{minutes:g}.jsonl"
    # the same program without the delay: two builds of one source may differ by half a percent
    older = folder.resolve() / "undelayed.sh"
    older.write_text(f'#!/bin/sh\nunset DELAY\nexec "{delayed.resolve()}" "$@"\n')
    older.chmod(0o755)
    while len(lines(out)) < runs:
        database = folder / "power.db"
        database.unlink(missing_ok=True)
        _, text = call(delayed, "ab", older, ROOT / "harness/suites/gate.toml", "--db", database, "--minutes", minutes, "--json", environment={"DELAY": f"{METHOD} {delay}", "DIFFBENCH_HOME": str(ROOT)})
        document = json.loads(text)
        row = next(row for row in document["cells"] if row["metric"] == "latency" and row["key"].startswith(METHOD))
        append(out, counts(document) | {name: row[name] for name in ("low", "high", "ratio", "n")} | {"method": row["verdict"], "cause": row["cause"]})


def table(folder: Path) -> None:
    rows = lines(folder / "alarms.jsonl")
    if rows:
        total = sum(row["rows"] for row in rows)
        print(f"{len(rows)} comparisons of equal runs: {sum(row['regressions'] > 0 for row in rows)} with a regression; "
              f"{sum(row['regressions'] for row in rows)} of {total} verdicts a regression, {sum(row['claims'] for row in rows)} faster or slower "
              f"({sum(row['machine'] for row in rows)} of them the machine), {sum(row['undecided'] for row in rows)} undecided")
    for path in sorted(folder.glob("power_*.jsonl")):
        rows = lines(path)
        _, delay, minutes = path.stem.split("_")
        found = [row for row in rows if row["method"] == "slower" and row["cause"] == "method"]
        others = sum(row["regressions"] - (row["method"] == "slower") * 1 for row in rows)
        kinds = {kind: sum(row["method"] == kind for row in rows) for kind in ("slower", "same", "undecided")}
        print(f"delay {float(delay):.1%} in {METHOD}, {minutes} minutes at most: {len(found)} of {len(rows)} name it; {kinds}; regressions of other cells {others}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("alarms", "power", "table"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("delayed", type=Path, nargs="?")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--delay", type=float, default=0.03)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.what == "alarms":
        alarms(options.folder, options.runs or 201)
    elif options.what == "power":
        power(options.folder, options.delayed, options.runs or 50, options.delay, options.minutes)
    table(options.folder)


if __name__ == "__main__":
    main()
