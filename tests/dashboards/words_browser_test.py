"""Words of the figures as a browser draws them: none lies on another, is cut at its figure's edge or, where it labels a point, lies
on another point."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Iterator

import numpy as np
import pytest

from dashboards.report import main

from browser import Browser, Page
from fleet_database import make_large_fleet
from knobs_database import make_knobs
from methods_database import add_cell
from sweep_database import make_sweep

# [figure, what is wrong, words, other words]
FAULTS = r"""(() => {
  const faults = [];
  const meet = (a, b, across, up) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > across && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > up;
  for (const figure of document.querySelectorAll(".plotly-graph-div")) {
    const frame = figure.getBoundingClientRect();
    const shown = [...figure.querySelectorAll("svg text")].filter((node) => node.textContent.trim() && !node.closest(".modebar"))
      .map((node) => ({words: node.textContent, box: node.getBoundingClientRect(), ofPoint: node.closest(".textpoint")})).filter(({box}) => box.width > 0);
    const markers = [...figure.querySelectorAll(".points path.point")].filter((node) => getComputedStyle(node).opacity > 0).map((node) => node.getBoundingClientRect());
    shown.forEach(({words, box, ofPoint}, i) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) faults.push([figure.id, "cut", words]);
      for (const other of shown.slice(0, i)) if (meet(box, other.box, 1, 3)) faults.push([figure.id, "on", words, other.words]);
      if (ofPoint && markers.some((marker) => meet(box, marker, 1, 3))) faults.push([figure.id, "on a point", words]);
    });
  }
  return faults;
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


def opened(browser: Browser, database: Path, width: int, name: str = "report") -> Page:
    if not (database.parent / "report").exists():
        assert main([str(database), "-o", str(database.parent / "report")]) == 0
    page = browser.open(database.parent / f"report/{name}.html", width)
    page.wait_for("[...document.querySelectorAll('.plotly-graph-div')].every((figure) => figure.querySelector('.main-svg'))")
    return page


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven more methods over three knobs each, near each other in time and FID, and with long names."""
    path = make_knobs(tmp_path_factory.mktemp("crowded") / "methods.db")
    random = np.random.default_rng(2)
    with sqlite3.connect(path) as connection:
        for base, steps in ((1, 4), (11, 2)):
            for number in range(21):
                speedup, lost = random.uniform(1.2, 1.8), random.uniform(0.5, 3.0)
                add_cell(connection, 100 * base + number, "uncertainty_exit", {"threshold": round(0.05 + 0.01 * (number % 3), 2), "granularity": f"kind {number // 3}"},
                         label=f"a method with a long name {number}", baseline=base, steps=steps, milliseconds=2.0 * steps / speedup, speedup=speedup,
                         fid=24 / steps + lost, fid_lost=lost, times=(999.0, 499.0)[:steps], exits=[{2: 10}] * 2, flops=50.0 * steps, flops_full=100.0 * steps)
    return path


@pytest.mark.parametrize("width", [1400, 1100, 700])
def test_no_words_of_a_crowded_run_are_covered_or_cut(browser: Browser, crowded: Path, width: int) -> None:
    page = opened(browser, crowded, width)
    assert page.value(FAULTS) == []
    assert page.value("document.querySelectorAll('#method_sweep .textpoint').length") > 30  # most of the labels found room


def test_no_words_of_a_run_over_solvers_are_covered_or_cut(browser: Browser, tmp_path: Path) -> None:
    times = {(f"dpm_solver_{i}", "logsnr"): {2: (999.0, 499.0), 4: (999.0, 749.0, 499.0, 249.0)} for i in range(7)}
    assert opened(browser, make_sweep(tmp_path / "sweep.db", times), 1400).value(FAULTS) == []


@pytest.mark.parametrize("width", [1400, 700])
def test_no_words_of_six_machines_are_covered_or_cut(browser: Browser, tmp_path: Path, width: int) -> None:
    assert opened(browser, make_large_fleet(tmp_path / "fleet.db"), width, "fleet").value(FAULTS) == []


def test_the_check_can_fail(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, make_knobs(tmp_path / "methods.db"), 1400)
    assert page.value(FAULTS) == []
    page.value("document.querySelector('#speedups .xtitle').setAttribute('x', -20)")
    page.value("document.querySelectorAll('#speed_quality .legend .groups')[1].setAttribute('transform', '')")  # upon the first entry
    page.value("document.querySelector('#method_sweep .textpoint').setAttribute('transform', 'translate(-3, 4)')")  # upon its point
    assert {(figure, fault) for figure, fault, *_ in page.value(FAULTS)} >= {("speedups", "cut"), ("speed_quality", "on"), ("method_sweep", "on a point")}
