"""`pip install .` gives the dashboards where no checkout is: the wheel holds all that a report needs."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from small_database import make_database

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = {"jinja2": "jinja2", "markupsafe": "markupsafe", "PIL": "pillow"}  # imported under another name than installed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built offline, from a copy: setuptools leaves its build folders beside pyproject.toml."""
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "dashboards", source / "dashboards", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check",
               "--wheel-dir", str(source / "wheels"), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((source / "wheels").glob("*.whl"))


def names_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


def test_the_wheel_holds_every_module_and_template_and_nothing_else(wheel: Path) -> None:
    ours = {path.relative_to(ROOT).as_posix() for suffix in ("*.py", "templates/*") for path in (ROOT / "dashboards").rglob(suffix)}
    assert {name for name in names_of(wheel) if name.startswith("dashboards/")} - {"dashboards/README.md"} == ours
    assert {"dashboards/templates/report.html.j2", "dashboards/templates/style.css", "dashboards/templates/history.js"} <= ours
    assert {name.partition("/")[0] for name in names_of(wheel)} == {"dashboards", "diffbench_dashboards-0.1.0.dist-info"}


def test_its_command_draws_a_report_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    database = make_database(tmp_path / "results.db")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(installed)
        entries = file.read("diffbench_dashboards-0.1.0.dist-info/entry_points.txt").decode()
    module, function = re.search(r"diffbench-report = ([\w.]+):(\w+)", entries).groups()
    program = f"import sys\nfrom {module} import {function}\nprint(sys.modules['{module}'].__file__)\nsys.exit({function}())"
    done = subprocess.run([sys.executable, "-c", program, str(database), "-o", "report"], cwd=tmp_path, capture_output=True, text=True, check=False,
                          env=os.environ | {"PYTHONPATH": str(installed)})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(installed))  # not the checkout
    assert (tmp_path / "report/report.html").stat().st_size > 1_000_000 and (tmp_path / "report/figures/speed_quality.pdf").exists()


def test_dependencies_are_what_is_imported_from_the_pinned_versions_on() -> None:
    trees = [ast.parse(path.read_text()) for path in (ROOT / "dashboards").rglob("*.py")]
    imported = {alias.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    foreign = {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) - {"dashboards"}
    pinned = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().lower().splitlines() if "==" in line)
    wanted = {MODULES.get(name, name): pinned[MODULES.get(name, name)] for name in foreign}
    assert dict(line.lower().split(">=") for line in PROJECT["dependencies"]) == wanted


def test_the_version_is_that_of_the_program() -> None:
    assert re.search(r"project\(diffbench VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1) == PROJECT["version"]


def test_a_python_without_the_libraries_is_told_how_to_get_them(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-S", "-m", "dashboards.report", "results.db", "-o", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "pip install 'Jinja2>=" in done.stderr, done.stderr
