"""The one sentence on top of the report, computed from the data."""

from __future__ import annotations

from dashboards.data import RunData, scenario_title

TOLERATED_FID_RATIO = 1.10  # "nearly as good": at most 10 % above the baseline's FID


def verdict(data: RunData) -> str:
    cells = data.cells
    failed = int((cells["status"] != "ok").sum())
    suffix = f" {failed} of {len(cells)} cells did not finish." if failed else ""
    judged = cells[(cells["role"] == "method") & cells["speedup"].notna() & cells["fid"].notna()]
    if judged.empty:
        return "No method was measured in both speed and quality." + suffix
    baselines = cells.set_index("cell")["fid"]
    ratio = judged["fid"] / judged["baseline_cell"].map(baselines)
    good = judged[ratio <= TOLERATED_FID_RATIO]
    if good.empty:
        return f"No method came within {TOLERATED_FID_RATIO - 1:.0%} of the FID of the full network." + suffix
    best = good.loc[good["speedup"].idxmax()]
    interval = "" if best["speedup_low"] != best["speedup_low"] else f" [{best['speedup_low']:.2f}, {best['speedup_high']:.2f}]"
    return (
        f"Within {TOLERATED_FID_RATIO - 1:.0%} of the full network's FID at the same solver and steps, the fastest is "
        f"{best['method_label']} on {best['solver']}, {best['steps']} steps: {best['speedup']:.2f} times{interval} the "
        f"speed at FID {best['fid']:.3g} against {baselines[best['baseline_cell']]:.3g} "
        f"({scenario_title(best['scenario'], best['batch'], best['precision'])}; N = {int(best['fid_n'])})." + suffix
    )
