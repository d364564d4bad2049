"""The sentence on top of the report. It claims what intervals support and no more:

    faster      the interval of the speed-up lies above 1
    kept        the interval of fid_difference (the method's FID less the full network's, on the same seeds) ends below a
                tenth of the full network's FID: a loss of more was excluded
    near        its FID is not known to lie more than a tenth above the best full network's that some method kept: with few
                steps the full network itself may have lost what the method then cannot lose
    not beaten  no other setting of the page is at least as fast and keeps as much, or better where speed does not tell
                (rivals.py)

Named is, by images per second, the fastest setting that is all of it, with what cannot be told apart from it; where there is
none, the sentence says what they failed. Settings that cannot be compared (other scenario, N, ..) have a sentence each.
"""

from __future__ import annotations

import pandas as pd

from dashboards.data import RunData, scenario_title
from dashboards.intervals import no_interval, number_words
from dashboards.rivals import COMPARABLE, TOLERATED_LOSS, beats, end, kept, others_of

MOST_NAMES = 3  # of settings in a list
AT_MOST = f"at most {TOLERATED_LOSS:.0%}"


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


def setting(cell: pd.Series, beside: pd.Series | None = None) -> str:
    """In words; with batch, precision and runtime where they are not those of `beside`."""
    words = f"{cell['method_label']} on {cell['solver']}, {cell['steps']} steps"
    differs = beside is not None and (cell["batch"], cell["compute"]) != (beside["batch"], beside["compute"])
    return words + f", batch {cell['batch']}, {cell['compute']}" * differs


def full_fids(cells: pd.DataFrame) -> pd.Series:
    """By the index of `cells`: the FID of each cell's full network."""
    return cells["baseline_cell"].map(cells.set_index("cell")["fid"])


def verdict(data: RunData) -> str:
    cells = data.cells.assign(full_fid=full_fids(data.cells))
    failed = int((cells["status"] != "ok").sum())
    return " ".join([*_sentences(cells), *([f"{failed} of {len(cells)} cells did not finish."] if failed else [])])


def _sentences(cells: pd.DataFrame) -> list[str]:
    judged = cells[(cells["role"] == "method") & cells["speedup"].notna() & cells["fid_difference"].notna() & cells["full_fid"].notna()]
    if judged.empty:
        return ["No method was measured in both speed and quality."]
    groups = list(judged.groupby(COMPARABLE, sort=False, dropna=False))
    return [_title(of, judged) + _judge(of, cells) for _, of in groups]


def _title(of: pd.DataFrame, judged: pd.DataFrame) -> str:
    """What sets a group apart from the others."""
    first = of.iloc[0]
    words = {"scenario": first["scenario"].replace("_", " "), "device": first["device"], "ranks": f"{first['ranks']} ranks", "fid_n": f"N = {int(first['fid_n'])}"}
    shown = ", ".join(text for name, text in words.items() if judged[name].nunique() > 1)
    return f"{shown[0].upper()}{shown[1:]}: " if shown else ""


def _judge(judged: pd.DataFrame, cells: pd.DataFrame) -> str:
    if judged["speedup_low"].isna().all():
        return f"No speed-up has an interval ({no_interval(judged['speedup_n'].max())}), so nothing can be said of which method is faster."
    faster = judged[judged["speedup_low"] > 1]
    if faster.empty:
        return "No method is faster than the full network by more than the interval of its speed-up."
    keeping = faster[kept(faster)]
    if keeping.empty:
        return _lost(faster)
    best_full = cells[cells["cell"].isin(keeping["baseline_cell"])].sort_values("fid", kind="stable").iloc[0]
    near = keeping[(keeping["baseline_cell"] == best_full["cell"]) | (end(keeping, "fid", "low") <= (1 + TOLERATED_LOSS) * best_full["fid"])]
    near_words = f", with a FID not known to be more than {TOLERATED_LOSS:.0%} above {best_full['fid']:.3g} ({setting(best_full)})"
    return _praise(near, cells, "" if len(near) == len(keeping) else near_words)


