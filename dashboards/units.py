"""Units of table metric, and names of values, as pages show them where any metric may stand."""

from __future__ import annotations

SHOWN = {"ns": (1e-6, "ms"), "bytes": (2.0**-20, "MiB"), "FLOP": (1e-9, "GFLOP"), "ratio": (1.0, ""), "distance": (1.0, "")}


def shown_unit(unit: str) -> tuple[float, str]:
    """Factor and unit."""
    return SHOWN.get(unit, (1.0, unit))


def metric_of(name: str) -> str:
    """The row of table metric behind a value's name, which holds the extractor where that is not the first: "fid@clip"."""
    return name.partition("@")[0]


def name_words(name: str) -> str:
    metric, _, extractor = name.partition("@")
    return metric.replace("_", " ") + (f" ({extractor})" if extractor else "")
