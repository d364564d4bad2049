"""`diffbench export`: other people's readers get the right answers from a known profile. Every check is also run on a
spoiled input, which it must refuse."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from pftrace import check_perfetto, slices_of
from known_profile import BASE, GEMM, PID, THREAD, make_profile, spoil
from program import diffbench, run_ok


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_profile(tmp_path / "results.db")


def export(database: Path, form: str, *arguments: object) -> Path:
    output = database.parent / f"{form}.out"
    run_ok("export", form, database, "-o", output, *arguments)
    assert [path.name for path in database.parent.iterdir() if "writing" in path.name] == []
    return output


# --- nsys: the joins of nsys2json and nsys-ai

def ranges_of_kernels(path: Path) -> dict[str, list[str]]:
    """nsys2json: kernel - call by correlation and process - push/pop ranges around the call on its thread, outermost first."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    kernels = connection.execute(
        "SELECT kernel.rowid, name.value, call.start, call.end, call.globalTid FROM CUPTI_ACTIVITY_KIND_KERNEL AS kernel"
        " JOIN StringIds AS name ON name.id = kernel.shortName JOIN CUPTI_ACTIVITY_KIND_RUNTIME AS call"
        " ON call.correlationId = kernel.correlationId AND kernel.globalPid = call.globalTid & 0xFFFFFFFFFF000000").fetchall()
    assert len({row[0] for row in kernels}) == len(kernels), "a kernel has more than one call"
    assert len(kernels) == connection.execute("SELECT count(*) FROM CUPTI_ACTIVITY_KIND_KERNEL").fetchone()[0], "a kernel has no call"
    ranges = {
        name: [text for (text,) in connection.execute(
            "SELECT text FROM NVTX_EVENTS WHERE eventType = 59 AND globalTid = ? AND start <= ? AND end >= ? ORDER BY start, -end",
            (thread, begin, end))]
        for _, name, begin, end, thread in kernels}
    connection.close()
    return ranges


EXPECTED = {"gemm": ["evaluation", 'block "0"'], "softmax": ["evaluation", "block 1"]}


def test_nsys_readers_find_the_ranges_of_a_kernel(database: Path) -> None:
    path = export(database, "nsys", "--run", 2)
    assert ranges_of_kernels(path) == EXPECTED


@pytest.mark.parametrize("sql", [
    "UPDATE NVTX_EVENTS SET start = start + 200 WHERE text LIKE 'block%0%'",
    "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME SELECT * FROM CUPTI_ACTIVITY_KIND_RUNTIME",
    "UPDATE CUPTI_ACTIVITY_KIND_RUNTIME SET globalTid = globalTid + 1",
])
def test_nsys_check_refuses(database: Path, sql: str) -> None:
    path = spoil(export(database, "nsys", "--run", 2), sql)
    with pytest.raises(AssertionError):
        assert ranges_of_kernels(path) == EXPECTED


def test_nsys_details(database: Path) -> None:
    connection = sqlite3.connect(export(database, "nsys", "--run", 2, "--rank", 1))
    one = lambda sql: connection.execute(sql).fetchone()
    assert one("PRAGMA journal_mode") == ("delete",) and one("PRAGMA integrity_check") == ("ok",)
    assert one("SELECT value FROM META_DATA_EXPORT WHERE name = 'EXPORT_PRODUCT_NAME'") == ("diffbench",)
    assert one("SELECT value FROM META_DATA_EXPORT WHERE name = 'EXPORT_SCHEMA_VERSION'") == ("3.28.1",)
    assert one("SELECT globalTid / 0x1000000 % 0x1000000, globalTid % 0x1000000, textId, domainId, endGlobalTid FROM NVTX_EVENTS") == (
        PID + 1, THREAD + 1, 1, 0, None)
    assert one("SELECT count(*), sum(eventClass) FROM CUPTI_ACTIVITY_KIND_RUNTIME") == (5, 1)  # of ids 1..5, 2 is a driver's
    assert one("SELECT start, end, bytes, copyKind FROM CUPTI_ACTIVITY_KIND_MEMCPY") == (230, 330, 4096, 1)
    assert one("SELECT bytes FROM CUPTI_ACTIVITY_KIND_MEMSET") == (64,)
    assert one("SELECT utcEpochNs FROM TARGET_INFO_SESSION_START_TIME") == (BASE,)
    assert one("SELECT gpu.name FROM TARGET_INFO_GPU AS gpu JOIN TARGET_INFO_CUDA_DEVICE AS device ON gpu.id = gpuId") == ("H200",)
    assert one("SELECT phase, block, rowsInside, attribution FROM CUPTI_ACTIVITY_KIND_KERNEL AS kernel JOIN DIFFBENCH_KERNEL AS own"
               " ON own.kernel = kernel.rowid JOIN DIFFBENCH_SCOPE USING (scope) ORDER BY start") == ("block", 0, 48, "external")
    assert one("SELECT value FROM CUPTI_ACTIVITY_KIND_KERNEL JOIN StringIds ON id = demangledName ORDER BY start") == (GEMM,)
    assert one("SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'") == (0,)
    assert one("SELECT sum(end - start) FROM CUPTI_ACTIVITY_KIND_KERNEL") == (600,)


