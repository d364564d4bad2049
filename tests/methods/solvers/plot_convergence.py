"""Measures every deterministic solver's convergence and draws it: writes convergence.csv and convergence.svg of
methods/solvers/.

    .venv/bin/python tests/methods/solvers/plot_convergence.py build/release/bin/solvers_test     # two seconds

The errors are those that the test SolverOrder measures and asserts; it hands them over in its JSON report.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))
from dashboards import theme  # noqa: E402

OUT = ROOT / "methods" / "solvers"
HEADER = ["case", "steps", "evaluations", "error", "signed_error"]
LABELS = {
    "euler_maruyama_ode": "euler_maruyama, ode",
    "pndm_prk": "pndm, prk = true",
    "pndm_plms": "pndm, prk = false",
} | {f"unipc_{order}_{variant}": f"unipc {order}, {variant}" for order in (1, 2, 3) for variant in ("bh1", "bh2")}
PANELS = {
    "order 1": {1},
    "order 2": {2},
    "orders 3 and 4": {3, 4},
    "pndm: hollow where the error is negative": {None},
}


def measured(test: Path) -> list[dict]:
    """name, theory, fitted order (None for pndm) and rows of every case, as the test ran them just now"""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [test, "--gtest_filter=*SolverOrder.*", f"--gtest_output=json:{report}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        suites = json.loads(report.read_text())["testsuites"]
    cases = []
    for case in (case for suite in suites for case in suite["testsuite"]):
        rows = [row.split(",") for row in case["rows"].split()]
        theory = float(case["theory"]) if "theory" in case else None
        cases.append({"name": rows[0][0], "theory": theory, "fitted": case.get("fitted"), "rows": rows})
    return cases


def numbers(case: dict, column: str) -> list[float]:
    return [float(row[HEADER.index(column)]) for row in case["rows"]]


def label_of(case: dict) -> str:
    name = LABELS.get(case["name"], case["name"])
    return name if case["fitted"] is None else f"{name}: {float(case['fitted']):.2f}"


def draw_slopes(axes, cases: list[dict], theories: list[float]) -> None:
    """dashed lines of the theory's slopes, fanning out from one point above all curves"""
    points = [p for case in cases for p in zip(numbers(case, "evaluations"), numbers(case, "error"))]
    last_x = max(x for x, _ in points)
    first_x = last_x / 4
    first_y = 6 * max(y for x, y in points if x >= first_x / 1.2)
    for theory in theories:
        last_y = first_y * 4**-theory
        axes.plot([first_x, last_x], [first_y, last_y], "--", color=theme.INK, linewidth=1)
        axes.annotate(f"slope {theory:g}", (last_x, last_y), xytext=(3, 0), textcoords="offset points", fontsize=8,
                      va="center", color=theme.INK)
    axes.set_xlim(right=last_x * 1.9)
    axes.set_ylim(bottom=min(y for _, y in points) / 8)


def draw_panel(axes, title: str, cases: list[dict]) -> None:
    for i, case in enumerate(cases):
        x, y = numbers(case, "evaluations"), numbers(case, "error")
        colour, marker = theme.SERIES_COLOURS[i], theme.PAPER_MARKERS[i]
        negative = [error < 0 and case["theory"] is None for error in numbers(case, "signed_error")]
        axes.loglog(x, y, color=colour, marker=marker, markersize=5, linewidth=1.3, label=label_of(case))
        axes.plot([a for a, n in zip(x, negative) if n], [b for b, n in zip(y, negative) if n], marker,
                  markersize=5, color=colour, markerfacecolor="white")
    draw_slopes(axes, cases, sorted({case["theory"] or 2 for case in cases}))
    axes.set_title(title, fontsize=10, loc="left", color=theme.INK)
    axes.xaxis.set_major_locator(matplotlib.ticker.LogLocator(base=2))
    axes.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    axes.grid(True, color=theme.GRID, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, loc="lower left", handlelength=1.8)


def draw(cases: list[dict], path: Path) -> None:
    plt.rcParams |= {"svg.hashsalt": "convergence", "font.size": 9, "axes.edgecolor": "#9AA5B1"}
    figure, panels = plt.subplots(2, 2, figsize=(8.6, 7.2), layout="constrained")
    for axes, (title, theories) in zip(panels.flat, PANELS.items(), strict=True):
        draw_panel(axes, title, [case for case in cases if case["theory"] in theories])
    figure.supxlabel("evaluations of the network", fontsize=9)
    figure.supylabel("error against the exact probability flow", fontsize=9)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test", type=Path, help="the built solvers_test")
    cases = measured(parser.parse_args().test.resolve())
    with (OUT / "convergence.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(row for case in cases for row in case["rows"])
    draw(cases, OUT / "convergence.svg")


if __name__ == "__main__":
    main()
