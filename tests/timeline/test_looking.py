"""Looking through the store: restarts, older databases and archives change no number."""

import math
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from bot.coverage import grounds
from bot.imports import History
from bot.model.air import Leg
from bot.model.looking import GroundDay
from tests.nouns import at, leg, watch
from tests.timeline.conftest import Story

HERE, THERE = (ground.key for ground in grounds(watch()))


def days(told: Story, ground: str = HERE) -> tuple[GroundDay, ...]:
    return told.store.ground_days(ground, date(2024, 1, 1))


def test_a_restart_changes_no_day_of_looking(story: Callable[..., Story]) -> None:
    """Stopped twice, once over three dark days: every stored day is that of a bot that ran on."""
    through, stopped = story(watch()), story(watch())
    for told in (through, stopped):
        told.days("2024-01-01", 20)
        if told is stopped:
            told.restart()
        told.days("2024-01-21", 3, dark=True)
        told.days("2024-01-24", 5)
        if told is stopped:
            told.restart()
        told.day("2024-01-29", until=12)
    assert days(through) == days(stopped)
    assert [day.exposure for day in days(through)][20:23] == [0, 0, 0]
    assert days(through)[-1].exposure == pytest.approx(0.5, abs=0.03)


def test_an_older_database_is_estimated_from_its_rows(story: Callable[..., Story]) -> None:
    """Hours stored before there were days of looking become the days that would have been."""
    told = story(watch())
    told.days("2024-01-01", 25)
    before = days(told)
    with told.store.begin() as tx:
        tx.execute(text("DELETE FROM ground_days"))
        tx.execute(text("DELETE FROM habits"))
    told.restart()
    told.day("2024-01-26")
    assert days(told)[:25] == before


def test_an_archive_with_regulars_tells_its_holes(story: Callable[..., Story]) -> None:
    """Days without data are unseen, not zero; where nobody regular flies, looking is unknown."""
    told = story(watch(), watch("elsewhere", origin=None))
    first = at("2023-06-01")
    legs: list[Leg] = []
    for t in range(60):
        noon = f"{first + timedelta(days=t, hours=10):%Y-%m-%d %H:%M}"
        if t % 20 == 3:
            legs.append(leg("OSLK", "HL59", noon, icao24=f"1540{t:02x}"))
        if t in (30, 31):
            continue
        for k in range(12):
            for n, field in enumerate(("OSLK", "HLLB")):
                legs.append(leg(field, None, noon, icao24=f"73{n}0{k:02x}", type_code="A320",
                                callsign=f"XY{n}{k}"))  # fmt: skip
    book = told.bot.wiring.desk.book
    book.take_in(History(legs=tuple(legs)), at("2024-01-01"))
    known = book.series(watch(), date(2023, 7, 30), date(2023, 7, 30))
    assert known is not None
    assert known.exposure[29] == pytest.approx(1, abs=0.05)
    assert known.exposure[30:32].tolist() == [0, 0]
    assert all(math.isnan(n) for n in known.counts[30:32])
    assert known.counts[[3, 23, 43]].tolist() == [1, 1, 1]
