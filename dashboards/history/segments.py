"""The levels of a series: where it is cut so that

    BETA_SCALE ln(n) / n * J + ln(sum of distances from the medians of the J segments + n * RESOLUTION)

is least over all J and all cuts, asv's criterion without its model of correlated noise. asv searches along a penalty and in
windows; here the least sum of each J is found exactly, by dynamic programming.

    cuts = best_cuts(values)    # values [series, n], logarithms -> of each series the first runs of its segments but the first
"""

from __future__ import annotations

import numpy as np

from dashboards.history.segment_cost import SHORTEST, segment_costs

BETA_SCALE = 4.0  # asv's
RESOLUTION = 1e-3  # of logarithms: levels nearer than 0.1 % are one, however quiet the series
AT_ONCE = 40  # series whose n x n costs are held in memory


def best_cuts(values: np.ndarray) -> list[list[int]]:
    return [cuts for first in range(0, len(values), AT_ONCE) for cuts in _best_cuts(values[first : first + AT_ONCE])]


def _best_cuts(values: np.ndarray) -> list[list[int]]:
    count, n = values.shape
    if n < 2 * SHORTEST:
        return [[] for _ in range(count)]
    costs = segment_costs(values)
    penalty = BETA_SCALE * np.log(n) / n
    reached = costs[:, :, 0]  # [series, end]: the least sum of J segments over values[.. end]
    score = penalty + np.log(reached[:, -1] + n * RESOLUTION)
    best, chosen, begins = score, np.ones(count, int), []
    least = _least_scores(values, penalty)
    for segments in range(2, n // SHORTEST + 1):
        if (least[:, segments - 1 :].min(axis=1) >= best).all():
            break
        through = costs[:, :, 1:] + reached[:, None, :-1]  # [series, end, the last segment's begin - 1]
        begin = through.argmin(axis=2)
        reached = np.take_along_axis(through, begin[:, :, None], axis=2)[:, :, 0]
        begins.append(begin + 1)
        score = segments * penalty + np.log(reached[:, -1] + n * RESOLUTION)
        chosen = np.where(score < best, segments, chosen)
        best = np.minimum(score, best)
    return [_cuts_of(begins, series, segments, n) for series, segments in enumerate(chosen)]


def _cuts_of(begins: list[np.ndarray], series: int, segments: int, n: int) -> list[int]:
    cuts, end = [], n - 1
    for begin in reversed(begins[: segments - 1]):
        cuts.append(int(begin[series, end]))
        end = cuts[-1] - 1
    return cuts[::-1]


def _least_scores(values: np.ndarray, penalty: float) -> np.ndarray:
    """[series, J - 1]: what no cut into J segments can get below. Two neighbours in one segment cost at least their distance,
    and J - 1 cuts part at most as many pairs."""
    n = values.shape[1]
    bounds = []
    for first in (0, 1):
        pairs = np.sort(np.abs(values[:, first + 1 :: 2] - values[:, first : n - 1 : 2]), axis=1)[:, ::-1]
        together = pairs.sum(axis=1, keepdims=True) - np.concatenate([np.zeros((len(values), 1)), pairs.cumsum(axis=1)], axis=1)
        padded = np.zeros((len(values), n))
        padded[:, : together.shape[1]] = together.clip(min=0.0)
        bounds.append(padded)
    segments = np.arange(1, n + 1)
    return segments * penalty + np.log(np.maximum(*bounds) + n * RESOLUTION)
