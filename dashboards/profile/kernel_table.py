"""The operators or kernels of a cell by time: view profile_kernel as text."""

from __future__ import annotations

import pandas as pd

from dashboards.profile.cell_profile import CellProfile

TITLE = "Kernels"
EXPLANATION = (
    "By time; calls and ms are per sample, as everywhere on this page. Rates count only calls whose FLOPs or bytes are known "
    "(recorded with shapes); in brackets their share of what the machine reached with a large matrix product or a large copy: "
    "over 100 % of the copy means that the data were in a cache."
)
COLUMNS = ["name", "calls", "ms", "mean, µs", "share", "FLOP/s", "bytes/s"]
MOST_ROWS = 20


def table_rows(profile: CellProfile) -> list[list[str]]:
    rows = [_row(kernel, profile) for _, kernel in profile.kernels.head(MOST_ROWS).iterrows()]
    rest = profile.kernels.iloc[MOST_ROWS:]
    if len(rest):
        total, calls = rest["total_ns"].sum(), int(rest["calls"].sum())
        rows.append([f"{len(rest)} more", *_amounts(calls, total, profile), share(rest["share"].sum()), *["–"] * 2])
    return rows


def _row(kernel: pd.Series, profile: CellProfile) -> list[str]:
    return [
        kernel["name"], *_amounts(kernel["calls"], kernel["total_ns"], profile), share(kernel["share"]),
        rate(kernel["flops_per_s"], kernel["flops_ceiling_share"]), rate(kernel["bytes_per_s"], kernel["bytes_ceiling_share"]),
    ]


def _amounts(calls: int, total_ns: float, profile: CellProfile) -> list[str]:
    return [f"{calls / profile.recorded_samples:.3g}", f"{total_ns * profile.kernel_scale():.3g}", f"{total_ns / calls * 1e-3:.4g}"]


def rate(per_s: float | None, of_ceiling: float | None) -> str:
    known = not (pd.isna(of_ceiling) or pd.isna(per_s) or per_s == 0)
    return prefixed(per_s) + (f" ({of_ceiling:.0%})" if known else "")


def share(value: float | None) -> str:
    return "–" if pd.isna(value) else f"{value:.1%}"


def prefixed(value: float | None) -> str:
    """With a prefix of a thousand: 1.5e9 is 1.5 G."""
    if pd.isna(value) or value == 0:
        return "–"
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g}"
