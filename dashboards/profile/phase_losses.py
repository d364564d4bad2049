"""What ate the saving: each profiled method's time by phase beside the time that its FLOPs promised.

The promise is the profile of the full network over the theoretical speed-up, under which everything but blocks and probes
costs what it costs the full network. Theory counts the FLOPs of probes, which are thus part of the promise for blocks. What
the method took longer than the promise is split without a rest:

    probes      all of it: the full network has none                         compaction   likewise
    carried     work of blocks for rows that had left already
    blocks      the rest of the blocks' work above the promise: kernels that are slower on fewer rows, or were not skipped
    other       embedding, head, solver and what evaluations do themselves, above the full network's
    between     time between operators (or pauses of a stream): in blocks above their promise, around phases above the full
                network's. In the other phases it belongs to them.

The promise for blocks covers their work and the time between it, in the full network's proportion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from dashboards.intervals import interval_words, plotly_bars
from dashboards.profile.cell_profile import CellProfile
from dashboards.profile.flame_graph import IDLE_COLOUR
from dashboards.theme import INK, PHASE_COLOURS, styled

TITLE = "Time by phase"
EXPLANATION = (
    "Time per sample of each profiled cell by phase, of its middle repetitions. The diamond is what theory promised, the full "
    "network's bar over the theoretical speed-up; the line is that bar over the speed-up measured without the profiler, with its "
    "95 % interval. Between a bar's end and its line lie the noise of the profiled repetitions, and that a profile averages ranks "
    "while a measurement waits for the slowest."
)
LOSSES_TITLE = "Lost to what"
LOSSES_EXPLANATION = (
    "Speed-ups promised (theory), measured, and of the n profiled repetitions; then what each method took longer than promised, in shares of the full "
    "network's time: a promised 1.64 that comes as 1.42 loses 1/1.42 - 1/1.64 = 9.4 %. The sum comes with its standard error "
    "from the spread of the repetitions: less than twice that is no finding. Its parts: probes; compaction; blocks run for rows "
    "that had left (carried); kernels less efficient on fewer rows (blocks); embedding, head and solver (other); and time in "
    "which nothing recorded ran (between). Negative: cheaper than promised; the promise has room for the FLOPs of probes, "
    "which are all charged to probes here."
)
PHASES = ["block", "probe", "compact", "embed", "head", "solver", "other"]
LOSSES_COLUMNS = ["method", "theory", "measured", "realised", "profiled", "n", "lost"]
LOSSES = ["probes", "compaction", "carried", "blocks", "other", "between"]


@dataclass(frozen=True)
class Losses:
    promised_ms: float
    by_cause: dict[str, float]  # in LOSSES, ms per sample; their sum is the profile's total less promised_ms


def by_phase(profile: CellProfile) -> dict[str, float]:
    """ms per sample in PHASES and between operators; they add up to the profile's total. A phase's own pauses belong to it,
    but for those of blocks, which are what fewer rows do not shorten."""
    parts = {phase: profile.milliseconds(phase) + profile.idle_ms(phase) for phase in PHASES[1:-1]}
    between = profile.idle_ms("block", "evaluation", "sampling")
    block = profile.milliseconds("block")
    other = profile.total_ms() - sum(parts.values()) - block - between
    return {"block": block, **parts, "other": other, "between": between}


def losses(method: CellProfile, full: CellProfile) -> Losses | None:
    """None where theory promises nothing."""
    theory = float(method.cell["theoretical_speedup"])
    if not theory == theory or theory <= 0:
        return None
    mine, theirs = by_phase(method), by_phase(full)
    promised = full.total_ms() / theory
    rest = ("embed", "head", "solver", "other")
    in_blocks = full.idle_ms("block")
    promised_blocks = promised - sum(theirs[phase] for phase in rest) - (theirs["between"] - in_blocks)  # work and pauses
    pauses = promised_blocks * in_blocks / (theirs["block"] + in_blocks) if theirs["block"] + in_blocks > 0 else 0.0
    return Losses(promised, {
        "probes": mine["probe"],
        "compaction": mine["compact"],
        "carried": method.carried_ms,
        "blocks": mine["block"] - method.carried_ms - (promised_blocks - pauses),
        "other": sum(mine[phase] - theirs[phase] for phase in rest),
        "between": mine["between"] - pauses - (theirs["between"] - in_blocks),
    })


def pairs(profiles: list[CellProfile]) -> list[tuple[CellProfile, CellProfile | None]]:
    """Each profile with that of its baseline, where this was profiled too."""
    known = {int(profile.cell["cell"]): profile for profile in profiles}
    return [(p, None if pd.isna(p.cell["baseline_cell"]) else known.get(int(p.cell["baseline_cell"]))) for p in profiles]


def most_lost(profiles: list[CellProfile]) -> int | None:
    """The cell whose saving has the most to explain: by what was measured, by the profile where nothing was."""
    found = {}
    for method, full in pairs(profiles):
        if full and losses(method, full):
            speedup = method.cell["speedup"]
            measured = None if pd.isna(speedup) else 1 / speedup - 1 / method.cell["theoretical_speedup"]
            found[int(method.cell["cell"])] = measured if measured is not None else sum(losses(method, full).by_cause.values()) / full.total_ms()
    return max(found, key=found.get) if found else None


def standard_error(method: CellProfile, full: CellProfile) -> float:
    """Of the sum of losses, in shares of the full network's time: from the differences between neighbouring repetitions, of
    which each cell had one per turn. NaN: too few."""
    lost = (method.lengths - full.lengths / float(method.cell["theoretical_speedup"])).dropna() / full.lengths.median()
    if len(lost) < 3:
        return float("nan")
    spread = 1.4826 * (lost - lost.median()).abs().median()  # as a standard deviation
    return float(1.2533 * spread / len(lost) ** 0.5)  # of a median


def loss_rows(profiles: list[CellProfile]) -> list[list[str]]:
    """For the page: LOSSES_COLUMNS, then each loss."""
    rows = []
    for method, full in pairs(profiles):
        found = losses(method, full) if full else None
        if found is None:
            continue
        cell, whole = method.cell, full.total_ms()
        interval = interval_words(cell["speedup_low"], cell["speedup_high"], cell["speedup_n"], ".3f")
        error = standard_error(method, full)
        rows.append([
            title_of(cell), f"{cell['theoretical_speedup']:.3f}", "–" if pd.isna(cell["speedup"]) else f"{cell['speedup']:.3f} {interval}",
            "–" if pd.isna(cell["realised_fraction"]) else f"{cell['realised_fraction']:.2f}", f"{whole / method.total_ms():.3f}", str(len(method.lengths)),
            f"{sum(found.by_cause.values()) / whole:+.1%}" + ("" if math.isnan(error) else f" ± {error:.1%}"),
            *(_share(found.by_cause[cause] / whole) for cause in LOSSES),
        ])
    return rows


def _share(value: float) -> str:
    return "–" if abs(value) < 5e-4 else f"{value:+.1%}"


def title_of(cell: pd.Series) -> str:
    return f"{cell['method_label']}, {cell['solver']} {cell['steps']} steps, batch {cell['batch']}"


def draw(profiles: list[CellProfile]) -> go.Figure | None:
    if not profiles:
        return None
    names = [title_of(profile.cell) for profile in profiles]
    parts = [by_phase(profile) for profile in profiles]
    figure = go.Figure()
    for of, profile in zip(parts, profiles):
        of["block"], of["carried"] = of["block"] - profile.carried_ms, profile.carried_ms
    colours = PHASE_COLOURS | {"between": IDLE_COLOUR, "other": PHASE_COLOURS["evaluation"]}
    names_of = {"between": "between operators", "carried": "block, rows that had left"}
    for phase in ["block", "carried", *PHASES[1:], "between"]:
        figure.add_trace(
            go.Bar(x=[of[phase] for of in parts], y=names, orientation="h", name=names_of.get(phase, phase), marker_color=colours[phase],
                   customdata=[of[phase] / profile.total_ms() for of, profile in zip(parts, profiles)],
                   hovertemplate=f"<b>%{{y}}</b><br>{names_of.get(phase, phase)}: %{{x:.4g}} ms per sample, %{{customdata:.1%}}<extra></extra>"))
    promised = [losses(method, full) if full else None for method, full in pairs(profiles)]
    if any(promised):
        figure.add_trace(
            go.Scatter(x=[p.promised_ms if p else None for p in promised], y=names, mode="markers", name="promised by FLOPs",
                       marker={"symbol": "diamond-open", "size": 11, "color": INK, "line": {"width": 2}},
                       hovertemplate="<b>%{y}</b><br>promised: %{x:.4g} ms per sample<extra></extra>"))
    baselines = pd.Series([full.total_ms() if full else float("nan") for _, full in pairs(profiles)])
    cells = pd.DataFrame([profile.cell for profile in profiles]).reset_index().astype({n: float for n in ("speedup", "speedup_low", "speedup_high")})
    bars = pd.DataFrame({name: baselines / cells[of] for name, of in (("ms", "speedup"), ("ms_low", "speedup_high"), ("ms_high", "speedup_low"))})
    if bars["ms"].notna().any():
        figure.add_trace(
            go.Scatter(x=bars["ms"], y=names, mode="markers", name="measured speed-up",
                       marker={"symbol": "line-ns-open", "size": 14, "color": INK, "line": {"width": 2}},
                       error_x=plotly_bars(bars, "ms", INK, 1.2, 4), customdata=cells[["speedup", "speedup_interval"]],
                       hovertemplate="<b>%{y}</b><br>by the measured speed-up of %{customdata[0]:.3f} %{customdata[1]}: %{x:.4g} ms per sample<extra></extra>"))
    figure.update_xaxes(title_text="ms per sample", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    figure.update_layout(barmode="stack", bargap=0.35)
    return styled(figure, 150 + 34 * len(names)).update_layout(legend={"traceorder": "normal"})
