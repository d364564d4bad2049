"""One evaluation of the network as it ran: scopes above, operators or kernels by stream below."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboards.data import RunData
from dashboards.profile.cell_profile import CellProfile
from dashboards.profile.flame_graph import PALE_COLOURS, short_name
from dashboards.theme import INK, PHASE_COLOURS, styled

TITLE = "One evaluation"
EXPLANATION = (
    "One evaluation of the network as it ran, of all batches and repetitions the one whose parts are nearest to their medians: "
    "scopes by nesting, then what ran on each thread or stream. On a GPU the kernels lag behind the scopes that launched them."
)
MOMENTS = ["the first evaluation", "in the middle of the trajectory", "the last evaluation"]
EVALUATIONS = """
SELECT id, evaluation, t, rank FROM scope AS mine
WHERE run = :run AND cell = {cell} AND phase = 'evaluation'
  AND NOT EXISTS (SELECT 1 FROM scope AS outer_scope WHERE outer_scope.id = mine.parent AND outer_scope.phase = 'evaluation')
ORDER BY id
"""
PARTS = """
SELECT part.parent, part.phase, part.block, part.end_ns - part.begin_ns AS ns
FROM scope AS part JOIN scope AS whole ON whole.id = part.parent
WHERE whole.run = :run AND whole.cell = {cell} AND whole.phase = 'evaluation' AND whole.evaluation = {evaluation}
"""
SCOPES = """
WITH RECURSIVE inside (id, depth) AS (
  VALUES ({scope}, 0) UNION ALL SELECT scope.id, depth + 1 FROM scope JOIN inside ON scope.parent = inside.id)
SELECT scope.id, depth, phase, block, rows, rows_inside, begin_ns, end_ns FROM inside JOIN scope USING (id)
"""
ACTIVITIES = """
WITH RECURSIVE inside (id) AS (VALUES ({scope}) UNION ALL SELECT scope.id FROM scope JOIN inside ON scope.parent = inside.id)
SELECT string.value AS name, phase, block, device, stream, begin_ns, end_ns
FROM inside JOIN profile_work ON profile_work.scope = inside.id JOIN string ON string.id = profile_work.name
ORDER BY duration_ns DESC LIMIT 1500
"""


def read(data: RunData, cell: int) -> list[tuple[pd.Series, pd.DataFrame, pd.DataFrame]]:
    """Evaluations at MOMENTS with their scopes and activities; empty when none was recorded."""
    evaluations = data.query(EVALUATIONS.format(cell=cell))
    numbers = sorted(evaluations["evaluation"].dropna().unique())
    found = []
    for number in (numbers[0], numbers[len(numbers) // 2], numbers[-1]) if numbers else ():
        same = evaluations[evaluations["evaluation"] == number].set_index("id", drop=False)
        chosen = same.loc[_most_usual(same, data.query(PARTS.format(cell=cell, evaluation=int(number))))]
        scope = int(chosen["id"])
        found.append((chosen, data.query(SCOPES.format(scope=scope)), data.query(ACTIVITIES.format(scope=scope))))
    return found


def _most_usual(evaluations: pd.DataFrame, parts: pd.DataFrame) -> int:
    """The evaluation whose parts are nearest to the medians of theirs over all evaluations."""
    of_part = parts.groupby(["phase", "block"], dropna=False)["ns"]
    away = (parts["ns"] - of_part.transform("median")).abs().groupby(parts["parent"]).sum()
    away = away.reindex(evaluations.index).dropna()
    return int(evaluations.index[0] if away.empty else away.idxmin())


def draw(data: RunData, profile: CellProfile) -> list[go.Figure | None]:
    """One figure per moment."""
    return [_draw(profile, *of) for of in read(data, int(profile.cell["cell"]))] or [None] * len(MOMENTS)


def _draw(profile: CellProfile, chosen: pd.Series, scopes: pd.DataFrame, activities: pd.DataFrame) -> go.Figure:
    start = scopes["begin_ns"].min()
    names = [phase if pd.isna(block) else f"{phase} {int(block)}" for phase, block in zip(scopes["phase"], scopes["block"])]
    rows = [_rows_text(row.rows, row.rows_inside) for row in scopes.itertuples()]
    figure = go.Figure()
    figure.add_trace(_bars(scopes, scopes["depth"], names, rows, start, 1.0))
    lanes = {key: i for i, key in enumerate(sorted(set(zip(activities["device"], activities["stream"]))))}
    first = int(scopes["depth"].max()) + 1
    if lanes:
        at = [first + lanes[key] for key in zip(activities["device"], activities["stream"])]
        places = [f"in {phase}" + ("" if pd.isna(block) else f" {int(block)}") for phase, block in zip(activities["phase"], activities["block"])]
        figure.add_trace(_bars(activities, at, list(activities["name"]), places, start, 0.7))
    kind = "stream" if profile.on_gpu else "operators, thread"
    figure.update_yaxes(autorange="reversed", tickvals=[*range(first), *(first + i for i in lanes.values())], showgrid=False,
                        ticktext=[*_levels(scopes), *(f"{kind} {stream}" for _, stream in lanes)])
    where = f"evaluation {int(chosen['evaluation'])}" + ("" if pd.isna(chosen["t"]) else f" at t = {chosen['t']:.4g}")
    figure.update_xaxes(title_text=f"ms since the start of {where}, rank {int(chosen['rank'])}", rangemode="tozero")
    styled(figure, 110 + 34 * (first + len(lanes)))
    return figure.update_layout(showlegend=False, bargap=0, uniformtext={"mode": "hide", "minsize": 9}, margin={"l": 110, "t": 30, "r": 10, "b": 50})


def _levels(scopes: pd.DataFrame) -> list[str]:
    """By depth: its phase where there is one, else "phases"."""
    names = scopes.groupby("depth")["phase"].agg(lambda phases: phases.iloc[0] if phases.nunique() == 1 else "phases")
    return [names.get(depth, "") for depth in range(int(scopes["depth"].max()) + 1)]


def _rows_text(rows: float, inside: float) -> str:
    return "" if pd.isna(rows) else f"{int(rows)} rows" + ("" if pd.isna(inside) else f", {int(inside)} not yet left")


def _bars(rows: pd.DataFrame, at: list | pd.Series, names: list[str], notes: list[str], start: int, opacity: float) -> go.Bar:
    length = rows["end_ns"] - rows["begin_ns"]
    colours = [PHASE_COLOURS.get(phase, "#9AA5B1") for phase in rows["phase"]]
    return go.Bar(
        x=length * 1e-6, base=(rows["begin_ns"] - start) * 1e-6, y=at, orientation="h", width=0.92, textangle=0,
        text=[short_name(name) for name in names], textposition="inside", insidetextanchor="middle", constraintext="inside", textfont={"size": 10, "color": [INK if opacity < 1 or colour in PALE_COLOURS else "white" for colour in colours]},
        marker={"color": colours, "opacity": opacity,
                "line": {"color": "white", "width": 0.4}},
        customdata=list(zip(names, notes)),
        hovertemplate="<b>%{customdata[0]}</b> %{customdata[1]}<br>%{x:.4g} ms from %{base:.4g} ms<extra></extra>",
    )
