"""What a schedule in t promises before anything runs: S(t), the blocks that a method runs at model time t, from its
parameters alone. Averaged over the times of a solver's grid it predicts the share of blocks that the method executes
there. Only depths that belong to a checkpoint are taken from the trace: the shallow network of DuoDiff, and the least
depth that a network can drop to; at which times they run is not.

    depth = depth_over_t("duodiff", {"switch_t": 700}, block_count=13, least=3, times=1000.0)
    depth(np.array([999.0, 99.0]))    # [3, 13]
"""

from __future__ import annotations

from typing import Callable

import numpy as np

# S of 28 blocks in ten equal bins of t, from data to noise: schedule "demo" of ASE (arXiv 2408.05927)
DEMO_DEPTHS = np.array([28, 28, 24, 24, 20, 20, 16, 16, 12, 12])
TRAIN_TIMES = 1000.0
DepthOverT = Callable[[np.ndarray], np.ndarray]


def training_times(t: np.ndarray) -> float | None:
    """The end of the model's time, which a results file does not hold: 1 of continuous models, 1000 of the usual
    discrete ones; None for what is neither."""
    last = float(np.max(t))
    return 1.0 if last <= 1.0 else TRAIN_TIMES if last < TRAIN_TIMES else None


def depth_over_t(method: str, params: dict, block_count: int, least: int, times: float) -> DepthOverT | None:
    """S(t) of `method`; `least` is the smallest depth it ever ran. None where the depth is not a function of t alone."""
    if method == "static_schedule":
        depths = np.array(params.get("depths") or np.maximum(least, _scaled(DEMO_DEPTHS, block_count)))
        return lambda t: depths[np.clip((np.asarray(t) * len(depths) / times).astype(int), 0, len(depths) - 1)]
    if method == "duodiff" and params.get("shallow_method", "full") == params.get("deep_method", "full") == "full":
        switch_t = params.get("switch_t", 700.0)
        return lambda t: np.where(np.asarray(t) >= switch_t, least, block_count)
    return None


def _scaled(depths: np.ndarray, block_count: int) -> np.ndarray:
    return np.floor(depths * block_count / 28 + 0.5).astype(int)  # halves away from zero, as the program rounds


def over_all_times(depth: DepthOverT, times: float) -> float:
    """Mean of S over the whole of t: what a method saves where a grid is uniform and fine."""
    return float(np.mean(depth((np.arange(1000) + 0.5) / 1000 * times)))
