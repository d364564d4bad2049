"""What the tests of this folder share. Builders of databases are modules of their own: the name conftest is every folder's, so nothing imports it."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from knobs_database import make_knobs
from small_database import make_database
from sweep_database import make_sweep


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_database(tmp_path / "results.db")


@pytest.fixture
def sweep_database(tmp_path: Path) -> Path:
    return make_sweep(tmp_path / "sweep.db")


@pytest.fixture
def knobs(tmp_path: Path) -> Path:
    return make_knobs(tmp_path / "methods.db")
