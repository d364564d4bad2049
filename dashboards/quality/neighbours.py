"""The training images nearest to samples in an extractor's features: whether a model repeats what it was trained on."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from dashboards.data import RunData
from dashboards.quality.groups import Group
from dashboards.sample_grid import strip_of

EXTRACTORS = "SELECT * FROM extractor WHERE run = :run AND reference <> '' ORDER BY place"
SHARDS = "SELECT first_sample, sample_count, width, features FROM feature_shard WHERE cell = :cell AND extractor = :place ORDER BY shard"
SAMPLES = "SELECT sample_index, width, height, channels, pixels FROM sample WHERE cell = :cell ORDER BY sample_index LIMIT :most"
MOST_SAMPLES, NEAREST = 8, 3
ROWS_AT_ONCE = 8192  # of the reference: what is computed at once stays small


def neighbours(data: RunData, groups: list[Group]) -> dict | None:
    """For the template: notes in words, and tables by cell. None where the run keeps no feature rows of a sample that it shows."""
    tables, notes = [], []
    for extractor in data.query(EXTRACTORS).to_dict("records"):
        chosen = [(group, cell, *of) for group in groups for cell in group.cells["cell"] if (of := _features(data, int(cell), extractor["place"])) is not None]
        if not chosen:
            continue
        features, images, note = read_reference(_found(data, extractor["reference"]), extractor["reference"], extractor["reference_sha"])
        notes.append(note)
        for group, cell, rows, samples in chosen if features is not None else []:
            if rows.shape[1] != features.shape[1]:
                notes.append(f"{extractor['reference']} has features of {features.shape[1]} numbers, the samples of {rows.shape[1]}.")
                break
            method = group.cells.set_index("cell").loc[cell, "method_label"]
            tables.append({"title": f"{method}, {group.title}, by {extractor['name']}", "rows": _rows(samples, *nearest(rows, features), images)})
    return {"notes": list(filter(None, notes)), "tables": tables} if tables or notes else None


def _features(data: RunData, cell: int, place: int) -> tuple[np.ndarray, dict[int, np.ndarray | None]] | None:
    """float32 [S, D] of the samples whose images are kept, or else of the first; and these images by sample."""
    rows = {}
    for shard in data.query(SHARDS, cell=cell, place=int(place)).itertuples():
        features = np.frombuffer(shard.features, np.float32).reshape(shard.sample_count, shard.width)
        rows |= {shard.first_sample + row: of for row, of in enumerate(features)}
    kept = {of.sample_index: np.frombuffer(of.pixels, np.uint8).reshape(of.height, of.width, of.channels)
            for of in data.query(SAMPLES, cell=cell, most=MOST_SAMPLES).itertuples()}
    chosen = [index for index in kept if index in rows] or sorted(rows)[:MOST_SAMPLES]
    return (np.stack([rows[index] for index in chosen]), {index: kept.get(index) for index in chosen}) if chosen else None


def _found(data: RunData, reference: str) -> Path | None:
    """From where the report runs, or beside the database."""
    database = Path(data.connection.execute("PRAGMA database_list").fetchone()[2])
    return next((path for path in (Path(reference), database.parent / reference, database.parent / Path(reference).name) if path.is_file()), None)


def read_reference(path: Path | None, name: str, sha: str) -> tuple[np.ndarray | None, np.ndarray | None, str]:
    """Features float32 [K, D], images uint8 [K, H, W, C] of the same rows, and what is missing in words."""
    if path is None:
        return None, None, f"The reference {name} is not there any more: the nearest training images are not known."
    if sha and hashlib.sha256(path.read_bytes()).hexdigest() != sha:
        return None, None, f"The reference {path} is another file than the one that the run was judged by: the nearest training images are not known."
    try:
        with np.load(path, allow_pickle=False) as arrays:
            features = arrays["features"].astype(np.float32, copy=False) if "features" in arrays else None
            images = arrays["arr_0"] if "arr_0" in arrays else None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        return None, None, f"The reference {path} cannot be read: {error}."
    if features is None or features.ndim != 2:
        return None, None, f"The reference {path} has no array `features`, only statistics: the nearest training images are not known."
    if images is None or images.dtype != np.uint8 or images.ndim != 4 or len(images) != len(features):
        return features, None, f"The reference {path} has no images (`arr_0`, uint8 [K, H, W, C]) beside its features: indices and distances stand alone."
    return features, images, ""


def nearest(rows: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices and Euclidean distances [S, NEAREST] of the rows of `reference` [K, D] nearest to each of `rows` [S, D]."""
    distances = np.concatenate([
        np.stack([np.linalg.norm(reference[start : start + ROWS_AT_ONCE] - row, axis=1) for row in rows], axis=0)
        for start in range(0, len(reference), ROWS_AT_ONCE)], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")[:, :NEAREST]
    return order, np.take_along_axis(distances, order, axis=1)


def _rows(samples: dict[int, np.ndarray | None], indices: np.ndarray, distances: np.ndarray, images: np.ndarray | None) -> list[dict]:
    return [
        {"sample": sample, "image": None if image is None else strip_of([image]),
         "nearest": [{"index": int(index), "distance": f"{distance:.4g}", "image": None if images is None else strip_of([images[index]])} for index, distance in zip(*near)]}
        for (sample, image), *near in zip(samples.items(), indices, distances)
    ]
