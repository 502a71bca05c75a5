"""A series made ready to draw."""

from datetime import timedelta

import numpy as np

from bot.pictures import days
from tests.pictures.facts import LAST, finding, series


def test_a_day_nobody_looked_is_not_a_zero() -> None:
    """Missing counts and zero exposure are unseen; zeros that were looked at are zeros."""
    bars = days.of(series([0, np.nan, 0, 0], exposure=np.array([1.0, 1.0, 0.0, np.nan])), finding())
    assert bars.unseen.tolist() == [False, True, True, False]
    assert bars.counts[0] == bars.counts[3] == 0


def test_a_leg_seen_on_an_unwatched_day_is_still_drawn() -> None:
    """A counted leg is a fact, even where exposure says nobody looked; the day is drawn weak."""
    bars = days.of(series([0, 3], exposure=np.array([1.0, 0.0])), finding(complete=True))
    assert bars.counts.tolist() == [0, 3]
    assert bars.poor.tolist() == [False, True]


def test_nothing_is_expected_on_a_day_that_cannot_be_compared() -> None:
    """Expected and limit pause where the count is unknown."""
    bars = days.of(series([1, np.nan, 1]), finding())
    assert np.isnan(bars.expected).tolist() == [False, True, False]
    assert np.isnan(bars.limit).tolist() == [False, True, False]


def test_the_judged_day_of_a_raised_finding_is_an_alarm() -> None:
    """A first leg is coloured though no count alarmed; the running day is marked as a part."""
    bars = days.of(series([0, 0, 1]), finding())
    assert bars.alarm.tolist() == bars.part.tolist() == [False, False, True]
    calm = days.of(series([0, 0, 1]), finding(raised=False, complete=True))
    assert not calm.alarm.any()
    assert not calm.part.any()


def test_many_days_become_weeks_that_end_on_the_last_day() -> None:
    """400 days are 57 whole weeks; sums keep the legs, and an unseen week stays unseen."""
    counts = np.ones(400)
    counts[-14:-7] = np.nan
    bars = days.of(series(counts), finding())
    assert (len(bars), bars.step_days) == (57, 7)
    assert bars.counts[-1] == 7
    assert bars.unseen.tolist() == [False] * 55 + [True, False]
    assert np.isnan(bars.limit).all()  # a limit is one day's
    assert bars.part[-1]
    assert bars.where(LAST) == 56
    assert bars.where(LAST - timedelta(days=7)) == 55


def test_a_half_watched_week_is_weak() -> None:
    """A week with three watched days of seven is poor, not full and not unseen."""
    counts = np.ones(140)
    counts[-7:-3] = np.nan
    bars = days.of(series(counts), finding(complete=True))
    assert bars.poor[-1]
    assert bars.counts[-1] == 3


def test_an_unfinished_day_is_not_poorly_watched() -> None:
    """The running day has had little exposure because it is young: it is a part, not poor."""
    bars = days.of(series([0, 1], exposure=np.array([1.0, 0.1])), finding())
    assert bars.part.tolist() == [False, True]
    assert not bars.poor.any()


def test_a_limit_of_nothing_is_no_limit() -> None:
    """A day that no count could raise has no limit to draw."""
    bars = days.of(series([0, 1], limit=np.array([2.0, 0.0])), finding())
    assert np.isnan(bars.limit).tolist() == [False, True]
