"""What it costs to call a stretch of a series one level: the sum of the distances from its median, for all stretches of many
series at once.

    costs = segment_costs(values)    # values [series, n] -> costs [series, n, n]; costs[s, j, i] is of values[s, i .. j]

A median moves by at most one place when a point joins or leaves. So each start keeps the points of its stretch in a linked list
in the order of their values, from which the last point leaves again and again; the two middle points are known all the way, and
the cost grows by a new point's distance from them. That is n^2 steps a series where sorting each stretch takes n^3, and numpy
takes each step for all series and starts together: 600 series of 200 runs need under two seconds.
"""

from __future__ import annotations

import numpy as np

SHORTEST = 2  # runs: a level seen once is a blip
TOO_SHORT = np.inf


def segment_costs(values: np.ndarray) -> np.ndarray:
    count, n = values.shape
    order = np.argsort(values, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(1, n + 1)[None, :], axis=1)  # 0 and n + 1 are the ends of the lists
    by_rank = np.zeros((count, n + 2))
    by_rank[:, 1:-1] = np.take_along_axis(values, order, axis=1)
    below, above = _lists(rank)
    row = np.arange(count)[:, None] * (n + 2)  # of by_rank
    node = (np.arange(count)[:, None] * n + np.arange(n)) * (n + 2)  # of the lists, by series and start
    low, high = _middles(rank)
    flat, under, over = by_rank.ravel(), below.ravel(), above.ravel()
    grown = np.zeros((count, n, n))
    for end in range(n - 1, 0, -1):  # values[end] leaves the stretches that begin at 0 .. end - 1
        gone, at = rank[:, end : end + 1], node[:, :end]
        low, high = low[:, :end], high[:, :end]
        is_odd = (end - np.arange(end)) % 2 == 0  # the stretch's length before, which had one middle point if odd
        left_one = np.where(gone <= low, high, low)
        low, high = (np.where(is_odd, np.where(gone >= low, under[at + low], low), left_one),
                     np.where(is_odd, np.where(gone <= high, over[at + high], high), left_one))
        before, after = under[at + gone].astype(int), over[at + gone].astype(int)
        over[at + before], under[at + after] = after, before
        point = values[:, end : end + 1]
        grown[:, end, :end] = np.maximum(np.maximum(flat[row + low] - point, point - flat[row + high]), 0.0)
    costs = np.cumsum(grown, axis=1)
    ends, starts = np.indices((n, n))
    costs[:, ends - starts + 1 < SHORTEST] = TOO_SHORT
    return costs


def _lists(rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[series, start, rank]: the ranks below and above among the points from each start to the series' end."""
    count, n = rank.shape
    below = np.empty((count, n, n + 2), np.int32)
    above = np.empty_like(below)
    below[:, 0], above[:, 0] = np.arange(-1, n + 1), np.arange(1, n + 3)
    every = np.arange(count)
    for start in range(1, n):
        below[:, start], above[:, start] = below[:, start - 1], above[:, start - 1]
        gone = rank[:, start - 1]
        before, after = below[every, start, gone], above[every, start, gone]
        above[every, start, before], below[every, start, after] = after, before
    return below, above


def _middles(rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[series, start]: the ranks of the two middle points from each start to the series' end, the same one twice if odd."""
    low, high = np.empty_like(rank), np.empty_like(rank)
    for start in range(rank.shape[1]):
        rest = np.sort(rank[:, start:], axis=1)
        low[:, start], high[:, start] = rest[:, (rest.shape[1] - 1) // 2], rest[:, rest.shape[1] // 2]
    return low, high
