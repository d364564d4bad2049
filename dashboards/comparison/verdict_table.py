"""The comparison in words: its verdict in one sentence, and a table of cells and metrics."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from dashboards.comparison.read import IMPROVEMENTS, REGRESSIONS, Comparison
from dashboards.intervals import number_words
from dashboards.summary_table import with_note
from dashboards.units import metric_of, name_words, shown_unit

COLUMNS = [("verdict", False), ("cell", False), ("metric", False), ("change", True), ("old", True), ("new", True), ("n", True), ("why", False)]
CLASSES = {**dict.fromkeys(REGRESSIONS, "regression"), **dict.fromkeys(IMPROVEMENTS, "improvement")}


def sentence(comparison: Comparison) -> str:
    verdicts = comparison.cells["verdict"]
    lost, won = int(verdicts.isin(REGRESSIONS).sum()), int(verdicts.isin(IMPROVEMENTS).sum())
    judged = f"of {len(verdicts)} comparison{'s' * (len(verdicts) != 1)} {lost} {'is' if lost == 1 else 'are'} slower or worse, {won} faster or better, " + ", ".join(
        f"{int((verdicts == name).sum())} {name.replace('_', ' ')}" for name in ("undecided", "not_comparable", "same"))
    opening = {"regression": "A regression", "none": "No regression", "undecided": "Undecided"}[comparison.verdict]
    return " ".join(filter(None, (f"{opening}: {judged}.", _rule(comparison.rule), _needed(comparison))))


def _rule(rule: dict) -> str:
    parts = [f"{rule['confidence']:.4g} for all {rule['family']} together" if "family" in rule and "confidence" in rule else "",
             f"correction: {rule['correction']}" if rule.get("correction") else "",
             {True: "rounds of both runs are pairs", False: "runs measured one after the other"}.get(rule.get("paired"), "")]
    words = ", ".join(filter(None, parts))
    return f"Confidence {words}." if words else ""


def _needed(comparison: Comparison) -> str:
    rounds = comparison.cells.loc[(comparison.cells["verdict"] == "undecided") & (comparison.cells["gates"] != False), "rounds_needed"].dropna()  # noqa: E712: None gates
    return "" if rounds.empty else f"What is undecided would take up to {rounds.max():.0f} more rounds."


def table_rows(comparison: Comparison, verdicts: tuple[str, ...]) -> list[dict]:
    """Rows with these verdicts, in their order."""
    chosen = comparison.cells[comparison.cells["verdict"].isin(verdicts)]
    return [_row(cell, comparison) for _, cell in chosen.iterrows()]


def _row(cell: pd.Series, comparison: Comparison) -> dict:
    metric = comparison.new.metrics.get(metric_of(cell["metric"]), {"unit": ""})
    factor, unit = shown_unit(metric["unit"])

    def value(of: float) -> str:
        return "–" if pd.isna(of) else f"{number_words(of * factor, '.4g')} {unit}".strip()

    words = [cell["verdict"].replace("_", " "), cell["key"], name_words(cell["metric"]), change_words(cell, factor, unit),
             value(cell["old_value"]), value(cell["new_value"]), "–" if pd.isna(cell["n"]) else f"{cell['n']:.0f}", _why(cell)]
    return {"class": CLASSES.get(cell["verdict"], ""), "cells": words, "hover": comparison.new.define(cell["metric"])}


def change_words(cell: pd.Series, factor: float, unit: str) -> str | Markup:
    """With its interval below; of a metric on a ratio's scale in %."""
    if cell["scale"] == "difference":
        ends = [cell[name] * factor for name in ("difference", "difference_low", "difference_high")]
        form, unit = "+.3g", f" {unit}".rstrip()
    else:
        ends = [100 * (cell[name] - 1) for name in ("ratio", "low", "high")]
        form, unit = "+.2f", " %"
    if pd.isna(ends[0]):
        return "–"
    return with_note(f"{ends[0]:{form}}{unit}", "" if pd.isna(ends[1]) else f"[{ends[1]:{form}}, {ends[2]:{form}}]")


def _why(cell: pd.Series) -> str:
    notes = [cell["reason"]]
    if not pd.isna(cell["gates"]) and not cell["gates"]:
        notes.append("does not gate")
    return "; ".join(filter(None, notes))
