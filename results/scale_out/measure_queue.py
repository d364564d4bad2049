#!/usr/bin/env python3
"""How much of the ideal throughput quality sampling reaches on ranks of equal and of unequal speed.

    python3 results/scale_out/measure_queue.py FOLDER NAME=PROGRAM [NAME=PROGRAM ...] [--repeats 9]

Ranks wait instead of computing (method `sleeper` of tests/end_to_end, 20 ms an evaluation, the slow rank 60 ms), so that
eight of them fit on two cores and what is seen is the sharing out; model and network cost next to nothing. A batch is five evaluations. Time is what the program
says that all samples took, from the first batch to the last result stored; ideal is what the ranks would give if none ever
waited, from the batch times that each kind of rank has alone, measured in the same way. Programs, ranks and repeats take
turns. FOLDER/queue.csv gets every measurement, efficiency.svg shows them. fixed_split.patch makes the program that it is compared with: the one of
commit d1262a5, with a clock."""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/end_to_end")]

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

from dashboards import theme
from program import ENVIRONMENT, NOISE

BATCH, BATCHES_A_RANK = 4, 20
FAST_US, SLOW_US = 20_000, 60_000
KINDS = {"even": lambda ranks: [FAST_US] * ranks, "one slow": lambda ranks: [FAST_US] * (ranks - 1) + [SLOW_US]}


def build_plugin(folder: Path) -> Path:
    """with the flags of a file that sees the same headers"""
    commands = json.loads((ROOT / "build/release/compile_commands.json").read_text())
    words = shlex.split(next(one["command"] for one in commands if one["file"].endswith("methods/registry.cpp")))
    flags = [word for word in words if word.startswith(("-D", "-I", "-std", "-f", "-O"))]
    flags += [word for at, word in enumerate(words) if word == "-isystem" or words[at - 1] == "-isystem"]
    plugin = folder / "sleeper.so"
    subprocess.run(["c++", *flags, "-w", "-shared", "-fPIC", "-o", plugin, ROOT / "tests/end_to_end/sleeper_plugin.cpp"], check=True,
                   cwd=ROOT / "build/release")
    return plugin


def write_suite(folder: Path, plugin: Path) -> Path:
    (folder / "mixture").mkdir()
    (folder / "mixture/model.toml").write_text(
        f'[backbone]\nkind = "gaussian_mixture"\nimage_size = 8\nchannels = 3\nmeans = [-0.6, 0.5]\nstds = [0.1, 0.2]\nweights = [0.3, 0.7]\n{NOISE}')
    np.savez(folder / "reference.npz", mu=np.zeros(3), sigma=np.eye(3))  # the network gives the mean of each channel
    suite = folder / "queue.toml"
    suite.write_text(
        f'name = "queue"\nseed = 1\nplugins = ["{plugin}"]\n[run]\nmodel = "{folder}/mixture"\nbatch = [1]\n[[method]]\nname = "sleeper"\n'
        '[[solver]]\nname = "ddim"\nsteps = [5]\ngrid = "trailing"\n[timing]\nmin_rounds = 1\nmax_rounds = 1\nwarmup_max_seconds = 0.1\n'
        f"[quality]\nsamples = 64\nbatch = {BATCH}\nshard = {8 * BATCH}\nimages = 0\n"
        f'extractor = "{ROOT}/tests/harness/quality/features_only.pt"\nreference = "{folder}/reference.npz"\n')
    return suite


