"""`diffbench compare`, `merge` and `selfcheck` as a user runs them: verdicts that can be computed again, forms, exit codes."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ElementTree
from math import comb
from pathlib import Path
from statistics import NormalDist, median

import numpy as np
import pytest

from program import ENVIRONMENT, command, diffbench, run_ok

UNDECIDED = 4


@pytest.fixture
def results(suite: Path) -> Path:
    """Two runs of one suite in one file, 12 rounds each, with quality."""
    file = suite.parent / "results.db"
    for _ in range(2):
        run_ok("run", suite, "--db", file, "--only", "/3/", "--set", "timing.min_rounds=12", "timing.max_rounds=12", cwd=suite.parent)
    return file


def set_times(file: Path, run: int, factors: dict[str, float], noise: float = 0.002, rounds: int = 12, seed: int = 0) -> None:
    """Writes made-up timings over the measured ones: 1 ms a sample times the method's factor, with noise."""
    draw = random.Random(1000 * run + seed)
    with sqlite3.connect(file) as connection:
        for cell, method in connection.execute("SELECT id, method FROM cell WHERE run = ?", (run,)).fetchall():
            connection.execute("DELETE FROM timing WHERE cell = ?", (cell,))
            for index in range(rounds):
                ns = int(4e6 * factors.get(method, 1.0) * np.exp(draw.gauss(0, noise)))
                connection.execute("INSERT INTO timing (cell, round, repetition, rank, started_ns, duration_ns, samples) VALUES (?, ?, 0, 0, 0, ?, 4)", (cell, index, ns))
    # estimates follow from the rows, as the contract says
    subprocess.run(command("report", file, "-o", file.parent / "page", "--recompute"), env=ENVIRONMENT, check=True, capture_output=True)


def compare(file: Path, *arguments: object, old: str = "@1", new: str = "@2") -> tuple[int, dict]:
    result = diffbench("compare", f"{file}{old}", f"{file}{new}", "--json", *arguments)
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


def rows_of(document: dict, metric: str) -> dict[str, dict]:
    return {row["key"].split("/")[0]: row for row in document["cells"] if row["metric"] == metric}


# --- verdicts

def test_equal_runs_are_the_same(results: Path) -> None:
    for run in (1, 2):
        set_times(results, run, {})
    code, document = compare(results)
    assert code == 0 and document["verdict"] == "none", document["headline"]
    assert {row["verdict"] for row in rows_of(document, "latency").values()} == {"same"}
    assert all(row["reason"] == "equal, or nearly" for row in rows_of(document, "fid").values())  # equal samples


def test_a_slower_method_is_a_regression_and_named(results: Path) -> None:
    set_times(results, 1, {})
    set_times(results, 2, {"fixed_exit": 1.05})
    code, document = compare(results)
    assert code == 1 and document["verdict"] == "regression"
    row = rows_of(document, "latency")["fixed_exit"]
    assert row["verdict"] == "slower" and row["cause"] == "method" and row["low"] < 1.05 < row["high"]
    assert [r["key"] for r in document["cells"] if r["metric"] == "latency" and r["verdict"] == "slower"] == [row["key"]]
    text = diffbench("compare", f"{results}@1", f"{results}@2").stdout
    assert re.search(r"! slower +fixed_exit/.* latency +slower by \d\.\d % \[.*\]; full is unchanged, so it is the method", text)


def test_a_slower_machine_is_undecided(results: Path) -> None:
    set_times(results, 1, {})
    set_times(results, 2, dict.fromkeys(("full", "fixed_exit", "static_schedule", "duodiff"), 1.1))
    code, document = compare(results)
    assert code == UNDECIDED and {row["cause"] for row in rows_of(document, "latency").values()} == {"machine"}
    assert compare(results, "--undecided", "ok")[0] == 0 and compare(results, "--undecided", "fail")[0] == 1


