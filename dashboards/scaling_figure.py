"""python -m dashboards.scaling_figure curve.json [more.json ...] -o scaling.svg: what a cluster would give, over its size.

From what `diffbench predict --json` wrote: images per second and efficiency of each cell over the number of ranks. Everything here is
simulated (harness/predict/README.md). The ending of -o decides the format.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd

from dashboards import theme

COLUMNS = ["key", "ranks", "images_per_s", "efficiency", "limit"]


class FigureError(Exception):
    """One line for the reader: the file and what is wrong with it."""


def read(path: Path) -> tuple[str, pd.DataFrame]:
    """The cluster's name and samples in words, and a row per cell and number of ranks."""
    try:
        document = json.loads(path.read_text())
        rows = pd.DataFrame(document["cells"])[COLUMNS]
        return f"{document['cluster']}, {document['samples']:,} images", rows
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FigureError(f"{path}: not what `diffbench predict --json` writes: {str(error).splitlines()[0]}") from error


def draw(axes: tuple[plt.Axes, plt.Axes], title: str, rows: pd.DataFrame) -> None:
    speed, efficiency = axes
    for number, (key, own) in enumerate(rows.groupby("key", sort=False)):
        own = own.sort_values("ranks")
        colour = theme.SERIES_COLOURS[number % len(theme.SERIES_COLOURS)]
        marker = theme.PAPER_MARKERS[number % len(theme.PAPER_MARKERS)]
        speed.plot(own["ranks"], own["images_per_s"], "-", marker=marker, markersize=3.5, linewidth=1.2, color=colour, label=key)
        efficiency.plot(own["ranks"], 100 * own["efficiency"], "-", marker=marker, markersize=3.5, linewidth=1.2, color=colour)
    speed.set_xscale("log", base=2)
    speed.set_yscale("log")
    speed.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    efficiency.set_xscale("log", base=2)
    for axis in axes:
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axis.set_xlabel("ranks (simulated)")
        axis.grid(True, linewidth=0.4, alpha=0.5)
    efficiency.set_ylim(0, 105)
    speed.set_ylabel("images per second")
    efficiency.set_ylabel("efficiency, %")
    speed.set_title(title, loc="left", fontsize=8)
    limits = rows.loc[rows["efficiency"] <= 0.95, "limit"].unique()
    if len(limits):
        efficiency.set_title("the rest is lost to: " + "; ".join(limits), loc="left", fontsize=8)


def figure(files: list[Path]) -> plt.Figure:
    curves = [read(path) for path in files]
    drawn, axes = plt.subplots(len(curves), 2, figsize=(8.5, 3.6 * len(curves)), squeeze=False, constrained_layout=True)
    for row, (title, rows) in zip(axes, curves, strict=True):
        draw(tuple(row), title, rows)
        row[1].legend(*row[0].get_legend_handles_labels(), fontsize=6.5, frameon=False, loc="upper left", bbox_to_anchor=(0, -0.2))
    return drawn


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards.scaling_figure", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="what `diffbench predict --json` wrote")
    parser.add_argument("-o", "--output", required=True, type=Path)
    options = parser.parse_args()
    try:
        figure(options.files).savefig(options.output)
    except FigureError as error:
        print(f"scaling_figure: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
