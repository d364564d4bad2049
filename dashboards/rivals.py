"""What a page's other settings are beside one of them, as far as intervals tell.

    others = others_of(cell, cells)      # of the same comparison group; `cells` with full_fid (verdict.py)
    others[beats(others)]                # what takes the cell's praise
    others[others["is_tied"]]    # what cannot be told apart from it in speed

Between cells of one full network FIDs are compared by their differences to it, on the same seeds; elsewhere by their own
intervals, of which two that overlap tell nothing.
"""

from __future__ import annotations

import pandas as pd

TOLERATED_LOSS = 0.10  # of the full network's FID
COMPARABLE = ["device", "ranks", "scenario", "fid_n", "fid_origin"]  # as view pareto has it


def end(cells: pd.DataFrame | pd.Series, name: str, side: str):
    """Of the interval, or the value where there is none."""
    ends = cells[f"{name}_{side}"]
    return ends.fillna(cells[name]) if isinstance(cells, pd.DataFrame) else cells[name] if pd.isna(ends) else ends


def kept(cells: pd.DataFrame) -> pd.Series:
    """A loss of more than TOLERATED_LOSS of the own full network's FID was excluded."""
    return cells["fid_difference_high"] <= TOLERATED_LOSS * cells["full_fid"]


def others_of(cell: pd.Series, cells: pd.DataFrame) -> pd.DataFrame:
    """Every other setting that may be compared with the cell, but its own full network, with what is known of it:

    same       of the same full network
    is_faster  by the medians, or as fast with a lower FID
    is_tied    which of both is faster is not known
    is_better, is_worse    known by FID
    keeps      not known to be worse, or known to keep what the cell has to keep
    """
    others = cells[(cells["role"] != "null") & cells["images_per_s"].notna() & cells["fid"].notna()]
    others = others[(others[COMPARABLE] == cell[COMPARABLE]).all(axis=1) & ~others["cell"].isin([cell["cell"], cell["baseline_cell"]])]
    same = others["baseline_cell"] == cell["baseline_cell"]

    def known_above(name: str) -> tuple[pd.Series, pd.Series]:
        """Where the others' value is known to be above the cell's, and below."""
        return end(others, name, "low") > end(cell, name, "high"), end(others, name, "high") < end(cell, name, "low")

    speed, speedup, fid, difference = (known_above(name) for name in ("images_per_s", "speedup", "fid", "fid_difference"))
    is_worse, is_better = (paired.where(same, alone) for paired, alone in zip(difference, fid))
    tied_in_pairs, tied_alone = (~(above | below) for above, below in (speedup, speed))
    faster, as_fast = others["images_per_s"] > cell["images_per_s"], others["images_per_s"] == cell["images_per_s"]
    within = end(others, "fid", "high") <= (1 + TOLERATED_LOSS) * cell["full_fid"]
    return others.assign(
        same=same, is_faster=faster | (as_fast & (others["fid"] < cell["fid"])), is_tied=tied_in_pairs.where(same, tied_alone),
        is_better=is_better, is_worse=is_worse, keeps=kept(others).where(same, ~is_worse | within),
    )


def beats(others: pd.DataFrame) -> pd.Series:
    """At least as fast and keeping the FID; or better where speed does not tell."""
    return (others["is_faster"] & others["keeps"] & ~(others["is_tied"] & others["is_worse"])) | (others["is_tied"] & others["is_better"])
