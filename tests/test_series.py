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
    """No flights and nobody looked are different facts."""
    exposure = np.array([1.0, 0.0, np.nan])
    made = build("w", date(2024, 12, 1), date(2024, 12, 3), {date(2024, 12, 2): (1, 0)}, exposure)
    assert made.counts[0] == 0
    assert np.isnan(made.counts[1])
    assert made.counts[2] == 0  # exposure unknown is not exposure zero
    assert str(made.days[0]) == "2024-12-01"
