"""Rows of a profile, one call per scope or activity; times in microseconds."""

from __future__ import annotations

import sqlite3


class Recording:
    """Writes one rank's profile of run 1. `source` is cpu_operator or cupti."""

    def __init__(self, connection: sqlite3.Connection, source: str = "cpu_operator", with_shapes: bool = True) -> None:
        self.connection = connection
        self.kind = "kernel" if source == "cupti" else "cpu_operator"
        self.strings: dict[str, int] = {}
        self.last_scope = self.last_activity = 0
        connection.execute("INSERT INTO profile VALUES (1, 0, 42, ?, NULL, 'a CPU', ?, 0, 0, 0)", (source, int(with_shapes)))

    def string(self, text: str) -> int:
        if text not in self.strings:
            self.strings[text] = len(self.strings) + 1
            self.connection.execute("INSERT INTO string VALUES (?, ?)", (self.strings[text], text))
        return self.strings[text]

    def scope(self, cell: int, phase: str, begin_us: float, end_us: float, parent: int | None = None, *, block: int | None = None,
              rows: int | None = None, rows_inside: int | None = None, evaluation: int | None = None, t: float | None = None) -> int:
        self.last_scope += 1
        self.connection.execute(
            "INSERT INTO scope (id, run, rank, thread, parent, cell, name, phase, evaluation, t, block, rows, rows_inside, begin_ns, end_ns)"
            " VALUES (?, 1, 0, 7, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self.last_scope, parent, cell, self.string(phase), phase, evaluation, t, block, rows, rows_inside, round(begin_us * 1e3), round(end_us * 1e3)))
        return self.last_scope

    def activity(self, scope: int | None, name: str, begin_us: float, end_us: float, *, flops: float | None = None,
                 moved_bytes: float | None = None, stream: int = 0) -> None:
        self.last_activity += 1
        self.connection.execute(
            "INSERT INTO activity (id, run, rank, kind, name, scope, attribution, device, stream, begin_ns, end_ns, flops, moved_bytes)"
            " VALUES (?, 1, 0, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
            (self.last_activity, self.kind, self.string(name), scope, "none" if scope is None else "external", stream,
             round(begin_us * 1e3), round(end_us * 1e3), flops, moved_bytes))
