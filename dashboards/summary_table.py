"""The table of the report: one row per cell, every number with its definition on hover; failed cells keep their row. Below it
stands what the reader has to know of the numbers: warm-ups that did not converge, timings that were disturbed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

import pandas as pd
from markupsafe import Markup

from dashboards.data import RunData, parameters_text
from dashboards.intervals import interval_words, number_words
from dashboards.quality_axis import DIFFERENCE, rows_of
from dashboards.verdict import full_fids, loss_words

NOT_WARM = "†"
ESTIMATES = """
SELECT estimate.cell, estimate.metric, estimate.confidence, estimate.n, estimate.rule
FROM estimate JOIN cell ON cell.id = estimate.cell WHERE cell.run = :run
"""
DISTURBANCES = """
SELECT cell_disturbance.* FROM cell_disturbance JOIN cell ON cell.id = cell_disturbance.cell
WHERE cell.run = :run AND cell.status = 'ok' ORDER BY cell_disturbance.cell, repetitions DESC, disturbance
"""


@dataclass(frozen=True)
class Column:
    title: str
    metric: str  # whose definition is shown on hover; "" for what identifies the cell
    text: Callable[[pd.Series], str | Markup]
    numeric: bool = True
    needs: str = ""  # shown only where some cell has a number other than 0 there
    rows: pd.DataFrame | None = None  # of view cell_quality by cell, of a quality metric


def number(value: float, form: str) -> str:
    return "–" if pd.isna(value) else number_words(value, form)


def with_note(value: str, note: str) -> Markup:
    """Both are text; the note is small."""
    return Markup("{} <small>{}</small>").format(value, note) if note else Markup("{}").format(value)


def with_interval(cell: pd.Series, name: str, form: str) -> str | Markup:
    if pd.isna(cell[name]):
        return "–"
    ends = interval_words(cell[f"{name}_low"], cell[f"{name}_high"], cell[f"{name}_n"], form)
    return with_note(number(cell[name], form), ends if cell[f"{name}_interval"] else "")


def duration(cell: pd.Series) -> str | Markup:
    value = cell["latency_ns"]
    if pd.isna(value):
        return "–"
    scale, unit = (1e-9, "s") if value >= 1e9 else (1e-6, "ms")
    low, high = (cell[f"latency_ns_{end}"] * scale for end in ("low", "high"))
    return with_note(f"{value * scale:.3g} {unit}", interval_words(low, high, cell["latency_ns_n"], ".3g"))


def size(value: float) -> str:
    """Of memory, in the unit that leaves at most four digits."""
    if pd.isna(value):
        return "–"
    scale, unit = (2**30, "GiB") if value >= 2**30 else (2**20, "MiB")
    return f"{value / scale:.3g} {unit}" if value < 1000 * scale else f"{value / scale:.0f} {unit}"


def memory(cell: pd.Series) -> Markup:
    on_device = cell["device_memory_bytes"]
    return with_note(size(cell["peak_memory_bytes"]), "" if pd.isna(on_device) else f"device {size(on_device)}")


def disturbed(cell: pd.Series) -> str:
    count = cell["disturbed_repetitions"]
    return "–" if pd.isna(count) or count == 0 else f"{count:.0f} of {cell['repetitions']:.0f}"


COLUMNS = [
    Column("method", "", lambda c: with_note(c["method_label"], NOT_WARM if c["warmup_converged"] == 0 else ""), numeric=False),
    Column("solver", "", lambda c: with_note(c["solver"], c["grid"]), numeric=False),
    Column("steps", "", lambda c: str(c["steps"])),
    Column("scenario", "", lambda c: with_note(c["scenario"].replace("_", " "), f"b{c['batch']}, {c['compute']}"), numeric=False),
    Column("latency", "latency", duration),
    Column("decoder", "decode_share", lambda c: with_interval(c, "decode_share", ".1%"), needs="decode_share"),
    Column("images/s", "throughput", lambda c: with_interval(c, "images_per_s", ".4g")),
    Column("speed-up", "speedup", lambda c: with_interval(c, "speedup", ".3f")),
    Column("theory", "theoretical_speedup", lambda c: number(c["theoretical_speedup"], ".3f")),
    Column("realised", "realised_fraction", lambda c: with_interval(c, "realised_fraction", ".2f")),
    Column("blocks", "blocks_ratio", lambda c: number(c["blocks_ratio"], ".1%")),
    Column("N", "n_samples", lambda c: number(c["quality_n"], ".0f")),
    Column("memory", "peak_memory", memory, needs="peak_memory_bytes"),
    Column("J/image", "energy_per_sample", lambda c: number(c["energy_j_per_sample"], ".3g"), needs="energy_j_per_sample"),
    Column("n", "", lambda c: number(c["repetitions"], ".0f")),
    Column("samples", "", lambda c: number(c["samples_seen"], ".0f")),
    Column("disturbed", "", disturbed, needs="disturbed_repetitions"),
]
HOVERS = {  # of columns that are no metric
    "n": "Repetitions that count, over all ranks.",
    "samples": "Different samples that the timings speak of: each round takes fresh ones.",
    "disturbed": "Repetitions that count although something came between; the reasons are on hover and below.",
}


def shown_columns(data: RunData) -> list[Column]:
    shown = [column for column in COLUMNS if not column.needs or (data.cells[column.needs].fillna(0) != 0).any()]
    before = next(place for place, column in enumerate(shown) if column.title == "N")
    return [*shown[:before], *quality_columns(data), *shown[before:]]


def quality_columns(data: RunData) -> list[Column]:
    """Every metric that the run was judged by, and its difference to the full network; one column for each number of samples."""
    columns = []
    for quality in data.qualities:
        for ending, words, form in (("", "", ".3g"), (DIFFERENCE, " − full", "+.3g")):
            sizes = list(rows_of(data.values, quality, ending).groupby(["n", "origin"], sort=False))
            for (n, _), rows in sizes:
                title = f"{quality.title}{words}" + (f", N = {n}" if len(sizes) > 1 else "")
                columns.append(_quality_column(title, quality.metric + ending, rows.set_index("cell"), form))
    return columns


def _quality_column(title: str, metric: str, rows: pd.DataFrame, form: str) -> Column:
    def text(cell: pd.Series) -> str | Markup:
        if cell["cell"] not in rows.index:
            return "–"
        row = rows.loc[cell["cell"]]
        return with_note(number(row["value"], form), interval_words(row["low"], row["high"], row["n"], form))

    return Column(title, metric, text, rows=rows)


def headings(data: RunData) -> list[tuple[str, str, bool]]:
    """Title, hover and whether it is a number, by column."""
    return [(column.title, HOVERS.get(column.title) or data.define(column.metric), column.numeric) for column in shown_columns(data)]


def table_rows(data: RunData) -> list[dict]:
    """For the template: cells of each row with their classes, or the reason where a cell is not ok."""
    stored = {(of["cell"], of["metric"]): _stored(of) for _, of in data.query(ESTIMATES).iterrows()}
    reasons = {cell: _counts(of) for cell, of in data.query(DISTURBANCES).groupby("cell")}
    full, columns, rows = full_fids(data.cells), shown_columns(data), []
    for index, cell in data.cells.iterrows():
        failed = cell["status"] != "ok"

        def hover(column: Column) -> str:
            if column.title == "method":
                return parameters_text(cell["method_params"])
            if column.title == "disturbed":
                return reasons.get(cell["cell"], "")
            if column.rows is not None and cell["cell"] in column.rows.index:
                stored_words = _stored(column.rows.loc[cell["cell"]])
            else:
                stored_words = stored.get((cell["cell"], column.metric))
            said = loss_words(cell, full[index]) + ". " if column.title == "FID − full" and pd.notna(cell["fid_difference"]) else ""
            return said + " ".join(filter(None, (HOVERS.get(column.title) or data.define(column.metric), stored_words)))

        rows.append(
            {
                "front": bool(cell["on_pareto_front"]),
                "colour": data.look.colours[cell["method_label"]],
                "status": f"{cell['status']}: {cell['reason'] or 'not finished'}" if failed else "",
                "cells": [{"text": column.text(cell), "numeric": column.numeric, "hover": hover(column)} for column in columns],
            }
        )
    return rows


def _stored(row: pd.Series) -> str:
    """How a number and its interval came about."""
    return f"n = {row['n']}, {row['confidence']:.0%}" + f", {row['rule']}" * bool(row["rule"])


def footnotes(data: RunData) -> list[str]:
    """What the numbers have to be read with."""
    notes, cells = [], data.cells[data.cells["status"] == "ok"]
    cold = cells[cells["warmup_converged"] == 0]
    if len(cold):
        notes.append(f"{NOT_WARM} The warm-up of {len(cold)} of {len(cells)} cells ended before two windows agreed, so that their times may hold some of it: {'; '.join(cold['key'])}.")
    rows = data.query(DISTURBANCES)
    if len(rows):
        notes.append(f"{cells['disturbed_repetitions'].sum():.0f} of {cells['repetitions'].sum():.0f} repetitions were disturbed and count: {_counts(rows)}.")
    few = sorted({int(n) for n in cells.loc[cells["latency_ns_low"].isna(), "latency_ns_n"].dropna()})
    if few:
        notes.append(f"Cells with {', '.join(map(str, few))} repetitions have no interval: no rule for so few keeps its promise.")
    return notes


def _counts(rows: pd.DataFrame) -> str:
    """Of each kind of disturbance: reasons that differ in their numbers are one kind."""
    kinds = [re.sub(r"\d+(\.\d+)?", "…", reason) for reason in rows["disturbance"]]
    counts = rows.groupby(kinds, sort=False)["repetitions"].sum().sort_values(ascending=False, kind="stable")
    return "; ".join(f"{kind}: {count}" for kind, count in counts.items())
