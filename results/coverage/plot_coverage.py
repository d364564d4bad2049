"""Draws coverage.csv as coverage.svg and prints the table of results/README.md.

    build/release/bin/coverage_table > results/coverage/coverage.csv     # 5 to 15 minutes
    .venv/bin/python results/coverage/plot_coverage.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pandas as pd

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

FOLDER = Path(__file__).parent
RULES = {  # the first is in use
    "order statistics, interpolated": ("#0b5fa5", "o", 2.2),
    "order statistics": ("#6b7280", "s", 1.2),
    "Student's t of logarithms": ("#b45309", "^", 1.2),
    "percentile bootstrap": ("#b91c1c", "x", 1.2),
}
TITLES = {"speedup": "speed-up, paired by round", "latency": "latency"}
BOTTOM = 0.84  # the bootstrap of two or three rounds is far below


def draw(rows: pd.DataFrame) -> None:
    plt.rcParams.update({"svg.hashsalt": "coverage", "svg.fonttype": "none", "font.size": 8, "font.family": "sans-serif"})
    machines = list(rows["machine"].unique())
    figure, axes = plt.subplots(2, len(machines), figsize=(11, 4.8), sharex=True, sharey=True, layout="constrained")
    for line, (estimand, title) in zip(axes, TITLES.items(), strict=True):
        for plot, machine in zip(line, machines, strict=True):
            plot.axhspan(0.93, 0.97, color="#0b5fa5", alpha=0.10, linewidth=0)
            plot.axhline(0.95, color="#0b5fa5", linewidth=0.6)
            for rule, (colour, marker, width) in RULES.items():
                part = rows[(rows["estimand"] == estimand) & (rows["machine"] == machine) & (rows["rule"] == rule)]
                part = part[part["coverage"] >= BOTTOM]
                plot.plot(part["n"], part["coverage"], color=colour, marker=marker, markersize=3, linewidth=width, label=rule)
            plot.set(title=f"{title}\n{machine}", xscale="log", ylim=(BOTTOM, 1.005))
            plot.set_xticks([2, 6, 10, 30, 100], labels=["2", "6", "10", "30", "100"])
            plot.minorticks_off()
            plot.spines[["top", "right"]].set_visible(False)
    for plot in axes[1]:
        plot.set_xlabel("n")
    for plot in axes[:, 0]:
        plot.set_ylabel("share that holds the truth")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(RULES), frameon=False)
    figure.savefig(FOLDER / "coverage.svg", metadata={"Date": None})


def print_table(rows: pd.DataFrame) -> None:
    counts = [3, 6, 10, 30, 100]
    shares = rows.set_index(["estimand", "rule", "machine", "n"])["coverage"]
    heads = [f"{estimand}, n = {n}" if n == counts[0] else f"{n}" for estimand in TITLES for n in counts]
    print("| rule | machine |", " | ".join(heads), "|\n|---|---|" + "---|" * len(heads))
    for rule in RULES:
        for machine in rows["machine"].unique():
            keys = [(estimand, rule, machine, n) for estimand in TITLES for n in counts]
            print(f"| {rule} | {machine} |", " | ".join(f"{100 * shares[key]:.1f}" if key in shares else "none" for key in keys), "|")
    print()
    for kind in ("p90", "p99", *(f"{estimand} until {target} %" for target in (2, 1) for estimand in TITLES)):
        for _, row in rows[rows["estimand"] == kind].iterrows():
            print(f"{kind}, {row['machine']}, n = {row['n']}: {100 * row['coverage']:.1f}")


if __name__ == "__main__":
    table = pd.read_csv(FOLDER / "coverage.csv")
    draw(table)
    print_table(table)
