"""A gap is not a zero."""

from datetime import date

import numpy as np

from bot.matching import Fit, Match
from bot.series import build, tally
from tests.nouns import leg


def test_a_leg_counts_on_the_day_of_its_take_off() -> None:
    """A leg over midnight belongs to the UTC day on which it took off."""
    late = leg("OSLK", "HL59", "2024-12-26 23:30")
    shown = leg("OSLK", "HL59", "2024-12-27 01:00")
    found = [Match(late, Fit.COUNTS, 1, 1), Match(shown, Fit.POSSIBLE, 1, 0.5)]
    assert tally(found) == {date(2024, 12, 26): (1, 0), date(2024, 12, 27): (0, 1)}


def test_an_unobserved_day_is_missing_not_zero() -> None:
    """No flights and nobody looked are different facts; unknown exposure is not exposure zero."""
    rows = {
        date(2024, 12, 1): (0.0, 0.0, 1.0),
        date(2024, 12, 2): (1.0, 0.0, 0.0),
        date(2024, 12, 3): (0.0, 1.0, np.nan),
    }
    made = build("w", rows, date(2024, 12, 4))
    assert made is not None
    assert np.array_equal(made.counts, [0, np.nan, 0, np.nan], equal_nan=True)
    assert np.array_equal(made.exposure, [1, 0, np.nan, 0], equal_nan=True)
    assert str(made.days[0]) == "2024-12-01"


def test_the_running_day_counts_from_its_first_look() -> None:
    """Five minutes after midnight what was counted is a floor; a past day so dark is missing."""
    rows = {date(2024, 12, 1): (2.0, 0.0, 0.003)}
    running = build("w", rows, date(2024, 12, 1), running=True)
    past = build("w", rows, date(2024, 12, 1))
    assert running is not None
    assert past is not None
    assert running.counts[-1] == 2
    assert np.isnan(past.counts[-1])


def test_nothing_known_is_no_series() -> None:
    """Before the first look there is no series, not an empty one."""
    assert build("w", {}, date(2024, 12, 1)) is None
