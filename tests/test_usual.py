"""When a week is usual again: by chance as the route itself knows it."""

import numpy as np
import pytest

from bot.model.alert import Series
from bot.usual import covered, is_calm, is_usual
from detectors import Walk, walk_forward

DAYS = np.datetime64("2024-01-01") + np.arange(400)


def lived(counts: np.ndarray) -> tuple[Series, Walk]:  # type: ignore[type-arg]
    size = len(counts)
    series = Series("w", DAYS[:size], counts.astype(float), np.zeros(size), np.ones(size))
    return series, walk_forward(series.counts, series.days, series.exposure)


def busy(sd: float, last: float, seed: int = 4) -> tuple[Series, Walk]:
    """About 700 legs a day that stray by `sd` of them for days on end; the last week by `last`."""
    rng = np.random.default_rng(seed)
    drift = np.repeat(rng.normal(0, sd, 80), 5)
    drift[-7:] = last
    return lived(rng.poisson(700 * np.exp(drift)))


def test_a_busy_route_strays_more_than_chance_alone() -> None:
    """Four percent above, on a route whose weeks stray by as much, is usual to it: a Poisson route
    of so many legs would never do that."""
    series, walk = busy(0.05, 0.04)
    assert is_calm(series, walk, 399)
    assert not is_usual(series, walk, 399)


@pytest.mark.parametrize("sd", [0.0, 0.05])
def test_a_week_half_as_large_again_is_never_calm(sd: float) -> None:
    """However much a route strays."""
    series, walk = busy(sd, 0.5)
    assert not is_calm(series, walk, 399)


def test_a_route_by_the_timetable_ends_no_later_than_any_other() -> None:
    """Two legs a day and one more in the last week: calm, though it never strayed before."""
    counts = np.full(400, 2.0)
    counts[-3] = 3
    series, walk = lived(counts)
    assert is_calm(series, walk, 399)


def test_the_surge_itself_does_not_make_weeks_stray() -> None:
    """A fortnight of alarms before it leaves the measure of a quiet route as it was."""
    rng = np.random.default_rng(2)
    counts = rng.poisson(20.0, 400)
    counts[-40:-12] += 30
    series, walk = lived(counts)
    assert walk.alarm[-30:-15].any()
    counts[-7:] = 26  # a third above, for a week
    series, walk = lived(counts)
    assert not is_calm(series, walk, 399)


def test_a_silent_week_is_calm() -> None:
    """No leg is no surge, whatever is expected."""
    assert is_calm(*lived(np.r_[np.full(200, 3.0), np.zeros(7)]), 206)


def test_a_thinly_watched_place_speaks_by_its_own_measure() -> None:
    """Where a third of the normal looking is usual, half of that is enough to speak for calm."""
    series, _ = lived(np.ones(100))
    assert covered(series, 99) == 0.5
    series.exposure[:] = 0.3
    assert covered(series, 99) == pytest.approx(0.15)
