"""pytorch-fid, torch-fidelity and clean-fid against `diffbench fid`: the same PNG files, reference and network, end to end.

    python3 -m venv .peers && .peers/bin/pip install -r scripts/peers/requirements.txt
    .peers/bin/python scripts/peers/quality.py build/release/bin/diffbench --num 10000 -o peers.json

Every program is a process of its own from start to value, in turns, so that what disturbs the machine disturbs all. Times
are medians over the rounds, CPU seconds those of a tool's workers too; memory the largest resident set of any single process of a tool (those that decode for
the Python tools are not added to it). diffbench runs in each tool's mode, so that values can be compared.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from images import make_set

HERE = Path(__file__).resolve().parent
NETWORK = HERE.parents[1] / "tests/harness/quality/tiny_inception.pt"
TOOLS = {"pytorch_fid": "pytorch-fid", "torch_fidelity": "torch-fidelity", "clean_fid": "clean-fid"}


def run(command: list[object], threads: int) -> dict:
    """Wall time, peak memory and value of one program"""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen([*map(str, command)], stdout=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        sys.exit(f"{command}: exit code {process.returncode}\n{text}")
    value = json.loads(text)["fid"]["value"] if text.startswith("{") else float(text.split("value")[-1])
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024, "value": value}


def programs(given: argparse.Namespace, a: Path, b: Path) -> dict[str, list[object]]:
    found = {}
    for mode in given.tools.split(","):
        found[TOOLS[mode]] = [sys.executable, HERE / "peer_tools.py", mode, a, b, given.network]
        for suffix in given.precisions.split(","):
            ours = mode if suffix == "fp32" else f"{mode}+{suffix}"
            found[f"diffbench {ours}"] = [given.diffbench, "fid", a, b, "--extractor", given.network, "--mode", ours, "--json"]
    return found


def measure(given: argparse.Namespace, folder: Path) -> dict:
    a, b = folder / "a", folder / "b"
    make_set(a, given.num, given.size, seed=1)
    make_set(b, given.reference, given.size, seed=2)
    runs: dict[str, list[dict]] = {}
    for turn in range(given.rounds):
        for name, command in programs(given, a, b).items():
            runs.setdefault(name, []).append(run(command, given.threads))
            print(turn + 1, name, runs[name][-1], flush=True)
    return runs


def table(runs: dict[str, list[dict]]) -> str:
    lines = ["| program | seconds | CPU seconds | MiB | FID | from the tool's |", "|---|---|---|---|---|---|"]
    peer = None
    for name, of_name in runs.items():
        value = of_name[0]["value"]
        peer = peer if name.startswith("diffbench") else value
        away = f"{abs(value / peer - 1):.1e}" if name.startswith("diffbench") else ""
        seconds, cpu, mib = (statistics.median(one[key] for one in of_name) for key in ("seconds", "cpu_seconds", "mib"))
        lines.append(f"| {name} | {seconds:.1f} | {cpu:.1f} | {mib:.0f} | {value:.6f} | {away} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("diffbench", type=Path)
    parser.add_argument("--num", type=int, default=10000, help="PNG files to judge")
    parser.add_argument("--reference", type=int, default=1000, help="PNG files of the reference")
    parser.add_argument("--size", type=int, default=64, help="pixels a side")
    parser.add_argument("--network", type=Path, default=NETWORK, help="TorchScript, called as NVIDIA's file is")
    parser.add_argument("--tools", default=",".join(TOOLS), help="of " + ", ".join(TOOLS))
    parser.add_argument("--precisions", default="fp32,bf16", help="of diffbench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="OMP_NUM_THREADS of every program")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = measure(given, Path(folder))
    print(table(runs))
    if given.output:
        about = vars(given) | {"diffbench": "", "network": given.network.name, "output": ""}
        versions = {name: version(name) for name in (*TOOLS.values(), "torch", "pillow", "scipy")}
        given.output.write_text(json.dumps({"given": about, "versions": versions, "runs": runs}, indent=1) + "\n")


main()
