#!/usr/bin/env python3
"""Faults at random moments of a run, and what is left after --resume: nothing lost, nothing twice, the same samples.

    python3 tests/end_to_end/fault_storm.py 100 --csv results/scale_out/faults.csv [--seed 1]

Each trial starts the suite on 2 or 4 ranks, lets one of FAULTS happen at a moment drawn over the time that an undisturbed
run takes, and resumes until the run has ended. fault_storm_test.py is the short form."""

from __future__ import annotations

import argparse
import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from outcomes import assert_same, outcome
from program import ENVIRONMENT, command, diffbench, run_ok, write_uvit

ROUNDS, SAMPLES, SHARD = 12, 96, 8
SUITE = """name = "storm"
seed = 5
[run]
model = "{models}/deep"
batch = [4]
device = "cpu"
[[method]]
name = "full"
[[method]]
name = "static_schedule"
depths = [5, 3]
[[method]]
name = "first_block_cache"
[[solver]]
name = "ddim"
steps = [3]
grid = "trailing"
[timing]
min_rounds = {rounds}
max_rounds = {rounds}
warmup_max_seconds = 0.2
[quality]
samples = {samples}
batch = 4
shard = {shard}
"""
CELLS = 3
PATIENCE_S = 6


@dataclass
class Trial:
    folder: Path
    suite: Path
    database: Path
    ranks: int
    delay_s: float
    usual_bytes: int  # of the database in the end
    random: random.Random

    def start(self, wrapper: tuple[str, ...] = ()) -> subprocess.Popen:
        words = command("run", self.suite, "--db", self.database, "--patience", PATIENCE_S, ranks=self.ranks)
        return subprocess.Popen([*wrapper, *words], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def pids(self) -> list[int]:
        """of the ranks, once rank 0 has said who they are"""
        try:
            with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=5) as connection:
                return [pid for pid, in connection.execute("SELECT pid FROM rank JOIN run ON run.id = run WHERE status = 'running' ORDER BY rank")]
        except sqlite3.OperationalError:
            return []

    def wait_until_struck(self, process: subprocess.Popen) -> list[int]:
        """the ranks to strike; none where the run was faster than the fault"""
        until = time.monotonic() + self.delay_s
        while time.monotonic() < until and process.poll() is None:
            time.sleep(0.005)
        while process.poll() is None:
            if len(pids := self.pids()) == self.ranks:
                return pids
            time.sleep(0.005)
        return []


def ended(process: subprocess.Popen) -> tuple[int, str]:
    _, text = process.communicate(timeout=60)
    return process.returncode, text


def send(number: int, first: int = 0):
    """to one of the ranks from `first` on"""

    def fault(trial: Trial) -> tuple[int, str]:
        process = trial.start()
        if pids := trial.wait_until_struck(process):
            try:
                os.kill(trial.random.choice(pids[first:]), number)
            except ProcessLookupError:
                pass  # it has just ended
        return ended(process)

    return fault


def disk_full(trial: Trial) -> tuple[int, str]:
    """the database on a file system that has room for a part of it; what was written is moved to where there is room"""
    small = trial.folder / "small"
    small.mkdir()
    inside = small / trial.database.name
    place, trial.database = trial.database, inside
    kib = int(trial.usual_bytes / 1024 * trial.random.uniform(0.7, 1.0))  # the journal needs room too
    script = f'mount -t tmpfs -o size={kib}k tmpfs "{small}" && "$@"; code=$?; cp "{small}"/* "{trial.folder}" 2>/dev/null; exit $code'
    process = trial.start(("unshare", "-m", "sh", "-c", script, "sh"))
    trial.database = place
    return ended(process)


def two_writers(trial: Trial) -> tuple[int, str]:
    """another program holds the file for longer than rank 0 waits for it"""
    process = trial.start()
    trial.wait_until_struck(process)
    if process.poll() is None:
        with sqlite3.connect(trial.database, isolation_level=None, timeout=20) as connection:
            connection.execute("BEGIN IMMEDIATE")
            deadline = time.monotonic() + 15
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            connection.execute("ROLLBACK")
    return ended(process)


