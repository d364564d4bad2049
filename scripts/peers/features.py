"""Two sets of rows that look like an Inception's features, to time `diffbench fid` on what no folder of images need be read for.

    .peers/bin/python scripts/peers/features.py a.npz --seed 1
    .peers/bin/python scripts/peers/features.py b.npz --seed 2 --shift 0.05
    time build/release/bin/diffbench fid a.npz b.npz --metrics kid,prdc --kid-subsets 0

Rows lie near a sheet of few dimensions, as features do, and are not negative, as after a ReLU.
"""

import argparse

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", help=".npz with `features`, float32")
    parser.add_argument("--num", type=int, default=50000)
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--inner", type=int, default=48, help="dimensions of the sheet")
    parser.add_argument("--shift", type=float, default=0.0, help="of the set's centre")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sheet = np.random.default_rng(0).normal(0, 0.06, (given.inner, given.width)).astype(np.float32)  # of both sets
    draw = np.random.default_rng(given.seed)
    inner = draw.standard_normal((given.num, given.inner), np.float32) + np.float32(given.shift)
    features = np.maximum(inner @ sheet + np.float32(0.3) + np.float32(0.05) * draw.standard_normal((given.num, given.width), np.float32), 0)
    np.savez(given.output, features=features)


main()
