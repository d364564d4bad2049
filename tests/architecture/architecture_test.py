"""The dependency table holds for this tree, and a tree that breaks it is caught (a checker that cannot fail is worthless)."""

import json
import os
import pathlib
import subprocess
import sys

import check_architecture
import pytest

ROOT = pathlib.Path(__file__).parents[2]


def test_this_tree_keeps_the_table():
    assert check_architecture.violations(ROOT) == []


def test_the_checker_sees_the_files_of_this_tree():
    files = check_architecture.source_files(ROOT)
    assert {path.split("/")[0] for path in files} >= {"kernels", "methods", "harness", "results", "tests"}
    assert len(files) > 20


def test_every_test_file_is_built():
    commands = os.environ.get("DIFFBENCH_COMPILE_COMMANDS")
    if not commands:
        pytest.skip("ctest passes the list of what a build with all parts compiles")
    assert check_architecture.unbuilt_tests(ROOT, json.loads(pathlib.Path(commands).read_text())) == []


def write_tree(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


GOOD_TREE = {
    "kernels/add/add.h": "#pragma once\n#include <cuda_runtime.h>\n",
    "kernels/add/add_bench.cpp": '#include "kernels/add/add.h"\n#include <benchmark/benchmark.h>\n',
    "profiling/scope.h": "#pragma once\n#include <nvtx3/nvtx3.hpp>\n",
    "profiling/cpu_operators.cpp": "#include <ATen/record_function.h>\n",
    "profiling/cpu_operators_bench.cpp": "#include <ATen/ATen.h>\n#include <benchmark/benchmark.h>\n",
    "results/store.cpp": "#include <SQLiteCpp/SQLiteCpp.h>\n",
    "methods/config/a.h": "#pragma once\n#include <string>\n",
    "methods/full/full.cpp": '#include "profiling/scope.h"\n#include "kernels/add/add.h"\n#include <torch/torch.h>\n',
    "harness/suite/suite.cpp": '#include "methods/config/a.h"\n',
    "harness/ranks/mpi.cpp": "#include <mpi.h>\n",
    "harness/main.cpp": '#include "results/store.h"\n#include "profiling/activity.h"\n',
    "dashboards/report.py": "import sqlite3\n",
    "tests/methods/full_test.cpp": "#include <gtest/gtest.h>\n",
}


def test_a_good_tree_passes(tmp_path):
    write_tree(tmp_path, GOOD_TREE)
    assert check_architecture.violations(tmp_path) == []


# one wrong file each -> what the message must name
WRONG = {
    "torch in kernels": ("kernels/add/add.cpp", "#include <ATen/ATen.h>\n", "kernels must not see torch"),
    "kernels use methods": ("kernels/add/add.cpp", '#include "methods/config/a.h"\n', "kernels must not include"),
    "benchmark outside _bench": ("kernels/add/add.cpp", "#include <benchmark/benchmark.h>\n", "Google Benchmark"),
    "MPI in kernels": ("kernels/add/add.cu", "#include <mpi.h>\n", "kernels must not see MPI"),
    "second torch adapter": ("profiling/other.cpp", "# include <c10/util/ThreadLocal.h>\n", "one adapter"),
    "torch in a profiling header": ("profiling/cpu_operators.h", "#include <torch/torch.h>\n", "one adapter"),
    "profiling uses results": ("profiling/a.cpp", '#include "results/store.h"\n', "profiling must not include"),
    "results use methods": ("results/a.cpp", '#include "methods/config/a.h"\n', "results must not include"),
    "CUDA in results": ("results/a.cpp", "#include <cupti.h>\n", "results must not see CUDA"),
    "methods use harness": ("methods/full/a.cpp", '#include "harness/suite/suite.h"\n', "methods must not include"),
    "methods use results": ("methods/full/a.cpp", '#include "results/store.h"\n', "methods must not include"),
    "methods use more profiling": ("methods/full/a.cpp", '#include "profiling/clock.h"\n', "methods must not include"),
    "SQLite in methods": ("methods/full/a.cpp", "#include <sqlite3.h>\n", "methods must not see SQLite"),
    "MPI outside ranks": ("harness/measure/a.cpp", "#include <mpi.h>\n", "MPI belongs into harness/ranks"),
    "harness uses dashboards": ("harness/a.cpp", '#include "dashboards/a.h"\n', "harness must not include"),
    "torch in solvers": ("methods/solvers/ddim.cpp", "#include <torch/types.h>\n", "must build without LibTorch"),
    "torch in suite": ("harness/suite/a.h", "#include <c10/core/Device.h>\n", "must build without LibTorch"),
    "include not from the root": ("methods/full/a.cpp", '#include "full.h"\n', "includes start at the root"),
    "C++ in dashboards": ("dashboards/fast.cpp", "int x;\n", "dashboards hold no C++"),
    "dashboards link": ("dashboards/fast.py", "from ctypes import CDLL\n", "must not import ctypes"),
    "no guard": ("methods/config/b.h", "#include <string>\n", "must begin with #pragma once"),
    "too long": ("methods/full/long.cpp", "\n" * 401, "401 lines"),
    "too long Python": ("tests/long.py", "\n" * 401, "401 lines"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_tree_fails(tmp_path, name):
    path, text, message = WRONG[name]
    write_tree(tmp_path, {**GOOD_TREE, path: text})
    found = check_architecture.violations(tmp_path)
    assert any(message in line and path in line for line in found), found


def test_torch_is_found_behind_another_header(tmp_path):
    write_tree(tmp_path, {**GOOD_TREE, "methods/denoiser.h": "#pragma once\n#include <ATen/ATen.h>\n",
                          "methods/solvers/loop.cpp": '#include "methods/denoiser.h"\n'})
    assert check_architecture.violations(tmp_path) == [
        "methods/solvers/loop.cpp: must build without LibTorch, but sees it: "
        "methods/solvers/loop.cpp -> methods/denoiser.h"]


def test_400_lines_are_allowed(tmp_path):
    write_tree(tmp_path, {**GOOD_TREE, "methods/full/long.cpp": "\n" * 400})
    assert check_architecture.violations(tmp_path) == []


def test_a_test_file_outside_every_target_is_found(tmp_path):
    write_tree(tmp_path, {**GOOD_TREE, "tests/methods/lost_test.cpp": "\n"})
    commands = [{"directory": str(tmp_path / "build"), "file": "../tests/methods/full_test.cpp"}]
    assert check_architecture.unbuilt_tests(tmp_path, commands) == ["tests/methods/lost_test.cpp"]


@pytest.mark.parametrize(("extra", "code"), [({}, 0), ({"kernels/a.cpp": "#include <torch/torch.h>\n"}, 1)])
def test_the_exit_code_tells(tmp_path, extra, code):
    write_tree(tmp_path, {**GOOD_TREE, **extra})
    script = pathlib.Path(check_architecture.__file__)
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert ("kernels/a.cpp" in done.stdout) == bool(code)
