"""Sentinels: regulars of an archive tell a hole in it from an empty sky.

Where nobody polled, no look is on record and a day without a watched leg may be a day without
flights or a day without data. Scheduled airliners come back: of those that flew to or from an end
on most like weekdays round about, so many were to be expected, and so many came.

A day is compared with the two weeks before and after it, as an archive has both: a new timetable
is followed and does not look like a hole, and a hole that lasts for weeks goes unseen. Refuses to
say anything where fewer than `LEAST_EXPECTED` were to come.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.coverage.ground import Ground
from bot.matching import Locate
from bot.model.air import End, Leg
from bot.model.looking import Estimate

REACH_DAYS = 14
REGULAR = 0.6  # of the days round about on which a regular is seen
LIKE_DAYS = 2.0  # days by which a weekday's own habit leans on that of all days
LEAST_EXPECTED = 5.0  # fewer say nothing: 1 day in 100 even these all stay away by chance
HOLE = 0.3  # days on which so few came teach nobody's habit
AGREE = 2.0  # regulars are cancelled together: variance beyond that of single ones
Z90 = 1.645
UNKNOWN = Estimate(math.nan, 0.0, math.inf)
Floats = npt.NDArray[np.float64]


def exposures(seen: Mapping[date, Collection[str]]) -> dict[date, Estimate]:
    """How well each day of an archive was seen, from who was: callsigns or addresses by day. The
    days between the first and the last that are not in `seen` had nobody."""
    if not seen:
        return {}
    first = min(seen)
    days = [first + timedelta(days=k) for k in range((max(seen) - first).days + 1)]
    came = _came(days, seen)
    whole = np.ones(len(days), bool)
    for _ in range(3):  # holes are found with habits that holes have not thinned
        expected, arrived, spread = _compared(came, days, whole)
        share = np.divide(arrived, expected, out=np.ones(len(days)), where=expected > 0)
        whole = (share >= HOLE) & (came.sum(0) > 0)
    return {day: _estimate(expected[i], arrived[i], spread[i]) for i, day in enumerate(days)}


def regulars_at(ground: Ground, legs: Sequence[Leg], locate: Locate) -> dict[date, set[str]]:
    """Who flew to or from a ground, by the UTC day of the leg. `legs`: of nobody who is watched;
    `locate`: where an airfield is."""
    found: dict[date, set[str]] = {leg.day: set() for leg in legs}
    points = [(leg, _point(end, locate)) for leg in legs for end in (leg.origin, leg.destination)]
    known = [(leg, point) for leg, point in points if point is not None]
    if known:
        here = ground.holds(geo.unit_vectors(*np.array([point for _, point in known]).T))
        for (leg, _), holds in zip(known, here.tolist(), strict=True):
            if holds:
                found[leg.day].add(leg.callsign or leg.icao24)
    return found


def _point(end: End, locate: Locate) -> tuple[float, float] | None:
    place = locate(end.airfield) if end.airfield else None
    if place is None and end.lat_deg is not None and end.lon_deg is not None:
        return end.lat_deg, end.lon_deg
    return place


def _came(days: list[date], seen: Mapping[date, Collection[str]]) -> Floats:
    """(names, days): 1 where seen. Names seen on too few days to be anybody's regular are out."""
    counts: dict[str, int] = {}
    for names in seen.values():
        for name in set(names):
            counts[name] = counts.get(name, 0) + 1
    least = min(REACH_DAYS, len(days)) * REGULAR / 7  # a weekly flight in the shortest window
    rows = {name: i for i, name in enumerate(n for n, k in counts.items() if k >= max(2.0, least))}
    came = np.zeros((len(rows), len(days)))
    for i, day in enumerate(days):
        for name in seen.get(day, ()):
            if name in rows:
                came[rows[name], i] = 1.0
    return came


def _compared(came: Floats, days: list[date], whole: npt.NDArray[np.bool_]
              ) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """(expected, arrived, variance) of each day's regulars."""
    n = len(days)
    apart = np.abs(np.arange(n)[:, None] - np.arange(n)[None, :])
    near = ((apart > 0) & (apart <= REACH_DAYS) & whole[:, None]).astype(float)
    weekdays = np.array([day.weekday() for day in days])
    like = near * (weekdays[:, None] == weekdays[None, :])
    all_days = came @ near / np.maximum(near.sum(0), 1.0)
    rate = (came @ like + LIKE_DAYS * all_days) / (like.sum(0) + LIKE_DAYS)
    rate[rate < REGULAR] = 0.0
    arrived = (came * (rate > 0)).sum(0)
    return rate.sum(0), arrived, (rate * (1 - rate)).sum(0)


def _estimate(expected: float, arrived: float, variance: float) -> Estimate:
    if expected < LEAST_EXPECTED:
        return UNKNOWN
    share = arrived / expected
    sd = math.sqrt(AGREE * (variance + 1.0)) / expected  # 1: nobody is known without error
    return Estimate(min(1.0, share), max(0.0, share - Z90 * sd), share + Z90 * sd)
