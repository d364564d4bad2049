"""Which cells are points of one line: a method over its knob.

A family is the method, whatever parameters it was given beside its knob, and the network where that is not the
baseline's. All of it comes from the columns method, method_params, model and block_count: labels are the reader's words.

    cells = with_families(cells)    # adds family, knob, knob_value (a number, or NaN), knob_text
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from pathlib import PurePath

import pandas as pd


@dataclass(frozen=True)
class Knob:
    parameter: str  # of the method
    default: object = None  # its value where a suite does not set it
    text: str = "{}"  # how a point is labelled


# THE table: what is turned in each method. A method that is not here has no knob: its points differ by steps alone.
KNOBS = {
    "fixed_exit": Knob("exit"),
    "random_exit": Knob("mean_depth"),
    "static_schedule": Knob("schedule", "demo"),
    "uncertainty_exit": Knob("threshold"),
    "risk_controlled": Knob("calibration", "the network's own"),  # one file per epsilon
    "duodiff": Knob("switch_t", 700, "t≥{}"),
    "block_cache": Knob("interval", 2, "every {}"),
    "first_block_cache": Knob("threshold", 0.1),
}
BLOCKS = Knob("blocks", text="{} blocks")  # `full` on another network: a smaller one instead of exits
# read out rank and host from each block: exits depend on the sample, which makes a map over t worth looking at
ADAPTIVE = ("uncertainty_exit", "risk_controlled")


@dataclass(frozen=True)
class Member:
    family: str
    knob: str
    value: float
    text: str


def member(method: str, params: dict, model: str, baseline_model: str, block_count: float, is_baseline: bool) -> Member:
    """Where a cell belongs. `model` and `baseline_model` are names or paths: a/b belongs to a as its variant b."""
    if is_baseline:
        return Member(method, "", math.nan, "")
    inside = model.startswith(baseline_model + "/")
    variant = "" if model == baseline_model else model.removeprefix(baseline_model + "/") if inside else PurePath(model).name
    if method == "full":
        return _turned("full, other network", BLOCKS, block_count if block_count == block_count else None, variant)
    knob = KNOBS.get(method)
    rest = dict(params)
    value = None
    if knob is not None:
        value = rest.pop(knob.parameter, knob.default)
        if method == "static_schedule" and rest.get("depths"):
            value = "-".join(map(str, rest.pop("depths")))
        variant = variant.removesuffix(f"_{value}")  # one network is trained for each value
    details = [f"{name.replace('_', ' ')} {_words(given)}" for name, given in sorted(rest.items())]
    if variant:
        details.append("own network" if variant == method else f"network {_words(variant)}")
    family = method.replace("_", " ") + (f" ({', '.join(details)})" if details else "")
    return _turned(family, knob or Knob(""), value, "")


def _turned(family: str, knob: Knob, value: object, otherwise: str) -> Member:
    if value is None:
        return Member(family, knob.parameter, math.nan, otherwise)
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    return Member(family, knob.parameter, number, knob.text.format(_words(value)))


def _words(value: object) -> str:
    if isinstance(value, str):
        return PurePath(value).stem.replace("_", " ") if value.endswith(".toml") else value.replace("_", " ")
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


def with_families(cells: pd.DataFrame) -> pd.DataFrame:
    """A copy of `cells` (view cell_summary, and block_count) with family, knob, knob_value and knob_text."""
    models = cells.set_index("cell")["model"]
    baseline_models = cells["baseline_cell"].map(models).where(cells["role"] == "method", cells["model"]).fillna(cells["model"])
    members = [
        member(cell.method, json.loads(cell.method_params), cell.model, baseline_model, cell.block_count, cell.role == "baseline")
        for cell, baseline_model in zip(cells.itertuples(), baseline_models)
    ]
    return cells.assign(
        family=[m.family for m in members], knob=[m.knob for m in members],
        knob_value=[m.value for m in members], knob_text=[m.text for m in members],
    )
