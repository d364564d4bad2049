"""comparison.html, with --comparison: the verdict, cells and metrics by what matters, and what is known of why."""

from __future__ import annotations

import difflib

from dashboards.comparison import forest, profiles, trajectories, verdict_table
from dashboards.comparison.read import IMPROVEMENTS, REGRESSIONS, Comparison
from dashboards.page_parts import figure_html
from dashboards.source import Source

TITLE = "Comparison"
FOLDED = {"undecided": "undecided", "not_comparable": "not comparable", "same": "the same within the smallest effect"}  # verdicts that may be many
MOST_OPEN = 30  # rows of a folded table that is open at first


def content(source: Source) -> dict | None:
    comparison = source.comparison
    if comparison is None:
        return None
    ratios = forest.draw(comparison)
    apart, left_out = trajectories.draw(comparison)
    found = profiles.pairs(comparison)
    return {
        "verdict": verdict_table.sentence(comparison), "sides": [_side(name, of) for name, of in comparison.sides.items()], "notes": comparison.notes,
        "columns": verdict_table.COLUMNS, "rows": verdict_table.table_rows(comparison, (*REGRESSIONS, *IMPROVEMENTS)),
        "folded": [{"title": f"{len(rows)} {words}", "rows": rows, "is_open": verdict != "same" and len(rows) <= MOST_OPEN}
                   for verdict, words in FOLDED.items() if (rows := verdict_table.table_rows(comparison, (verdict,)))],
        "forest": ratios and {"title": forest.TITLE, "explanation": forest.EXPLANATION, "html": figure_html(ratios, "forest")},
        "differences": [{name: _word(of.get(name)) for name in ("group", "entry", "old", "new")} for of in comparison.differences],
        "suite": suite_changes(comparison),
        "apart": apart and {"title": trajectories.TITLE, "explanation": trajectories.EXPLANATION, "html": figure_html(apart, "apart")}, "left_out": left_out,
        "profiles": {"title": profiles.TITLE, "explanation": profiles.EXPLANATION, "html": figure_html(profiles.draw(found), "profiles"), "columns": profiles.KERNEL_COLUMNS,
                     "cells": [{"key": new.cell["key"], "rows": profiles.kernel_rows(old, new)} for old, new in found]} if found else None,
    }


def _side(name: str, of: dict) -> str:
    commit = str(of.get("git_sha") or "unknown commit")[:12]
    return f"{name}: run {of['run']} of {of['database']}, {_word(of.get('suite'))}, {_word(of.get('started_utc'))}, {commit}, diffbench {_word(of.get('program_version'))}"


def _word(value: object) -> str:
    return "–" if value is None else str(value)


def suite_changes(comparison: Comparison) -> list[dict]:
    """Lines of the suite's text that went or came, with what is around them."""
    old, new = (data.run["suite_text"].splitlines() for data in (comparison.old, comparison.new))
    lines = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    return [{"class": {"+": "came", "-": "went", "@": "place"}.get(line[:1], ""), "text": line} for line in lines]
