"""Days of looking: earned by looks and other traffic, the same after a restart, never jumping."""

import math
from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pytest

from bot.coverage import Hours, grounds
from bot.model.looking import GroundDay, Habit
from bot.model.query import Presence
from tests.nouns import at, watch

WATCH = watch()
HERE, THERE = (ground.key for ground in grounds(WATCH))
EVERYBODYS = watch(aircraft=())


def full_days(first: str, days: int, others: int, *, ends: tuple[str, ...] = (HERE, THERE),
              feeds: str = "lol") -> list[Presence]:  # fmt: skip
    start = int(at(first).timestamp())
    return [Presence(end, start + 3600 * h, 3600, 60, 0, others, feeds)
            for end in ends for h in range(24 * days)]  # fmt: skip


def lively(first: str, days: int, per_hour: float, seed: int = 1, *, feeds: str = "lol",
           end: str = HERE) -> list[Presence]:  # fmt: skip
    """Days with chance in them."""
    start = int(at(first).timestamp())
    others = np.random.default_rng(seed).poisson(per_hour, 24 * days).tolist()
    return [Presence(end, start + 3600 * h, 3600, 60, 0, n, feeds) for h, n in enumerate(others)]


def as_stored(hours: Hours, today: str) -> tuple[list[GroundDay], list[Habit]]:
    """What a store would keep of it, and the note that it did."""
    days, habits = hours.unsaved(date.fromisoformat(today))
    hours.saved(days, habits)
    return days, habits


def test_exposure_of_a_full_day_is_one() -> None:
    """Looking as always at traffic as always is exposure 1; a dark day is 0; half a day a half."""
    hours = Hours(full_days("2024-11-01", 60, 20))
    assert hours.exposure(WATCH, date(2024, 12, 20)) == pytest.approx(1.0, abs=0.01)
    assert hours.exposure(WATCH, date(2025, 3, 1)) == 0.0
    for end in (HERE, THERE):
        hours.add(full_days("2025-01-05", 1, 20, ends=(end,))[:12])
    assert hours.exposure(WATCH, date(2025, 1, 5)) == pytest.approx(0.5, abs=0.02)


def test_the_worse_end_decides() -> None:
    """A busy, well watched far end cannot stand in for a dark near one."""
    rows = full_days("2024-11-01", 50, 30)
    one_end = [*rows, *full_days("2024-12-21", 1, 30, ends=(HERE,))]
    assert Hours(one_end).exposure(WATCH, date(2024, 12, 21)) == 0.0
    deaf = [*one_end, *full_days("2024-12-21", 1, 0, ends=(THERE,))]
    assert Hours(deaf).exposure(WATCH, date(2024, 12, 21)) < 0.05


def test_a_lost_receiver_lowers_exposure() -> None:
    """Polls that succeed but show a third of the usual others are a third of a look."""
    hours = Hours([*full_days("2024-11-01", 50, 30), *full_days("2024-12-21", 1, 10)])
    assert hours.exposure(WATCH, date(2024, 12, 21)) == pytest.approx(1 / 3, abs=0.02)


def test_where_nothing_is_ever_heard_nobody_knows() -> None:
    """A receiver in Paris polled all year is no proof of looking at Libya."""
    hours = Hours(full_days("2024-11-01", 60, 0))
    assert math.isnan(hours.exposure(WATCH, date(2024, 12, 21)))
    assert hours.exposure(EVERYBODYS, date(2024, 12, 21)) == 1.0  # it has no others


def test_exposure_never_looks_ahead() -> None:
    """Later days leave a day's exposure as it was."""
    rows = full_days("2024-11-01", 60, 20)
    early = [found for found in rows if found.hour_s < at("2024-12-01").timestamp()]
    before = Hours(early).exposure(WATCH, date(2024, 11, 30))
    assert Hours(rows).exposure(WATCH, date(2024, 11, 30)) == before


def test_a_restart_changes_no_number() -> None:
    """Days estimated from a stored habit are those that would have been without a stop."""
    rows = lively("2024-11-01", 60, 8.0)
    whole = Hours(rows)
    cut = at("2024-12-15").timestamp()
    first = Hours([row for row in rows if row.hour_s < cut])
    days, habits = as_stored(first, "2024-12-14")
    (habit,) = habits
    assert habit.day == date(2024, 12, 11)
    after = at(f"{habit.day + timedelta(days=1)}").timestamp()
    second = Hours([row for row in rows if row.hour_s >= after], days, habits)
    assert second.days(HERE) == whole.days(HERE)
    assert first.unsaved(date(2024, 12, 14)) == ([], [])


