"""Legs and coverage become a series: a count and an exposure a UTC day. A gap is not a zero."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from bot.matching import Fit, Match
from bot.model.alert import Series

# A day seen this little says nothing: its count is missing, not small.
LEAST_EXPOSURE = 0.02


def tally(found: Iterable[Match]) -> dict[date, tuple[int, int]]:
    """Legs per UTC day of take-off: (counted, possible)."""
    counted: Counter[date] = Counter()
    possible: Counter[date] = Counter()
    for match in found:
        (counted if match.fit is Fit.COUNTS else possible)[match.leg.day] += 1
    return {day: (counted[day], possible[day]) for day in sorted({*counted, *possible})}


def dense(first: date, last: date) -> npt.NDArray[np.datetime64]:
    """Every day first..last as datetime64[D], shape (T,)."""
    return np.arange(np.datetime64(first), np.datetime64(last + timedelta(days=1)))


def build(
    watch: str,
    first: date,
    last: date,
    counts: dict[date, tuple[int, int]],
    exposure: npt.NDArray[np.float64],
) -> Series:
    """The series first..last; `exposure` of shape (T,). A day that nobody looked at is missing,
    even when a leg of it was learnt of later: one chance sighting is not a day's count."""
    days = dense(first, last)
    rows = [counts.get(day, (0, 0)) for day in days.tolist()]
    known = ~(exposure < LEAST_EXPOSURE)
    observed = np.where(known, np.array([row[0] for row in rows], float), np.nan)
    return Series(
        watch=watch,
        days=days,
        counts=observed,
        possible=np.array([row[1] for row in rows], float),
        exposure=exposure,
    )
