"""The rule that calls steps, on series whose steps are known; its cuts against ruptures and against every way to cut."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from dashboards.history.levels import Level, find_levels
from dashboards.history.segment_cost import segment_costs
from dashboards.history.segments import BETA_SCALE, RESOLUTION, best_cuts
from dashboards.history.steps import Step, steps_between

GOLDEN = Path(__file__).parent / "golden" / "change_points.json"


def noise(shape: tuple[int, ...], seed: int = 7, sd: float = 0.005) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sd, shape)


def levels(values: np.ndarray, half_width: float = 0.002, **options: float) -> list[Level]:
    values = np.atleast_2d(np.asarray(values, float))
    return find_levels(values, values * (1 - half_width), values * (1 + half_width), **options)[0]


def starts(found: list[Level]) -> list[int]:
    return [level.first for level in found][1:]


@pytest.mark.parametrize("n", [2, 3, 8, 33])
def test_the_cost_of_each_stretch_is_that_around_its_median(n: int) -> None:
    values = noise((3, n))
    values[1] = np.round(values[1], 2)  # with ties
    values[2] = 1.0
    costs = segment_costs(values)
    for series, begin in itertools.product(range(3), range(n)):
        assert np.isinf(costs[series, : begin + 1, begin]).all()  # a stretch has two points
        for end in range(begin + 1, n):
            stretch = values[series, begin : end + 1]
            assert costs[series, end, begin] == pytest.approx(np.abs(stretch - np.median(stretch)).sum(), abs=1e-12)


def brute_force(values: np.ndarray) -> list[int]:
    """The least of the criterion over every way to cut."""
    n = len(values)

    def score(cuts: tuple[int, ...]) -> float:
        parts = [values[begin:end] for begin, end in zip((0, *cuts), (*cuts, n))]
        if min(map(len, parts)) < 2:
            return math.inf
        return BETA_SCALE * math.log(n) / n * len(parts) + math.log(sum(np.abs(part - np.median(part)).sum() for part in parts) + n * RESOLUTION)

    return list(min((cuts for count in range(n // 2) for cuts in itertools.combinations(range(1, n), count)), key=score))


def test_the_cuts_are_the_best_of_all() -> None:
    values = noise((40, 11), sd=0.03)
    for series in range(40):  # with none, one and two steps of many sizes
        values[series, 3 + series % 5 :] += 0.01 * (series % 10)
        values[series, 8:] -= 0.02 * (series % 3)
    assert best_cuts(values) == [brute_force(series) for series in values]


def test_the_cuts_are_those_of_ruptures() -> None:
    cases = json.loads(GOLDEN.read_text())["cases"]
    assert len(cases) >= 10 and any(len(case["cuts"]) > 1 for case in cases)
    for case in cases:
        assert best_cuts(np.array([case["values"]])) == [case["cuts"]], case["name"]


def test_no_step_in_noise() -> None:
    assert len(levels(np.exp(noise((200,))))) == 1 and len(levels([100.0] * 50, half_width=0.0)) == 1


@pytest.mark.parametrize("change", [1.03, 0.97, 1.5])
def test_one_step_is_found_where_it_is(change: float) -> None:
    values = 100 * np.exp(noise((60,)))
    values[40:] *= change
    found = levels(values)
    assert starts(found) == [40] and found[0].last == 39 and found[1].last == 59
    assert found[1].value / found[0].value == pytest.approx(change, abs=0.004)


def test_a_step_below_the_smallest_effect_does_not_count() -> None:
    values = 100 * np.exp(noise((60,), sd=0.001))
    values[40:] *= 1.015
    assert starts(levels(values)) == [] and starts(levels(values, smallest_effect=0.01)) == [40]


def test_a_step_below_the_noise_of_its_levels_does_not_count() -> None:
    values = np.tile([100.0, 110.0], 100)  # 5 % to either side of the middle
    values[100:] *= 1.04
    assert starts(levels(values)) == []
    steady = np.full(60, 100.0)
    steady[30:] = 104.0
    assert starts(levels(steady, half_width=0.01)) == [30]
    assert starts(levels(steady, half_width=0.05)) == []  # their own intervals do not know it


def test_a_blip_is_no_step_but_its_repetition_is() -> None:
    values = 100 * np.exp(noise((60,), sd=0.002))
    values[30] *= 1.5
    assert starts(levels(values)) == []
    values[31] *= 1.5
    assert starts(levels(values)) == [30, 32]
    assert starts(levels([100.0] * 20 + [120.0])) == []  # nor is the latest run alone
    assert starts(levels([100.0] * 20 + [120.0, 120.0])) == [20]


def test_two_steps_are_found() -> None:
    values = 100 * np.exp(noise((90,)))
    values[30:60] *= 1.1
    values[60:] *= 0.95
    assert starts(levels(values)) == [30, 60]


def test_a_drift_is_told_in_steps_that_count() -> None:
    slow = 100 * np.exp(np.linspace(0, 0.2, 100) + noise((100,), sd=0.002))
    found = levels(slow)
    assert 2 <= len(found) <= 8 and found[-1].value / found[0].value > 1.1
    assert all(b.value / a.value > 1.02 for a, b in zip(found, found[1:]))
    assert len(levels(100 * np.exp(np.linspace(0, 0.015, 100)))) == 1  # less in all than the smallest effect


def test_gaps_are_no_runs() -> None:
    values = np.full(30, 100.0)
    values[[3, 14, 15]] = np.nan
    values[16:] = 110.0
    assert levels(values) == [Level(0, 13, pytest.approx(100.0)), Level(16, 29, pytest.approx(110.0))]
    assert levels(np.full(5, np.nan)) == []


def test_what_has_no_logarithm_has_no_levels() -> None:
    assert levels([1.0, 2.0, 0.0, 3.0]) == [] and levels([-1.0] * 9) == []


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_runs_have_no_step(n: int) -> None:
    assert len(levels([100.0, 200.0, 200.0][:n])) == 1


def test_series_of_different_lengths_go_together() -> None:
    values = np.full((3, 12), 100.0)
    values[0, 6:], values[1, 9:], values[2, 4:] = 120.0, np.nan, 80.0
    found = find_levels(values, values, values)
    assert [starts(of) for of in found] == [[6], [], [4]]
    assert steps_between(found, "lower", {}) == [Step(0, 5, 6, pytest.approx(100), pytest.approx(120), "regression"), Step(2, 3, 4, pytest.approx(100), pytest.approx(80), "improvement")]
    assert [step.kind for step in steps_between(found, "higher", {})] == ["improvement", "regression"]
    assert [step.kind for step in steps_between(found, "none", {})] == ["change", "change"]


def test_a_step_between_values_that_cannot_be_compared_is_only_a_change() -> None:
    values = np.full((1, 12), 100.0)
    values[0, 6:] = 120.0
    found, broken = find_levels(values, values, values), np.zeros((1, 12), bool)
    broken[0, 6] = True
    step, = steps_between(found, "lower", {"other weights": broken})
    assert (step.kind, step.note) == ("change", "other weights")
    broken[0, 5:7] = [True, False]  # within the old level
    assert steps_between(found, "lower", {"other weights": broken})[0].kind == "regression"


@pytest.mark.parametrize("n", [12, 200])
def test_noise_alone_is_rarely_called_a_step(n: int) -> None:
    values = np.exp(noise((400, n), seed=3, sd=0.02))
    false = sum(len(of) > 1 for of in find_levels(values, values, values))
    assert false <= 400 * 0.02
