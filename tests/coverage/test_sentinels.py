"""Regulars of an archive: a hole is told from an empty sky, and few say nothing."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from bot.coverage import grounds, sentinels
from tests.nouns import FIELDS, end, leg, watch

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=k) for k in range(90)]


def archive(flights: int = 20, hole: tuple[int, int] = (0, 0), left: float = 0.0, seed: int = 1,
            new_from: int = 90) -> dict[date, list[str]]:  # fmt: skip
    """Daily flights, Sundays half of them, cancelled now and then; a new timetable from a day."""
    rng = np.random.default_rng(seed)
    seen = {}
    for t, day in enumerate(DAYS):
        flown = range(0, flights, 2) if day.weekday() == 6 else range(flights)
        share = left if hole[0] <= t < hole[1] else 1.0
        name = "A" if t < new_from else "B"
        seen[day] = [f"{name}{k}" for k in flown if rng.random() < 0.96 * share]
    return seen


def test_ordinary_days_are_seen() -> None:
    """Every day of a whole archive is about 1, quiet Sundays included."""
    told = sentinels.exposures(archive())
    assert len(told) == 90
    assert min(e.exposure for e in told.values()) > 0.8
    assert all(e.low < 1 <= e.high for e in told.values())


@pytest.mark.parametrize("left", [0.0, 0.5])
def test_a_hole_is_found_and_its_neighbours_are_not_blamed(left: float) -> None:
    """Three days without data, or with half of it, and the days beside them as ever."""
    told = sentinels.exposures(archive(flights=40, hole=(40, 43), left=left))
    for t in (40, 41, 42):
        assert told[DAYS[t]].exposure == pytest.approx(left, abs=0.2)
        assert told[DAYS[t]].high < 0.9
    assert min(told[DAYS[t]].exposure for t in (38, 39, 43, 44)) > 0.8


def test_a_day_without_any_row_is_a_hole() -> None:
    """A file that skips a day has not seen it, though it does not say so."""
    seen = archive()
    del seen[DAYS[50]]
    assert sentinels.exposures(seen)[DAYS[50]].exposure == 0


def test_a_new_timetable_is_no_hole() -> None:
    """All callsigns change from one day to the next: nothing is lost, at most unknown."""
    told = sentinels.exposures(archive(new_from=45))
    known = [e.exposure for e in told.values() if not math.isnan(e.exposure)]
    assert min(known) > 0.8


def test_few_regulars_say_nothing() -> None:
    """Four a day, or strangers only, and nobody knows."""
    strangers = {day: [f"X{t}-{k}" for k in range(30)] for t, day in enumerate(DAYS)}
    for seen in (archive(flights=4), strangers):
        told = sentinels.exposures(seen)
        assert all(math.isnan(e.exposure) for e in told.values())
    assert sentinels.exposures({}) == {}


def test_regulars_are_those_at_the_end() -> None:
    """Legs to or from the ground count there, by the callsign, else the address; a leg between
    strangers' fields is nobody's."""
    legs = [
        leg("OSLK", None, callsign="AAA1"),
        leg(None, "OSLK", callsign=None, icao24="738065"),
        leg(end(None, lat_deg=35.0, lon_deg=35.0), None, callsign="BBB2"),
        leg("HLLB", None, callsign="CCC3"),
        leg(None, None, callsign="DDD4"),
    ]
    here, there = (sentinels.regulars_at(ground, legs, FIELDS.get) for ground in grounds(watch()))
    assert here == {date(2024, 12, 26): {"AAA1", "738065", "BBB2"}}
    assert there == {date(2024, 12, 26): {"CCC3"}}
