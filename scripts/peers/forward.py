#!/usr/bin/env python3
"""Whose forward pass is the fastest on this machine: each of our runtimes against what a user can pick instead.

    python3 -m venv .peers && .peers/bin/pip install -r scripts/peers/requirements.txt
    ninja -C build/release forward_bench
    .peers/bin/python scripts/peers/forward.py --out forward.json

The same weights and inputs for all; outputs are compared with our eager network in fp64 before anything is timed. Per
network, precision and batch all programs stay loaded, one works at a time, in random order within a round; several
streams of a program are so many processes at once, each with its share of the threads. What counts is the ratio within a
round to the best peer (the one with the best median), its median over rounds and the 95 % order-statistic interval.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

import networks

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "build/release/bin/forward_bench"
OURS = ("eager", "fused", "openvino")
PEERS = ("torch_eager", "torch_compile", "torch_compile_max", "onnxruntime", "openvino")


@dataclass
class Candidate:
    name: str
    is_ours: bool
    streams: int
    workers: list[subprocess.Popen] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of an evaluation, a value a round
    error: float = math.nan

    @property
    def title(self) -> str:
        return self.name + (f" x{self.streams}" if self.streams > 1 else "")


def make_network(name: str, folder: Path) -> tuple[Path, Path]:
    """(what forward_bench reads, what forward_peer.py reads), with the same weights"""
    if name == "zoo":
        model = ROOT / "methods/zoo/fashion_mnist"
        description = tomllib.loads((model / "model.toml").read_text())["backbone"]
        weights = model / "backbone.safetensors"
    else:
        model, description = folder / name, dict(networks.NETWORKS[name])
        model.mkdir()
        torch.manual_seed(0)
        network = networks.build(description)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.02)
        weights = model / "weights.safetensors"
        safetensors.torch.save_file(network.state_dict(), weights)
        keys = {"learned_sigma": "false"} if description["kind"] == "dit" else {}
        keys |= {key: json.dumps(value) for key, value in description.items()}
        lines = ["[backbone]", *(f"{key} = {value}" for key, value in keys.items())]
        (model / "model.toml").write_text("\n".join([*lines, "[noise]", 'schedule = "linear"', "[weights]", f'file = "{weights.name}"', ""]))
    whole = torch.nn.Module.state_dict(networks.build(description))
    stored = {key: value.float() for key, value in safetensors.torch.load_file(weights).items()}
    plain = folder / f"{name}.safetensors"
    safetensors.torch.save_file({key: stored[key].contiguous() for key in whole}, plain)
    (folder / f"{name}.json").write_text(json.dumps({**description, "weights": str(plain)}))
    return model, folder / f"{name}.json"


def start(candidate: Candidate, network: tuple[Path, Path], precision: str, threads: int, source: Path, folder: Path) -> bool:
    each = max(1, threads // candidate.streams)
    program = [BENCH, network[0], candidate.name] if candidate.is_ours else [sys.executable, Path(__file__).with_name("forward_peer.py"), candidate.name, network[1]]
    targets = [folder / f"{candidate.title}.{precision}.{stream}.safetensors" for stream in range(candidate.streams)]
    env = {**os.environ, "OMP_NUM_THREADS": str(each)}
    for target in targets:
        command = [str(word) for word in (*program, precision, each, source, target)]
        candidate.workers.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env))
    for worker in candidate.workers:
        while (line := worker.stdout.readline()) and line != "ready\n":
            pass
        if not line:
            print(f"    {candidate.title}: not here", file=sys.stderr)
            stop(candidate)
            return False
    candidate.error = float(error_of(targets[0], folder))
    return True


def error_of(target: Path, folder: Path) -> float:
    truth = safetensors.torch.load_file(folder / "truth.safetensors")["eps"].double()
    return (safetensors.torch.load_file(target)["eps"].double() - truth).pow(2).mean().sqrt() / truth.pow(2).mean().sqrt()


def stop(candidate: Candidate) -> None:
    for worker in candidate.workers:
        worker.kill()
        worker.wait()


def measure(candidate: Candidate, count: int) -> None:
    for worker in candidate.workers:
        worker.stdin.write(f"{count}\n")
        worker.stdin.flush()
    times = [statistics.median(map(int, worker.stdout.readline().split())) for worker in candidate.workers]
    # streams work beside each other: an evaluation every so often
    candidate.seconds.append(1e-9 / sum(1 / value for value in times))


def interval(values: list[float]) -> tuple[float, float] | tuple[None, None]:
    """95 % of the median, by order statistics; of fewer than 6 values there is none"""
    ordered, n = sorted(values), len(values)
    cdf = np.cumsum([math.comb(n, k) for k in range(n + 1)]) / 2.0**n
    below = int(np.searchsorted(cdf, 0.025, side="right"))
    return (ordered[below - 1], ordered[n - below]) if below > 0 else (None, None)


def run_row(name: str, network: tuple[Path, Path], precision: str, batch: int, options: argparse.Namespace, folder: Path) -> dict:
    size, channels = (lambda d: (d["image_size"], d["channels"]))(json.loads(network[1].read_text()))
    source = folder / "in.npz"
    generator = np.random.default_rng(1)
    np.savez(source, x=generator.standard_normal((batch, channels, size, size), dtype=np.float32), t=np.full(batch, 500.0, np.float32))
    subprocess.run([BENCH, network[0], "eager", "fp64", str(options.threads), source, folder / "truth.safetensors"], input="", text=True, check=True, stdout=subprocess.DEVNULL)
    streams = (1,) if batch == 1 or options.threads == 1 else (1, options.threads)
    candidates = [Candidate(one, is_ours, count) for is_ours, names in ((True, OURS), (False, PEERS)) for one in names for count in streams]
    candidates = [one for one in candidates if start(one, network, precision, options.threads, source, folder)]
    for _ in range(options.rounds + 1):
        for candidate in random.sample(candidates, len(candidates)):
            count = 1 if not candidate.seconds else max(1, min(50, round(options.burst / candidate.seconds[0])))
            measure(candidate, count)
    for candidate in candidates:
        candidate.seconds.pop(0)  # it only said how long a burst is
        stop(candidate)
    best = min((one for one in candidates if not one.is_ours), key=lambda one: statistics.median(one.seconds))
    rows = []
    for candidate in sorted(candidates, key=lambda one: statistics.median(one.seconds)):
        ratios = [theirs / ours for ours, theirs in zip(candidate.seconds, best.seconds)]
        low, high = interval(ratios)
        spread = "n < 6" if low is None else f"[{low:.2f}, {high:.2f}]"
        seconds = statistics.median(candidate.seconds)
        rows.append({"runner": ("diffbench " if candidate.is_ours else "") + candidate.title, "ms": seconds * 1e3, "images_per_s": batch / seconds,
                     "speed_over_best_peer": statistics.median(ratios), "low": low, "high": high, "error": candidate.error, "rounds": len(ratios)})
        print(f"    {rows[-1]['runner']:28} {seconds * 1e3:9.2f} ms {batch / seconds:9.1f} images/s  "
              f"{statistics.median(ratios):5.2f} {spread} of the best peer   error {candidate.error:.1e}")
    return {"network": name, "precision": precision, "batch": batch, "threads": options.threads, "best_peer": best.title, "runners": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="zoo,uvit_s2,dit_s2")
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--batches", default="1,8,64")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--burst", type=float, default=0.3, help="seconds that a program works at a stretch")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.networks.split(","):
            network = make_network(name, Path(folder))
            for precision in options.precisions.split(","):
                for batch in map(int, options.batches.split(",")):
                    print(f"{name}, {precision}, batch {batch}, {options.threads} threads", flush=True)
                    results.append(run_row(name, network, precision, batch, options, Path(folder)))
                    if options.out:
                        options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
