"""Does calibration keep its promise on this model? Writes risk.csv and risk.svg of methods/risk_controlled/.

    M="--model fashion_mnist --solver ddim --steps 10 --threads 1"
    T="--thresholds 0,0.06,0.07,0.075,0.08,0.085,0.09,0.095,0.1,0.105,0.11,0.12,0.14"
    O="--epsilon 0.05 --procedure ltt_hb"
    diffbench calibrate $M $T $O --num 200 --seed 1000 --losses-out calibration.safetensors --out a.toml
    diffbench calibrate $M $T $O --num 600 --seed 5000 --losses-out fresh.safetensors --out b.toml
    .venv/bin/python tests/methods/risk_controlled/plot_risk.py build/release/bin/diffbench calibration.safetensors \\
        fresh.safetensors

The threshold is chosen on the first table, through the program; the risk is the mean loss on the second, whose
trajectories the choice has not seen.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))
from dashboards import theme  # noqa: E402

OUT = ROOT / "methods" / "risk_controlled"
PROCEDURES = ("naive", "crc", "ucb_wsr", "ltt_hb")
EPSILONS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2)
HEADER = ["procedure", "epsilon", "threshold", "calibration_risk", "fresh_risk", "standard_error"]


def read_losses(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """losses [n, L] and thresholds [L] of a .safetensors file"""
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    types = {"F32": np.float32, "F64": np.float64}

    def tensor(name: str) -> np.ndarray:
        entry = header[name]
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        return np.frombuffer(raw[begin:end], types[entry["dtype"]]).reshape(entry["shape"])

    return tensor("losses"), tensor("thresholds")


def chosen(binary: Path, losses: Path, procedure: str, epsilon: float) -> dict:
    command = [binary, "calibrate", "--losses", losses, "--procedure", procedure, "--epsilon", str(epsilon), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def measure(binary: Path, calibration: Path, fresh: Path) -> list[dict]:
    losses, thresholds = read_losses(fresh)
    if not np.array_equal(thresholds, read_losses(calibration)[1]):
        raise SystemExit("the two tables have different thresholds")
    rows = []
    for procedure in PROCEDURES:
        for epsilon in EPSILONS:
            choice = chosen(binary, calibration, procedure, epsilon)
            if choice["index"] is None:  # nothing qualified: the full network runs, and loses nothing
                values = [procedure, epsilon, "", 0.0, 0.0, 0.0]
            else:
                own = losses[:, choice["index"]]
                values = [procedure, epsilon, choice["threshold"], choice["risk"], own.mean(),
                          own.std(ddof=1) / np.sqrt(len(own))]
            rows.append(dict(zip(HEADER, values, strict=True)))
    return rows


def draw(rows: list[dict], path: Path) -> None:
    plt.rcParams |= {"svg.hashsalt": "risk", "font.size": 9, "axes.edgecolor": "#9AA5B1"}
    figure, axes = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
    axes.plot(EPSILONS, EPSILONS, "--", color=theme.INK, linewidth=1)
    axes.fill_between(EPSILONS, EPSILONS, 2 * max(EPSILONS), color="#C0392B", alpha=0.06, linewidth=0)
    axes.annotate("risk = epsilon", (0.011, 0.0125), fontsize=8, rotation=38, color=theme.INK)
    for i, procedure in enumerate(PROCEDURES):
        own = [row for row in rows if row["procedure"] == procedure]
        shift = 1.03 ** (i - 1.5)  # side by side, so that intervals can be told apart
        axes.errorbar([row["epsilon"] * shift for row in own], [row["fresh_risk"] for row in own],
                      yerr=[2 * row["standard_error"] for row in own], color=theme.SERIES_COLOURS[i],
                      marker=theme.PAPER_MARKERS[i], markersize=4.5, linewidth=1.2, capsize=2, label=procedure)
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=0.005)
    axes.set_ylim(-0.0005, 0.25)
    axes.set_xticks(EPSILONS, [f"{e:g}" for e in EPSILONS])
    axes.set_yticks([0, *EPSILONS[:3], 0.05, 0.1, 0.2], ["0", *(f"{e:g}" for e in EPSILONS[:3]), "0.05", "0.1", "0.2"])
    axes.minorticks_off()
    axes.set_xlabel("epsilon: the risk allowed")
    axes.set_ylabel("risk on fresh trajectories (RMSE to the full sample)")
    axes.grid(True, color=theme.GRID, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, loc="upper left")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path, help="the built diffbench")
    parser.add_argument("calibration", type=Path, help="losses that thresholds are chosen on")
    parser.add_argument("fresh", type=Path, help="losses of other trajectories")
    arguments = parser.parse_args()
    rows = measure(arguments.binary.resolve(), arguments.calibration, arguments.fresh)
    with (OUT / "risk.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, HEADER, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    draw(rows, OUT / "risk.svg")


if __name__ == "__main__":
    main()
