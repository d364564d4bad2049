#!/usr/bin/env python3
"""`diffbench predict` against what measure_queue.py measured.

    python3 results/scale_out/compare_prediction.py FOLDER PROGRAM

One rank samples alone, three times fast and three times slow: from the fast run predict knows how long a batch takes, from both
how much slower the slow rank is. Then the wall times of FOLDER/queue.csv (program `queue`) are predicted. Writes
FOLDER/predicted.csv and prints it."""

from __future__ import annotations

import csv
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure_queue import BATCH, BATCHES_A_RANK, FAST_US, KINDS, SLOW_US, build_plugin, seconds, write_suite


def measured(file: Path) -> dict[tuple[int, str], list[float]]:
    cells: dict[tuple[int, str], list[float]] = {}
    with file.open() as rows:
        for row in csv.DictReader(rows):
            if row["program"] == "queue":
                cells.setdefault((int(row["ranks"]), row["kind"]), []).append(float(row["seconds"]))
    return cells


def predicted_s(program: str, database: Path, pauses_us: list[int], slow_speed: float) -> float:
    cluster = database.parent / "cluster.toml"
    cluster.write_text("".join(f"[[node]]\ncount = 1\ndevices = 1\nspeed = {1.0 if pause == FAST_US else slow_speed}\n" for pause in pauses_us))
    ranks = len(pauses_us)
    done = subprocess.run([program, "predict", database, "--cluster", cluster, "--samples", str(BATCHES_A_RANK * ranks * BATCH), "--ranks", str(ranks),
                           "--json"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["cells"][0]["wall_s"]


def main() -> None:
    folder, program = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as place, (folder / "predicted.csv").open("w", newline="") as out:
        suite = write_suite(Path(place), build_plugin(Path(place)))
        slow_s = statistics.median(seconds(program, suite, [SLOW_US], BATCHES_A_RANK) for _ in range(3))
        fast_s = statistics.median(seconds(program, suite, [FAST_US], BATCHES_A_RANK) for _ in range(3))
        database = suite.parent / "r.db"  # of the last fast run
        writer = csv.writer(out)
        writer.writerow(["ranks", "kind", "measured_s", "lowest_s", "highest_s", "n", "predicted_s", "predicted_over_measured"])
        for (ranks, kind), values in sorted(measured(folder / "queue.csv").items()):
            guess = predicted_s(program, database, KINDS[kind](ranks), fast_s / slow_s)
            middle = statistics.median(values)
            row = [ranks, kind, round(middle, 3), min(values), max(values), len(values), round(guess, 3), round(guess / middle, 3)]
            writer.writerow(row)
            print(*row, sep="\t")


if __name__ == "__main__":
    main()