def test_every_verdict_can_be_computed_again(results: Path) -> None:
    """Plain SQL and twenty lines: Hodges and Lehmann's shift with the rank sum test's interval at Holm's levels."""
    set_times(results, 1, {}, noise=0.004)
    set_times(results, 2, {"fixed_exit": 1.06, "duodiff": 0.95, "static_schedule": 1.001}, noise=0.004)
    _, document = compare(results)
    times: dict[tuple[int, str], dict[int, float]] = {}
    with sqlite3.connect(results) as connection:
        for run, key, index, ns in connection.execute("SELECT run, key, round, ln(ns_per_sample) FROM cell_round JOIN cell ON cell.id = cell WHERE role <> 'null'"):
            times.setdefault((run, key), {})[index] = ns
        baselines = dict(connection.execute("SELECT cell.key, base.key FROM cell JOIN cell AS base ON base.id = cell.baseline_cell"))

    def cumulative(m: int, n: int) -> np.ndarray:  # P(U <= u) by Mann and Whitney's recursion
        counts = {(i, j): np.array([1.0]) for i in range(m + 1) for j in range(n + 1) if i * j == 0}
        for i in range(1, m + 1):
            for j in range(1, n + 1):
                counts[i, j] = np.zeros(i * j + 1)
                counts[i, j][j:] += counts[i - 1, j]
                counts[i, j][: i * (j - 1) + 1] += counts[i, j - 1]
        return np.cumsum(counts[m, n]) / counts[m, n].sum()

    samples = {}
    for (run, key), by_round in times.items():
        if run == 1:
            samples[key, "latency"] = [np.array(list(times[r, key].values())) for r in (1, 2)]
            if key in baselines:
                samples[key, "speedup"] = [np.array([times[r, baselines[key]][i] - by[i] for i in by]) for r in (1, 2) for by in [times[r, key]]]
    differences = {name: np.sort(np.subtract.outer(new, old).ravel()) for name, (old, new) in samples.items()}
    table, delta = cumulative(12, 12), np.log(1.02)

    def p_of(d: np.ndarray) -> float:
        tails = [np.sum(d <= delta), np.sum(d >= -delta)]
        return min(1.0, 2 * min(1.0 if u >= len(table) - 1 else table[u] for u in tails))

    p, claimed, levels = {name: p_of(d) for name, d in differences.items()}, 0, {}
    assert document["rule"]["family"] == len(p)
    for position, value in enumerate(sorted(p.values())):
        levels.setdefault(value, []).append(0.05 / (len(p) - claimed))  # equal p values stand in any order
        claimed += claimed == position and value <= levels[value][-1]
    for name, value in p.items():
        row = next(r for r in document["cells"] if (r["key"], r["metric"]) == name)
        level = min(levels[value], key=lambda one: abs(1 - row["confidence"] - one))
        k = int(np.sum(table <= level / 2))
        low, high = differences[name][k - 1], differences[name][-k]
        up = {"latency": "slower", "speedup": "faster"}[name[1]]
        down = {"slower": "faster", "faster": "slower"}[up]
        verdict = up if low > delta else down if high < -delta else "same" if low >= -delta and high <= delta else "undecided"
        assert row["verdict"] == verdict, name
        assert row["confidence"] == pytest.approx(1 - level)
        assert (row["ratio"], row["low"], row["high"]) == pytest.approx((np.exp(median(differences[name])), np.exp(low), np.exp(high)))
    assert {row["verdict"] for row in rows_of(document, "latency").values()} >= {"slower", "faster", "same"}


