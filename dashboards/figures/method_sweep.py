"""Quality against measured time of every method over its knob, with the full network at fewer steps as the line to beat."""

from __future__ import annotations

import matplotlib.pyplot as plt
import plotly.graph_objects as go
from matplotlib.ticker import FixedLocator, NullLocator
from plotly.subplots import make_subplots

from dashboards.data import RunData
from dashboards.intervals import paper_bars, plotly_bars
from dashboards.knob_panels import GRID_COLUMNS, Line, Panel, Scale, dominated, knob_panels, layout, ticks_of
from dashboards.label_places import POSITIONS, Place
from dashboards.solver_sweep import hover_definitions
from dashboards.theme import MARKERS, PAPER_MARKERS, mixed, paper_legend, styled

QUERY = None  # the cells of dashboards/solver_sweep.py, in the families of dashboards/families.py
TITLE = "Every method over its knob"
EXPLANATION = (
    "Left is faster, {down} is better by {quality}; every value is of the same number of samples from the same seeds. A "
    "line is one method over its knob (threshold, schedule, switch time, exit, interval), whose values are written at the "
    "points. The bold black line is the full network at other step counts, the line to beat: in the shaded area some step "
    "count of it is at least as fast and at least as good. The last panel of a solver joins, for each method, what none of "
    "its own settings beats over knob and steps. Bars are 95 % intervals; one of time needs six repetitions."
)
SHADE = "rgba(34, 34, 34, 0.06)"
BESIDE, BETWEEN = 0.045, 0.2  # of the figure's width beside a panel, of a row's height below it
PAPER_WIDTHS = (1030.0, 1190.0)  # pixels of all panels together, in windows of 1240 and 1400: labels have room in both
ROW_PIXELS, DRAWN_PIXELS = 490, 482.0  # of a row of panels, and what axes and legend leave of it
LABEL_POINTS = 5.5  # on paper; on the page they have 10 pixels, which label_places.py counts in


def draw(data: RunData) -> go.Figure | None:
    panels = knob_panels(data)
    if not panels:
        return None
    places, rows = layout(panels)
    specs: list[list[dict | None]] = [[None] * GRID_COLUMNS for _ in range(rows)]
    for row, column, span in places:
        specs[row - 1][column - 1] = {"colspan": span}
    figure = make_subplots(rows=rows, cols=GRID_COLUMNS, specs=specs, horizontal_spacing=BESIDE, vertical_spacing=BETWEEN / rows,
                           subplot_titles=[panel.title for panel in panels])
    shown, definitions = set(), hover_definitions(data, "throughput", data.quality.metric)
    for panel, (row, column, span) in zip(panels, places):
        place = {"row": row, "col": column}
        (left, right), (bottom, top) = panel.limits("milliseconds"), panel.limits("quality")
        x, y = dominated(panel.lines[0].cells, 10**right, panel.scale.value(bottom if data.quality.sign < 0 else top), data.quality.sign)
        figure.add_trace(
            go.Scatter(x=x, y=y, mode="lines", fill="toself", fillcolor=SHADE, line={"width": 0}, hoverinfo="skip",
                       name="full is as fast and as good", legendgroup="shade", showlegend=panel is panels[0]), **place)
        for line in panel.lines:
            figure.add_trace(_trace(line, line.name not in shown, definitions, data.quality.title), **place)
            shown.add(line.name)
        sizes = [(panel_width(span, width), panel_height(rows)) for width in PAPER_WIDTHS]
        for line, labels in zip(panel.lines, panel.places(sizes)):
            for trace in _labels(line, labels, panel.scale, (top - bottom) / panel_height(rows)):
                figure.add_trace(trace, **place)
        figure.update_xaxes(title_text="measured time per sample, ms", range=[left, right], tickvals=ticks_of(left, right), **place)
        figure.update_yaxes(title_text=_axis_title(panels, data.quality.title) if column == 1 else None, range=[bottom, top], tickvals=panel.scale.ticks(bottom, top), **place)
    figure.update_xaxes(type="log", title_font_size=13)
    figure.update_yaxes(type="log" if data.quality.is_log else "linear", title_font_size=13)
    return styled(figure, 130 + ROW_PIXELS * rows)


def panel_width(span: int, whole: float) -> float:
    column = (1 - (GRID_COLUMNS - 1) * BESIDE) / GRID_COLUMNS
    return whole * (span * column + (span - 1) * BESIDE)


def panel_height(rows: int) -> float:
    return DRAWN_PIXELS * (1 - BETWEEN * (rows - 1) / rows)


def _axis_title(panels: list[Panel], title: str) -> str:
    sizes = {int(n) for panel in panels for line in panel.lines for n in line.cells["quality_n"]}
    return f"{title} of N = {sizes.pop()}" if len(sizes) == 1 else title


def _trace(line: Line, in_legend: bool, definitions: str, title: str) -> go.Scatter:
    return go.Scatter(
        x=line.cells["milliseconds"], y=line.cells["quality"], mode="lines+markers", name=line.name, legendgroup=line.name, showlegend=in_legend,
        line={"color": line.colour, "width": line.width},
        marker={"color": line.shades, "symbol": MARKERS[line.number % len(MARKERS)] if line.number >= 0 else "circle", "size": 9,
                "line": {"color": "white", "width": 1}},
        error_x=plotly_bars(line.cells, "milliseconds", line.colour, 0.8, 2), error_y=plotly_bars(line.cells, "quality", line.colour, 0.8, 2),
        customdata=line.cells[["method_label", "steps", "quality_interval", "quality_n", "speedup", "milliseconds_interval", "speedup_interval"]],
        hovertemplate="<b>%{customdata[0]}</b>, %{customdata[1]} steps<br>%{x:.4g} ms per sample %{customdata[5]}, speed-up "
        f"%{{customdata[4]:.3f}} %{{customdata[6]}}<br>{title} %{{y:.4g}} %{{customdata[2]}} of N = %{{customdata[3]:.0f}}"
        f"<br>{definitions}<extra></extra>",
    )


