"""Whether quality metrics say of real images what they should: floors, growth under damage, and what intervals cover.

   python tests/harness/quality/real_data.py build/release/bin/diffbench /usr/share/datasets/fashion-mnist -o real_data.json

Fashion-MNIST, the zoo's extractor. Prints two tables and writes them as JSON:

floor and growth   metrics of 5,000 test images against the zoo's reference (of the training images): as they are, blurred,
                   with noise, with classes in unequal shares, with classes missing. Each damage comes in three strengths, and
                   every metric of distance has to grow with it.
coverage           50 sets of 500 training images against statistics of the test images: how often the interval of a set holds
                   the mean over all sets, which is what fresh samples give on average at this N.
paired coverage    the same of the FID's difference between a set and itself with damage, by fid_coverage.py's form of the paired
                   jackknife.

--parts names those to make; what the JSON file holds of the others stays.
"""

import argparse
import gzip
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from fid_coverage import Reference, coverage as share_covered, standard_error

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "methods/zoo/fashion_mnist/reference.npz"
METRICS = ["fid", "kid", "cmmd", "precision", "recall", "density", "coverage"]
DISTANCES = ["fid", "kid", "cmmd"]


def idx(file: Path, header_bytes: int) -> np.ndarray:
    return np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8)[header_bytes:]


