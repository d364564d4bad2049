"""Units of table metric as pages show them where any metric may stand."""

from __future__ import annotations

SHOWN = {"ns": (1e-6, "ms"), "bytes": (2.0**-20, "MiB"), "FLOP": (1e-9, "GFLOP"), "ratio": (1.0, ""), "distance": (1.0, "")}


def shown_unit(unit: str) -> tuple[float, str]:
    """Factor and unit."""
    return SHOWN.get(unit, (1.0, unit))
