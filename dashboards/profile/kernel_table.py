"""The operators or kernels of a cell by time: view profile_kernel as text."""

from __future__ import annotations

import pandas as pd

from dashboards.profile.cell_profile import CellProfile

TITLE = "Kernels"
EXPLANATION = (
    "By total time. Rates count only calls whose FLOPs or bytes are known (recorded with shapes); the share of the ceiling is "
    "of what the machine reached with a large matrix product or a large copy."
)
COLUMNS = ["name", "calls", "total, ms", "mean, µs", "share", "FLOP/s", "of ceiling", "bytes/s", "of ceiling"]
MOST_ROWS = 20


def table_rows(profile: CellProfile) -> list[list[str]]:
    rows = [_row(kernel) for _, kernel in profile.kernels.head(MOST_ROWS).iterrows()]
    rest = profile.kernels.iloc[MOST_ROWS:]
    if len(rest):
        total, calls = rest["total_ns"].sum(), int(rest["calls"].sum())
        mean = total / calls
        rows.append([f"{len(rest)} more", f"{calls:,}", f"{total * 1e-6:.4g}", f"{mean * 1e-3:.4g}", share(rest["share"].sum()), *["–"] * 4])
    return rows


def _row(kernel: pd.Series) -> list[str]:
    return [
        kernel["name"], f"{kernel['calls']:,}", f"{kernel['total_ns'] * 1e-6:.4g}", f"{kernel['mean_ns'] * 1e-3:.4g}",
        share(kernel["share"]), prefixed(kernel["flops_per_s"]), share(kernel["flops_ceiling_share"]),
        prefixed(kernel["bytes_per_s"]), share(kernel["bytes_ceiling_share"]),
    ]


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