# what happens, and the exit codes it may leave: 0 where the run was done before
FAULTS = {
    "kill": (send(signal.SIGKILL), {0, 137}),  # mpirun's, of the rank that was killed
    "stop": (send(signal.SIGSTOP, first=1), {0, 1}),  # nobody watches rank 0
    "term": (send(signal.SIGTERM), {0, 1}),
    "disk_full": (disk_full, {0, 2}),
    "two_writers": (two_writers, {0, 2}),
}


def write_suite(folder: Path) -> Path:
    write_uvit(folder / "deep", depth=4, seed=1)
    suite = folder / "suite.toml"
    suite.write_text(SUITE.format(models=folder, rounds=ROUNDS, samples=SAMPLES, shard=SHARD))
    return suite


def strike(trial: Trial, name: str, undisturbed: dict[str, tuple]) -> dict:
    """One trial: raises AssertionError where anything is lost, twice or another thing than without the fault."""
    fault, codes = FAULTS[name]
    code, text = fault(trial)
    assert code in codes, (name, code, text)
    stored = 0
    if code == 0:
        result = diffbench("run", trial.suite, "--db", trial.folder / "again.db", "--json", ranks=trial.ranks)
    else:
        if not trial.database.exists() or not trial.pids():  # struck before anything was written: begun anew
            result = diffbench("run", trial.suite, "--db", trial.database, "--json", ranks=trial.ranks)
        else:
            with sqlite3.connect(f"file:{trial.database}?mode=ro", uri=True) as connection:
                stored = connection.execute("SELECT count(*) FROM timing").fetchone()[0]
            result = diffbench("run", trial.suite, "--db", trial.database, "--resume", "--json", ranks=trial.ranks)
    assert result.returncode == 0, (name, result.stderr)
    assert_same(undisturbed, outcome(result))
    database = trial.database if code else trial.folder / "again.db"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        one = lambda sql: connection.execute(sql).fetchone()[0]  # noqa: E731
        assert one("SELECT count(*) FROM timing WHERE discard_reason IS NULL") == CELLS * ROUNDS * trial.ranks
        assert one("SELECT count(*) FROM feature_shard") == CELLS * SAMPLES // SHARD
        assert one("SELECT count(*) FROM run WHERE status = 'ok'") == 1
        assert one("PRAGMA integrity_check") == "ok"
    return {"fault": name, "ranks": trial.ranks, "delay_s": round(trial.delay_s, 3), "exit": code, "timings_kept": stored}


def storm(trials: int, seed: int, names: list[str], folder: Path):
    """yields what came of each trial"""
    draw = random.Random(seed)
    suite = write_suite(folder)
    began = time.monotonic()
    undisturbed = outcome(run_ok("run", suite, "--db", folder / "undisturbed.db", "--json", ranks=2))
    usual_s = time.monotonic() - began
    usual_bytes = (folder / "undisturbed.db").stat().st_size
    for number in range(trials):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            trial = Trial(folder=Path(place), suite=suite, database=Path(place) / "r.db", ranks=draw.choice((2, 4)),
                          delay_s=draw.uniform(0, usual_s), usual_bytes=usual_bytes, random=draw)
            yield {"trial": number} | strike(trial, names[number % len(names)], undisturbed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", type=int)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder, (options.csv or Path(os.devnull)).open("w", newline="") as out:
        for row in storm(options.trials, options.seed, list(FAULTS), Path(folder)):
            rows.append(row)
            if len(rows) == 1:
                csv.writer(out).writerow(row)
            csv.writer(out).writerow(row.values())
            out.flush()
            print(*row.values(), flush=True)
    print(f"{len(rows)} trials: nothing lost, nothing twice; {sum(row['exit'] != 0 for row in rows)} met the run")


if __name__ == "__main__":
    main()
