"""python -m dashboards.risk_figure splits.csv [more.csv ...] -o risk.svg: what risk control gives, as the figure of Fast yet Safe.

One row of panels per file that `diffbench calibrate --splits N --splits-out splits.csv` wrote, titled by the file's name: the risk on
units that did not calibrate, and how deep samples left, both against the risk allowed. Lines are means over the random splits, bands
their 10 % and 90 % quantiles; above the dashed diagonal more is lost than was allowed. The ending of -o decides the format.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd

from dashboards import theme

SPREAD = ["{}", "{}_low", "{}_high"]
COLUMNS = ["procedure", "epsilon", *(form.format(name) for name in ("risk", "exit") for form in SPREAD),
           "splits", "calibration_units", "test_units", "delta"]
PROMISES_NOTHING = "naive"


class FigureError(Exception):
    """One line for the reader: the file and what is wrong with it."""


def read(path: Path) -> pd.DataFrame:
    try:
        rows = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise FigureError(f"{path}: cannot be read as CSV: {str(error).splitlines()[0]}") from error
    missing = [name for name in COLUMNS if name not in rows.columns]
    if missing:
        raise FigureError(f"{path}: no column '{missing[0]}': not what `diffbench calibrate --splits-out` writes")
    if rows.empty:
        raise FigureError(f"{path}: no rows")
    numbers = [name for name in COLUMNS if name != "procedure"]
    for name in numbers:
        if not pd.api.types.is_numeric_dtype(rows[name]):
            raise FigureError(f"{path}: column '{name}' holds words")
    return rows


def title_of(path: Path, rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    return (f"{path.stem}: {first.splits:.0f} splits, {first.calibration_units:.0f} calibrate, "
            f"{first.test_units:.0f} test, delta {first.delta:g}")


def draw_lines(axis: plt.Axes, rows: pd.DataFrame, name: str) -> dict[str, object]:
    """Mean and band of each procedure; its line by name. The procedure without a guarantee is dashed. Lines that others are drawn
    over are wider: losses of 0 and 1 make naive and crc choose alike."""
    handles = {}
    count = rows["procedure"].nunique()
    for number, (procedure, own) in enumerate(rows.groupby("procedure", sort=False)):
        own = own.sort_values("epsilon")
        colour = theme.SERIES_COLOURS[number % len(theme.SERIES_COLOURS)]
        axis.fill_between(own["epsilon"], own[f"{name}_low"], own[f"{name}_high"], color=colour, alpha=0.13, linewidth=0)
        wider = 0.6 * (count - 1 - number)
        (handles[procedure],) = axis.plot(
            own["epsilon"], own[name], "--" if procedure == PROMISES_NOTHING else "-", color=colour, linewidth=1.2 + wider,
            marker=theme.PAPER_MARKERS[number % len(theme.PAPER_MARKERS)], markersize=3.5 + wider, markevery=max(1, len(own) // 12))
    return handles


def draw(files: dict[Path, pd.DataFrame]) -> plt.Figure:
    figure, axes = plt.subplots(len(files), 2, figsize=(8.4, 3.3 * len(files) + 0.3), squeeze=False, layout="constrained")
    handles: dict[str, object] = {}
    for (left, right), (path, rows) in zip(axes, files.items()):
        most = rows["epsilon"].max()
        (handles["risk = epsilon"],) = left.plot([0, most], [0, most], ":", color=theme.INK, linewidth=1)
        handles |= draw_lines(left, rows, "risk")
        left.set_title(title_of(path, rows), fontsize=8, loc="left")
        left.set_ylabel("test risk", fontsize=8)
        draw_lines(right, rows, "exit")
        right.set_ylabel("mean exit, share of the blocks", fontsize=8)
        if rows["exit"].isna().all():
            right.text(0.5, 0.5, "the table of losses had no exits", ha="center", transform=right.transAxes, fontsize=8)
        for axis in (left, right):
            axis.set_xlabel("epsilon: the risk allowed", fontsize=8)
            axis.tick_params(labelsize=8)
            axis.set_xlim(0, most)
            axis.grid(True, color=theme.GRID, linewidth=0.7)
            axis.spines[["top", "right"]].set_visible(False)
    theme.paper_legend(figure, handles)
    return figure


def save(figure: plt.Figure, path: Path) -> None:
    """The same rows give the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "risk_figure"}):
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dashboards.risk_figure", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("splits", nargs="+", type=Path, help=".csv of `diffbench calibrate --splits-out`")
    parser.add_argument("-o", "--out", required=True, type=Path, help=".svg, .pdf or .png")
    options = parser.parse_args(arguments)
    try:
        figure = draw({path: read(path) for path in options.splits})
        save(figure, options.out)
    except FigureError as error:
        print(f"dashboards.risk_figure: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"dashboards.risk_figure: {options.out}: cannot be written: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
