"""The quiet year is quiet, honest about its ends, and proved to have been looked at."""

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from bot.demo import quiet
from bot.demo.quiet import QuietHour
from bot.model.air import How, Leg


@pytest.fixture(scope="module")
def year() -> tuple[list[Leg], list[QuietHour]]:
    legs, hours = quiet.quiet_year()
    return legs, list(hours)


def direct(legs: list[Leg]) -> list[Leg]:
    return [leg for leg in legs
            if leg.origin.airfield == "OSLK" and leg.destination.airfield == "HL59"]  # fmt: skip


def test_direct_flights_are_rare(year: tuple[list[Leg], list[QuietHour]]) -> None:
    """Three to five in the year, the last more than 90 days before 14 December."""
    days = [leg.day for leg in direct(year[0])]
    assert 3 <= len(days) <= 5
    assert (date(2024, 12, 14) - max(days)).days > 90


def test_the_libyan_end_is_never_seen(year: tuple[list[Leg], list[QuietHour]]) -> None:
    """An end at al-Khadim is inferred, with a belief that sums to at most one."""
    for leg in year[0]:
        for end in (leg.origin, leg.destination):
            assert sum(p for _, p in end.candidates) <= 1
            if "HL59" in dict(end.candidates):
                assert end.how in (How.STOP, How.PROJECTED)
                assert end.confidence < 0.9
            if end.airfield is None:
                assert end.confidence == 0


def test_legs_are_complete_and_unique(year: tuple[list[Leg], list[QuietHour]]) -> None:
    """In order, inside the year, each id once, with aware times, landing after take-off."""
    legs = year[0]
    assert [leg.first_seen for leg in legs] == sorted(leg.first_seen for leg in legs)
    assert len({leg.id for leg in legs}) == len(legs)
    assert quiet.FIRST_DAY <= legs[0].day <= legs[-1].day <= quiet.LAST_DAY
    assert all(leg.landing is not None and leg.landing > leg.first_seen for leg in legs)
    assert legs[0].first_seen.tzinfo is UTC


def test_the_run_to_hmeimim_is_weekly(year: tuple[list[Leg], list[QuietHour]]) -> None:
    """Russia to Hmeimim once or twice a week."""
    runs = [leg for leg in year[0] if leg.destination.airfield == "OSLK"
            and leg.origin.airfield == "UUMU"]  # fmt: skip
    weeks = (quiet.LAST_DAY - quiet.FIRST_DAY).days / 7
    assert 1 <= len(runs) / weeks <= 2


def test_every_hour_is_accounted_for(year: tuple[list[Leg], list[QuietHour]]) -> None:
    """One entry an hour, without gap or overlap; what was asked was answered or failed."""
    hours = year[1]
    days = (quiet.LAST_DAY - quiet.FIRST_DAY).days + 1
    assert len(hours) == 24 * days
    assert {b.hour_s - a.hour_s for a, b in pairwise(hours)} == {3600}
    assert {hour.looks_ok + hour.looks_failed for hour in hours} == {12}
    assert all(0 <= hour.looked_s <= 3600 for hour in hours)


def test_the_dark_days_are_dark(year: tuple[list[Leg], list[QuietHour]]) -> None:
    """One day without a look, one week half looked at, nearly all of the rest."""
    looked: Counter[date] = Counter()
    for hour in year[1]:
        looked[datetime.fromtimestamp(hour.hour_s, UTC).date()] += int(hour.looked_s)
    assert looked[quiet.DARK_DAY] == 0
    dim = [seconds for day, seconds in looked.items()
           if quiet.DIM_WEEK[0] <= day <= quiet.DIM_WEEK[1]]  # fmt: skip
    assert len(dim) == 7
    assert all(0.4 < seconds / 86_400 < 0.55 for seconds in dim)
    assert not [
        leg for leg in year[0] if leg.first_seen.date() == leg.last_seen.date() == quiet.DARK_DAY
    ]
    rest = [s for day, s in looked.items() if s and s not in dim]
    assert min(rest) > 0.9 * 86_400


def test_looking_is_proved_by_others(year: tuple[list[Leg], list[QuietHour]]) -> None:
    """Every hour with a look has airliners in it, every hour without has none."""
    for hour in year[1]:
        assert (len(hour.others) > 0) == (hour.looks_ok > 0)
    patterns = {hour.pattern for hour in year[1]}
    assert patterns == {-1, *range(168)}
    assert all((hour.others.icao24 >= 0xF00000).all() for hour in year[1][:168])
