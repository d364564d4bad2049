"""A results file with a known profile, made from results/schema.sql and views.sql: two ranks with a GPU in run 2, the CPU
operators of one rank in run 1.

Run 2, rank 0, in ns after BASE: scope 10 'evaluation' [0, 1000] on thread 77 holds 11 'block "0"' [100, 400] of step 3
and 12 'block 1' [400, 900] of step 4. Thread 77 launches with correlation 1 (the runtime's call holds a driver's call with the same id),
2, 3, 4; kernels 1, 2 run on stream 7, copy 3 and set 4 on stream 13. Telemetry: two readings.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "results"
BASE = 1_700_000_000_123_456_789
PID = 4242
THREAD = 77
GEMM = "void at::native::gemm<float, (int)4>(float*, \"quoted\\path\")"
STRINGS = ["evaluation", 'block "0"', "block 1", GEMM, "void softmax\n<float>(x)", "Memcpy HtoD", "Memset", "cudaLaunchKernel_v7000",
           "cuLaunchKernel", "cudaMemcpyAsync_v3020", "cudaMemsetAsync_v3020", "cudaDeviceSynchronize_v3020", "aten::addmm",
           "aten::relu", "[64, 784] x [784, 10]"]
ID = {text: number for number, text in enumerate(STRINGS, start=1)}
# id, kind, name, scope, device, stream, thread, correlation, begin, end, bytes
GPU = [
    (101, "api_call", "cudaLaunchKernel_v7000", 11, 0, 0, THREAD, 1, 120, 160, None),
    (102, "api_call", "cuLaunchKernel", 11, 0, 0, THREAD, 1, 130, 150, None),
    (103, "kernel", GEMM, 11, 0, 7, None, 1, 170, 370, None),
    (104, "api_call", "cudaMemcpyAsync_v3020", 11, 0, 0, THREAD, 3, 200, 220, None),
    (105, "copy", "Memcpy HtoD", 11, 0, 13, None, 3, 230, 330, 4096),
    (106, "api_call", "cuLaunchKernel", 12, 0, 0, THREAD, 2, 410, 440, None),
    (107, "kernel", "void softmax\n<float>(x)", 12, 0, 7, None, 2, 450, 850, None),
    (108, "api_call", "cudaMemsetAsync_v3020", 12, 0, 0, THREAD, 4, 460, 470, None),
    (109, "set", "Memset", 12, 0, 13, None, 4, 480, 500, 64),
    (110, "api_call", "cudaDeviceSynchronize_v3020", 12, 0, 0, THREAD, 5, 500, 880, None),
]


def make_profile(path: Path) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript("".join((RESULTS / name).read_text() for name in ("schema.sql", "schema_profile.sql", "views.sql")))
    for run in (1, 2, 3):
        connection.execute(
            "INSERT INTO run (id, suite_name, suite_text, suite_sha, seed, argv, started_utc, finished_utc, program_version, status)"
            " VALUES (?, 'demo', '', 'abc', 1, '[]', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z', '0.1.0', 'ok')", (run,))
        connection.execute(
            "INSERT INTO cell (id, run, key, method, method_label, role, model, model_fingerprint, solver, grid, steps, batch,"
            " precision, device, ranks, scenario, status) VALUES (?, ?, ?, 'full', 'a \"label\", with a comma', 'baseline', 'm', 'f',"
            " 'ddim', 'trailing', 2, 10, 'fp32', 'cpu', 1, 'offline', 'ok')", (run, run, f"full/{run}"))
    connection.executemany("INSERT INTO string VALUES (?, ?)", [(number, text) for text, number in ID.items()])
    connection.execute("INSERT INTO machine (id, run, host) VALUES (1, 2, 'node-a'), (2, 1, 'box')")
    for run, rank, machine, device in ((2, 0, 1, "cuda:0"), (2, 1, 1, "cuda:1"), (1, 0, 2, "cpu")):
        connection.execute("INSERT INTO rank (run, rank, machine, device, threads, pid) VALUES (?, ?, ?, ?, 1, ?)", (run, rank, machine, device, PID + rank))
        connection.execute("INSERT INTO profile VALUES (?, ?, ?, ?, NULL, ?, 0, 0, ?, 5000)", (
            run, rank, PID + rank, "cupti" if run == 2 else "cpu_operator", "H200" if run == 2 else "CPU x", BASE))
    for rank, first in ((0, 10), (1, 20)):
        _scopes(connection, 2, rank, first, THREAD + rank)
        for number, kind, name, scope, device, stream, thread, correlation, begin, end, size in GPU:
            connection.execute(
                "INSERT INTO activity (id, run, rank, kind, name, scope, attribution, device, stream, thread, correlation_id, begin_ns,"
                " end_ns, size_bytes, flops) VALUES (?, 2, ?, ?, ?, ?, 'external', ?, ?, ?, ?, ?, ?, ?, ?)",
                (number + 100 * rank, rank, kind, ID[name], scope + 10 * rank, device, stream, thread and thread + rank,
                 correlation, BASE + begin, BASE + end, size, 1e6 if name == GEMM else None))
    _scopes(connection, 1, 0, 30, THREAD)
    for number, name, scope, begin, end, shapes in ((301, "aten::addmm", 31, 150, 350, ID[STRINGS[-1]]), (302, "aten::relu", 32, 450, 650, None)):
        connection.execute(
            "INSERT INTO activity (id, run, rank, kind, name, scope, attribution, device, stream, thread, begin_ns, end_ns, shapes)"
            " VALUES (?, 1, 0, 'cpu_operator', ?, ?, 'external', 0, 0, ?, ?, ?, ?)",
            (number, ID[name], scope, THREAD, BASE + begin, BASE + end, shapes))
    connection.execute("INSERT INTO telemetry (machine, device, sampled_ns, power_w) VALUES (1, 'cuda:0', ?, 123.5), (1, 'cuda:0', ?, 700)",
                       (BASE + 5, BASE + 1005))
    connection.commit()
    connection.close()
    return path


def _scopes(connection: sqlite3.Connection, run: int, rank: int, first: int, thread: int) -> None:
    rows = [(first, None, "evaluation", "evaluation", None, None, 0, 1000), (first + 1, first, 'block "0"', "block", 3, 0, 100, 400),
            (first + 2, first, "block 1", "block", 4, 1, 400, 900)]
    for number, parent, name, phase, step, block, begin, end in rows:
        connection.execute(
            "INSERT INTO scope (id, run, rank, thread, parent, cell, name, phase, step, evaluation, block, rows, rows_inside, begin_ns, end_ns)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 64, 48, ?, ?)",
            (number, run, rank, thread, parent, run, ID[name], phase, step, block, BASE + begin, BASE + end))


def spoil(path: Path, sql: str) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()
    return path
