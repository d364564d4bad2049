"""The profile page, on a recording whose numbers can be checked by hand."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from dashboards.data import RunData, read_run
from dashboards.database import open_database
from dashboards.profile import flame_graph, kernel_table, overhead, phase_losses, roofline, telemetry, timeline
from dashboards.profile.cell_profile import IDLE, CellProfile, read_profiles
from dashboards.pages import render
from dashboards.profile import page as profile_page
from dashboards.report import main
from dashboards.source import Source

from methods_database import add_cell
from profile_database import Recording
from rows import add_estimate, change, new_file


def record(recording: Recording) -> None:
    """Two samples through each cell. full: embedding 10 us, two blocks of 40, head 10 and 4 between, so 52 us per sample.
    A method that should take half: one block of 40 for two rows of which one had left, probe 6, compaction 2."""
    for cell, base in ((1, 0), (2, 1000)):
        sampling = recording.scope(cell, "sampling", base, base + (104 if cell == 1 else 70), rows=2)
        evaluation = recording.scope(cell, "evaluation", base, base + (104 if cell == 1 else 70), sampling, evaluation=0, t=999.0, rows=2)
        embed = recording.scope(cell, "embed", base, base + 10, evaluation, rows=2)
        recording.activity(embed, "addmm", base, base + 10, flops=1000.0, moved_bytes=100.0)
        now = base + 10
        for block in (1, 2) if cell == 1 else (1,):
            scope = recording.scope(cell, "block", now, now + 42, evaluation, block=block, rows=2, rows_inside=2 if cell == 1 else 1)
            recording.activity(scope, "addmm", now, now + 30, flops=30_000.0, moved_bytes=600.0)
            recording.activity(scope, "gelu", now + 32, now + 42)
            now += 42
        if cell == 2:
            probe = recording.scope(cell, "probe", now, now + 6, evaluation, block=1, rows=2, rows_inside=1)
            recording.activity(probe, "gate", now, now + 6)
            compact = recording.scope(cell, "compact", now + 6, now + 8, evaluation, block=1, rows=2, rows_inside=1)
            recording.activity(compact, "row_copy", now + 6, now + 8)
            now += 8
        head = recording.scope(cell, "head", now, now + 10, evaluation, rows=2)
        recording.activity(head, "addmm", now, now + 10, flops=1000.0, moved_bytes=100.0)


def with_profile(path: Path, source: str = "cpu_operator") -> Path:
    connection = new_file(path)
    connection.execute("UPDATE run SET suite_name = 'a <suite>'")
    add_cell(connection, 1, "full", {}, milliseconds=0.05, steps=1, flops=100, flops_full=100)
    add_cell(connection, 2, "uncertainty_exit", {"threshold": 0.1}, label="row </script> 0.1", baseline=1, milliseconds=0.04, speedup=1.25, steps=1, flops=50, flops_full=100)
    add_cell(connection, 3, "fixed_exit", {"exit": 1}, baseline=1, milliseconds=0.03, speedup=5 / 3, steps=1, flops=50, flops_full=100)  # not profiled
    record(Recording(connection, source))
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def profiled(tmp_path: Path) -> Path:
    return with_profile(tmp_path / "profile.db")


def with_data(database: Path, use):
    with open_database(str(database)) as connection:
        return use(read_run(connection, 1))


def profiles_of(database: Path) -> list[CellProfile]:
    return with_data(database, read_profiles)


def page_of(database: Path) -> str:
    return with_data(database, lambda data: render(Source(data))["profile.html"])


def content(database: Path) -> dict:
    out = database.parent / "report"
    assert main([str(database), "-o", str(out)]) == 0
    page = (out / "profile.html").read_text()
    return json.loads(re.search(r"^const profiles = (.*);$", page, re.M).group(1))


def test_time_is_per_sample_and_adds_up_to_the_scopes(profiled: Path) -> None:
    full, method = profiles_of(profiled)
    assert (full.samples, method.samples) == (2, 2)
    assert full.milliseconds() == pytest.approx(0.050) and full.idle_ms() == pytest.approx(0.002)
    assert full.total_ms() == pytest.approx(0.104 / 2)  # the outermost scope
    assert method.milliseconds("probe") == pytest.approx(0.003) and method.milliseconds("compact") == pytest.approx(0.001)
    assert method.carried_ms == pytest.approx(0.010)  # half of 40 us of block work, over two samples
    assert method.total_ms() == pytest.approx(0.070 / 2)


def repeat(database: Path, cell: int, lengths: list[int]) -> None:
    """More repetitions of a cell: one scope and one operator each, of so many us."""
    with sqlite3.connect(database) as connection:
        number = connection.execute("SELECT max(id) FROM scope").fetchone()[0]
        for i, length in enumerate(lengths):
            begin = (10 + i) * 1_000_000
            connection.execute("INSERT INTO scope (id, run, rank, thread, cell, name, phase, rows, begin_ns, end_ns) VALUES (?, 1, 0, 7, ?, 1, 'sampling', 2, ?, ?)",
                               (number + i + 1, cell, begin, begin + length * 1000))
            connection.execute("INSERT INTO activity (id, run, rank, kind, name, scope, attribution, device, stream, begin_ns, end_ns)"
                               " VALUES (?, 1, 0, 'cpu_operator', 1, ?, 'external', 0, 0, ?, ?)", (100 * cell + i, number + i + 1, begin, begin + length * 1000))


def test_a_disturbed_repetition_does_not_count(profiled: Path) -> None:
    repeat(profiled, 1, [100, 110, 5000, 60])
    full, _ = profiles_of(profiled)
    assert (len(full.lengths), full.recorded_samples, full.samples) == (5, 10, 6)
    assert full.total_ms() == pytest.approx((0.100 + 0.104 + 0.110) / 6)


def test_the_standard_error_pairs_neighbouring_repetitions(profiled: Path) -> None:
    repeat(profiled, 1, [200, 400, 800])
    repeat(profiled, 2, [100 + 3, 200 + 9, 400 + 6])
    full, method = profiles_of(profiled)
    # over half of the full network's: 70 - 52 = 18, 3, 9, 6 us; their median 7.5, the distances from it 10.5, 4.5, 1.5, 1.5
    expected = 1.2533 * 1.4826 * 3.0 / 4**0.5 / ((200 + 400) / 2)  # of the median of 104, 200, 400, 800
    assert phase_losses.standard_error(method, full) == pytest.approx(expected)


def test_ranks_share_the_samples(profiled: Path) -> None:
    change(profiled, "UPDATE cell SET ranks = 2")
    assert profiles_of(profiled)[0].total_ms() == pytest.approx(0.104 / 4)  # two ranks at once: half the time per sample


def test_losses_add_up_to_what_was_not_promised(profiled: Path) -> None:
    full, method = profiles_of(profiled)
    found = phase_losses.losses(method, full)
    assert found.promised_ms == pytest.approx(0.026)  # 52 us over a theoretical 2
    # promised for blocks: 26 - 10 of embedding and head = 16, of them 16 * 40 / 42 of work and the rest between it; they took
    # 20 and 1, of which 10 for rows that had left
    assert found.by_cause == pytest.approx(
        {"probes": 0.003, "compaction": 0.001, "carried": 0.010, "blocks": 0.010 - 0.016 * 40 / 42, "other": 0.0, "between": 0.001 - 0.016 * 2 / 42})
    assert sum(found.by_cause.values()) == pytest.approx(method.total_ms() - found.promised_ms)


def test_a_slower_phase_is_charged_to_itself(profiled: Path) -> None:
    change(profiled, "UPDATE activity SET end_ns = end_ns + 4000 WHERE scope IN (SELECT id FROM scope WHERE cell = 2 AND phase = 'probe')")
    change(profiled, "UPDATE scope SET end_ns = end_ns + 4000 WHERE cell = 2 AND phase IN ('probe', 'evaluation', 'sampling')")
    full, method = profiles_of(profiled)
    found = phase_losses.losses(method, full)
    assert found.by_cause["probes"] == pytest.approx(0.005) and found.by_cause["blocks"] == pytest.approx(0.010 - 0.016 * 40 / 42)


def test_the_table_of_losses_names_theory_measurement_and_profile(profiled: Path) -> None:
    rows = with_data(profiled, lambda data: phase_losses.loss_rows(read_profiles(data)))
    assert [row[0] for row in rows] == ["row </script> 0.1, ddim 1 steps, batch 10"]
    assert rows[0][1:7] == ["2.000", "1.250 [1.250, 1.250]", "0.25", "1.486", "1", "+17.3%"]  # 52 / 35; 9 us of 52
    assert rows[0][7:] == ["+5.8%", "+1.9%", "+19.2%", "-10.1%", "–", "+0.5%"]
    assert len(rows[0]) == len(phase_losses.LOSSES_COLUMNS) + len(phase_losses.LOSSES)


def test_bars_of_phases_and_promises(profiled: Path) -> None:
    figure = with_data(profiled, lambda data: phase_losses.draw(read_profiles(data)))
    bars = {t.name: list(t.x) for t in figure.data}
    assert bars["block"] == pytest.approx([0.040, 0.010]) and bars["block, rows that had left"] == pytest.approx([0.0, 0.010])
    assert bars["probe"] == pytest.approx([0.0, 0.003]) and bars["between operators"] == pytest.approx([0.002, 0.001])
    assert bars["promised by FLOPs"] == [None, pytest.approx(0.026)]
    assert bars["measured speed-up"][1] == pytest.approx(0.052 / 1.25)


def test_the_flame_graph_nests_and_keeps_every_nanosecond(profiled: Path) -> None:
    full = profiles_of(profiled)[0]
    boxes = {(depth, node.name): (left, node.ns) for depth, left, node in flame_graph.boxes(full)}
    assert boxes[0, "sampling"] == (0.0, 104_000.0)
    assert boxes[2, "embed"] == (0.0, 10_000.0) and boxes[2, "block"] == (10_000.0, 84_000.0) and boxes[2, "head"] == (94_000.0, 10_000.0)
    assert boxes[3, "block 1"] == (10_000.0, 42_000.0) and boxes[3, "block 2"] == (52_000.0, 42_000.0)
    assert boxes[4, IDLE] == (52_000.0 + 40_000.0, 2_000.0)  # after the operators, of block 2 the last seen
    figure = flame_graph.draw(full)
    assert figure.data[0].x[0] == pytest.approx(0.052)


def test_the_kernel_table_has_calls_rates_and_shares_of_the_ceiling(profiled: Path) -> None:
    change(profiled, "INSERT INTO ceiling VALUES (1, 0, 'flops_per_s', 'fp32', 1e9)")
    change(profiled, "INSERT INTO ceiling VALUES (1, 0, 'bytes_per_s', '', 1e8)")
    rows = kernel_table.table_rows(profiles_of(profiled)[0])
    # addmm: 10 + 30 + 30 + 10 us, 62,000 FLOPs, 1,400 bytes
    assert rows[0] == ["addmm", "2", "0.04", "20", "80.0%", "775 M (78%)", "17.5 M (18%)"]
    assert rows[1] == ["gelu", "1", "0.01", "10", "20.0%", "–", "–"]


def test_the_roofline_bends_at_the_ridge(profiled: Path) -> None:
    change(profiled, "INSERT INTO ceiling VALUES (1, 0, 'flops_per_s', 'fp32', 1e9)")
    change(profiled, "INSERT INTO ceiling VALUES (1, 0, 'bytes_per_s', '', 1e8)")
    roof, points = with_data(profiled, lambda data: roofline.draw(data, read_profiles(data)[0])).data
    assert (roof.x[1], roof.y[1]) == (pytest.approx(10.0), pytest.approx(1e9)) and roof.y[2] == roof.y[1] > roof.y[0]
    assert list(points.x) == pytest.approx([62_000 / 1_400]) and list(points.y) == pytest.approx([7.75e8])


def test_no_roof_without_a_ceiling_and_no_roofline_without_counts(profiled: Path) -> None:
    assert len(with_data(profiled, lambda data: roofline.draw(data, read_profiles(data)[0])).data) == 1
    change(profiled, "INSERT INTO ceiling VALUES (1, 0, 'flops_per_s', 'bf16', 1e9)")  # of another precision
    change(profiled, "INSERT INTO ceiling VALUES (1, 0, 'bytes_per_s', '', 1e8)")
    assert len(with_data(profiled, lambda data: roofline.draw(data, read_profiles(data)[0])).data) == 1
    change(profiled, "UPDATE activity SET flops = NULL")
    assert with_data(profiled, lambda data: roofline.draw(data, read_profiles(data)[0])) is None


def test_the_timeline_starts_with_its_evaluation(profiled: Path) -> None:
    first = with_data(profiled, lambda data: timeline.draw(data, read_profiles(data)[1]))[0]
    scopes, operators = first.data
    assert scopes.base[0] == 0.0 and scopes.x[0] == pytest.approx(0.070)
    assert sorted(operators.base) == pytest.approx([0.0, 0.010, 0.042, 0.052, 0.058, 0.060])
    assert "t = 999" in first.layout.xaxis.title.text


def test_on_a_gpu_pauses_are_those_of_the_stream(tmp_path: Path) -> None:
    full = profiles_of(with_profile(tmp_path / "gpu.db", "cupti"))[0]
    assert full.on_gpu and full.idle_ms() == pytest.approx(0.002)  # 2 us in each block, two samples
    assert full.total_ms() == pytest.approx(0.052)


def test_overhead_is_read_from_the_estimates(profiled: Path) -> None:
    with sqlite3.connect(profiled) as connection:
        add_estimate(connection, 1, "overhead_nvtx", 1.0, 0.999, 1.001, n=8)
        add_estimate(connection, 1, "overhead_activities", 1.03, n=3)
    change(profiled, "INSERT INTO profile_overhead VALUES (1, 'activities', 0, 0, 5)")  # raw rows are not computed with
    rows = with_data(profiled, overhead.table_rows)
    assert rows == [["full, ddim 1 steps, batch 10", "1.0000 [0.9990, 1.0010]", "1.0300 n < 6", "–", "8"]]


def test_a_phase_inside_itself_is_one_layer(profiled: Path) -> None:
    change(profiled, "UPDATE scope SET phase = 'sampling' WHERE phase = 'evaluation'")
    full, _ = profiles_of(profiled)
    assert {path[:2] for path in full.paths["path"]} == {("sampling", "embed"), ("sampling", "block"), ("sampling", "head")}
    assert full.total_ms() == pytest.approx(0.052)


def sample_telemetry(database: Path) -> None:
    change(database, "INSERT OR IGNORE INTO machine (id, run, host) VALUES (9, 1, 'node')")
    for i, (power, bits) in enumerate([(100, 0), (650, 0x4), (700, 0x4 | 0x20), (300, 0x1)]):
        change(database, "INSERT INTO telemetry (machine, device, sampled_ns, power_w, clock_hz, throttle_bits)"
                         f" VALUES (9, 'gpu:0 H200', {1000 + i * 500_000_000}, {power}, 1500000000, {bits})")


def test_telemetry_is_drawn_and_throttling_told(profiled: Path) -> None:
    sample_telemetry(profiled)
    rows = with_data(profiled, telemetry.read)
    figure = telemetry.draw(rows)
    assert [list(trace.y) for trace in figure.data] == [[100, 650, 700, 300], [1.5] * 4]  # what it does not tell has no panel
    assert list(figure.data[0].x) == [0, 0.5, 1, 1.5] and {(shape.x0, shape.x1) for shape in figure.layout.shapes} == {(0.5, 1.5)}
    assert telemetry.throttled(rows) == ["gpu:0 H200 was throttled in 50% of its readings: power cap, heat (software)"]
    page = page_of(profiled)
    assert "throttled in 50%" in page and telemetry.TITLE in page


def test_without_telemetry_there_is_no_panel(profiled: Path) -> None:
    assert telemetry.TITLE not in page_of(profiled)


def test_the_page_holds_every_profiled_cell_and_needs_no_network(profiled: Path) -> None:
    cells = content(profiled)
    assert list(cells) == ["1", "2"]
    assert cells["1"]["facts"][0] == "1 repetition, 2 samples recorded" and cells["2"]["figures"]["roofline"] is not None
    page = (profiled.parent / "report/profile.html").read_text()
    ours = re.sub(r"<script>.*?</script>", "", page, count=1, flags=re.S)
    assert not re.search(r'(?:src|href)="(?!data:|#|report\.html|profile\.html)', ours)
    assert ours.count("</script>") == ours.count("<script")  # a label cannot end a script
    assert "a &lt;suite&gt;" in ours and 'byId("right").value = "2"' in ours
    assert 'href="profile.html"' in (profiled.parent / "report/report.html").read_text()


def test_attribution_and_drops_are_told(profiled: Path) -> None:
    change(profiled, "INSERT INTO activity (id, run, rank, kind, name, attribution, device, stream, begin_ns, end_ns)"
                     " VALUES (99, 1, 0, 'cpu_operator', 1, 'none', 0, 0, 0, 18000)")
    change(profiled, "UPDATE profile SET dropped_count = 12, source_reason = 'CUPTI is held by <nsys>'")
    page = page_of(profiled)
    assert "12 dropped" in page and "CUPTI is held by &lt;nsys&gt;" in page
    assert re.search(r"call 90\.\d\d%; not charged: 9\.\d\d%", page)  # 174 us of 192


@pytest.mark.parametrize("sql", ["DELETE FROM profile", "DELETE FROM scope", "DELETE FROM activity", "DELETE FROM cell"])
def test_no_profile_no_page(profiled: Path, sql: str) -> None:
    change(profiled, sql)
    assert with_data(profiled, lambda data: profile_page.content(Source(data))) is None


@pytest.mark.parametrize("sql", [
    "UPDATE scope SET block = NULL, rows = NULL, rows_inside = NULL, t = NULL", "UPDATE scope SET evaluation = NULL",
    "UPDATE cell SET baseline_cell = NULL", "UPDATE cell SET status = 'failed', reason = 'no'", "DELETE FROM timing",
    "DELETE FROM scope WHERE cell = 1", "DELETE FROM estimate WHERE metric = 'theoretical_speedup'", "UPDATE estimate SET low = NULL, high = NULL, n = 1", "UPDATE scope SET phase = 'sampling' WHERE phase = 'evaluation'",
])
def test_missing_values_do_not_stop_the_page(profiled: Path, sql: str) -> None:
    change(profiled, sql)
    assert "Cell by cell" in page_of(profiled)
