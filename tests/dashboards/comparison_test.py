"""The comparison page, on two files that differ in what is known."""

from __future__ import annotations

import re
from contextlib import ExitStack
from html import unescape
from pathlib import Path

import pytest

from dashboards.comparison import forest, page, profiles, trajectories, verdict_table
from dashboards.comparison.read import RANKS, read_comparison, read_document
from dashboards.data import read_run
from dashboards.database import open_database
from dashboards.report import main
from dashboards.source import Source

from escaping_test import figures_of, shown_by_plotly, strings_in
from comparison_database import HOSTILE, blank_identities, judged, make_pair, verdict, write_verdict


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return make_pair(tmp_path)


def with_comparison(pair: tuple[Path, Path], use, **others: object):
    old, new = pair
    with ExitStack() as stack:
        data = read_run(stack.enter_context(open_database(str(new))), 1)
        return use(read_comparison(read_document(str(write_verdict(old.parent / "c.json", verdict(old, new, **others)))), data, stack))


def text_of(pair: tuple[Path, Path], **others: object) -> str:
    """The page without its scripts and tags."""
    old, new = pair
    path = write_verdict(old.parent / "c.json", verdict(old, new, **others))
    out = old.parent / "report"
    assert main([str(new), "-o", str(out), "--comparison", str(path)]) == 0
    page_text = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", (out / "comparison.html").read_text(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page_text)).split())


def test_what_matters_stands_first(pair: tuple[Path, Path]) -> None:
    cells = with_comparison(pair, lambda comparison: comparison.cells)
    assert list(zip(cells["verdict"], cells["metric"])) == [
        ("worse", "fid_difference"), ("slower", "throughput"), ("slower", "latency"), ("faster", "peak_memory"), ("undecided", "throughput"),
        ("not_comparable", "latency"), ("same", "latency")]


def test_the_verdict_is_one_sentence_with_its_rule(pair: tuple[Path, Path]) -> None:
    assert with_comparison(pair, verdict_table.sentence) == (
        "A regression: of 7 comparisons 3 are slower or worse, 1 faster or better, 1 undecided, 1 not comparable, 1 same. "
        "Confidence 0.95 for all 24 together, correction: Holm, runs measured one after the other. What is undecided would take up to 40 more rounds.")
    assert with_comparison(pair, verdict_table.sentence, verdict="none", rule={}, cells=[judged("full/2", "latency", "same", 1.0)]) == (
        "No regression: of 1 comparison 0 are slower or worse, 0 faster or better, 0 undecided, 0 not comparable, 1 same.")


def test_a_row_tells_change_values_and_reason(pair: tuple[Path, Path]) -> None:
    rows = [row["cells"] for row in with_comparison(pair, lambda comparison: verdict_table.table_rows(comparison, tuple(RANKS)))]
    assert rows[0][:4] == ["worse", HOSTILE, "fid difference", "+0.5 <small>[+0.2, +0.8]</small>"]
    assert rows[2] == ["slower", HOSTILE, "latency", "+10.00 % <small>[+9.50, +10.50]</small>", "10 ms", "11 ms", "24", "slower by 10 % [9.5, 10.5]; full is unchanged, so it is <the> method"]
    assert rows[3][7] == "does not gate" and rows[4][7] == "changed by 1.5 %; about 40 more rounds would decide"
    assert rows[5][3:] == ["–", "10 ms", "–", "–", "no partner"]


def test_a_further_extractor_has_rows_of_its_own(pair: tuple[Path, Path]) -> None:
    cells = [judged(HOSTILE, "fid@cl_ip", "worse", 1.5), judged(HOSTILE, "fid", "same", 1.0)]
    rows = with_comparison(pair, lambda comparison: verdict_table.table_rows(comparison, tuple(RANKS)), cells=cells)
    assert [row["cells"][2] for row in rows] == ["fid (cl_ip)", "fid"] and rows[0]["hover"] == rows[1]["hover"] != ""
    names = with_comparison(pair, forest.draw, cells=cells).layout.yaxis.ticktext
    assert names[0].endswith(" · fid (cl_ip)") and names[1].endswith(" · fid")


def test_what_is_undecided_or_the_same_may_be_many(pair: tuple[Path, Path]) -> None:
    cells = [judged(f"full/{i}", "latency", "undecided", 1.0 + i / 1000) for i in range(31)] + [judged("full/1", "fid", "not_comparable"), judged("full/1", "speedup", "same", 1.0)]
    folded = with_comparison(pair, lambda comparison: page.content(Source(comparison.new, comparison)), cells=cells)["folded"]
    assert [(group["title"], group["is_open"]) for group in folded] == [("31 undecided", False), ("1 not comparable", True), ("1 the same within the smallest effect", False)]
    assert folded[0]["rows"][0]["cells"][1] == "full/30"


def test_the_page_shows_words_as_they_are(pair: tuple[Path, Path]) -> None:
    text = text_of(pair)
    for words in (HOSTILE, "so it is <the> method", "the load was <high>", "library torch_version 2.10.0 –", "suite <steps> 2 3", "-steps = 2", "+steps = 3 # <b>",
                  "1 undecided", "1 not comparable", "1 the same within the smallest effect", "old: run 1 of", "aaaaaaaaaaaa", "gemm<float>"):
        assert words in text, words


def test_plotly_shows_words_as_they_are(pair: tuple[Path, Path]) -> None:
    text_of(pair)
    figures = figures_of(pair[0].parent / "report/comparison.html")
    shown = [[shown_by_plotly(text) for _, text in strings_in(figure)] for figure in figures]
    assert len(shown) == 3 and all(any(HOSTILE in text for text in texts) for texts in shown)  # forest, trajectories, profiles
    assert any("so it is <the> method" in text for text in shown[0])


