"""The sentence on top of the report. It claims what intervals support and no more:

    faster      the interval of the speed-up lies above 1
    kept        the interval of fid_difference (the method's FID less the full network's, on the same seeds) ends below a
                tenth of the full network's FID: a loss of more was excluded
    not beaten  no other setting of the page is at least as fast with a FID that the setting's own interval does not exclude

The fastest setting that is all three is named; where there is none, the sentence says which of them failed.
"""

from __future__ import annotations

import pandas as pd

from dashboards.data import RunData, scenario_title
from dashboards.intervals import no_interval

TOLERATED_LOSS = 0.10  # of the full network's FID
COMPARABLE = ["scenario", "batch", "precision", "device", "ranks", "fid_n", "fid_extractor_sha", "fid_reference_sha"]


def loss_words(cell: pd.Series, full_fid: float) -> str:
    """What is known of a cell's FID against the full network's."""
    change = abs(cell["fid_difference"])
    if pd.isna(cell["fid_difference_low"]):
        return f"FID {cell['fid_difference']:+.3g} against {full_fid:.3g}, {no_interval(cell['fid_difference_n'])}"
    if cell["fid_difference_low"] > 0:
        return f"FID worse by {change:.3g} {cell['fid_difference_interval']} against {full_fid:.3g}"
    if cell["fid_difference_high"] < 0:
        return f"FID better by {change:.3g} {cell['fid_difference_interval']} against {full_fid:.3g}"
    words = "no loss of FID seen" if cell["fid_difference_high"] <= TOLERATED_LOSS * full_fid else "FID cannot be told apart"
    return f"{words}: {cell['fid_difference']:+.3g} {cell['fid_difference_interval']} against {full_fid:.3g}"


def setting(cell: pd.Series) -> str:
    return f"{cell['method_label']} on {cell['solver']}, {cell['steps']} steps"


def full_fids(cells: pd.DataFrame) -> pd.Series:
    """By the index of `cells`: the FID of each cell's full network."""
    return cells["baseline_cell"].map(cells.set_index("cell")["fid"])


def verdict(data: RunData) -> str:
    cells = data.cells
    failed = int((cells["status"] != "ok").sum())
    return _judge(cells.assign(full_fid=full_fids(cells))) + (f" {failed} of {len(cells)} cells did not finish." if failed else "")


def _judge(cells: pd.DataFrame) -> str:
    judged = cells[(cells["role"] == "method") & cells["speedup"].notna() & cells["fid_difference"].notna() & cells["full_fid"].notna()]
    if judged.empty:
        return "No method was measured in both speed and quality."
    if judged["speedup_low"].isna().all():
        return f"No speed-up has an interval ({no_interval(judged['speedup_n'].max())}), so nothing can be said of which method is faster."
    faster = judged[judged["speedup_low"] > 1]
    if faster.empty:
        return "No method is faster than the full network by more than the interval of its speed-up."
    kept = faster[faster["fid_difference_high"] <= TOLERATED_LOSS * faster["full_fid"]]
    if kept.empty:
        return _lost(faster)
    beaten_by = {index: rival for index, cell in kept.iterrows() if (rival := _rival(cell, cells, kept)) is not None}
    unbeaten = kept.drop(index=list(beaten_by))
    best = kept.loc[(kept if unbeaten.empty else unbeaten)["speedup"].idxmax()]
    claim = (
        f"{setting(best)}: {best['speedup']:.2f} times [{best['speedup_low']:.2f}, {best['speedup_high']:.2f}] the full network's speed, "
        f"{loss_words(best, best['full_fid'])} ({scenario_title(best['scenario'], best['batch'], best['precision'])}; "
        f"N = {int(best['fid_n'])}{_caveat(best, cells)})."
    )
    if not unbeaten.empty:
        return f"Among the methods that are faster than the full network and lose at most {TOLERATED_LOSS:.0%} of its FID at the same solver and steps, the fastest is {claim}"
    rival = beaten_by[best.name]
    return (
        f"No method stands out: the fastest that loses at most {TOLERATED_LOSS:.0%} of the full network's FID at the same solver and steps is {claim} "
        f"But {setting(rival)} is at least as fast ({rival['images_per_s']:.3g} images/s against {best['images_per_s']:.3g}) and "
        f"as good as can be told (FID {rival['fid']:.3g} against {best['fid']:.3g} {best['fid_interval']})."
    )


def _lost(faster: pd.DataFrame) -> str:
    """Faster methods, none of which kept the FID."""
    worse = faster[faster["fid_difference_low"] > 0]
    words = f"No faster method is known to lose at most {TOLERATED_LOSS:.0%} of the full network's FID: "
    parts = []
    if len(worse):
        mildest = worse.loc[(worse["fid_difference"] / worse["full_fid"]).idxmin()]
        parts.append(f"{len(worse)} of {len(faster)} settings are worse, the least {setting(mildest)} ({loss_words(mildest, mildest['full_fid'])})")
    if len(worse) < len(faster):
        parts.append(f"of {len(faster) - len(worse)} the interval of the FID's difference is missing or too wide to tell (N = {int(faster['fid_n'].max())})")
    return words + "; ".join(parts) + "."


def _rival(cell: pd.Series, cells: pd.DataFrame, kept: pd.DataFrame) -> pd.Series | None:
    """The fastest other setting that is no slower than the cell and not known to be worse: its FID lies under the upper end
    of the cell's. Of the cell's own comparison one of `kept`, by the difference to their full network."""
    others = cells[(cells["role"] != "null") & (cells["cell"] != cell["cell"]) & (cells["images_per_s"] >= cell["images_per_s"])]
    for name in COMPARABLE:
        others = others[others[name] == cell[name]]
    same = others["baseline_cell"] == cell["baseline_cell"]
    upper = cell["fid_high"] if pd.notna(cell["fid_high"]) else cell["fid"]
    as_good = (same & others.index.isin(kept.index) & (others["fid_difference"] <= cell["fid_difference_high"])) | (~same & (others["fid"] <= upper))
    rivals = others[as_good & ((others["images_per_s"] > cell["images_per_s"]) | (others["fid"] < cell["fid"]))]
    return None if rivals.empty else rivals.loc[rivals["images_per_s"].idxmax()]


def _caveat(cell: pd.Series, cells: pd.DataFrame) -> str:
    pair = cells[cells["cell"].isin([cell["cell"], cell["baseline_cell"]])]
    return "; a warm-up did not converge" if (pair["warmup_converged"] == 0).any() else ""
