"""What `diffbench compare OLD NEW --json` wrote, checked, with both runs it speaks of. The judging is its own: nothing here
computes a verdict.

    document = read_document("comparison.json")
    comparison = read_comparison(document, data, stack)    # data: the new run; the old one's file stays open with the stack
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dashboards.data import RunData, read_run
from dashboards.database import ReportError, choose_run, open_database

# by what matters to a reader: verdicts of a cell's metric with their rank
REGRESSIONS, IMPROVEMENTS = ("slower", "worse"), ("faster", "better")
RANKS = {"slower": 0, "worse": 0, "faster": 1, "better": 1, "undecided": 2, "not_comparable": 3, "same": 4}
VERDICTS = ("regression", "none", "undecided")
NUMBERS = ["ratio", "low", "high", "n", "confidence", "rounds_needed", "smallest_effect", "old_value", "new_value",
           "difference", "difference_low", "difference_high"]
WORDS = ["key", "metric", "verdict", "cause", "reason", "scale"]


@dataclass(frozen=True)
class Document:
    path: Path
    content: dict

    def error(self, what: str) -> ReportError:
        return ReportError(f"{self.path}: {what}")


@dataclass(frozen=True)
class Comparison:
    verdict: str  # of VERDICTS
    rule: dict
    differences: list[dict]  # group, entry, old, new
    notes: list[str]
    cells: pd.DataFrame  # NUMBERS, WORDS and gates; what matters first
    old: RunData
    new: RunData
    sides: dict[str, dict]  # "old", "new": database, run and what they were


def read_document(path: str) -> Document:
    """ReportError: no such file, no JSON, or none that compare wrote."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ReportError(f"{path}: not JSON: {error}") from None
    document = Document(Path(path), content)
    if not isinstance(content, dict) or content.get("verdict") not in VERDICTS:
        raise document.error("not a comparison: its verdict is none of " + ", ".join(VERDICTS))
    for side in ("old", "new"):
        if not isinstance(content.get(side), dict) or not isinstance(content[side].get("database"), str) or not isinstance(content[side].get("run"), int):
            raise document.error(f"not a comparison: '{side}' names no database and run")
    for name in ("cells", "differences", "notes"):
        if not isinstance(content.get(name), list):
            raise document.error(f"not a comparison: '{name}' is no list")
    for number, cell in enumerate(content["cells"]):
        if not isinstance(cell, dict) or cell.get("verdict") not in RANKS or not all(isinstance(cell.get(name), str) for name in ("key", "metric")):
            raise document.error(f"not a comparison: cells[{number}] has no key, metric and known verdict")
    return document


def new_run(document: Document, wanted: int | None) -> int:
    """The number of the new run. ReportError: another one was asked for."""
    compared = document.content["new"]["run"]
    if wanted is not None and wanted != compared:
        raise document.error(f"compares run {compared}, not the run {wanted} that --run names")
    return compared


def read_comparison(document: Document, new: RunData, stack: ExitStack) -> Comparison:
    """ReportError: the old database or run is not there, or one of both is another run than was compared."""
    content = document.content
    old_path = Path(content["old"]["database"])
    if not old_path.is_file() and not old_path.is_absolute() and (document.path.parent / old_path).is_file():
        old_path = document.path.parent / old_path  # it was compared there
    connection = stack.enter_context(open_database(str(old_path)))
    try:
        old = read_run(connection, choose_run(connection, content["old"]["run"]))
    except ReportError as error:
        raise ReportError(f"{old_path}: {error}") from None
    for side, data in (("old", old), ("new", new)):
        started = content[side].get("started_utc")
        if started != data.run["started_utc"]:
            raise document.error(f"its {side} run {content[side]['run']} started {started}, the database's {data.run['started_utc']}")
    try:
        cells = _cells(content["cells"])
    except (TypeError, ValueError) as error:
        raise document.error(f"not a comparison: in cells, {error}") from None
    return Comparison(content["verdict"], content.get("rule") or {}, content["differences"], [str(note) for note in content["notes"]],
                      cells, old, new, {side: content[side] for side in ("old", "new")})


def _cells(rows: list[dict]) -> pd.DataFrame:
    """Regressions, improvements, undecided, not comparable, same; within each the largest change first."""
    cells = pd.DataFrame(rows, columns=[*WORDS, *NUMBERS, "gates"])
    cells[NUMBERS] = cells[NUMBERS].astype(float)
    cells[WORDS] = cells[WORDS].astype(object).where(cells[WORDS].notna(), "")
    size = (cells["ratio"] - 1).abs().fillna((cells["difference"] / cells["old_value"].abs()).abs()).fillna(-1.0)
    order = pd.DataFrame({"rank": cells["verdict"].map(RANKS), "size": -size})
    return cells.loc[order.sort_values(["rank", "size"], kind="stable").index].reset_index(drop=True)