def test_the_forest_has_a_row_for_each_ratio(pair: tuple[Path, Path]) -> None:
    figure = with_comparison(pair, forest.draw)
    points = {trace.name: (list(trace.x), list(trace.error_x.array)) for trace in figure.data if trace.type == "scatter"}
    assert points["slower"][0] == [0.7, 1.1] and points["slower"][1] == pytest.approx([0.005, 0.005]) and set(points) == {"slower", "faster", "undecided", "same"}
    band = figure.data[0]
    assert list(band.base) == pytest.approx([1 / 1.02] * 5) and band.base[0] + band.x[0] == pytest.approx(1.02)
    assert figure.layout.yaxis.ticktext[1].startswith("t&lt;400 &amp;")
    assert with_comparison(pair, forest.draw, cells=[judged("a", "latency", "not_comparable")]) is None


def test_only_what_both_runs_computed_otherwise_is_drawn(pair: tuple[Path, Path]) -> None:
    blocks, exits = with_comparison(pair, trajectories.differing)
    assert set(blocks["identity"]) == {"uncertainty_exit"}
    assert list(blocks["blocks_old"]) == [2, 1] and list(blocks["blocks_new"]) == [2, 1.5]
    change = exits.assign(change=exits["share_new"] - exits["share_old"]).set_index(["evaluation", "block"])["change"].to_dict()
    assert change == {(0, 1): 0, (0, 3): 0, (1, 1): -0.5, (1, 2): 0.5}
    figure, left_out = with_comparison(pair, trajectories.draw)
    assert left_out == 0 and [trace.name for trace in figure.data[:2]] == ["old", "new"] and figure.data[2].z.tolist() == [[0, -0.5], [0, 0.5], [0, 0]]


def test_runs_that_computed_the_same_have_no_figure(pair: tuple[Path, Path]) -> None:
    old, _ = pair
    assert with_comparison((old, old), trajectories.draw, new=verdict(old, old)["old"]) == (None, 0)


def test_cells_are_joined_by_identity_alone(pair: tuple[Path, Path]) -> None:
    blank_identities(pair[1])
    assert with_comparison(pair, trajectories.draw) == (None, 0) and with_comparison(pair, profiles.pairs) == []


def test_profiles_stand_side_by_side(pair: tuple[Path, Path]) -> None:
    found = with_comparison(pair, profiles.pairs)
    assert [new.cell["identity"] for _, new in found] == ["uncertainty_exit", "full"]  # what changed most on top
    assert profiles.kernel_rows(*found[0]) == [["gemm<float>", "0.015", "0.018", "+0.003", "0.5", "0.5"]]
    bars = profiles.draw(found).data[0]
    assert bars.name == "block" and list(bars.x) == pytest.approx([0.015, 0.018, 0.02, 0.02])


def test_without_a_profile_of_both_there_is_no_section(tmp_path: Path) -> None:
    assert profiles.TITLE not in text_of(make_pair(tmp_path, profiled=False))


def test_the_old_file_may_lie_beside_the_comparison(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    sides = verdict(Path("old.db"), pair[1])
    assert "A regression" in text_of(pair, old=sides["old"])


def test_one_file_may_hold_both_runs(pair: tuple[Path, Path]) -> None:
    _, new = pair
    assert with_comparison((new, new), lambda comparison: comparison.old.run["id"], old=verdict(new, new)["new"]) == 1


def broken(content: dict, fault: str) -> object:
    if fault == "no verdict":
        return content | {"verdict": "perhaps"}
    if fault == "no side":
        return content | {"old": {"database": "x"}}
    if fault == "no cells":
        return content | {"cells": None}
    if fault == "unknown cell":
        return content | {"cells": [{"key": "a", "metric": "latency", "verdict": "odd"}]}
    if fault == "no number":
        return content | {"cells": [judged("a", "latency", "same", 1.0) | {"n": "many"}]}
    if fault == "a list":
        return [content]
    if fault == "no old file":
        return content | {"old": content["old"] | {"database": "gone.db"}}
    if fault == "no old run":
        return content | {"old": content["old"] | {"run": 7}}
    if fault == "no new run":
        return content | {"new": content["new"] | {"run": 8}}
    assert fault == "another run"
    return content | {"old": content["old"] | {"started_utc": "2020-01-01T00:00:00Z"}}


@pytest.mark.parametrize(("fault", "words"), [
    ("missing", "c.json: cannot be read: No such file"), ("text", "c.json: not JSON"), ("a list", "c.json: not a comparison"), ("no verdict", "its verdict is none of"),
    ("no side", "'old' names no database and run"), ("no cells", "'cells' is no list"), ("unknown cell", "cells[0] has no"), ("no number", "in cells, could not convert"), ("no old file", "gone.db: no such database"),
    ("no old run", "old.db: run 7 is not there: the database holds the runs 1"), ("no new run", "run 8 is not there"), ("another run", "its old run 1 started 2020"),
    ("other run", "compares run 1, not the run 3"),
])
def test_wrong_comparisons_end_with_exit_code_2(pair: tuple[Path, Path], capsys: pytest.CaptureFixture, fault: str, words: str) -> None:
    old, new = pair
    path, out = old.parent / "c.json", old.parent / "report"
    if fault == "text":
        path.write_text("{")
    elif fault == "other run":
        write_verdict(path, verdict(old, new))
    elif fault != "missing":
        write_verdict(path, broken(verdict(old, new), fault))
    assert main([str(new), "-o", str(out), "--comparison", str(path), *(["--run", "3"] if fault == "other run" else [])]) == 2
    message = capsys.readouterr().err.strip()
    assert len(message.splitlines()) == 1 and words in message and not out.exists()
