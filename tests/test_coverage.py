"""Somebody looked is a fact; exposure is earned by looks and by other traffic."""

from datetime import date

import numpy as np
import pytest

from bot.coverage import Ground, Hours, Tally, note
from bot.model.air import Everything, Hexes, Icao24, Near, Positions, Presence
from tests.nouns import HL59, OSLK, at, watch

MIDNIGHT = at("2024-12-26").timestamp()
NAME = watch().name


def sky(icao24: list[int], lat: float = 35.0, lon: float = 34.0) -> Positions:
    n = len(icao24)
    return Positions.of(icao24, [MIDNIGHT] * n, [lat] * n, [lon] * n)


def full_days(first: str, days: int, others: int) -> list[Presence]:
    start = int(at(first).timestamp())
    return [Presence(NAME, start + 3600 * h, 3600, 60, 0, others) for h in range(24 * days)]


def test_ground_covers_ends_and_corridor() -> None:
    """Aircraft near either end or along the way are other traffic; far ones are not."""
    from bot.geo import unit_vectors

    ground = Ground(watch())
    points = unit_vectors([35.4, 32.0, 34.2, 48.0], [35.9, 21.2, 28.5, 2.0])
    assert ground.holds(points).tolist() == [True, True, True, False]


def test_a_query_shows_a_ground_only_where_it_reaches() -> None:
    """A circle elsewhere, or a list of airframes, is no look at this ground."""
    ground = Ground(watch())
    assert ground.seen_by(Everything())
    assert ground.seen_by(Near(OSLK.lat_deg, OSLK.lon_deg, 250))
    assert ground.seen_by(Near(HL59.lat_deg, HL59.lon_deg, 250))
    assert not ground.seen_by(Near(51.0, 0.0, 250))
    assert not ground.seen_by(Hexes((Icao24("154076"),)))


def test_watched_aircraft_never_earn_exposure() -> None:
    """A watched aircraft must not make its own route look well watched."""
    tally = Tally([watch()])
    tally.looked(Everything(), MIDNIGHT, sky([1, 2, 3]), {NAME: frozenset({2})})
    tally.looked(Everything(), MIDNIGHT + 60, sky([1, 2, 4]), {NAME: frozenset({2})})
    (row,) = tally.changed()
    assert (row.others, row.looks_ok, row.looked_s) == (3, 2, 60)


def test_a_look_speaks_for_a_quarter_hour_at_most() -> None:
    """A pause of the bot is not looked at; polls every 15 minutes are a full look."""
    tally = Tally([watch()])
    for minute in (0, 15, 30, 45, 50, 59):
        tally.looked(Everything(), MIDNIGHT + 60 * minute, sky([1]), {})
    tally.looked(Everything(), MIDNIGHT + 3 * 3600, sky([1]), {})
    rows = tally.changed()
    assert [row.looked_s for row in rows] == [59 * 60, 0]


def test_failed_polls_are_counted_not_looked() -> None:
    """A failed poll leaves the hour unlooked, and says so."""
    tally = Tally([watch()])
    tally.failed(Everything(), MIDNIGHT)
    (row,) = tally.changed()
    assert (row.looks_failed, row.looked_s, row.looks_ok) == (1, 0, 0)


def test_only_what_changed_is_written() -> None:
    """An hour is written until it is settled, and again only when something was added to it."""
    tally = Tally([watch()])
    tally.looked(Everything(), MIDNIGHT, sky([1]), {})
    assert len(tally.changed()) == 1
    assert len(tally.changed()) == 1  # a failed write tries again
    tally.settle(MIDNIGHT)
    assert tally.changed() == []
    tally.looked(Everything(), MIDNIGHT + 60, sky([2]), {})
    assert [row.others for row in tally.changed()] == [2]


def test_exposure_of_a_full_day_is_one() -> None:
    """Looking as always at traffic as always is exposure 1; a dark day is 0; half a day a half."""
    hours = Hours(full_days("2024-11-01", 60, 20))
    assert hours.exposure(NAME, date(2024, 12, 20)) == pytest.approx(1.0)
    assert hours.exposure(NAME, date(2025, 3, 1)) == 0.0
    hours.add(full_days("2025-01-05", 1, 20)[:12])
    assert hours.exposure(NAME, date(2025, 1, 5)) == pytest.approx(0.5)


def test_a_lost_receiver_lowers_exposure() -> None:
    """Polls that succeed but show a third of the usual others are a third of a look."""
    hours = Hours([*full_days("2024-11-01", 50, 30), *full_days("2024-12-21", 1, 10)])
    assert hours.exposure(NAME, date(2024, 12, 21)) == pytest.approx(1 / 3, abs=0.02)


def test_little_traffic_says_little() -> None:
    """Where hardly anything else flies, its absence must not darken the day."""
    hours = Hours([*full_days("2024-11-01", 50, 0), *full_days("2024-12-21", 1, 0)])
    assert hours.exposure(NAME, date(2024, 12, 21)) == 1.0


def test_exposure_never_looks_ahead() -> None:
    """Later days leave a day's exposure as it was."""
    rows = full_days("2024-11-01", 60, 20)
    before = Hours(rows[: 24 * 30]).exposure(NAME, date(2024, 11, 30))
    assert Hours(rows).exposure(NAME, date(2024, 11, 30)) == before


def test_dark_spells_are_named() -> None:
    """A reader is told from when to when nobody looked."""
    rows = [r for r in full_days("2024-12-26", 1, 5) if not 3 <= (r.hour_s - MIDNIGHT) / 3600 < 6]
    said = note(rows, 0.9, ("adsb-lol",), at("2024-12-27 00:10"))
    assert said.dark == ("no look from 26 Dec 03:00 to 06:00 UTC",)
    assert (said.looks_ok, said.others_seen) == (21 * 60, 21 * 5)


def test_a_dark_spell_over_midnight_names_both_days() -> None:
    """From 22:00 to 02:00 is not from 22:00 to an hour of the same day."""
    rows = [r for r in full_days("2024-12-26", 1, 5) if (r.hour_s - MIDNIGHT) / 3600 < 22]
    said = note(rows, 0.9, ("adsb-lol",), at("2024-12-27 02:10"))
    assert said.dark[-1] == "no look from 26 Dec 22:00 to 27 Dec 02:00 UTC"


def test_arrays_survive() -> None:
    """A poll without a single aircraft is a look that saw none."""
    tally = Tally([watch()])
    tally.looked(Everything(), MIDNIGHT, Positions.empty(), {})
    (row,) = tally.changed()
    assert row.looks_ok == 1
    assert row.others == 0
    assert np.isfinite(row.looked_s)