def seconds(program: str, suite: Path, pauses_us: list[int], batches: int) -> float:
    """that the program says its samples took"""
    words = ["mpirun"]
    for pause in pauses_us:
        words += ["-n", "1", "-x", f"SLEEPER_US={pause}", program, "run", str(suite), "--db", str(suite.parent / "r.db"),
                  "--set", f"quality.samples={batches * BATCH}", ":"]
    (suite.parent / "r.db").unlink(missing_ok=True)
    done = subprocess.run(words[:-1], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = re.search(r"quality: (\d+) samples in ([\d.]+) s", done.stderr)
    assert said and int(said[1]) == batches * BATCH, done.stderr
    return float(said[2])


def measure(folder: Path, programs: dict[str, str], repeats: int) -> None:
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as place, (folder / "queue.csv").open("w", newline="") as out:
        suite = write_suite(Path(place), build_plugin(Path(place)))
        writer = csv.writer(out)
        writer.writerow(["repeat", "program", "ranks", "kind", "batches", "seconds", "efficiency"])
        for repeat in range(repeats):
            some = next(iter(programs.values()))
            alone_s = {pause: seconds(some, suite, [pause], BATCHES_A_RANK) / BATCHES_A_RANK for pause in (FAST_US, SLOW_US)}
            cases = [(name, ranks, kind) for name in programs for ranks in (1, 2, 4, 8) for kind in KINDS if ranks > 1 or kind == "even"]
            draw.shuffle(cases)
            for name, ranks, kind in cases:
                pauses, batches = KINDS[kind](ranks), BATCHES_A_RANK * ranks
                took_s = seconds(programs[name], suite, pauses, batches)
                ideal_s = batches / sum(1 / alone_s[pause] for pause in pauses)
                writer.writerow([repeat, name, ranks, kind, batches, round(took_s, 4), round(ideal_s / took_s, 4)])
                out.flush()


def efficiencies(file: Path) -> dict[tuple[str, int, str], list[float]]:
    """by kind, ranks and program"""
    with file.open() as rows:
        cells: dict[tuple[str, int, str], list[float]] = {}
        for row in csv.DictReader(rows):
            cells.setdefault((row["kind"], int(row["ranks"]), row["program"]), []).append(float(row["efficiency"]))
    return cells


def figure(file: Path) -> None:
    """efficiency.svg beside the file: medians, and the range of all repeats"""
    cells = efficiencies(file)
    drawn, axes = plt.subplots(1, len(KINDS), figsize=(7, 2.8), sharey=True, constrained_layout=True)
    for axis, kind in zip(axes, KINDS, strict=True):
        for program, colour in zip(sorted({key[2] for key in cells}), theme.SERIES_COLOURS, strict=False):
            ranks = sorted(key[1] for key in cells if key[0] == kind and key[2] == program)
            values = [[100 * one for one in cells[kind, number, program]] for number in ranks]
            middle = [statistics.median(of_cell) for of_cell in values]
            reach = [[m - min(v) for m, v in zip(middle, values, strict=True)], [max(v) - m for m, v in zip(middle, values, strict=True)]]
            axis.errorbar(ranks, middle, reach, fmt="o-", markersize=3.5, linewidth=1.2, capsize=2, color=colour, label=program)
        axis.set_xscale("log", base=2)
        axis.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])
        axis.set_title(f"ranks: {kind}", loc="left", fontsize=8)
        axis.set_xlabel("ranks")
        axis.set_ylim(0, 105)
        axis.grid(True, linewidth=0.4, alpha=0.5)
    axes[0].set_ylabel("of the ideal throughput, %")
    axes[0].legend(fontsize=7, frameon=False, loc="lower left")
    drawn.savefig(file.parent / "efficiency.svg")


def table(file: Path) -> None:
    """medians with the distribution-free interval of the median: from the smallest to the largest, 97 % for 6"""
    for (kind, ranks, program), values in sorted(efficiencies(file).items()):
        values.sort()
        interval = f"[{100 * values[0]:.1f}, {100 * values[-1]:.1f}]" if len(values) >= 6 else f"n = {len(values)}"
        print(f"{kind:<9} {ranks} ranks  {program:<8} {100 * statistics.median(values):.1f} % {interval}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("programs", nargs="*", help="NAME=PROGRAM; without any, the table of what is in FOLDER is printed")
    parser.add_argument("--repeats", type=int, default=6)
    options = parser.parse_args()
    if options.programs:
        measure(options.folder, dict(one.split("=", 1) for one in options.programs), options.repeats)
    table(options.folder / "queue.csv")
    figure(options.folder / "queue.csv")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
