"""Tiny models and a suite over them, written by the tests themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from program import NOISE, write_uvit


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """tmp_path/deep (5 blocks), tmp_path/deep/shallow (3 blocks) and tmp_path/mixture (closed form)"""
    write_uvit(tmp_path / "deep", depth=4, seed=1)
    write_uvit(tmp_path / "deep/shallow", depth=2, seed=2)
    (tmp_path / "mixture").mkdir()
    (tmp_path / "mixture/model.toml").write_text(
        '[backbone]\nkind = "gaussian_mixture"\nimage_size = 4\nchannels = 1\nmeans = [-0.6, 0.5]\nstds = [0.1, 0.2]\n'
        f"weights = [0.3, 0.7]\n{NOISE}"
    )
    return tmp_path


@pytest.fixture
def suite(models: Path) -> Path:
    path = models / "suite.toml"
    path.write_text(
        f'name = "tiny"\nseed = 5\n[run]\nmodel = "{models}/deep"\nbatch = [4]\ndevice = "cpu"\n'
        '[[method]]\nname = "full"\n[[method]]\nname = "null"\n[[method]]\nname = "fixed_exit"\nexit = 2\n'
        '[[method]]\nname = "static_schedule"\ndepths = [5, 3]\n[[method]]\nname = "duodiff"\nswitch_t = 500\n'
        '[[solver]]\nname = "ddim"\nsteps = [3]\ngrid = "trailing"\n[[solver]]\nname = "ddpm"\nsteps = [4]\ngrid = "leading"\n'
        "[timing]\nmin_rounds = 3\nmax_rounds = 3\nwarmup_max_seconds = 0.2\n"
        "[quality]\nsamples = 96\nbatch = 8\nshard = 16\nimages = 4\n"
    )
    return path