def _praise(near: pd.DataFrame, cells: pd.DataFrame, near_words: str) -> str:
    beaten_by = {}
    for index, cell in near.iterrows():
        others = others_of(cell, cells)
        rivals = others[beats(others)]
        if not rivals.empty:
            beaten_by[index] = rivals.loc[rivals["images_per_s"].idxmax()]
    unbeaten = near.drop(index=list(beaten_by))
    fastest = near.loc[near["images_per_s"].idxmax()]
    if unbeaten.empty:
        return (f"No method stands out: the fastest that loses {AT_MOST} of the full network's FID at the same solver and steps{near_words} is "
                f"{_claim(fastest, cells)}. But {_rival_words(beaten_by[fastest.name], fastest)}.")
    best = unbeaten.loc[unbeaten["images_per_s"].idxmax()]
    which = "the fastest" if best.name == fastest.name else "the fastest that no other setting of the page beats"
    return (f"Among the methods that are faster than the full network and lose {AT_MOST} of its FID at the same solver and steps{near_words}, "
            f"{which} is {_claim(best, cells)}." + _ties(best, cells))


def _claim(cell: pd.Series, cells: pd.DataFrame) -> str:
    return (
        f"{setting(cell)}: {cell['speedup']:.2f} times [{cell['speedup_low']:.2f}, {cell['speedup_high']:.2f}] the full network's speed, "
        f"{loss_words(cell, cell['full_fid'])} ({scenario_title(cell['scenario'], cell['batch'], cell['compute'])}; "
        f"N = {int(cell['fid_n'])}{_caveat(cell, cells)})"
    )


def _rival_words(rival: pd.Series, cell: pd.Series) -> str:
    speeds = [number_words(of["images_per_s"], ".3g") for of in (rival, cell)]
    if rival["is_faster"]:
        speed = f"at least as fast ({speeds[0]} images/s against {speeds[1]})"
    else:
        speed = f"as fast as can be told ({speeds[0]} images/s {rival['images_per_s_interval']} against {speeds[1]} {cell['images_per_s_interval']})"
    quality = "better" if rival["is_better"] else f"keeps its FID within {TOLERATED_LOSS:.0%} as well" if rival["is_worse"] else "not known to be worse"
    name, form, words = ("fid_difference", "+.3g", "FID − full") if rival["same"] else ("fid", ".3g", "FID")
    values = " against ".join(f"{format(of[name], form)} {of[f'{name}_interval']}".strip() for of in (rival, cell))
    return f"{setting(rival, cell)} is {speed} and {quality} ({words} {values})"


def _ties(best: pd.Series, cells: pd.DataFrame) -> str:
    others = others_of(best, cells)
    tied = [setting(other, best) for _, other in others[others["is_tied"] & others["keeps"] & ~others["is_worse"]].iterrows()]
    if not tied:
        return ""
    more = [f"{len(tied) - MOST_NAMES} more"] if len(tied) > MOST_NAMES else []
    return f" Not told apart from it in speed, and not known to be worse: {'; '.join([*tied[:MOST_NAMES], *more])}."


def _lost(faster: pd.DataFrame) -> str:
    """Faster methods, none of which kept the FID."""
    worse = faster[faster["fid_difference_low"] > 0]
    words = f"No faster method is known to lose {AT_MOST} of the full network's FID: "
    parts = []
    if len(worse):
        mildest = worse.loc[(worse["fid_difference"] / worse["full_fid"]).idxmin()]
        parts.append(f"{len(worse)} of {len(faster)} settings are worse, the least {setting(mildest)} ({loss_words(mildest, mildest['full_fid'])})")
    if len(worse) < len(faster):
        parts.append(f"of {len(faster) - len(worse)} the interval of the FID's difference is missing or too wide to tell (N = {int(faster['fid_n'].max())})")
    return words + "; ".join(parts) + "."


def _caveat(cell: pd.Series, cells: pd.DataFrame) -> str:
    pair = cells[cells["cell"].isin([cell["cell"], cell["baseline_cell"]])]
    return "; a warm-up did not converge" if (pair["warmup_converged"] == 0).any() else ""
