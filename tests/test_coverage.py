"""Somebody looked is a fact; exposure is earned by looks and by other traffic."""

import math
from datetime import date

import pytest

from bot.coverage import Hours, Tally, grounds, note
from bot.geo import unit_vectors
from bot.model.air import Everything, Hexes, Icao24, Near, Positions, Presence
from tests.nouns import HL59, OSLK, at, watch

MIDNIGHT = at("2024-12-26").timestamp()
WATCH = watch()
HERE, THERE = (ground.key for ground in grounds(WATCH))
EVERYBODYS = watch(aircraft=())


def sky(icao24: list[int], lat: float = 35.0, lon: float = 34.0) -> Positions:
    n = len(icao24)
    return Positions.of(icao24, [MIDNIGHT] * n, [lat] * n, [lon] * n)


def full_days(first: str, days: int, others: int, *, ends: tuple[str, ...] = (HERE, THERE)
              ) -> list[Presence]:  # fmt: skip
    start = int(at(first).timestamp())
    return [Presence(end, start + 3600 * h, 3600, 60, 0, others)
            for end in ends for h in range(24 * days)]  # fmt: skip


def row(tally: Tally, ground: str = HERE) -> Presence:
    return next(found for found in tally.changed() if found.ground == ground)


def test_each_end_has_its_ground() -> None:
    """Aircraft near an end, or on its half of the way, are that end's other traffic."""
    near, far = grounds(WATCH)
    points = unit_vectors([35.4, 32.0, 33.1, 48.0], [35.9, 21.2, 25.0, 2.0])
    assert near.holds(points).tolist() == [True, False, False, False]
    assert far.holds(points).tolist() == [False, True, True, False]


def test_a_query_shows_a_ground_only_where_it_reaches() -> None:
    """A circle elsewhere, or a list of airframes, is no look at this ground."""
    ground = grounds(WATCH)[0]
    assert ground.shown_by(Everything()) == (0,)
    assert ground.shown_by(Near(OSLK.lat_deg, OSLK.lon_deg, 250)) == (0,)
    assert ground.shown_by(Near(HL59.lat_deg, HL59.lon_deg, 250)) == ()
    assert ground.shown_by(Hexes((Icao24("154076"),))) == ()


def test_watched_aircraft_never_earn_exposure() -> None:
    """A watched aircraft must not make its own route look well watched."""
    tally = Tally([WATCH])
    tally.looked(Everything(), MIDNIGHT, sky([1, 2, 3]), frozenset({2}))
    tally.looked(Everything(), MIDNIGHT + 60, sky([1, 2, 4]), frozenset({2}))
    found = row(tally)
    assert (found.others, found.looks_ok, found.looked_s) == (3, 2, 60)


def test_a_look_speaks_for_a_quarter_hour_at_most() -> None:
    """A pause of the bot is not looked at; polls every 15 minutes, or a little more, are."""
    tally = Tally([WATCH])
    for second in (0, 901, 1802, 2703, 3500):
        tally.looked(Everything(), MIDNIGHT + second, sky([1]), frozenset())
    tally.looked(Everything(), MIDNIGHT + 5 * 3600, sky([1]), frozenset())
    rows = [found.looked_s for found in tally.changed() if found.ground == HERE]
    assert rows == [2700 + 797, 900]


def test_failed_polls_are_counted_not_looked() -> None:
    """A failed poll leaves the hour unlooked, and says so."""
    tally = Tally([WATCH])
    tally.failed(Everything(), MIDNIGHT)
    found = row(tally)
    assert (found.looks_failed, found.looked_s, found.looks_ok) == (1, 0, 0)


def test_only_what_changed_is_written() -> None:
    """An hour is written until it is settled, and again only when something was added to it."""
    tally = Tally([WATCH])
    tally.looked(Everything(), MIDNIGHT, sky([1]), frozenset())
    assert len(tally.changed()) == 2
    assert len(tally.changed()) == 2  # a failed write tries again
    tally.settle(MIDNIGHT)
    assert tally.changed() == []
    tally.looked(Everything(), MIDNIGHT + 60, sky([2]), frozenset())
    assert row(tally).others == 2


def test_a_restart_goes_on_with_the_hour() -> None:
    """What was looked at before a restart stays looked at, and the pause is bridged."""
    before = Tally([WATCH])
    for minute in range(30):
        before.looked(Everything(), MIDNIGHT + 60 * minute, sky([1, 2]), frozenset())
    after = Tally([WATCH])
    after.resume(before.changed())
    after.recall(Everything(), MIDNIGHT + 60 * 29)
    after.looked(Everything(), MIDNIGHT + 60 * 31, sky([1]), frozenset())
    found = row(after)
    assert (found.looked_s, found.looks_ok, found.others) == (31 * 60, 31, 2)


def test_exposure_of_a_full_day_is_one() -> None:
    """Looking as always at traffic as always is exposure 1; a dark day is 0; half a day a half."""
    hours = Hours(full_days("2024-11-01", 60, 20))
    assert hours.exposure(WATCH, date(2024, 12, 20)) == pytest.approx(1.0)
    assert hours.exposure(WATCH, date(2025, 3, 1)) == 0.0
    for end in (HERE, THERE):
        hours.add(full_days("2025-01-05", 1, 20, ends=(end,))[:12])
    assert hours.exposure(WATCH, date(2025, 1, 5)) == pytest.approx(0.5)


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


def test_dark_spells_are_named() -> None:
    """A reader is told from when to when nobody looked."""
    rows = [r for r in full_days("2024-12-26", 1, 5) if not 3 <= (r.hour_s - MIDNIGHT) / 3600 < 6]
    said = note(rows, 0.9, ("adsb-lol",), at("2024-12-27 00:10"))
    assert said.dark == ("no look from 26 Dec 03:00 to 06:00 UTC",)
    assert (said.looks_ok, said.others_seen) == (2 * 21 * 60, 2 * 21 * 5)


def test_a_dark_spell_over_midnight_names_both_days() -> None:
    """From 22:00 to 02:00 is not from 22:00 to an hour of the same day."""
    rows = [r for r in full_days("2024-12-26", 1, 5) if (r.hour_s - MIDNIGHT) / 3600 < 22]
    said = note(rows, 0.9, ("adsb-lol",), at("2024-12-27 02:10"))
    assert said.dark[-1] == "no look from 26 Dec 22:00 to 27 Dec 02:00 UTC"


def test_arrays_survive() -> None:
    """A poll without a single aircraft is a look that saw none."""
    tally = Tally([WATCH])
    tally.looked(Everything(), MIDNIGHT, Positions.empty(), frozenset())
    found = row(tally)
    assert (found.looks_ok, found.others) == (1, 0)
