"""dashboards.scaling_figure, as a reader calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from dashboards import scaling_figure

ROOT = Path(__file__).resolve().parents[2]


def curve(file: Path) -> Path:
    cells = [{"key": f"{method}/ddim", "ranks": ranks, "images_per_s": 90.0 * ranks * efficiency, "efficiency": efficiency, "limit": limit}
             for method in ("full", 'exit <b> & "x"')
             for ranks, efficiency, limit in ((1, 1.0, "nothing: the ranks"), (64, 0.98, "nothing: the ranks"), (4096, 0.4, "rank 0, which stores what all make"))]
    file.write_text(json.dumps({"cluster": "boxes", "currency": "EUR", "samples": 50000, "cells": cells}))
    return file


def run(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "dashboards.scaling_figure", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)


def test_a_line_for_each_cell_and_what_limits_it(tmp_path: Path) -> None:
    drawn = scaling_figure.figure([curve(tmp_path / "curve.json")])
    speed, efficiency = drawn.axes
    assert [line.get_label() for line in speed.get_lines()] == ["full/ddim", 'exit <b> & "x"/ddim']
    assert list(efficiency.get_lines()[0].get_ydata()) == [100, 98, 40]
    assert efficiency.get_title(loc="left") == "the rest is lost to: rank 0, which stores what all make"
    assert "50,000 images" in speed.get_title(loc="left")


def test_it_writes_the_figure_and_names_a_wrong_file(tmp_path: Path) -> None:
    assert run(curve(tmp_path / "curve.json"), "-o", tmp_path / "scaling.svg").returncode == 0
    assert (tmp_path / "scaling.svg").read_text().startswith("<?xml")
    (tmp_path / "wrong.json").write_text("[]")
    wrong = run(tmp_path / "wrong.json", "-o", tmp_path / "no.svg")
    assert wrong.returncode == 2 and f"{tmp_path / 'wrong.json'}: not what" in wrong.stderr and wrong.stderr.count("\n") == 1
    assert not (tmp_path / "no.svg").exists()
