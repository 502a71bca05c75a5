"""Somebody looked is a fact, and whose others earn exposure is another."""

from bot.coverage import Tally, grounds
from bot.geo import unit_vectors
from bot.model.air import Icao24, Positions
from bot.model.query import Everything, Hexes, Near, Presence
from tests.nouns import HL59, OSLK, at, watch

MIDNIGHT = at("2024-12-26").timestamp()
WATCH = watch()
HERE = grounds(WATCH)[0].key


def sky(icao24: list[int], lat: float = 35.0, lon: float = 34.0) -> Positions:
    n = len(icao24)
    return Positions.of(icao24, [MIDNIGHT] * n, [lat] * n, [lon] * n)


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


def test_arrays_survive() -> None:
    """A poll without a single aircraft is a look that saw none."""
    tally = Tally([WATCH])
    tally.looked(Everything(), MIDNIGHT, Positions.empty(), frozenset())
    found = row(tally)
    assert (found.looks_ok, found.others) == (1, 0)


def test_an_hour_knows_who_looked() -> None:
    """Every feed that looked in an hour is named, also those from before a restart."""
    tally = Tally([WATCH])
    tally.looked(Everything(), MIDNIGHT, sky([1]), frozenset(), "roof")
    tally.looked(Everything(), MIDNIGHT + 60, sky([1]), frozenset(), "lol")
    assert row(tally).feeds == "lol,roof"
    after = Tally([WATCH])
    after.resume(tally.changed())
    after.looked(Everything(), MIDNIGHT + 120, sky([1]), frozenset(), "fi")
    assert row(after).feeds == "fi,lol,roof"
    after.failed(Everything(), MIDNIGHT + 3600)
    later = next(r for r in after.changed() if r.hour_s == MIDNIGHT + 3600)
    assert later.feeds == ""
