#!/usr/bin/env python3
"""Checks that the folders keep to their dependency table (the layout is the architecture).

    check_architecture.py [ROOT]      prints one line per violation; exit code 1 if there are any

What it reads is the text of the files: #include lines of C++, import lines of Python, and lengths.
"""

import pathlib
import re
import sys

FOLDERS = ("kernels", "profiling", "results", "methods", "harness", "dashboards")
CPP = (".h", ".cpp", ".cu", ".cuh")
LONG_LIMITED = CPP + (".py", ".sh", ".sql", ".cmake", ".css", ".js", ".html", ".j2")
MAX_LINES = 400

LIBRARIES = {
    "torch": re.compile(r"(torch|ATen|c10|caffe2)/"),
    "MPI": re.compile(r"(mpi|mpi-ext)\.h$"),
    "SQLite": re.compile(r"(sqlite3\w*\.h$|SQLiteCpp/)"),
    "CUDA": re.compile(r"(cuda|cub/|thrust/|cooperative_groups|cu(blas|dnn|rand|sparse|pti)|nvtx3/|nvToolsExt|nvml|nccl)"),
    "Google Benchmark": re.compile(r"benchmark/benchmark\.h$"),
}

# folder -> what it may include of the project: folders and single headers
MAY_INCLUDE = {
    "kernels": ("kernels/",),
    "profiling": ("profiling/",),
    "results": ("results/",),
    "methods": ("methods/", "kernels/", "profiling/scope.h"),
    "harness": ("harness/", "methods/", "kernels/", "profiling/", "results/"),
}
MUST_NOT_SEE = {
    "kernels": ("torch", "MPI", "SQLite", "Google Benchmark"),
    "profiling": ("MPI", "SQLite", "Google Benchmark"),
    "results": ("CUDA", "torch", "MPI", "Google Benchmark"),
    "methods": ("MPI", "SQLite", "Google Benchmark"),
    "harness": ("Google Benchmark",),
}
# what builds without LibTorch: not even a header that they include may include it
TORCH_FREE = ("kernels", "results", "methods/config", "methods/data", "methods/solvers",
              "methods/risk_controlled/procedures", "harness/suite", "harness/ranks")
MPI_FOLDER = "harness/ranks"
LIBRARY_EXCEPTIONS = {"Google Benchmark": lambda path: path.startswith(("kernels/", "methods/", "profiling/", "results/")) and path.endswith("_bench.cpp")}
FOREIGN_PYTHON = {"ctypes", "cffi", "pybind11", "torch"}  # ways in which a dashboard could reach C++ code

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
PYTHON_IMPORT = re.compile(r"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)


def source_files(root):
    """Path relative to root (with /) -> text, for every file of the project's own folders."""
    files = {}
    for folder in FOLDERS + ("tests", "cmake", "scripts"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in LONG_LIMITED and path.is_file() and "__pycache__" not in path.parts:
                files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    return files


def within(path, folder):
    return path.startswith(folder + "/")


def includes(text):
    return [(kind == '"', name) for kind, name in INCLUDE.findall(text)]


def libraries(text):
    return {library for _, name in includes(text) for library, pattern in LIBRARIES.items() if pattern.match(name)}


def check_project_includes(path, text):
    folder = path.split("/")[0]
    for quoted, name in includes(text):
        if not quoted:
            continue
        if name.split("/")[0] not in FOLDERS:
            yield f'{path}: includes "{name}"; includes start at the root: "folder/file.h"'
        elif not any(name == allowed or (allowed.endswith("/") and name.startswith(allowed))
                     for allowed in MAY_INCLUDE[folder]):
            yield f'{path}: {folder} must not include "{name}"'


def check_library_includes(path, text):
    folder = path.split("/")[0]
    seen = libraries(text)
    for library in sorted(seen & set(MUST_NOT_SEE[folder])):
        if not LIBRARY_EXCEPTIONS.get(library, lambda _: False)(path):
            yield f"{path}: {folder} must not see {library}"
    if folder == "harness" and "MPI" in seen and not within(path, MPI_FOLDER):
        yield f"{path}: MPI belongs into {MPI_FOLDER} alone"


def torch_chain(path, files, visited):
    """A chain of includes that leads from path to LibTorch, or None."""
    visited.add(path)
    if "torch" in libraries(files[path]):
        return [path]
    for quoted, name in includes(files[path]):
        if quoted and name in files and name not in visited:
            chain = torch_chain(name, files, visited)
            if chain:
                return [path] + chain
    return None


def check_torch_free(files):
    for path in files:
        if path.endswith(CPP) and any(within(path, folder) for folder in TORCH_FREE):
            chain = torch_chain(path, files, set())
            if chain:
                yield f"{path}: must build without LibTorch, but sees it: {' -> '.join(chain)}"


def check_profiling_adapter(files):
    adapters = [path for path in files if within(path, "profiling") and "torch" in libraries(files[path])
                and not path.endswith("_bench.cpp")]
    for path in adapters:
        if len(adapters) > 1 or path.endswith((".h", ".cuh")):
            yield f"{path}: one adapter (a .cpp file) of profiling may see torch, found: {', '.join(adapters)}"


def check_dashboards(path, text):
    if path.endswith(CPP):
        yield f"{path}: dashboards hold no C++"
    if path.endswith(".py"):
        for module in sorted(FOREIGN_PYTHON & set(PYTHON_IMPORT.findall(text))):
            yield f"{path}: dashboards must not import {module}; they read the database alone"


def check_guard(path, text):
    if path.endswith((".h", ".cuh")) and not text.startswith("#pragma once\n"):
        yield f"{path}: must begin with #pragma once"


def check_length(path, text):
    count = len(text.splitlines())
    if count > MAX_LINES:
        yield f"{path}: {count} lines; the limit is {MAX_LINES}"


def violations(root):
    files = source_files(pathlib.Path(root))
    found = []
    for path, text in files.items():
        found += check_length(path, text)
        found += check_guard(path, text)
        if within(path, "dashboards"):
            found += check_dashboards(path, text)
        elif path.endswith(CPP) and path.split("/")[0] in MAY_INCLUDE:
            found += check_project_includes(path, text)
            found += check_library_includes(path, text)
    found += check_torch_free(files)
    found += check_profiling_adapter(files)
    return found


def unbuilt_tests(root, compile_commands):
    """The tests/**/*_test.cpp that no target compiles; compile_commands: the parsed compile_commands.json."""
    root = pathlib.Path(root).resolve()
    built = {(pathlib.Path(entry["directory"]) / entry["file"]).resolve() for entry in compile_commands}
    return [path.relative_to(root).as_posix() for path in sorted((root / "tests").rglob("*_test.cpp"))
            if path not in built]


if __name__ == "__main__":
    problems = violations(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
