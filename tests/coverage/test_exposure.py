"""Exposure knows a hole from a quiet hour, follows a change of source, and says how sure it is."""

from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.coverage.exposure import DARK_SAID, DayExposure, Exposures, Floats

HOURS = 20 * np.exp(0.5 * np.sin((np.arange(24) - 6) * np.pi / 12))


def traffic(rng: np.random.Generator, weekday: int, coverage: float | Floats = 1.0) -> Floats:
    """Others in each hour of one day under this coverage; Sundays are quiet."""
    return rng.poisson(HOURS * (0.7 if weekday == 6 else 1.0) * coverage)[None].astype(float)


def learnt(rng: np.random.Generator, days: int = 42) -> Exposures:
    """An estimator that has seen ordinary weeks."""
    estimator = Exposures(1)
    for t in range(days):
        estimator.day(np.ones((1, 24)), traffic(rng, t % 7), t % 7)
    return estimator


def one(
    estimator: Exposures, others: Floats, looked: Floats | None = None, weekday: int = 1
) -> DayExposure:
    return estimator.day(np.ones((1, 24)) if looked is None else looked, others, weekday)


def test_before_there_is_a_habit_only_looking_counts() -> None:
    """The first fortnight: the share looked at, not known, and sure of nothing."""
    looked = np.ones((1, 24))
    looked[0, :6] = 0
    day = one(Exposures(1), traffic(np.random.default_rng(1), 1), looked)
    assert (day.exposure[0], day.low[0], day.known[0]) == (0.75, 0.0, False)


def test_an_ordinary_day_is_one_also_on_a_quiet_sunday() -> None:
    """The habit knows the hour of the week."""
    rng = np.random.default_rng(2)
    estimator = learnt(rng)
    for weekday in (0, 3, 6):
        day = one(estimator, traffic(rng, weekday), weekday=weekday)
        assert day.known[0]
        assert day.exposure[0] == pytest.approx(1, abs=0.1)
        assert day.low[0] < 1 < day.high[0]
        assert (day.dark < DARK_SAID).all()


def test_a_receiver_outage_is_a_hole_where_polls_answered() -> None:
    """Eight hours without anybody: dark, told by the hour, and a third less exposure."""
    rng = np.random.default_rng(3)
    coverage = np.ones(24)
    coverage[8:16] = 0
    day = one(learnt(rng), traffic(rng, 1, coverage))
    assert (day.dark[0, 8:16] > 0.9).all()
    assert (np.delete(day.dark[0], np.s_[7:17]) < DARK_SAID).all()
    assert day.exposure[0] == pytest.approx(16 / 24, abs=0.1)


def test_half_a_sky_is_half_an_exposure() -> None:
    """One of two receivers gone all day long halves what is seen."""
    rng = np.random.default_rng(4)
    day = one(learnt(rng), traffic(rng, 1, 0.5))
    assert day.exposure[0] == pytest.approx(0.5, abs=0.1)
    assert day.low[0] < 0.5 < day.high[0]


def test_failed_polls_are_no_holes_and_no_looking() -> None:
    """Hours in which nobody looked give no exposure and no verdict of darkness."""
    rng = np.random.default_rng(5)
    looked = np.ones((1, 24))
    looked[0, 12:] = 0
    estimator = learnt(rng)
    day = one(estimator, traffic(rng, 1) * looked, looked)
    assert day.exposure[0] == pytest.approx(0.5, abs=0.06)
    assert (day.dark[0, 12:] == 0).all()
    assert one(estimator, np.zeros((1, 24)), np.zeros((1, 24))).exposure[0] == 0


def test_a_new_source_stays_a_change_of_looking() -> None:
    """Twice the sky from one day on: exposure 2 at once, and still 2 two months later."""
    rng = np.random.default_rng(6)
    estimator = learnt(rng)
    said = [one(estimator, traffic(rng, t % 7, 2.0), weekday=t % 7).exposure[0] for t in range(60)]
    assert np.median(said[:5]) == pytest.approx(2, abs=0.25)
    assert np.median(said[50:]) == pytest.approx(2, abs=0.25)


def test_slow_drift_is_traffic() -> None:
    """A season that moves traffic by a third of a percent a day is not taken for better looking."""
    rng = np.random.default_rng(7)
    estimator = learnt(rng)
    said = [
        one(estimator, traffic(rng, t % 7, 1.003**t), weekday=t % 7).exposure[0] for t in range(90)
    ]
    assert np.max(np.abs(np.array(said) - 1)) < 0.15


def test_many_watches_are_each_judged_alone() -> None:
    """Side by side gives the same numbers as one by one."""
    rng = np.random.default_rng(8)
    both, first, second = Exposures(2), Exposures(1), Exposures(1)
    for t in range(40):
        looked = (rng.random((2, 24)) < 0.9).astype(float)
        others = rng.poisson(np.array([[3.0], [40.0]]), (2, 24)) * looked
        day = both.day(looked, others, t % 7)
        alone = [e.day(looked[i : i + 1], others[i : i + 1], t % 7)
                 for i, e in enumerate((first, second))]  # fmt: skip
        for name in ("exposure", "low", "high", "expected", "dark"):
            parts = np.concatenate([getattr(d, name) for d in alone])
            np.testing.assert_allclose(getattr(day, name), parts, rtol=1e-9)


_YOUNG = learnt(np.random.default_rng(9), 16)
_HOUR = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(_HOUR, _HOUR), min_size=24, max_size=24))
@settings(max_examples=30, deadline=None)
def test_impossible_numbers_stay_harmless(hours: list[tuple[float, float]]) -> None:
    """NaN, negative and infinite input: finite answers in order, and the estimator lives on."""
    estimator = deepcopy(_YOUNG)
    looked, others = np.array(hours).T[:, None, :]
    for day in (
        one(estimator, others, looked),
        one(estimator, traffic(np.random.default_rng(1), 1)),
    ):
        for name in ("exposure", "low", "high", "expected"):
            assert np.isfinite(getattr(day, name)).all(), name
        assert (day.low <= day.exposure + 1e-9).all()
        assert (day.exposure <= day.high + 1e-9).all()
