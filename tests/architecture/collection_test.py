"""The Python tests of all folders run in one call of pytest, whatever the order: their helper modules are found by plain names,
so no two folders may have one of the same name, and nothing may import `conftest`, which each folder has."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize("arguments", [
    ["dashboards", "tests"], ["tests/dashboards", "tests/end_to_end"], ["tests/end_to_end", "tests/dashboards"],
])
def test_one_call_collects_every_folder(arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for test in ("tests/dashboards/solver_figures_test.py::", "tests/end_to_end/run_test.py::"):
        assert test in done.stdout


def test_every_python_file_parses():
    """Scripts that only a person calls are imported by no test."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = listed.stdout.split()
    assert "scripts/peers/forward.py" in files
    for file in files:
        if (ROOT / file).exists():
            ast.parse((ROOT / file).read_text(), file)
