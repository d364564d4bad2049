"""Which cells are points of one line: a method over its knob.

A family is the method, whatever parameters the suite gave it beside its knob, and the network where that is not the
baseline's. All of it comes from table method and the columns method, given_params, method_params, model and block_count:
labels are the reader's words.

    cells = with_families(cells, methods)    # adds family, knob, knob_value (a number, or NaN), knob_text
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath

import pandas as pd


@dataclass(frozen=True)
class Knob:
    parameter: str  # of the method
    text: str = "{}"  # how a point is labelled


BLOCKS = Knob("blocks", "{} blocks")  # `full` on another network: a smaller one instead of exits


@dataclass(frozen=True)
class Member:
    family: str
    knob: str
    value: float
    text: str


def member(
    method: str, knob: Knob | None, given: dict, resolved: dict, model: str, baseline_model: str, block_count: float, is_baseline: bool
) -> Member:
    """Where a cell belongs. `given` are its parameters as the suite has them, `resolved` those with defaults; `model` and
    `baseline_model` are names or paths: a/b belongs to a as its variant b."""
    if is_baseline:
        return Member(method, "", math.nan, "")
    inside = model.startswith(baseline_model + "/")
    variant = "" if model == baseline_model else model.removeprefix(baseline_model + "/") if inside else PurePath(model).name
    if method == "full":
        return _turned("full, other network", BLOCKS, block_count if block_count == block_count else None, variant)
    rest, value = dict(given), None
    if knob is not None:
        rest.pop(knob.parameter, None)
        value = given.get(knob.parameter, resolved.get(knob.parameter))
        if rest.get("depths"):  # a schedule written out, in the place of one with a name
            value = _runs(rest.pop("depths"))
        variant = variant.removesuffix(f"_{value}")  # one network is trained for each value
    details = [f"{name.replace('_', ' ')} {_words(of)}" for name, of in sorted(rest.items())]
    if variant:
        details.append("own network" if variant == method else f"network {_words(variant)}")
    family = method.replace("_", " ") + (f" ({', '.join(details)})" if details else "")
    return _turned(family, knob or Knob(""), value, "")


def _turned(family: str, knob: Knob, value: object, otherwise: str) -> Member:
    if value is None:
        return Member(family, knob.parameter, math.nan, otherwise)
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    return Member(family, knob.parameter, number, knob.text.replace("{}", _words(_last_part(value)) or "default"))


def _runs(depths: list) -> str:
    """4×13-6×7 for four times 13, then six times 7."""
    runs = [(len(list(of)), depth) for depth, of in groupby(depths)]
    return "-".join(f"{count}×{depth}" if count > 1 else str(depth) for count, depth in runs)


def _last_part(value: object) -> object:
    """Of a file's path: a label has little room."""
    return PurePath(value).name if isinstance(value, str) and value else value


def _words(value: object) -> str:
    if isinstance(value, str):
        return PurePath(value).stem.replace("_", " ") if value.endswith(".toml") else value.replace("_", " ")
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


def with_families(cells: pd.DataFrame, methods: pd.DataFrame) -> pd.DataFrame:
    """A copy of `cells` (view cell_summary) with family, knob, knob_value and knob_text; `methods` is table method."""
    knobs = {of.name: Knob(of.knob, of.knob_text) for of in methods.itertuples(index=False) if isinstance(of.knob, str)}
    models = cells.set_index("cell")["model"]
    baseline_models = cells["baseline_cell"].map(models).where(cells["role"] == "method", cells["model"]).fillna(cells["model"])
    members = [
        member(cell.method, knobs.get(cell.method), json.loads(cell.given_params), json.loads(cell.method_params), cell.model,
               baseline_model, cell.block_count, cell.role == "baseline")
        for cell, baseline_model in zip(cells.itertuples(), baseline_models)
    ]
    return cells.assign(
        family=[m.family for m in members], knob=[m.knob for m in members],
        knob_value=[m.value for m in members], knob_text=[m.text for m in members],
    )
