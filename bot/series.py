"""Legs and coverage become a series: a count and an exposure a UTC day. A gap is not a zero."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import numpy as np

from bot.matching import Fit, Match
from bot.model.alert import Series

# A day seen this little says nothing: its count is missing, not small.
LEAST_EXPOSURE = 0.02
UNSEEN = (math.nan, math.nan, 0.0)  # counted, possible, exposure of a day without a row


def tally(found: Iterable[Match]) -> dict[date, tuple[int, int]]:
    """Legs per UTC day of take-off: (counted, possible)."""
    counted: Counter[date] = Counter()
    possible: Counter[date] = Counter()
    for match in found:
        (counted if match.fit is Fit.COUNTS else possible)[match.leg.day] += 1
    return {day: (counted[day], possible[day]) for day in sorted({*counted, *possible})}


def build(
    watch: str,
    rows: Mapping[date, tuple[float, float, float]],
    last: date,
    *,
    running: bool = False,
) -> Series | None:
    """The series from its first known day to `last`; None before anything is known.

    `rows`: (counted, possible, exposure) of the days known. A day that nobody looked at is
    missing, even when a leg of it was learnt of later: one chance sighting is not a day's count.
    `running`: the last day is not over; it counts from its first look, as a floor.
    """
    first = min((day for day in rows if day <= last), default=None)
    if first is None:
        return None
    span = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    counted, possible, exposure = np.array([rows.get(day, UNSEEN) for day in span], float).T
    blind = exposure < LEAST_EXPOSURE
    if running:
        blind[-1] = exposure[-1] == 0
    return Series(
        watch=watch,
        days=np.array(span, "datetime64[D]"),
        counts=np.where(blind, np.nan, counted),
        possible=np.nan_to_num(possible),
        exposure=exposure,
    )