def test_the_company_changes_no_number() -> None:
    """Grounds that begin on different days are estimated side by side as if alone."""
    early, late = lively("2024-11-01", 50, 8.0), lively("2024-11-20", 40, 3.0, 2, end=THERE)
    both = Hours([*early, *late])
    both.estimate_all()
    assert both.days(HERE) == Hours(early).days(HERE)
    assert both.days(THERE) == Hours(late).days(THERE)


def test_late_rows_are_estimated_anew() -> None:
    """What comes late for yesterday changes yesterday, as if it had come in time."""
    rows = lively("2024-11-01", 40, 8.0)
    late = [row for row in rows if at("2024-12-08 12:00").timestamp() <= row.hour_s
            < at("2024-12-09").timestamp()]  # fmt: skip
    hours = Hours([row for row in rows if row not in late])
    as_stored(hours, "2024-12-10")
    assert hours.days(HERE)[date(2024, 12, 8)].looked == 0.5
    hours.add(late)
    changed, _ = hours.unsaved(date(2024, 12, 10))
    assert changed[0].day == date(2024, 12, 8)
    assert hours.days(HERE) == Hours(rows).days(HERE)


def test_rows_of_long_ago_ask_for_all_rows() -> None:
    """An import of last month cannot be estimated from today's habit: all is read again."""
    rows = lively("2024-11-01", 40, 8.0)
    known = [row for row in rows if row.hour_s >= at("2024-11-10").timestamp()]
    hours = Hours(known)
    as_stored(hours, "2024-12-10")
    hours.add(row for row in rows if row not in known)
    assert hours.stale() == [HERE]
    hours.rebuild(HERE, rows)
    assert hours.stale() == []
    assert hours.days(HERE) == Hours(rows).days(HERE)


def test_a_pause_of_the_bot_is_not_looked_at() -> None:
    """Days without a row are exposure 0, and the habit outlives them."""
    only = watch(destination=None)
    end = grounds(only)[0].key
    hours = Hours([*lively("2024-10-01", 40, 20.0, end=end),
                   *lively("2024-11-20", 3, 20.0, 2, end=end)])  # fmt: skip
    assert hours.days(end).get(date(2024, 11, 15)) is None
    assert hours.exposure(only, date(2024, 11, 15)) == 0
    assert hours.exposure(only, date(2024, 11, 21)) == pytest.approx(1, abs=0.1)


def looking(rows: Iterable[Presence]) -> dict[date, float]:
    return {day: told.exposure for day, told in Hours(rows).days(HERE).items()}


def test_a_told_change_of_source_is_learnt_at_once_and_remembered() -> None:
    """A fallback that sees 40 % is 0.4 from its first day; so it is when it comes back, and the
    first feed is 1 again in between."""
    told = looking([
        *lively("2024-09-01", 60, 12.0),
        *lively("2024-10-31", 5, 4.8, 2, feeds="fi"),
        *lively("2024-11-05", 20, 12.0, 3),
        *lively("2024-11-25", 2, 4.8, 4, feeds="fi"),
    ])  # fmt: skip
    assert told[date(2024, 10, 31)] == pytest.approx(0.4, abs=0.08)
    assert told[date(2024, 11, 5)] == pytest.approx(1, abs=0.12)
    assert told[date(2024, 11, 25)] == pytest.approx(0.4, abs=0.05)


def test_a_change_of_source_raises_doubt() -> None:
    """The first day of another feed that sees as much as the last is known less well."""
    days = Hours([*lively("2024-09-01", 60, 1.0), *lively("2024-10-31", 1, 1.0, 2, feeds="fi")])
    same = Hours([*lively("2024-09-01", 60, 1.0), *lively("2024-10-31", 1, 1.0, 2)])
    day = date(2024, 10, 31)

    def width(hours: Hours) -> float:
        told = hours.days(HERE)[day]
        return told.high - told.low

    assert width(days) > 1.2 * width(same)


def test_more_sources_than_places_are_still_followed() -> None:
    """A sixth set of feeds takes the place of an old one."""
    rows = lively("2024-09-01", 60, 12.0, feeds="a")
    for k, feeds in enumerate("bcdef"):
        rows += lively(f"2024-11-{1 + 5 * k:02}", 5, 12.0 * 0.8**k, k, feeds=feeds)
    told = looking(rows)
    assert told[date(2024, 11, 24)] == pytest.approx(0.8**4, abs=0.1)


def test_a_lost_receiver_stays_dark_for_months() -> None:
    """Polls that answer with nothing do not become the new normal."""
    rows = [*lively("2024-03-01", 60, 5.0), *lively("2024-04-30", 200, 0.0)]
    told = Hours(rows).days(HERE)
    assert all(told[day].exposure < 0.05 for day in told if day >= date(2024, 5, 1))
    assert told[date(2024, 11, 1)].dark == tuple(range(24))
