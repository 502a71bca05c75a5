"""Looks add up, presence grows, tracks are thinned, and pruning keeps what must stay."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from bot.model.air import Positions
from bot.model.query import Look, Outcome, Presence
from bot.store import LookHour, Retention, Store
from tests.nouns import at

T = at("2024-12-26 10:15")
MINUTE = timedelta(minutes=1)


def look(minutes: float, outcome: Outcome = Outcome.OK, aircraft: int = 0, detail: str = "",
         feed: str = "lol", key: str = "all") -> Look:  # fmt: skip
    return Look(feed, key, T + minutes * MINUTE, outcome, aircraft, detail)


def add(store: Store, *looks: Look) -> None:
    with store.begin() as tx:
        store.add_looks(tx, looks)


def test_looks_roll_up_by_the_hour(store: Store) -> None:
    """An hour knows its looks, failures, sum and largest, and the last failure's words."""
    add(store, look(0, aircraft=5), look(1, Outcome.GARBLED, detail="HTML"), look(2, aircraft=9))
    add(store, look(3, Outcome.UNAVAILABLE), look(50, aircraft=1), look(4, feed="roof"))
    hour = T.replace(minute=0)
    assert store.look_hours(hour, hour + timedelta(hours=2)) == (
        LookHour("lol", "all", hour, 2, 2, 14, 9, "unavailable"),
        LookHour("roof", "all", hour, 1, 0, 0, 0, ""),
        LookHour("lol", "all", hour + timedelta(hours=1), 1, 0, 1, 1, ""),
    )
    assert store.look_hours(hour, hour) == ()


def test_a_look_stored_twice_counts_once(store: Store) -> None:
    """A repeated hand-over, within one call or in two, adds nothing."""
    add(store, look(0, aircraft=5), look(0, aircraft=5))
    add(store, look(0, aircraft=5))
    (hour,) = store.look_hours(T - timedelta(hours=1), T)
    assert (hour.ok, hour.aircraft) == (1, 5)


def test_the_last_look_of_each_kind_outlives_pruning(store: Store) -> None:
    """After a feed has been dark for months, `status` can still say since when; hours stay."""
    add(store, look(0, aircraft=5), look(1, Outcome.REFUSED, detail="401"), look(0, key="hex:a+3"))
    with store.begin() as tx:
        store.prune(tx, T + timedelta(days=99), Retention(looks_days=14))
    assert store.last_looks() == (
        look(1, Outcome.REFUSED, detail="401"),
        look(0, key="hex:a+3"),
    )
    assert len(store.look_hours(T - timedelta(hours=1), T)) == 2


def test_presence_only_grows(store: Store) -> None:
    """A tally that begins anew after a restart does not unsee what was seen before it."""
    before = Presence("w", 3600, 1800.0, 30, 1, 12)
    after = Presence("w", 3600, 600.0, 10, 4, 15)
    with store.begin() as tx:
        store.put_presence(tx, [before, Presence("w", 7200, 1.0, 1, 0, 0)])
        store.put_presence(tx, [after, Presence("v", 3600, 1.0, 1, 0, 0)])
    assert store.presence("w", at("1970-01-01 01:00"), at("1970-01-01 02:00")) == (
        Presence("w", 3600, 1800.0, 30, 4, 15),
    )


def test_tracks_hold_one_fix_a_minute_in_time_order(store: Store) -> None:
    """The first fix of a minute stays; unknown height is NaN and the ground is 0."""
    base = T.timestamp() // 60 * 60
    positions = Positions.of(
        [0x154076] * 5 + [0x154077], [base + 70, base, base + 1, base + 200, base + 130, base],
        [1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16],
        altitude_ft=[np.nan, 1000, 2000, 3000, np.nan, 9],
        on_ground=[False, False, False, False, True, False],
    )  # fmt: skip
    with store.begin() as tx:
        store.add_positions(tx, positions)
        store.add_positions(tx, positions)
        store.add_positions(tx, Positions.empty())
    track = store.track("154076", T - MINUTE, T + 10 * MINUTE)
    assert track.time_s.tolist() == [base, base + 70, base + 130, base + 200]
    assert track.lat_deg.tolist() == [2, 1, 5, 4]
    assert track.lon_deg.tolist() == [12, 11, 15, 14]
    np.testing.assert_array_equal(track.altitude_ft, np.array([1000, np.nan, 0, 3000], np.float32))
    assert len(store.track("154076", T + 10 * MINUTE, T + 20 * MINUTE).time_s) == 0


def test_old_fixes_are_pruned(store: Store) -> None:
    """Tracks are kept for their days and no longer."""
    times = [(T - timedelta(days=days)).timestamp() for days in (91, 89)]
    with store.begin() as tx:
        store.add_positions(tx, Positions.of([1, 1], times, [0, 0], [0, 0]))
        store.prune(tx, T, Retention(tracks_days=90))
    assert store.track("000001", T - timedelta(days=100), T).time_s.tolist() == times[1:]


def test_freshness_is_averaged_over_the_looks_that_told_it(store: Store) -> None:
    """An hour's age is the mean of its looks', in one call or several; untold is not zero."""
    add(store, replace(look(0), age_s=4.0), replace(look(1), age_s=8.0), look(2, Outcome.REFUSED))
    add(store, replace(look(3), age_s=12.0))
    add(store, look(4, feed="roof"))
    lol, roof = store.look_hours(T - timedelta(hours=1), T + timedelta(hours=1))
    assert (lol.ok, lol.failed, lol.age_s) == (3, 1, 8.0)
    assert roof.age_s is None


def test_an_hour_remembers_who_looked(store: Store) -> None:
    """The feeds of an hour are the last that were told; a row without them erases nothing."""
    row = Presence("w", 3600, 60.0, 1, 0, 2, "a,b")
    with store.begin() as tx:
        store.put_presence(tx, [replace(row, feeds="a")])
        store.put_presence(tx, [row, replace(row, feeds="")])
    assert store.presence("w", at("1970-01-01"), at("1970-01-02")) == (row,)