def test_cpu_operators_are_kernels_with_a_call_of_their_own(database: Path) -> None:
    path = export(database, "nsys", "--run", 1)
    assert ranges_of_kernels(path) == {"addmm": ["evaluation", 'block "0"'], "relu": ["evaluation", "block 1"]}
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT shapes FROM DIFFBENCH_KERNEL ORDER BY kernel").fetchall() == [("[64, 784] x [784, 10]",), (None,)]
    assert connection.execute("SELECT value FROM META_DATA_CAPTURE").fetchall() == [("cpu_record_function",)]


def ranges_of_graph_kernels(path: Path) -> dict[str, list[str]]:
    """nsys' own recipes: kernel - node - the node it was cloned from - ranges around its capture."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    ranges: dict[str, list[str]] = {}
    for name, text in connection.execute(
            "SELECT name.value, text FROM CUPTI_ACTIVITY_KIND_KERNEL AS kernel JOIN StringIds AS name ON name.id = shortName"
            " JOIN CUDA_GRAPH_NODE_EVENTS AS node ON node.graphNodeId = kernel.graphNodeId"
            " JOIN CUDA_GRAPH_NODE_EVENTS AS original ON original.graphNodeId = node.originalGraphNodeId"
            " JOIN NVTX_EVENTS AS range ON range.globalTid = original.globalTid AND range.start <= original.start"
            " AND range.end >= original.end WHERE eventType = 59 ORDER BY range.start, -range.end"):
        ranges.setdefault(name, []).append(text)
    connection.close()
    return ranges


def test_nsys_readers_find_where_a_graph_was_captured(database: Path) -> None:
    spoil(database, "UPDATE activity SET attribution = 'graph_node', graph_node = 900 WHERE id = 107")
    path = export(database, "nsys", "--run", 2)
    assert ranges_of_graph_kernels(path) == {"softmax": EXPECTED["softmax"]}
    spoil(path, "UPDATE CUDA_GRAPH_NODE_EVENTS SET start = start - 2, end = end - 2")
    assert ranges_of_graph_kernels(path) != {"softmax": EXPECTED["softmax"]}


# --- chrome

def check_nesting(events: list[dict]) -> None:
    """On one track two slices are one inside the other or apart."""
    tracks: dict[tuple, list] = {}
    for event in events:
        if event["ph"] == "X":
            tracks.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"], event["name"]))
    for slices in tracks.values():
        open_: list = []
        for begin, end, name in sorted(slices, key=lambda slice_: (slice_[0], -slice_[1])):
            while open_ and open_[-1] <= begin + 1e-6:
                open_.pop()
            assert not open_ or end <= open_[-1] + 1e-6, f"{name} overlaps"
            open_.append(end)


def check_chrome(text: str, ranks: int) -> list[dict]:
    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    trace = json.loads(text, parse_constant=no_constant)
    assert trace["distributedInfo"]["rank"] == 0 and trace["baseTimeNanoseconds"] == BASE
    events = trace["traceEvents"]
    slices = [event for event in events if event["ph"] == "X"]
    assert {event["cat"] for event in slices} == {"kernel", "gpu_memcpy", "gpu_memset", "cuda_runtime", "cuda_driver", "user_annotation"}
    assert len(slices) == 13 * ranks
    check_nesting(events)
    calls = {(event["args"]["correlation"], event["pid"]): event for event in slices if event["cat"].startswith("cuda_")}
    for event in slices:
        if event["cat"] in ("kernel", "gpu_memcpy", "gpu_memset"):  # what HTA joins by
            assert {"stream", "device", "correlation", "External id"} <= event["args"].keys()
            assert (event["args"]["correlation"], event["pid"] - 1) in calls
    sources = {event["id"]: event for event in events if event["ph"] == "s"}
    targets = [event for event in events if event["ph"] == "f"]
    assert len(targets) == 4 * ranks and {event["id"] for event in targets} == set(sources)
    for event in targets:
        assert event["bp"] == "e" and any(slice_["ts"] == event["ts"] and slice_["tid"] == event["tid"] for slice_ in slices)
    return events


def test_chrome(database: Path) -> None:
    text = export(database, "chrome", "--run", 2).read_text()
    events = check_chrome(text, ranks=2)
    gemm = next(event for event in events if event["ph"] == "X" and event["name"] == GEMM)
    assert (gemm["ts"], gemm["dur"], gemm["tid"], gemm["args"]["External id"]) == (0.170, 0.2, 7, 11)
    assert '"ts":0.170,"dur":0.200' in text  # nanoseconds, whatever the time since 1970
    counters = [(event["ts"], event["args"]["value"]) for event in events if event["ph"] == "C"]
    assert counters == [(0.005, 123.5), (1.005, 700)]  # once for the machine, not once for each of its ranks
    check_chrome(export(database, "chrome", "--run", 2, "--rank", 0).read_text(), ranks=1)


@pytest.mark.parametrize("old, new", [('"dur":0.200', '"dur":0.500'), ('"bp":"e"', '"bp":"x"'), ('"flops":1e+06', '"flops":NaN'),
                                      ("block \\\"0\\\"", 'block "0"'), ("\\u000a", "\n"), ('"stream":7', '"strem":7')])
def test_chrome_check_refuses(database: Path, old: str, new: str) -> None:
    text = export(database, "chrome", "--run", 2).read_text()
    assert old in text
    with pytest.raises((AssertionError, json.JSONDecodeError)):
        check_chrome(text.replace(old, new), ranks=2)


def test_overlapping_slices_get_a_track_of_their_own(database: Path) -> None:
    spoil(database, f"UPDATE activity SET end_ns = {BASE + 500} WHERE id = 103")  # a kernel that runs into the next one
    events = json.loads(export(database, "chrome", "--run", 2).read_text())["traceEvents"]
    check_nesting(events)
    assert "stream 7 overlap 1" in {event["args"]["name"] for event in events if event["name"] == "thread_name"}


# --- perfetto

def decode(path: Path) -> str:
    protoc = shutil.which("protoc")
    assert protoc, "protoc is in apt-packages.txt"
    with path.open("rb") as file:
        return subprocess.run([protoc, "--decode_raw"], stdin=file, capture_output=True, text=True, check=True).stdout


def test_perfetto(database: Path) -> None:
    text = decode(export(database, "perfetto", "--run", 2))
    check_perfetto(text, ranks=2)
    block = next(slice_ for slice_ in slices_of(text) if slice_["name"] == 'block "0"')
    assert (block["begin"], block["end"], block["category"]) == (BASE + 100, BASE + 400, "user_annotation")
    gemm = next(slice_ for slice_ in slices_of(text) if slice_["name"].startswith("void at::native::gemm"))
    assert (gemm["begin"], gemm["end"], gemm["flows"]) == (BASE + 170, BASE + 370, [1])
    assert gemm["track"] == "H200 (device 0) stream 7"


@pytest.mark.parametrize("old, new", [("at::native::gemm", "nameless"), ("47: 0x0000000000000003", "47: 0x0000000000000009"),
                                      (f"8: {BASE + 170}", f"8: {BASE + 380}"), ("    2: 1\n", "    2: 6\n")])
def test_perfetto_check_refuses(database: Path, old: str, new: str) -> None:
    text = decode(export(database, "perfetto", "--run", 2))
    assert old in text
    with pytest.raises(AssertionError):
        check_perfetto(text.replace(old, new, 1), ranks=2)


# --- a window of a trace, compressed

def names_of(path: Path) -> list[tuple[int, str]]:
    with gzip.open(path, "rt") as file:
        events = json.load(file)["traceEvents"]
    sources, targets = ({event["id"] for event in events if event["ph"] == phase} for phase in "sf")
    assert sources == targets and sources  # no arrow is cut in two
    return [(event["pid"], event["name"]) for event in events if event["ph"] == "X"]


def test_window_of_a_trace(database: Path) -> None:
    output = database.parent / "trace.json.gz"
    run_ok("export", "chrome", database, "--run", 2, "--steps", 3, "-o", output)
    names = names_of(output)
    assert {name for _, name in names} == {'block "0"', "cudaLaunchKernel_v7000", "cuLaunchKernel", GEMM, "cudaMemcpyAsync_v3020", "Memcpy HtoD"}
    assert len(names) == 2 * 6
    run_ok("export", "chrome", database, "--run", 2, "--steps", "3-4", "--only", "^full", "--rank", 1, "-o", output)
    assert len(names_of(output)) == 12  # all but the evaluation around them
    text = decode(export(database, "perfetto", "--run", 2, "--steps", 4))
    assert {slice_["name"] for slice_ in slices_of(text)}.isdisjoint({"evaluation", 'block "0"'}) and '"block 1"' in text


# --- benchmarks of other tools

def measured(database: Path) -> Path:
    """Run 3 with one measured cell, one that failed, one that was left out and one that has no timing."""
    times = [(0, 2_000_000), (1, 1_000_000), (2, 4_000_000)]
    for key, status, reason in (("bad/3", "failed", 'not "finite"'), ("left/3", "skipped", "needs a GPU"), ("idle/3", "ok", "")):
        spoil(database, "INSERT INTO cell (run, key, method, method_label, role, model, model_fingerprint, solver, grid, steps, batch, precision,"
                        f" device, ranks, scenario, status, reason) VALUES (3, '{key}', 'full', 'x', 'method', 'm', 'f', 'ddim', 'trailing', 2, 10,"
                        f" 'fp32', 'cpu', 1, 'offline', '{status}', '{reason}')")
    spoil(database, "INSERT INTO timing (cell, round, repetition, rank, started_ns, duration_ns, samples) VALUES "
                    + ", ".join(f"(3, {number}, 0, 0, {number}, {time}, 10)" for number, time in times))
    spoil(database, "INSERT INTO estimate (cell, metric, value, confidence, n, rule) VALUES"
                    " (3, 'latency', 2000000, 0.95, 3, ''), (3, 'throughput', 5000, 0.95, 3, '')")
    return database


def test_gbench(database: Path) -> None:
    report = json.loads(export(measured(database), "gbench", "--run", 3).read_text(), parse_constant=pytest.fail)
    assert report["context"]["json_schema_version"] == 1 and report["context"]["caches"] == []
    good = [row for row in report["benchmarks"] if row["name"] == "full/3"]
    assert [(row["real_time"], row["repetition_index"], row["repetitions"], row["time_unit"]) for row in good] == [
        (2_000_000, 0, 3, "ns"), (1_000_000, 1, 3, "ns"), (4_000_000, 2, 3, "ns")]
    assert good[1]["items_per_second"] == 10_000 and {row["run_type"] for row in report["benchmarks"]} == {"iteration"}
    others = {row["name"]: row.get("error_message", row.get("skip_message")) for row in report["benchmarks"] if row["name"] != "full/3"}
    assert others == {"bad/3": 'not "finite"', "left/3": "needs a GPU", "idle/3": "no complete repetition"}
    assert all({"name", "real_time", "cpu_time", "iterations"} <= row.keys() for row in report["benchmarks"])  # what its readers ask for


def test_bmf(database: Path) -> None:
    report = json.loads(export(measured(database), "bmf", "--run", 3).read_text(), parse_constant=pytest.fail)
    assert list(report) == ["full/3"]  # a failed cell is no number
    assert report["full/3"]["latency"]["value"] == 2_000_000 and report["full/3"]["images_per_s"]["value"] == pytest.approx(5000)
    assert all(isinstance(measure["value"], (int, float)) for measure in report["full/3"].values())


# --- trackers: what github-action-benchmark's extract.ts and benchadapt's BenchmarkResult ask for

def check_github_action(path: Path) -> dict[str, dict]:
    entries = json.loads(path.read_text(), parse_constant=pytest.fail)
    for entry in entries:
        assert isinstance(entry["name"], str) and isinstance(entry["unit"], str) and isinstance(entry["value"], (int, float))
        assert set(entry) <= {"name", "unit", "value", "range", "extra"} and all(isinstance(entry[key], str) for key in ("range", "extra") if key in entry)
    assert len({entry["name"] for entry in entries}) == len(entries), "charts are told apart by name"
    return {entry["name"]: entry for entry in entries}


def test_github_action(database: Path) -> None:
    path = export(measured(database), "github_action", "--run", 3)
    entries = check_github_action(path)
    assert entries["full/3: latency"]["value"] == 2 and entries["full/3: latency"]["unit"] == "ms"
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"value":2', '"value":"2"', 1))
    with pytest.raises(AssertionError):
        check_github_action(path)


def check_conbench(path: Path) -> list[dict]:
    results = json.loads(path.read_text(), parse_constant=pytest.fail)
    for result in results:
        assert {"run_id", "batch_id", "timestamp", "stats", "tags", "machine_info", "context", "info"} <= set(result)
        stats = result["stats"]
        assert stats["unit"] == stats["time_unit"] == "s" and stats["iterations"] == len(stats["data"]) > 0
        assert all(isinstance(value, float) for value in stats["data"])
        assert isinstance(result["tags"]["name"], str) and all(isinstance(value, (str, list)) for value in result["machine_info"].values())
    return results


def test_conbench(database: Path) -> None:
    results = check_conbench(export(measured(database), "conbench", "--run", 3))
    assert [result["tags"]["cell"] for result in results] == ["full/3"] and "github" not in results[0]
    assert results[0]["stats"]["data"] == [0.002, 0.001, 0.004]
    with pytest.raises(AssertionError):
        check_conbench(export(database, "github_action", "--run", 3))  # another format


# --- csv, choices, errors

def test_csv(database: Path) -> None:
    with export(database, "csv", "--run", 2).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["key"], row["method_label"], row["fid"]) for row in rows] == [("full/2", 'a "label", with a comma', "")]


def test_default_run_is_the_newest_with_a_profile(database: Path) -> None:
    answer = json.loads(run_ok("export", "chrome", database, "-o", database.parent / "t.json", "--json").stdout)
    assert (answer["run"], answer["ranks"], answer["rows"], answer["format"]) == (2, [0, 1], 26, "chrome")
    assert json.loads(run_ok("export", "csv", database, "-o", database.parent / "t.csv", "--json").stdout)["run"] == 3


@pytest.mark.parametrize("arguments, words", [
    (("crome",), ("crome", "chrome")),
    (("chrome", "--run", 9), ("results.db", "no run 9")),
    (("nsys", "--run", 3), ("results.db", "run 3 has no profile")),
    (("nsys", "--run", 2, "--rank", 4), ("results.db", "rank 4")),
    (("csv", "--rank", 0), ("--rank",)),
    (("chrome", "--rnk", 0), ("--rnk", "--rank")),
    (("chrome", "--steps", "4-3"), ("--steps 4-3",)),
    (("chrome", "--steps", "4-"), ("--steps 4-", "3-7")),
    (("chrome", "--steps", "17"), ("results.db", "run 2", "nothing was recorded")),
    (("chrome", "--steps", ""), ("--steps",)),
    (("gbench", "--run", 1), ("results.db", "run 1", "--resume")),
    (("chrome", "--only", "shallow"), ("results.db", "run 2", "--only")),
    (("chrome", "--only", "("), ("--only (", "regular expression")),
    (("nsys", "--steps", "3"), ("--steps", "nsys")),
])
def test_wrong_input_is_one_line(database: Path, arguments: tuple, words: tuple) -> None:
    spoil(database, "UPDATE run SET status = 'running', finished_utc = NULL WHERE id = 1")
    output = database.parent / "out"
    result = diffbench("export", arguments[0], database, *arguments[1:], "-o", output)
    assert result.returncode == 2 and result.stderr.count("\n") == 1, result.stderr
    assert all(word in result.stderr for word in words), result.stderr
    assert not output.exists()


def test_wrong_files(database: Path) -> None:
    before = database.read_bytes()
    for output in (database, database.parent, database.parent / "nowhere/out"):
        result = diffbench("export", "chrome", database, "-o", output)
        assert result.returncode == 2 and result.stderr.count("\n") == 1, result.stderr
    assert database.read_bytes() == before
    compressed = diffbench("export", "nsys", database, "-o", database.parent / "nsys.sqlite.gz")
    assert compressed.returncode == 2 and "nsys.sqlite.gz" in compressed.stderr
    assert diffbench("export", "chrome", database.parent / "gone.db", "-o", database.parent / "out").returncode == 2
    spoil(database, f"UPDATE activity SET begin_ns = {BASE + 180}, end_ns = {BASE + 190} WHERE id = 102")  # a file that breaks the order of ids
    result = diffbench("export", "chrome", database, "--run", 2, "-o", database.parent / "out")
    assert result.returncode == 2 and "activity 103" in result.stderr
