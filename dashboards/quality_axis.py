"""The quality metrics that a run was judged by, and the one on the axes of its figures.

    qualities = judged_qualities(values)                   # FID first
    quality = choose_quality(qualities, "kid")             # what --quality names
    cells = with_quality(cells, values, quality)           # adds quality, quality_low, .., on_pareto_front
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboards.database import ReportError
from dashboards.intervals import interval_words

# as readers write them, in the order of columns; others stand behind with their own names
TITLES = {
    "fid": "FID", "sfid": "sFID", "fid_infinity": "FID∞", "kid": "KID", "cmmd": "CMMD", "inception_score": "inception score", "precision": "precision",
    "recall": "recall", "density": "density", "coverage": "coverage", "psnr": "PSNR", "ssim": "SSIM", "rmse": "RMSE", "lpips": "LPIPS",
}
DIFFERENCE = "_difference"
# values of unequal n or origin never share a column, a front or an axis (results/views.sql)
VALUES = """
SELECT cell_quality.*, metric.better FROM cell_quality JOIN metric ON metric.name = cell_quality.metric
WHERE run = :run ORDER BY extractor, cell, metric
"""
COMPETES = ["device", "ranks", "scenario", "quality_n", "quality_origin"]  # as view pareto has it
NUMBERS = ["quality", "quality_low", "quality_high", "quality_n"]


@dataclass(frozen=True)
class Quality:
    name: str  # as --quality takes it: the metric, with @extractor where that is not the first
    metric: str
    extractor: int  # its place
    title: str
    better: str  # lower | higher | none
    is_log: bool  # of an axis: values and intervals lie above 0, and smaller is better

    @property
    def sign(self) -> int:
        """Times a value: the least is the best."""
        return -1 if self.better == "higher" else 1

    @property
    def axis_title(self) -> str:
        return f"{self.title} ({self.better} is better)" if self.better != "none" else self.title

    @property
    def direction(self) -> str:
        """In figures' explanations."""
        return "up" if self.better == "higher" else "down"


NONE_JUDGED = Quality("fid", "fid", 1, "FID", "lower", True)


def rows_of(values: pd.DataFrame, quality: Quality, ending: str = "") -> pd.DataFrame:
    return values[(values["metric"] == quality.metric + ending) & (values["extractor"] == quality.extractor)]


def judged_qualities(values: pd.DataFrame) -> list[Quality]:
    """Of `values` (VALUES); differences to the full network belong to their metric. The first extractor's come first."""
    order = {metric: place for place, metric in enumerate(TITLES)}
    found = []
    for (extractor, metric), rows in values.groupby(["extractor", "metric"]):
        if metric.endswith(DIFFERENCE):
            continue
        first = rows.iloc[0]
        title = TITLES.get(metric, metric.replace("_", " ")) + (f" ({first['extractor_name']})" if extractor > 1 else "")
        is_log = first["better"] == "lower" and bool((rows[["value", "low"]].astype(float).min() > 0).all() or (rows["value"] > 0).all() and rows["low"].isna().all())
        found.append(Quality(first["name"], metric, int(extractor), title, first["better"], is_log))
    return sorted(found, key=lambda of: (of.extractor > 1, of.extractor if of.extractor > 1 else 0, order.get(of.metric, len(order)), of.metric))


def choose_quality(qualities: list[Quality], wanted: str | None) -> Quality:
    """ReportError where the run was not judged by `wanted`; else FID or what comes first."""
    if wanted is None:
        return qualities[0] if qualities else NONE_JUDGED
    for quality in qualities:
        if quality.name == wanted:
            return quality
    names = ", ".join(quality.name for quality in qualities) or "nothing"
    raise ReportError(f"--quality {wanted}: the run was judged by {names}")


def with_quality(cells: pd.DataFrame, values: pd.DataFrame, quality: Quality) -> pd.DataFrame:
    """A copy of `cells` with NUMBERS, quality_origin, quality_interval in words and on_pareto_front."""
    rows = rows_of(values, quality).set_index("cell")
    of = {"quality": "value", "quality_low": "low", "quality_high": "high", "quality_n": "n"}
    cells = cells.copy().assign(**{name: cells["cell"].map(rows[column]).astype(float) for name, column in of.items()},
                         quality_origin=cells["cell"].map(rows["origin"]).astype(object).fillna(""))
    words = [interval_words(low, high, n, ".4g") for low, high, n in zip(cells["quality_low"], cells["quality_high"], cells["quality_n"])]
    return cells.assign(quality_interval=words, on_pareto_front=on_front(cells, quality.sign))


def on_front(cells: pd.DataFrame, sign: int) -> pd.Series:
    """Which cells no other beats in both throughput and quality, as view pareto says of FID; only what may be compared competes."""
    candidates = cells[(cells["role"] != "null") & cells["images_per_s"].notna() & cells["quality"].notna()]
    found = pd.Series(False, cells.index)
    for _, of in candidates.groupby(COMPETES, sort=False, dropna=False):
        speed, loss = of["images_per_s"].to_numpy(), sign * of["quality"].to_numpy()
        as_good = (speed[None, :] >= speed[:, None]) & (loss[None, :] <= loss[:, None])
        better = (speed[None, :] > speed[:, None]) | (loss[None, :] < loss[:, None])
        found[of.index] = ~np.any(as_good & better, axis=1)
    return found
