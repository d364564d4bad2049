"""Run 1 of a file, read as the report reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, TypeVar

from dashboards.data import RunData, read_run
from dashboards.database import open_database

Result = TypeVar("Result")


def with_data(database: Path, use: Callable[[RunData], Result]) -> Result:
    with open_database(str(database)) as connection:
        return use(read_run(connection, 1))
