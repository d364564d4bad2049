#!/usr/bin/env python3
"""How far the gate is to be trusted: false alarms of equal programs, and what slowdowns it finds.

    measure_trust.py alarms FOLDER [--runs 201]                  equal runs one after the other; each compared with the next
    measure_trust.py power FOLDER DELAYED [--runs 50] [--delay "block_cache 0.03 duodiff 0.01"] [--minutes 5]
                                                                 ab of a program built with delay.patch against itself
    measure_trust.py table FOLDER                                what has been measured so far

Every line is appended to FOLDER/*.jsonl as soon as it is known, and a further call goes on where the last one ended.
FOLDER keeps the database of the alarms. README.md says what came out."""

from __future__ import annotations

import argparse
import collections
import json
import os
import sqlite3
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("DIFFBENCH_BINARY", ROOT / "build/release/bin/diffbench"))


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


def parsed(delay: str) -> dict[str, float]:
    words = delay.split()
    return dict(zip(words[::2], map(float, words[1::2]), strict=True))


def power(folder: Path, delayed: Path, runs: int, delay: str, minutes: float) -> None:
    """One line a run: what `ab` said of each delayed method when it ended, at its first certain regression or its time."""
    out = folder / f"power_{delay.replace(' ', '-')}_{minutes:g}.jsonl"
    # the same program without the delay: two builds of one source may differ by half a percent
    older = folder.resolve() / "undelayed.sh"
    older.write_text(f'#!/bin/sh\nunset DELAY\nexec "{delayed.resolve()}" "$@"\n')
    older.chmod(0o755)
    while len(lines(out)) < runs:
        database = folder / "power.db"
        database.unlink(missing_ok=True)
        start = time.monotonic()
        _, text = call(PROGRAM, "ab", older, ROOT / "harness/suites/gate.toml", "--new", delayed, "--db", database, "--minutes", minutes, "--fail-fast", "--json",
                       environment={"DELAY": delay, "DIFFBENCH_HOME": str(ROOT)})
        rows = [row for row in json.loads(text)["cells"] if row["gates"] and row["metric"] == "latency"]
        one = counts(json.loads(text)) | {"seconds": round(time.monotonic() - start, 1), "delayed": {}}
        for method in parsed(delay):
            row = next(row for row in rows if row["key"].startswith(method))
            one["delayed"][method] = {name: row[name] for name in ("verdict", "cause", "ratio", "low", "high", "n", "regression")}
        append(out, one | {"other_regressions": [row["key"] for row in rows if row["regression"] and row["key"].split("/")[0] not in parsed(delay)]})


def table(folder: Path) -> None:
    rows = lines(folder / "alarms.jsonl")
    if rows:
        total = sum(row["rows"] for row in rows)
        print(f"{len(rows)} comparisons of equal runs: {sum(row['regressions'] > 0 for row in rows)} with a regression; "
              f"{sum(row['regressions'] for row in rows)} of {total} verdicts a regression, {sum(row['claims'] for row in rows)} faster or slower "
              f"({sum(row['machine'] for row in rows)} of them the machine), {sum(row['undecided'] for row in rows)} undecided")
    for path in sorted(folder.glob("power_*.jsonl")):
        rows = lines(path)
        delay, minutes = path.stem.removeprefix("power_").rsplit("_", 1)
        seconds = sorted(row["seconds"] for row in rows)
        print(f"{len(rows)} runs of {minutes} minutes at most: median {seconds[len(rows) // 2]:.0f} s, longest {seconds[-1]:.0f} s; "
              f"{sum(bool(row['other_regressions']) for row in rows)} with a regression of a method that was not delayed")
        for method, share in parsed(delay.replace("-", " ")).items():
            ones = [row["delayed"][method] for row in rows]
            named = sum(one["regression"] and one["cause"] == "method" for one in ones)
            print(f"  {method} slower by {share:.0%}: {named} times named; {dict(collections.Counter(one['verdict'] for one in ones))}, "
                  f"rounds {min(one['n'] for one in ones)} to {max(one['n'] for one in ones)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("alarms", "power", "table"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("delayed", type=Path, nargs="?")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--delay", default="block_cache 0.03 duodiff 0.01", help="methods and by what share of their time each is delayed")
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
