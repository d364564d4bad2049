"""A run that was judged by several metrics, with numbers that can be checked by hand."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from methods_database import add_cell
from rows import add_quality, change, insert, new_file

# by method: FID and KID less the full network's, precision and its difference, PSNR; half widths are 0.1 of FID, 0.001 of KID, ..
LOST = {"quick": (1.0, 0.002, -0.10, 30.0), "slow": (0.4, 0.008, 0.05, 25.0), "twin": (0.45, 0.0081, 0.04, 25.1)}
FULL = (5.0, 0.010, 0.60)


def make_judged(path: Path) -> Path:
    """full, and three methods: by FID slow is better than quick, by KID worse; twin cannot be told from slow."""
    connection = new_file(path)
    add_cell(connection, 1, "full", {}, milliseconds=4.0, fid=FULL[0], fid_half_width=0.3)
    add_quality(connection, 1, "kid", FULL[1], 0.002)
    add_quality(connection, 1, "precision", FULL[2], 0.02)
    for number, (label, (fid, kid, precision, psnr)) in enumerate(LOST.items(), start=2):
        add_cell(connection, number, "fixed_exit", {"exit": number}, label=label, baseline=1, milliseconds=number / 2, speedup=8 / number,
                 fid=FULL[0] + fid, fid_lost=fid, fid_half_width=0.1)
        for metric, value, lost, half in (("kid", FULL[1] + kid, kid, 0.001), ("precision", FULL[2] + precision, precision, 0.02)):
            add_quality(connection, number, metric, value, half)
            add_quality(connection, number, f"{metric}_difference", lost, half)
        add_quality(connection, number, "psnr", psnr, 0.5)
    connection.commit()
    connection.close()
    return path


def add_images(path: Path) -> None:
    """Two of 2 x 2 pixels for full and quick, which differ by 10 at most."""
    for cell, shift in ((1, 0), (2, 10)):
        for seed in range(2):
            pixels = bytes([0 + shift, 80, 160, 200 + seed])
            _insert(path, "sample", cell=cell, sample_index=seed, label=3, width=2, height=2, channels=1, pixels=pixels)


def add_classes(path: Path, labels: int = 3) -> None:
    for cell in (1, 2):
        for label in range(labels):
            _insert(path, "quality_class", cell=cell, metric="fid", label=label, value=10.0 * cell + label, low=9.0 * cell, high=13.0 * cell, n=50)


def add_curve(path: Path) -> None:
    """FID 4 + 100 / N."""
    with sqlite3.connect(path) as connection:
        add_quality(connection, 1, "fid_infinity", 4.0, 0.2)
    for n in (128, 256, 512):
        _insert(path, "quality_curve", cell=1, metric="fid_infinity", n=n, value=4.0 + 100.0 / n)


def add_features(path: Path, reference: str) -> None:
    change(path, f"UPDATE extractor SET reference = '{reference}', reference_sha = ''")
    features = np.array([[0.0, 0.0], [3.0, 4.0]], np.float32)
    _insert(path, "feature_shard", cell=2, shard=0, first_sample=0, sample_count=2, width=2, features=features.tobytes(), sample_checksum="c")


def _insert(path: Path, table: str, **columns: object) -> None:
    with sqlite3.connect(path) as connection:
        insert(connection, table, **columns)
