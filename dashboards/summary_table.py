"""The table of the report: one row per cell, every number with its definition on hover; failed cells keep their row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import pandas as pd

from dashboards.data import RunData, parameters_text


@dataclass(frozen=True)
class Column:
    title: str
    metric: str  # whose definition is shown on hover; "" for what identifies the cell
    text: Callable[[pd.Series], str]
    numeric: bool = True


def number(value: float, form: str) -> str:
    return "–" if pd.isna(value) else format(value, form)


def with_interval(cell: pd.Series, name: str, form: str) -> str:
    value = number(cell[name], form)
    if pd.isna(cell[name]) or pd.isna(cell.get(f"{name}_low")):
        return value
    return f"{value} <small>[{number(cell[f'{name}_low'], form)}, {number(cell[f'{name}_high'], form)}]</small>"


def duration(cell: pd.Series) -> str:
    if pd.isna(cell["latency_ns"]):
        return "–"
    scale, unit = (1e-9, "s") if cell["latency_ns"] >= 1e9 else (1e-6, "ms")
    return f"{cell['latency_ns'] * scale:.3g} {unit}"


COLUMNS = [
    Column("method", "", lambda c: c["method_label"], numeric=False),
    Column("solver", "", lambda c: f"{c['solver']} <small>{c['grid']}</small>", numeric=False),
    Column("steps", "", lambda c: str(c["steps"])),
    Column("scenario", "", lambda c: f"{c['scenario'].replace('_', ' ')} <small>b{c['batch']}, {c['precision']}</small>", numeric=False),
    Column("latency", "latency", duration),
    Column("images/s", "throughput", lambda c: with_interval(c, "images_per_s", ".4g")),
    Column("speed-up", "speedup", lambda c: with_interval(c, "speedup", ".3f")),
    Column("theory", "theoretical_speedup", lambda c: number(c["theoretical_speedup"], ".3f")),
    Column("realised", "realised_fraction", lambda c: number(c["realised_fraction"], ".2f")),
    Column("blocks", "blocks_ratio", lambda c: number(c["blocks_ratio"], ".1%")),
    Column("FID", "fid", lambda c: with_interval(c, "fid", ".3g")),
    Column("N", "n_samples", lambda c: number(c["fid_n"], ".0f")),
]


def table_rows(data: RunData) -> list[dict]:
    """For the template: cells of each row with their classes, or the reason where a cell is not ok."""
    rows = []
    for _, cell in data.cells.iterrows():
        failed = cell["status"] != "ok"
        rows.append(
            {
                "front": bool(cell["on_pareto_front"]),
                "colour": data.look.colours[cell["method_label"]],
                "status": f"{cell['status']}: {cell['reason'] or 'not finished'}" if failed else "",
                "parameters": parameters_text(cell["method_params"]),
                "cells": [
                    {"text": column.text(cell), "numeric": column.numeric, "hover": data.define(column.metric)}
                    for column in COLUMNS
                ],
            }
        )
    return rows
