"""The figure of risk control: its lines are the file's numbers, and files of another kind are refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from PIL import Image

from dashboards import risk_figure, theme

EPSILONS = [0.1, 0.2, 0.3]
SHARES = {"naive": 1.1, "crc": 0.9, "ucb_wsr": 0.6, "ltt_hb": 0.5}


def rows() -> pd.DataFrame:
    """Risks that are a share of epsilon, and exits that fall with them."""
    return pd.DataFrame([
        {"procedure": procedure, "epsilon": epsilon, "risk": share * epsilon, "risk_low": 0.8 * share * epsilon,
         "risk_median": share * epsilon, "risk_high": 1.2 * share * epsilon, "exit": 1 - share * epsilon,
         "exit_low": 0.9 - share * epsilon, "exit_median": 1 - share * epsilon, "exit_high": 1.0, "exceeded_ratio": 0.1,
         "none_ratio": 0.0, "splits": 50, "seed": 0, "calibration_units": 100, "test_units": 200, "delta": 0.1, "loss_bound": 1}
        for procedure, share in SHARES.items() for epsilon in reversed(EPSILONS)
    ])


@pytest.fixture
def splits(tmp_path: Path) -> Path:
    rows().to_csv(tmp_path / "lpips.csv", index=False)
    return tmp_path / "lpips.csv"


def test_each_procedure_has_its_line_in_both_panels(splits: Path) -> None:
    figure = risk_figure.draw({splits: risk_figure.read(splits)})
    left, right = figure.axes
    diagonal, *lines = left.lines
    assert np.allclose(diagonal.get_xdata(), diagonal.get_ydata()) and max(diagonal.get_xdata()) == 0.3
    for number, (line, exits, share) in enumerate(zip(lines, right.lines, SHARES.values(), strict=True)):
        assert line.get_color() == exits.get_color() == theme.SERIES_COLOURS[number]
        assert list(line.get_xdata()) == EPSILONS
        assert np.allclose(line.get_ydata(), [share * epsilon for epsilon in EPSILONS])
        assert np.allclose(exits.get_ydata(), [1 - share * epsilon for epsilon in EPSILONS])
    widths = [line.get_linewidth() for line in lines]
    assert widths == sorted(widths, reverse=True) and len(set(widths)) == len(widths)  # one under others is seen
    assert [text.get_text() for text in figure.legends[0].texts] == ["risk = epsilon", *SHARES]
    assert left.get_title(loc="left") == "lpips: 50 splits, 100 calibrate, 200 test, delta 0.1"


def test_bands_reach_from_quantile_to_quantile(splits: Path) -> None:
    left, right = risk_figure.draw({splits: risk_figure.read(splits)}).axes
    for axis, low, high in ((left, lambda s, e: 0.8 * s * e, lambda s, e: 1.2 * s * e), (right, lambda s, e: 0.9 - s * e, lambda s, e: 1.0)):
        assert len(axis.collections) == len(SHARES)
        for number, (band, share) in enumerate(zip(axis.collections, SHARES.values())):
            corners = {tuple(np.round(corner, 9)) for corner in band.get_paths()[0].vertices}
            assert corners == {(e, round(bound(share, e), 9)) for e in EPSILONS for bound in (low, high)}
            assert np.allclose(band.get_facecolor()[0], to_rgba(theme.SERIES_COLOURS[number], 0.13))


def test_one_row_of_panels_per_file(splits: Path, tmp_path: Path) -> None:
    second = tmp_path / "gap.csv"
    rows().drop(columns=["exit", "exit_low", "exit_high"]).assign(exit=np.nan, exit_low=np.nan, exit_high=np.nan).to_csv(second, index=False)
    figure = risk_figure.draw({path: risk_figure.read(path) for path in (splits, second)})
    assert len(figure.axes) == 4
    assert [text.get_text() for text in figure.axes[3].texts] == ["the table of losses had no exits"]
    assert len(figure.legends[0].texts) == 1 + len(SHARES)


def test_the_command_writes_each_format_and_the_same_bytes(splits: Path, tmp_path: Path) -> None:
    for name in ("a.png", "a.svg", "b.svg", "a.pdf"):
        assert risk_figure.main([str(splits), "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) > 50  # lines and bands, not an empty page


FAULTS = {
    "a column is missing": (lambda table: table.drop(columns="risk_low"), "no column 'risk_low'"),
    "no rows": (lambda table: table[:0], "no rows"),
    "words for numbers": (lambda table: table.assign(risk="low"), "column 'risk' holds words"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_other_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture, fault: str) -> None:
    change, words = FAULTS[fault]
    file = tmp_path / "other.csv"
    change(rows()).to_csv(file, index=False)
    refused([str(file), "-o", str(tmp_path / "out.png")], [str(file), words], capsys)
    assert not (tmp_path / "out.png").exists()


def test_files_that_are_not_there(splits: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    refused([str(tmp_path / "gone.csv"), "-o", str(tmp_path / "out.png")], ["gone.csv"], capsys)
    refused([str(splits), "-o", str(tmp_path / "gone/out.png")], ["gone/out.png", "cannot be written"], capsys)
    refused([str(splits), "-o", str(tmp_path / "out.words")], ["out.words", "cannot be written"], capsys)
    (tmp_path / "empty.csv").write_text("")
    refused([str(tmp_path / "empty.csv"), "-o", str(tmp_path / "out.png")], ["empty.csv"], capsys)


def refused(arguments: list[str], words: list[str], capsys: pytest.CaptureFixture) -> None:
    assert risk_figure.main(arguments) == 2
    told = capsys.readouterr().err
    assert len(told.strip().splitlines()) == 1
    for word in words:
        assert word in told
