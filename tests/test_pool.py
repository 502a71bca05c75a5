"""What the older watches teach a new one: whom, from when on, and never looking ahead."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from bot import pool
from bot.judge import Judge
from bot.model.alert import Finding, Kind, Series
from bot.model.prior import Pooled
from bot.model.watch import AlertPolicy, Watch
from bot.series import build
from tests.nouns import watch

BEGUN = date(2024, 9, 2)  # of the new watch, a Monday
POLICY = AlertPolicy(surge_per_year=1.0)
NEW: Watch = watch("new", alerts=POLICY)
WEEK = date(2024, 9, 16)  # in which a fortnight of it is settled


def lived(first: date, days: int, per_day: float, seed: int = 1, exposure: float = 1.0) -> Series:
    rng = np.random.default_rng(seed)
    rows = {
        first + timedelta(days=k): (float(rng.poisson(per_day)), 0.0, exposure) for k in range(days)
    }
    made = build("new", rows, first + timedelta(days=days - 1), running=False)
    assert made is not None
    return made


def old(per_day: float, seed: int) -> Series:
    return lived(date(2024, 1, 1), 400, per_day, seed)


RARE = [old(0.08, seed) for seed in range(8)]


def found(series: Series, pools: dict[date, Pooled], day: date, who: Watch = NEW) -> Finding:
    upto = series.days <= np.datetime64(day)
    cut = replace(series, **{
        name: getattr(series, name)[upto] for name in ("days", "counts", "possible", "exposure")
    })  # fmt: skip
    (judged,) = Judge().judge([who], [cut], day + timedelta(days=1), pools)
    return next(f for f in judged.findings if f.kind is Kind.SURGE and f.day == day)


def test_a_week_is_taught_by_the_days_before_it_alone() -> None:
    """What comes after the last settled day before the week changes nothing of its prior."""
    made = pool.pooled(WEEK, RARE)
    last = np.datetime64(WEEK) - pool.OPEN_DAYS
    other = [replace(one, counts=np.where(one.days >= last, 9.0, one.counts)) for one in RARE]
    assert made.watches == 8
    assert 0.04 < made.rate_per_day < 0.16
    assert pool.pooled(WEEK, other) == made


def test_two_watches_teach_nobody() -> None:
    """Nor do watches of less than four weeks; how well they looked need not be known."""
    assert pool.pooled(WEEK, RARE[:2]).watches == 0
    assert pool.pooled(date(2024, 1, 28), RARE).watches == 0
    unknown = [replace(one, exposure=np.full(400, np.nan)) for one in RARE]
    assert pool.pooled(WEEK, unknown) == pool.pooled(WEEK, RARE)


def test_a_new_watch_like_the_others_is_taught_after_a_settled_fortnight() -> None:
    """Before it is over the default stands; an owner's word, or another kind of traffic, keeps
    the pool away."""
    pools = {WEEK: pool.pooled(WEEK, RARE)}
    quiet = lived(BEGUN, 40, 0.08, 3)
    assert pool.weeks(NEW, quiet) == {WEEK}
    start = pool.start_of(NEW, quiet, pools)
    assert (start.since, start.taught_by) == (16, 8)
    assert pool.start_of(NEW, lived(BEGUN, 16, 0.08, 3), pools) == pool.Start()
    assert pool.start_of(NEW, lived(BEGUN, 40, 6.0), pools) == pool.Start()
    word = replace(NEW, usual_per_day=0.5, usual_text="1 in 2 days")
    assert pool.start_of(word, quiet, pools).prior.rate_per_day == 0.5
    assert pool.weeks(word, quiet) == frozenset()


def test_being_taught_changes_no_earlier_day() -> None:
    """Days before the prior spoke keep the verdict they had, and a fresh judge agrees with one that
    saw every day."""
    series = lived(BEGUN, 40, 0.08, 3)
    pools = {WEEK: pool.pooled(WEEK, RARE)}
    patient = Judge()
    for size in range(10, 40):
        cut = replace(series, **{
            name: getattr(series, name)[:size]
            for name in ("days", "counts", "possible", "exposure")
        })  # fmt: skip
        today = BEGUN + timedelta(days=size)
        (mine,) = patient.judge([NEW], [cut], today, pools)
        (plain,) = Judge().judge([NEW], [cut], today)
        (fresh,) = Judge().judge([NEW], [cut], today, pools)
        np.testing.assert_array_equal(mine.walk.score, fresh.walk.score)
        np.testing.assert_allclose(mine.walk.score[:16], plain.walk.score[:16], rtol=1e-9)
    assert (mine.walk.expected[16:] != plain.walk.expected[16:]).any()


def test_it_is_said_who_taught_as_long_as_that_outweighs_the_data() -> None:
    """The finding names the rate and how many watches it is from; old watches name nobody."""
    pools = {WEEK: pool.pooled(WEEK, RARE)}
    series = lived(BEGUN, 120, 0.08, 3)
    young = found(series, pools, BEGUN + timedelta(days=18))
    assert young.taught_by == 8
    assert young.start_per_day == pools[WEEK].rate_per_day
    assert found(series, pools, BEGUN + timedelta(days=15)).taught_by == 0
    assert found(series, pools, BEGUN + timedelta(days=100)).taught_by == 0
