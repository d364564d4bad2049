"""Both runs' profiles side by side: time per sample by phase, and the kernels that took longest, of cells with one identity."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboards.comparison.read import Comparison
from dashboards.plotly_text import plotly_text, shortened
from dashboards.profile.cell_profile import CellProfile, read_profiles
from dashboards.profile.flame_graph import IDLE_COLOUR
from dashboards.profile.phase_losses import PHASES, by_phase
from dashboards.theme import PHASE_COLOURS, styled

TITLE = "Profiles side by side"
EXPLANATION = (
    "Time per sample by phase, of the middle repetitions of each profile, those whose time changed most on top. A profile watches "
    "few repetitions: it says where a change came from, not how large it is."
)
KERNEL_COLUMNS = ["kernel", "old, ms", "new, ms", "new − old, ms", "calls, old", "calls, new"]
MOST_CELLS, MOST_KERNELS = 12, 12


def pairs(comparison: Comparison) -> list[tuple[CellProfile, CellProfile]]:
    """Old and new, those whose time changed most first."""
    old, new = ({profile.cell["identity"]: profile for profile in read_profiles(data) if len(profile.paths) and profile.cell["identity"]}
                for data in (comparison.old, comparison.new))
    found = [(old[identity], profile) for identity, profile in new.items() if identity in old]
    return sorted(found, key=lambda pair: -abs(pair[1].total_ms() / pair[0].total_ms() - 1))[:MOST_CELLS]


def draw(found: list[tuple[CellProfile, CellProfile]]) -> go.Figure:
    rows = [(f"{shortened(plotly_text(profile.cell['key']), 60)} · {side}", by_phase(profile)) for pair in found for side, profile in zip(("old", "new"), pair)]
    figure = go.Figure()
    for phase in [*PHASES, "between"]:
        lengths = [parts[phase] for _, parts in rows]
        if any(length > 0 for length in lengths):
            figure.add_trace(go.Bar(
                x=lengths, y=list(range(len(rows))), orientation="h", name=phase, width=0.8,
                marker={"color": PHASE_COLOURS.get(phase, IDLE_COLOUR)}, hovertemplate=f"{phase}: %{{x:.4g}} ms<extra></extra>"))
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=[name for name, _ in rows], autorange="reversed", tickfont={"size": 11}, automargin=True)
    figure.update_xaxes(title_text="ms per sample")
    return styled(figure, 150 + 26 * len(rows)).update_layout(barmode="stack")


def kernel_rows(old: CellProfile, new: CellProfile) -> list[list[str]]:
    """KERNEL_COLUMNS; calls and ms per sample, the kernels with the most time in either first."""
    both = _by_name(new).join(_by_name(old), how="outer", suffixes=("_new", "_old")).fillna(0.0)
    longest = both[["ms_old", "ms_new"]].max(axis=1).sort_values(ascending=False, kind="stable").index[:MOST_KERNELS]
    return [[str(name), f"{of['ms_old']:.3g}", f"{of['ms_new']:.3g}", f"{of['ms_new'] - of['ms_old']:+.3g}", f"{of['calls_old']:.3g}", f"{of['calls_new']:.3g}"]
            for name, of in both.loc[longest].iterrows()]


def _by_name(profile: CellProfile) -> pd.DataFrame:
    of = profile.kernels.groupby("name")[["total_ns", "calls"]].sum().astype(float)
    return pd.DataFrame({"ms": of["total_ns"] * profile.kernel_scale(), "calls": of["calls"] / profile.recorded_samples})