def _labels(line: Line, places: list[Place | None], scale: Scale, per_pixel: float) -> list[go.Scatter]:
    """Traces of their own, so that they come and go with their line and lie on top of all: the texts, and lines to those apart."""
    x, y, texts, positions, leaders = [], [], [], [], []
    for cell, text, place in zip(line.cells.itertuples(), line.labels, places):
        if place is not None:
            anchor = scale.value(scale.place(cell.quality) + place.lift * per_pixel)
            leaders += [(cell.milliseconds, cell.quality), (cell.milliseconds, anchor), (None, None)] if place.lift else []
            for values, value in ((x, cell.milliseconds), (y, anchor), (texts, text), (positions, place.position)):
                values.append(value)
    colour = mixed(line.colour, 0.0, 0.15)  # thin letters look paler than markers
    common = {"legendgroup": line.name, "showlegend": False, "hoverinfo": "skip"}
    text_trace = go.Scatter(x=x, y=y, mode="markers+text", text=texts, textposition=positions, textfont={"size": 10, "color": colour},
                            marker={"size": 9, "opacity": 0}, **common)  # unseen, as large as the points: texts keep off them
    leader_trace = go.Scatter(x=[x for x, _ in leaders], y=[y for _, y in leaders], mode="lines", line={"color": colour, "width": 0.8}, **common)
    return [leader_trace, text_trace] if leaders else [text_trace]


def draw_paper(data: RunData) -> plt.Figure | None:
    panels = knob_panels(data)
    if not panels:
        return None
    places, rows = layout(panels)
    figure = plt.figure(figsize=(9.2, 3.7 * rows + 0.7), layout="constrained")
    grid = figure.add_gridspec(rows, GRID_COLUMNS)
    handles, axes = {}, []
    for panel, (row, column, span) in zip(panels, places):
        axis = figure.add_subplot(grid[row - 1, column - 1 : column - 1 + span])
        axes.append(axis)
        (left, right), (bottom, top) = panel.limits("milliseconds"), panel.limits("quality")
        axis.set(xscale="log", yscale="log" if data.quality.is_log else "linear", xlim=(10**left, 10**right), ylim=(panel.scale.value(bottom), panel.scale.value(top)), xlabel="measured time per sample, ms")
        axis.set_title(panel.title, fontsize=9)
        axis.fill(*dominated(panel.lines[0].cells, 10**right, panel.scale.value(bottom if data.quality.sign < 0 else top), data.quality.sign), color="#222222", alpha=0.06, lw=0)
        for line in panel.lines:
            marker = PAPER_MARKERS[line.number % len(PAPER_MARKERS)] if line.number >= 0 else "o"
            handles[line.name] = axis.errorbar(
                line.cells["milliseconds"], line.cells["quality"], xerr=paper_bars(line.cells, "milliseconds"), yerr=paper_bars(line.cells, "quality"),
                lw=line.width * 0.6, ms=4, elinewidth=0.5, capsize=1.2, color=line.colour, marker=marker)
            axis.scatter(line.cells["milliseconds"], line.cells["quality"], s=16, c=line.shades, marker=marker, zorder=3)
        for direction, ticks in ((axis.xaxis, ticks_of(left, right)), (axis.yaxis, panel.scale.ticks(bottom, top))):
            if ticks is None:  # matplotlib has its own
                continue
            direction.set_major_locator(FixedLocator(ticks))
            direction.set_major_formatter("{x:g}")
            direction.set_minor_locator(NullLocator())
        axis.grid(alpha=0.3)
        if column == 1:
            axis.set_ylabel(_axis_title(panels, data.quality.title))
    paper_legend(figure, handles)
    figure.draw_without_rendering()  # panels have their sizes now
    for axis, panel in zip(axes, panels):
        _write_labels(axis, panel)
    return figure


def _write_labels(axis: plt.Axes, panel: Panel) -> None:
    per_point = 10 / LABEL_POINTS  # pixels of label_places.py
    box = axis.get_window_extent()
    size = tuple(length * 72 / axis.figure.dpi * per_point for length in (box.width, box.height))
    for line, places in zip(panel.lines, panel.places([size])):
        for cell, text, place in zip(line.cells.itertuples(), line.labels, places):
            if place is None:
                continue
            right_of, above = POSITIONS[place.position]
            leader = {"arrowstyle": "-", "lw": 0.4, "color": line.colour, "shrinkA": 0, "shrinkB": 0, "relpos": ((1 - right_of) / 2, 0.5)}
            axis.annotate(
                text, (cell.milliseconds, cell.quality), (2.5 * right_of, 2.5 * above * (1.0 if right_of == 0 else 0.4) + place.lift / per_point), textcoords="offset points", fontsize=LABEL_POINTS,
                color=line.colour, ha=("center", "left", "right")[right_of], va=("center", "bottom", "top")[above], annotation_clip=True,
                arrowprops=leader if place.lift else None)