def test_every_verdict_of_turns_can_be_computed_again(results: Path) -> None:
    """The same of two runs that took turns: the sequence at a fifth of the level, and where the time was up signed ranks at the rest."""
    set_times(results, 1, {}, noise=0.02, rounds=60)
    set_times(results, 2, {"fixed_exit": 1.06, "duodiff": 1.031, "static_schedule": 1.001}, noise=0.02, rounds=60)
    with sqlite3.connect(results) as connection:
        connection.execute("INSERT INTO pairing (old_run, new_run) VALUES (1, 2)")
        connection.execute("UPDATE cell SET stop_reason = iif(method IN ('fixed_exit', 'full'), 'decided', 'max_seconds')")
        rows = connection.execute("SELECT cell.key, stop_reason, round, ln(ns_per_sample), run FROM cell_round JOIN cell ON cell.id = cell WHERE role <> 'null' ORDER BY round").fetchall()
    _, document = compare(results)
    times = {(run, key, index): value for key, _, index, value, run in rows}
    ends = {key: reason == "max_seconds" for key, reason, *_ in rows}
    found = {key: np.array([times[2, key, i] - times[1, key, i] for i in range(60)]) for key in ends}
    delta = np.log(1.02)

    def wealth(s: int, n: int) -> float:  # of a bet on s heads of n, with a prior Beta(2, 2)
        return 2.0**n * 6 * (s + 1) * (n - s + 1) / ((n + 2) * (n + 3) * (n + 1) * comb(n, s))

    def held(d: np.ndarray, alpha: float, is_end: bool) -> tuple[float, float]:
        lows, highs = [-np.inf], [np.inf]
        for n in range(1, len(d) + 1):
            won = next((s for s in range(n // 2 + 1, n + 1) if wealth(s, n) >= 5 / alpha), None)
            if won:
                lows.append(np.sort(d[:n])[n - won])
                highs.append(np.sort(d[:n])[won - 1])
        if is_end:
            means, n = np.sort(((d[:, None] + d[None, :]) / 2)[np.triu_indices(len(d))]), len(d)
            z = NormalDist(n * (n + 1) / 4, np.sqrt(n * (n + 1) * (2 * n + 1) / 24))  # of more than 50 values
            k = next(w for w in range(len(means)) if z.cdf(w + 0.5) > 0.4 * alpha) - 1
            lows.append(means[k])
            highs.append(means[-1 - k])
        return max(lows), min(highs)

    for row in rows_of(document, "latency").values():
        low, high = held(found[row["key"]], 1 - row["confidence"], ends[row["key"]])
        verdict = "slower" if low > delta else "same" if low >= -delta and high <= delta else "undecided"
        assert (row["verdict"], row["low"], row["high"]) == (verdict, pytest.approx(np.exp(low)), pytest.approx(np.exp(high))), row["key"]
        assert ("signed ranks" in row["rule"]) == ends[row["key"]]
    m, claimed = len(found), sum(row["verdict"] in ("slower", "faster") for row in rows_of(document, "latency").values())
    assert document["rule"]["family"] == m and claimed >= 1
    levels = sorted(1 - row["confidence"] for row in rows_of(document, "latency").values())  # Holm: the k-th claim of m stands at alpha / (m - k)
    assert levels == pytest.approx([0.05 / (m - min(k, claimed)) for k in range(m)])


# --- what cannot be compared

def change(file: Path, sql: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(sql)


@pytest.mark.parametrize(("sql", "words"), [
    ("UPDATE machine SET torch_version = '1.0' WHERE run = 1", "library: torch_version is"),
    ("UPDATE machine SET cpu_model = 'abacus' WHERE run = 1", "machine: cpu_model is"),
    ("UPDATE rank SET omp_threads = 7 WHERE run = 1", "layout: omp_threads is 1 instead of 7"),
    ("UPDATE run SET seed = 8 WHERE id = 1", "suite: seed is 5 instead of 8"),
])
def test_what_differs_is_named_and_not_compared(results: Path, sql: str, words: str) -> None:
    for run in (1, 2):
        set_times(results, run, {})
    change(results, sql)
    code, document = compare(results)
    assert code == UNDECIDED
    assert all(row["verdict"] == "not_comparable" and words in row["reason"] for row in rows_of(document, "latency").values())
    code, document = compare(results, "--across", words.split(":")[0])
    assert code == 0 and any(words.split(": ")[1] in note for note in document["notes"])


def test_other_weights_are_another_cell(results: Path) -> None:
    for run in (1, 2):
        set_times(results, run, {})
    change(results, "UPDATE cell SET identity = 'x' WHERE run = 1 AND method = 'duodiff'")
    change(results, "UPDATE artifact SET sha256 = 'ffff' WHERE role = 'weights' AND cell IN (SELECT id FROM cell WHERE run = 1 AND method = 'duodiff')")
    _, document = compare(results)
    assert re.fullmatch(r"file weights is \S+ instead of .*ffff.*", rows_of(document, "all")["duodiff"]["reason"])


# --- gate.toml

GATE = """
[[threshold]]
metric = "latency"
cells = "^fixed_exit"
effect = 0.1
[[threshold]]
metric = "speedup"
cells = "^fixed_exit"
effect = 0.1
[[allow]]
cells = "^duodiff"
reason = "waits for its new kernel"
until = 2999-12-31
[[allow]]
cells = "^no_such_cell"
reason = "forgotten"
until = 2999-12-31
[[budget]]
metric = "latency"
cells = "^full/"
at_most = "100 ms"
"""


def test_the_gate_file_holds(results: Path) -> None:
    set_times(results, 1, {})
    set_times(results, 2, {"fixed_exit": 1.05, "duodiff": 1.2})
    gate = results.parent / "gate.toml"
    gate.write_text(GATE)
    code, document = compare(results, "--gate", gate)
    assert code == 0, document["headline"]
    assert "allowed until 2999-12-31: waits for its new kernel" in rows_of(document, "latency")["duodiff"]["reason"]
    assert any("gate.toml" in note and "matches no cell" in note for note in document["notes"])
    gate.write_text(GATE.replace("100 ms", "1 ms"))
    code, document = compare(results, "--gate", gate)
    assert code == 1 and any("budget exceeded" in row["reason"] and row["regression"] for row in document["cells"])
    gate.write_text(GATE.replace('new kernel"\nuntil = 2999-12-31', 'new kernel"\nuntil = 2020-01-01'))
    code, document = compare(results, "--gate", gate)
    assert code == 1 and any("expired on 2020-01-01" in note for note in document["notes"])


@pytest.mark.parametrize(("text", "words"), [
    ('[[threshold]]\nmetric = "latncy"\neffect = 0.1\n', "gate.toml:2: [threshold[0]] metric: unknown metric 'latncy'; did you mean 'latency'?"),
    ('[[threshold]]\nmetric = "latency"\ncells = "("\neffect = 0.1\n', "not a regular expression"),
    ('[[allow]]\ncells = "a"\nuntil = 2030-01-01\n', "reason: missing"),
    ('[[allow]]\ncells = "a"\nreason = "b"\nuntil = "soon"\n', "must be a date"),
    ('[[budget]]\nmetric = "latency"\nat_most = "20 parsecs"\n', 'text such as "20 ms"'),
    ("confidance = 0.9\n", "gate.toml:1: confidance: unknown key 'confidance'; did you mean 'confidence'?"),
])
def test_a_mistake_in_the_gate_file_is_one_line(results: Path, text: str, words: str) -> None:
    gate = results.parent / "gate.toml"
    gate.write_text(text)
    result = diffbench("compare", f"{results}@1", f"{results}@2", "--gate", gate)
    assert result.returncode == 2 and words in result.stderr and result.stderr.count("\n") == 1 and not result.stdout


# --- forms

ALLOWED = {  # elements and attributes of Jenkins' xunit plugin, junit-10.xsd
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"}, {"testsuite", "properties", "testcase", "system-out", "system-err"}),
    "testcase": ({"name", "time", "classname", "group"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": ({"type", "message"}, set()), "skipped": ({"type", "message"}, set()), "system-out": (set(), set()),
}
REQUIRED = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"}}


def check_junit(element: ElementTree.Element) -> None:
    attributes, children = ALLOWED[element.tag]
    assert set(element.attrib) <= attributes and set(element.attrib) >= REQUIRED.get(element.tag, set()), element.tag
    assert re.fullmatch(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?", element.get("time", "0"))
    for child in element:
        assert child.tag in children, f"{child.tag} in {element.tag}"
        check_junit(child)


def test_junit_and_markdown(results: Path) -> None:
    set_times(results, 1, {})
    set_times(results, 2, {"fixed_exit": 1.05})
    change(results, """UPDATE cell SET key = 'duodiff <t>&"|x"/3' WHERE method = 'duodiff'""")
    junit, markdown = results.parent / "junit.xml", results.parent / "comment.md"
    code, document = compare(results, "--junit", junit, "--markdown", markdown)
    assert code == 1
    root = ElementTree.parse(junit).getroot()
    check_junit(root)
    cases = root.findall(".//testcase")
    assert len(cases) == len(document["cells"]) and any(case.get("classname") == 'duodiff <t>&"|x"/3' for case in cases)
    failed = [case for case in cases if case.find("failure") is not None]
    assert len(failed) == int(root.find("testsuite").get("failures")) == sum(row["regression"] for row in document["cells"]) > 0
    with pytest.raises(AssertionError):  # the checker checks
        root.find(".//testcase").set("colour", "red")
        check_junit(root)
    text = markdown.read_text()
    assert text.count("\n") < 60 and "**slower**" in text and "| |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}, "a cell's own bar would break its row"


def test_the_report_draws_the_comparison(results: Path) -> None:
    set_times(results, 1, {})
    set_times(results, 2, {"fixed_exit": 1.2})
    page = results.parent / "page"
    run_ok("report", results, "-o", page, "--against", f"{results}@1")
    text = (page / "comparison.html").read_text()
    assert "full is unchanged, so it is the method" in text and "fixed_exit/ddim/trailing/3" in text
    assert (page / "history.html").exists()  # two runs of one suite
    result = diffbench("report", results, "-o", page, "--against", f"{results}@7")
    assert result.returncode == 2 and "no run 7" in result.stderr


# --- merge

def test_merge_takes_each_run_once(results: Path) -> None:
    history = results.parent / "history.db"
    first = json.loads(run_ok("merge", results, results, "-o", history, "--json").stdout)
    assert (first["runs"], first["repeated"]) == (2, 2)
    run_ok("merge", results, "-o", history)
    with sqlite3.connect(history) as connection:
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert compare(history)[1]["cells"] == compare(results)[1]["cells"]
    code, document = compare(history, "--last", 5, old="")
    assert document["old"]["run"] == 1


# --- bad input

def test_bad_input_is_one_line_and_exit_2(results: Path) -> None:
    text, cut, old = (results.parent / name for name in ("text.db", "cut.db", "old.db"))
    text.write_text("no database")
    cut.write_bytes(results.read_bytes()[:5000])
    shutil.copy(results, old)
    change(old, "PRAGMA user_version = 3")
    running = results.parent / "running.db"
    shutil.copy(results, running)
    change(running, "UPDATE run SET status = 'running', finished_utc = NULL")
    for bad, words in ((results.parent / "none.db", "no such file"), (text, "text.db"), (cut, "cut.db"), (old, "schema version 3 is older"), (running, "never finished"), (f"{results}@9", "no run 9"), (f"{results}@2", "one and the same run")):
        result = diffbench("compare", bad, f"{results}@2")
        assert result.returncode == 2 and words in result.stderr and result.stderr.count("\n") == 1, result.stderr
        if "@" not in str(bad) and bad != running:
            result = diffbench("merge", bad, results, "-o", results.parent / "out.db")
            assert result.returncode == 2 and not (results.parent / "out.db").exists(), result.stderr


# --- selfcheck

@pytest.mark.parametrize("ranks", [0, 2])
def test_selfcheck_is_kept_and_quoted(results: Path, ranks: int) -> None:
    environment = ENVIRONMENT | {"XDG_STATE_HOME": str(results.parent / "state")}
    words = command("selfcheck", "--suite", results.parent / "suite.toml", "--minutes", 0.05, "--json", ranks=ranks)
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["ranks"] == max(ranks, 1) and document["rounds"] > 3 and document["pair_noise"] > 0
    assert [one["name"] for one in document["findings"]] == ["other load", "steal time", "frequency scaling", "thread layout", "clock", "pauses"]
    assert set(document["smallest_effect"]) == {"1", "5", "20"}
    kept = json.loads((results.parent / "state/diffbench/selfcheck.json").read_text())
    assert kept[document["machine"]] == document
    quoted = subprocess.run(command("compare", f"{results}@1", f"{results}@2", "--json"), env=environment, capture_output=True, text=True, timeout=60)
    assert any("selfcheck of this kind of machine" in note for note in json.loads(quoted.stdout)["notes"])
