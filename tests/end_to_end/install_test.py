"""What `cmake --install` puts there works from wherever it is moved to, and a method of one's own builds against it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from program import BINARY, ENVIRONMENT, ROOT

BUILD = BINARY.parents[1]


def run(*words: object, cwd: Path, code: int = 0, **variables: str) -> subprocess.CompletedProcess:
    """Nothing of this checkout in the environment, as another user has it."""
    kept = {name: value for name, value in ENVIRONMENT.items() if name.startswith("OMP") or name in ("PATH", "HOME")}
    done = subprocess.run([*map(str, words)], cwd=cwd, env=kept | variables, capture_output=True, text=True, timeout=400)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    first = tmp_path_factory.mktemp("install") / "first"
    subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(first)], check=True, capture_output=True)
    moved = first.parent / "moved"
    first.rename(moved)
    return moved


@pytest.fixture(scope="session")
def plugin(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """docs/examples/plugin as a project of its own, somewhere else"""
    project = tmp_path_factory.mktemp("project") / "mine"
    shutil.copytree(ROOT / "docs/examples/plugin", project, ignore=shutil.ignore_patterns("build"))
    with (project / "CMakeLists.txt").open("a") as text:
        text.write(f"diffbench_add_plugin(sleeper {ROOT}/tests/end_to_end/sleeper_plugin.cpp)\n")
    torch = next((ROOT / ".venv/lib").glob("python3*/site-packages/torch"))
    run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DDIFFBENCH_TORCH_DIR={torch}", cwd=project)
    run("cmake", "--build", "build", cwd=project)
    return project


def test_the_installed_program_finds_its_files(prefix: Path, tmp_path: Path) -> None:
    program = prefix / "bin/diffbench"
    suites = json.loads(run(program, "list", "suites", "--json", cwd=tmp_path).stdout)
    assert {suite["name"] for suite in suites} >= {"demo", "smoke", "gate"}
    assert all(Path(suite["file"]).is_relative_to(prefix / "share/diffbench") for suite in suites)
    run(program, "sample", "--model", "fashion_mnist", "--num", 2, "--steps", 2, "--out", tmp_path / "samples", "--quiet", cwd=tmp_path)
    assert len(list((tmp_path / "samples").glob("*.png"))) == 2


def test_the_program_names_nothing_of_the_build(prefix: Path) -> None:
    program = (prefix / "bin/diffbench").read_bytes()
    assert str(ROOT).encode() not in program
    libraries = subprocess.run(["ldd", prefix / "bin/diffbench"], capture_output=True, text=True, check=True).stdout
    assert str(ROOT) not in libraries and "not found" not in libraries
    assert f"{prefix}/bin/../lib/diffbench/libtorch_cpu.so" in libraries


def test_a_wrong_home_is_named(prefix: Path, tmp_path: Path) -> None:
    message = run(prefix / "bin/diffbench", "list", "suites", cwd=tmp_path, code=2, DIFFBENCH_HOME="/no/such").stderr
    assert message.startswith("diffbench: DIFFBENCH_HOME=/no/such: ") and message.count("\n") == 1
    alone = tmp_path / "bin/diffbench"
    alone.parent.mkdir()
    shutil.copy(prefix / "bin/diffbench", alone)
    message = run(alone, "list", "suites", cwd=tmp_path, code=2, LD_LIBRARY_PATH=str(next(prefix.glob("lib*/**/libtorch_cpu.so")).parent)).stderr
    assert str(alone) in message and "set DIFFBENCH_HOME" in message


def test_a_plugin_is_built_run_and_drawn(prefix: Path, plugin: Path, tmp_path: Path) -> None:
    program, database = prefix / "bin/diffbench", tmp_path / "results.db"
    listed = json.loads(run(program, "list", "methods", "--plugin", plugin / "build/skip_evaluations.so", "--json", cwd=tmp_path).stdout)
    assert next(method for method in listed if method["name"] == "skip_evaluations")["knob"] == "every"
    done = run(program, "run", plugin / "suite.toml", "--db", database, "--json", "--set", "timing.max_rounds=6", "--set", "timing.warmup_max_seconds=0.1", cwd=tmp_path)
    cells = {cell["label"]: cell for cell in json.loads(done.stdout)["cells"]}
    assert all(cell["status"] == "ok" for cell in cells.values()), cells
    assert cells["every 2nd"]["theoretical_speedup"] == pytest.approx(2.0)
    assert cells["every 3rd"]["theoretical_speedup"] == pytest.approx(2.5)  # 4 of 10 evaluations
    assert cells["every 2nd"]["speedup"] > 1.3
    with sqlite3.connect(database) as connection:
        files = connection.execute("SELECT DISTINCT method_label, path FROM artifact JOIN cell ON cell.id = cell WHERE artifact.role = 'plugin'").fetchall()
    assert {(label, Path(path)) for label, path in files} == {(label, plugin / "build/skip_evaluations.so") for label in ("every 2nd", "every 3rd")}
    run(program, "report", database, "-o", tmp_path / "report", cwd=tmp_path, DIFFBENCH_PYTHON=str(ROOT / ".venv/bin/python"))
    assert "every 3rd" in (tmp_path / "report/report.html").read_text()
    # guidance: two rows a sample, and with ranks; the checks before the run would fail a method that mixes rows up
    run(program, "run", plugin / "suite.toml", "--db", database, "--set", "run.batch=3", "--set", "quality.samples=0", "--set", "run.guidance=2.0", "--set", "timing.max_rounds=6",
        cwd=tmp_path)


def test_ab_names_a_method_of_a_plugin_that_became_slower(prefix: Path, plugin: Path, tmp_path: Path) -> None:
    suite = (plugin / "suite.toml").read_text().replace("skip_evaluations.so", "sleeper.so")
    head, _, tail = suite.partition('[[method]]\nname = "skip_evaluations"')
    (plugin / "sleeper.toml").write_text(head + '[[method]]\nname = "sleeper"\n\n' + tail[tail.index("[[solver]]"):])
    slower = tmp_path / "slower.sh"
    slower.write_text(f'#!/bin/sh\nSLEEPER_US=4000 exec "{prefix}/bin/diffbench" "$@"\n')
    slower.chmod(0o755)
    done = run(prefix / "bin/diffbench", "ab", prefix / "bin/diffbench", plugin / "sleeper.toml", "--new", slower, "--db", tmp_path / "ab.db", "--set", "run.batch=[2]", "--set", "quality.samples=0",
               "--minutes", 2, "--fail-fast", "--json", cwd=tmp_path, code=1)
    verdicts = {row["key"].split("/")[0]: row for row in json.loads(done.stdout)["cells"] if row["metric"] == "latency"}
    assert verdicts["sleeper"]["verdict"] == "slower" and verdicts["sleeper"]["cause"] == "method", verdicts
    assert verdicts["full"]["verdict"] in ("same", "undecided"), verdicts
    with sqlite3.connect(tmp_path / "ab.db") as connection:
        assert {reason for (reason,) in connection.execute("SELECT stop_reason FROM cell")} <= {"decided", "regression"}


def test_a_plugin_of_another_interface_is_refused(prefix: Path, tmp_path: Path) -> None:
    def library(name: str, text: str) -> Path:
        (tmp_path / f"{name}.c").write_text(text)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / f"{name}.so", tmp_path / f"{name}.c"], check=True)
        return tmp_path / f"{name}.so"

    older = library("older", 'const struct { const char* interface; void* entries; } diffbench_plugin = {"0123 with LibTorch 1.0", 0};')
    none = library("none", "int nothing;")
    (tmp_path / "text.so").write_text("not a library")
    for file, words in ((older, "was compiled for interface 0123 with LibTorch 1.0, this program has "), (none, "is no plugin"),
                        (tmp_path / "text.so", "cannot be loaded"), (tmp_path / "missing.so", "no such file")):
        message = run(prefix / "bin/diffbench", "list", "methods", "--plugin", file, cwd=tmp_path, code=2).stderr
        assert message.startswith(f"diffbench: --plugin {file}: ") and words in message and message.count("\n") == 1, message
    suite = (ROOT / "docs/examples/plugin/suite.toml").read_text().replace("build/skip_evaluations.so", "older.so")
    (tmp_path / "suite.toml").write_text(suite)
    message = run(prefix / "bin/diffbench", "run", "suite.toml", cwd=tmp_path, code=2).stderr
    assert message.startswith("diffbench: suite.toml:4: plugins: older.so: was compiled"), message


@pytest.mark.parametrize("command", ["run", "list", "sample", "eval", "train", "fid", "fid-statistics", "report", "calibrate", "export", "compare", "ab", "merge", "selfcheck"])
def test_help_names_a_page_that_is_installed(prefix: Path, tmp_path: Path, command: str) -> None:
    text = run(prefix / "bin/diffbench", command, "--help", cwd=tmp_path).stdout
    page = text.rsplit("Page: ", 1)[1].strip()
    assert (prefix / "share/diffbench" / page).is_file(), page