def blur(images: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian, of u8 [N, H, W, 1]."""
    offsets = np.arange(-8, 9)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    out = images[..., 0].astype(np.float64)
    for axis in (1, 2):
        out = np.apply_along_axis(lambda line: np.convolve(line, kernel, mode="same"), axis, out)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)[..., None]


def noise(images: np.ndarray, deviation: float) -> np.ndarray:
    random = np.random.default_rng(1)
    return np.clip(np.rint(images + deviation * random.standard_normal(images.shape)), 0, 255).astype(np.uint8)


class Tool:
    def __init__(self, program: str, folder: Path):
        self.program, self.folder = program, folder

    def run(self, *words: object) -> str:
        return subprocess.run([self.program, *map(str, words)], check=True, capture_output=True, text=True).stdout

    def features(self, images: np.ndarray) -> np.ndarray:
        source, target = self.folder / "images.npz", self.folder / "features.npz"
        np.savez(source, arr_0=images)
        self.run("fid-statistics", source, "--extractor", "fashion_mnist", "-o", target, "--keep-features", len(images))
        return np.load(target)["features"]

    def metrics(self, features: np.ndarray, reference: Path, names: list[str], *more: str) -> dict:
        source = self.folder / "rows.npz"
        np.savez(source, features=features)
        words = ("fid", source, reference, "--metrics", ",".join(names), "--kid-subsets", "0", "--json", *more)
        return json.loads(self.run(*words))


DAMAGED = {"blurred, sigma 0.5": lambda images: blur(images, 0.5), "noise of 8 grey levels": lambda images: noise(images, 8)}


def chosen(labels: np.ndarray, shares: np.ndarray, count: int) -> np.ndarray:
    """Places of `count` samples whose classes come in the given shares."""
    random = np.random.default_rng(2)
    wanted = np.rint(count * shares / shares.sum()).astype(int)
    return np.concatenate([random.choice(np.flatnonzero(labels == label), n, replace=False) for label, n in enumerate(wanted)])


def damages(tool: Tool, images: np.ndarray, labels: np.ndarray, rows: np.ndarray, count: int) -> dict[str, list]:
    even = chosen(labels, np.ones(10), count)
    few = chosen(labels, np.ones(10), 1000)  # as many as five classes have
    shares = [np.ones(10), np.where(np.arange(10) < 5, 1.5, 0.5), np.where(np.arange(10) < 5, 1.8, 0.2)]
    missing = [np.ones(10), np.arange(10) > 1, np.arange(10) > 4]
    return {
        "blur, sigma 0.5 1 2": [tool.features(blur(images[even], sigma)) for sigma in (0.5, 1, 2)],
        "noise, 8 16 32 grey levels": [tool.features(noise(images[even], deviation)) for deviation in (8, 16, 32)],
        "classes 1:1 3:1 9:1": [rows[chosen(labels, each, 1000)] for each in shares],
        "0 2 5 classes missing": [rows[chosen(labels, each.astype(float), 1000)] for each in missing],
        "none": [rows[even], rows[few]],
    }


def growth(tool: Tool, images: np.ndarray, labels: np.ndarray) -> list[dict]:
    table = []
    for name, sets in damages(tool, images, labels, tool.features(images), 5000).items():
        values = [tool.metrics(features, REFERENCE, METRICS) for features in sets]
        row = {"damage": name, "n": [len(features) for features in sets]}
        row |= {metric: [value[metric]["value"] for value in values] for metric in METRICS}
        row["grows"] = {metric: bool(np.all(np.diff(row[metric]) > 0)) for metric in DISTANCES} if name != "none" else None
        table.append(row)
        print(name, *(f"{metric} {' '.join(f'{value:.4g}' for value in row[metric])};" for metric in METRICS))
    return table


def coverage(tool: Tool, train: np.ndarray, test: np.ndarray, repetitions: int = 50, n: int = 500) -> dict:
    reference = tool.folder / "test.npz"
    np.savez(tool.folder / "t.npz", arr_0=test)
    tool.run("fid-statistics", tool.folder / "t.npz", "--extractor", "fashion_mnist", "-o", reference, "--keep-features", 2000)
    rows = tool.features(train[: repetitions * n])
    names = ["fid", "kid", "precision", "recall", "density", "coverage"]
    sets = [slice(i * n, (i + 1) * n) for i in range(repetitions)]
    alone = [tool.metrics(rows[each], reference, names, "--interval") for each in sets]
    print("coverage of the mean over sets, 95 % intervals")
    found = {}
    for name in names:
        mean = np.mean([value[name]["value"] for value in alone])
        found[name] = float(np.mean([value[name]["low"] <= mean <= value[name]["high"] for value in alone]))
        print(f"  {name}: {found[name]:.2f}")
    return {"n": n, "repetitions": repetitions, "covered": found}


def paired_coverage(tool: Tool, train: np.ndarray, test: np.ndarray, repetitions: int = 50, n: int = 500) -> dict:
    real = tool.features(test).astype(np.float64)
    reference = Reference(np.cov(real, rowvar=False))
    full, *damaged = (
        tool.features(images).astype(np.float64) - real.mean(0)
        for images in (train[: repetitions * n], *(DAMAGED[name](train[: repetitions * n]) for name in DAMAGED))
    )
    found = {}
    for name, rows in zip(DAMAGED, damaged):
        gaps, errors = [], []
        for i in range(0, repetitions * n, n):
            of_full, sizes = reference.replicates(full[i : i + n])
            of_method, _ = reference.replicates(rows[i : i + n])
            gaps.append(of_method[0] - of_full[0])
            errors.append(standard_error(of_method - of_full, sizes))
        found[name] = {"difference": float(np.mean(gaps)), "covered": float(share_covered(gaps, errors, np.mean(gaps)))}
        print(f"paired, {name}: {found[name]}")
    return {"n": n, "repetitions": repetitions, "fid": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("diffbench")
    parser.add_argument("images", type=Path, help="folder with the four files of Fashion-MNIST")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--parts", default="growth,coverage,paired_coverage")
    given = parser.parse_args()
    train, test = (idx(given.images / f"{split}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1) for split in ("train", "t10k"))
    labels = idx(given.images / "t10k-labels-idx1-ubyte.gz", 8)
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(given.diffbench, Path(folder))
        parts = {
            "growth": lambda: growth(tool, test, labels),
            "coverage": lambda: coverage(tool, train, test),
            "paired_coverage": lambda: paired_coverage(tool, train, test),
        }
        result = json.loads(given.output.read_text()) if given.output.exists() else {}
        result |= {name: parts[name]() for name in given.parts.split(",")}
    given.output.write_text(json.dumps(result, indent=1) + "\n")


main()
