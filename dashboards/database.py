"""The results database, opened read-only and checked.

    with open_database("results.db") as connection:
        run = choose_run(connection, None)
        cells = query(connection, "SELECT * FROM cell_summary WHERE run = :run", run=run)
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pandas as pd

NEWEST_SCHEMA = 8  # and the only one: results/README.md, "Versions"
APPLICATION_ID = 1684431470  # results/schema.sql


class ReportError(Exception):
    """What the user got wrong, as one line; the program ends with exit code 2."""


@contextmanager
def open_database(path: str) -> Iterator[sqlite3.Connection]:
    """A read-only connection. ReportError: no such file, not ours, or of another schema."""
    if not Path(path).is_file():
        raise ReportError(f"{path}: no such database")
    connection = sqlite3.connect(f"file:{Path(path).resolve().as_posix()}?mode=ro", uri=True)
    try:
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            application = connection.execute("PRAGMA application_id").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise ReportError(f"{path}: not a results database: {error}") from None
        if application != APPLICATION_ID:
            raise ReportError(f"{path}: not a results database of diffbench")
        if version > NEWEST_SCHEMA:
            raise ReportError(f"{path}: schema {version} is newer than {NEWEST_SCHEMA}, the newest this program reads")
        if version < NEWEST_SCHEMA:
            raise ReportError(f"{path}: schema {version} is older; read it with the diffbench that wrote it")
        yield connection
    finally:
        connection.close()


def query(connection: sqlite3.Connection, sql: str, **parameters: object) -> pd.DataFrame:
    return pd.read_sql_query(sql, connection, params=parameters)


def choose_run(connection: sqlite3.Connection, wanted: int | None) -> int:
    """The run asked for, or the latest one. ReportError when there is none."""
    runs = [row[0] for row in connection.execute("SELECT id FROM run ORDER BY id")]
    if not runs:
        raise ReportError("the database holds no run")
    if wanted is None:
        return runs[-1]
    if wanted not in runs:
        raise ReportError(f"run {wanted} is not there: the database holds the runs {', '.join(map(str, runs))}")
    return wanted
