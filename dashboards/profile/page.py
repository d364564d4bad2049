"""profile.html, where the run has a profile: every profiled cell is a section, and two selects put two of them side by side on
the same scale."""

from __future__ import annotations

import json

import pandas as pd
import plotly.io

from dashboards.data import RunData
from dashboards.page_parts import as_json, figure_html
from dashboards.profile import flame_graph, kernel_table, overhead, phase_losses, roofline, telemetry, timeline
from dashboards.profile.cell_profile import CellProfile, read_profiles
from dashboards.source import Source
from dashboards.theme import PHASE_COLOURS

TITLE = "Profile"
ATTRIBUTION = """
SELECT attribution, sum(activity_count) AS activity_count, sum(activity_ns) AS activity_ns, sum(run_share) AS run_share
FROM profile_attribution WHERE run = :run GROUP BY attribution ORDER BY activity_ns DESC
"""
RANKS = "SELECT * FROM profile WHERE run = :run ORDER BY rank"
WAYS = {"external": "the scope that was open at the call", "graph_node": "the node of a graph", "time_overlap": "overlap in time"}
SECTIONS = {"flame": flame_graph, "roofline": roofline, "timeline": timeline}


def content(source: Source) -> dict | None:
    """None when nothing of the run was profiled."""
    data = source.data
    profiles = [profile for profile in read_profiles(data) if len(profile.paths)]
    if not profiles:
        return None
    drawn = data.for_plotly()
    phases, meanwhile = phase_losses.draw([profile.for_plotly() for profile in profiles]), telemetry.draw(telemetry.read(drawn))
    return {
        "facts": _facts(data) + telemetry.throttled(telemetry.read(data)),
        "phases": {"title": phase_losses.TITLE, "explanation": phase_losses.EXPLANATION, "html": figure_html(phases, "phases")},
        "meanwhile": meanwhile and {"title": telemetry.TITLE, "explanation": telemetry.EXPLANATION, "html": figure_html(meanwhile, "meanwhile")},
        "losses": {"title": phase_losses.LOSSES_TITLE, "explanation": phase_losses.LOSSES_EXPLANATION,
                   "columns": [*phase_losses.LOSSES_COLUMNS, *phase_losses.LOSSES], "rows": phase_losses.loss_rows(profiles)},
        "colours": {phase: colour for phase, colour in PHASE_COLOURS.items() if any(phase in set(p.paths["phase"]) for p in profiles)}
        | {"nothing recorded": flame_graph.IDLE_COLOUR},
        "overhead": {"title": overhead.TITLE, "explanation": overhead.EXPLANATION,
                     "columns": ["cell", *overhead.MODES, "rounds"], "rows": overhead.table_rows(data)},
        "sections": [{"name": name, "title": module.TITLE, "explanation": module.EXPLANATION} for name, module in SECTIONS.items()],
        "kernels": {"title": kernel_table.TITLE, "explanation": kernel_table.EXPLANATION, "columns": kernel_table.COLUMNS},
        "cells": [{"number": int(p.cell["cell"]), "title": phase_losses.title_of(p.cell)} for p in profiles],
        "compared": phase_losses.most_lost(profiles), "evaluations": timeline.MOMENTS,
        "profiles": as_json({int(p.cell["cell"]): _cell(drawn, p) for p in profiles}),
    }


def _cell(drawn: RunData, profile: CellProfile) -> dict:
    """Facts and kernels are text to the page's script, figures are plotly's."""
    shown = profile.for_plotly()
    figures = {"flame": flame_graph.draw(shown), "roofline": roofline.draw(drawn, shown)}
    figures |= {f"timeline {i}": figure for i, figure in enumerate(timeline.draw(drawn, shown))}
    cell = profile.cell
    facts = [
        f"{len(profile.lengths)} repetition{'s' if len(profile.lengths) > 1 else ''}, {profile.recorded_samples:,} samples recorded",
        f"{profile.total_ms():.4g} ms per sample in the profile, {profile.idle_ms() / profile.total_ms():.1%} of it between "
        + ("kernels" if profile.on_gpu else "operators"),
        *([f"{1e3 / cell['images_per_s']:.4g} ms measured without it"] if cell["images_per_s"] == cell["images_per_s"] else []),
    ]
    return {
        "facts": facts, "kernels": kernel_table.table_rows(profile),
        "figures": {name: None if figure is None else json.loads(plotly.io.to_json(figure)) for name, figure in figures.items()},
    }


def _facts(data: RunData) -> list[str]:
    ranks, ways = data.query(RANKS), data.query(ATTRIBUTION)
    first, threads = ranks.iloc[0], data.query("SELECT threads FROM rank WHERE run = :run")["threads"]
    what = "kernels, copies and sets through CUPTI" if first["source"] == "cupti" else "LibTorch's operators"
    shapes = "with" if ranks["with_shapes"].all() else "without"
    of_threads = f" of {'/'.join(str(n) for n in sorted(set(threads)))} threads" if len(threads) else ""
    facts = [
        f"Run {data.run['id']} of {data.run['started_utc']}, {len(ranks)} rank{'s' if len(ranks) > 1 else ''}{of_threads}, "
        f"{', '.join(data.cells['compute'].unique())}",
        f"{first['device_name']}: {what}, {shapes} shapes",
    ]
    if not pd.isna(first["source_reason"]) and first["source_reason"]:
        facts.append(f"No kernels were recorded: {first['source_reason']}")
    dropped = int(ranks["dropped_count"].sum())
    facts.append(f"{int(ways['activity_count'].sum()):,} activities, {dropped:,} dropped")
    known = [f"{WAYS[way.attribution]} {way.run_share:.2%}" for way in ways.itertuples() if way.attribution != "none"]
    unknown = ways.loc[ways["attribution"] == "none", "run_share"].sum()
    facts.append(f"Activity time charged to a scope by {', '.join(known)}; not charged: {unknown:.2%}")
    return facts
