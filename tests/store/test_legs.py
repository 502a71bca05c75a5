"""Legs are stored once, revised, replaced and found again, whole."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.air import NOWHERE, Callsign, End, How, Icao24, Leg
from bot.store import Store
from bot.store.codec import end_in, end_out
from tests.nouns import at, leg

LEG = leg("OSLK", "HL59")


def put(store: Store, *legs: Leg) -> int:
    with store.begin() as tx:
        return store.put_legs(tx, legs)


def test_a_leg_comes_back_whole(store: Store) -> None:
    """Every field survives, and an unknown end stays unknown."""
    full = replace(
        LEG,
        origin=End("OSLK", How.STOP, 0.8, "Syria", (("OSLK", 0.8), ("OS65", 0.1)), 35.4, 35.9, 160),
        destination=End(None, How.UNKNOWN, 0.0, "Libya", (), 32.0, 21.0, None),
        landing=LEG.last_seen + timedelta(microseconds=1),
        military=True,
        source="adsb-lol,roof",
        final=True,
    )
    bare = Leg("x", Icao24("00a0e1"), at("2024-12-27 00:00"), at("2024-12-27 01:00"))
    put(store, full, bare)
    assert store.legs() == (full, bare)
    assert store.legs()[1].origin == NOWHERE


def test_legs_are_found_by_time_airframe_and_id(store: Store) -> None:
    """Bounds are [since, until) on the take-off, and conditions combine."""
    legs = [leg("OSLK", "HL59", f"2024-12-2{day} 10:00", icao24)
            for day in (1, 2, 3) for icao24 in ("154076", "154077")]  # fmt: skip
    put(store, *legs)
    assert store.legs(at("2024-12-22 10:00"), at("2024-12-23 10:00")) == tuple(legs[2:4])
    assert store.legs_of("154077", at("2024-12-22 10:00"), at("2024-12-24 00:00")) == (
        legs[3],
        legs[5],
    )
    assert store.legs(ids=[legs[5].id, legs[0].id, "none"]) == (legs[0], legs[5])
    assert store.legs(icao24="ffffff") == ()
    assert store.legs(ids=[]) == ()


def test_a_revised_leg_keeps_its_id_and_moves_its_day(store: Store) -> None:
    """A leg whose take-off turns out to be on the day before changes both days."""
    seen = leg("OSLK", None, "2024-12-26 00:20", takeoff=None)
    put(store, seen)
    _, rev = store.changed_days(0)
    put(store, replace(seen, takeoff=at("2024-12-25 23:50"), final=True))
    assert len(store.legs()) == 1
    assert store.changed_days(rev)[0] == (date(2024, 12, 25), date(2024, 12, 26))


def test_a_day_read_again_replaces(store: Store) -> None:
    """Another reading of the same flights, with other ids and times off by minutes, adds none."""
    put(store, *(leg("OSLK", "HL59", f"2024-12-26 {hour}:00") for hour in ("06", "12", "18")))
    _, rev = store.changed_legs(0)
    again = [
        leg("OSLK", "HL59", f"2024-12-26 {when}", id=f"archive-{when}")
        for when in ("06:03", "11:56", "18:09")
    ]
    put(store, *again)
    assert store.legs() == tuple(again)
    assert store.changed_legs(rev)[0] == tuple(again)


def test_two_short_hops_are_two_legs(store: Store) -> None:
    """Legs of one reading never replace each other, however close; beyond the tolerance none do."""
    hops = [leg("OSLK", "OSLK", f"2024-12-26 10:{m:02}", minutes=4) for m in (0, 6)]
    put(store, *hops)
    put(store, leg("OSLK", "HL59", "2024-12-26 10:17"))
    assert len(store.legs()) == 3
    again = [replace(hop, id="new-" + hop.id) for hop in hops]
    put(store, *again)
    assert store.legs()[:2] == tuple(again)


def test_nobody_flies_twice_at_once(store: Store) -> None:
    """Two halves of a flight give way to the whole, by a new id or a revised one, and back; a leg
    before or after stays."""
    halves = [leg("OSLK", None, "2024-12-26 10:00"), leg(None, "HL59", "2024-12-26 13:00")]
    after = leg("HL59", "OSLK", "2024-12-26 15:30")
    put(store, *halves, after)
    whole = leg("OSLK", "HL59", "2024-12-26 10:00", id="whole", minutes=300)
    put(store, whole)
    assert store.legs() == (whole, after)
    put(store, *halves)
    assert store.legs() == (*halves, after)
    revised = replace(halves[0], last_seen=whole.last_seen)
    _, rev = store.changed_legs(0)
    put(store, revised)
    assert store.legs() == (revised, after)
    assert store.changed_days(rev)[0] == (date(2024, 12, 26),)


def test_another_airframe_is_another_leg(store: Store) -> None:
    """A formation takes off together and stays two legs."""
    put(store, LEG)
    put(store, leg("OSLK", "HL59", icao24="154077"))
    assert len(store.legs()) == 2


def test_what_is_stored_already_changes_nothing(store: Store) -> None:
    """The same leg again keeps its revision, so its day is not judged again for nothing."""
    assert put(store, LEG) == 1
    _, rev = store.changed_legs(0)
    assert put(store, LEG) == 0
    assert store.changed_legs(rev) == ((), rev)
    assert store.changed_days(rev) == ((), rev)


def test_changes_are_told_once_and_in_full(store: Store) -> None:
    """Asking with the revision of the last answer tells exactly what came since."""
    put(store, LEG)
    legs, rev = store.changed_legs(0)
    assert legs == (LEG,)
    later = [leg("OSLK", "HLLB", f"2024-12-2{day} 05:00") for day in (7, 8)]
    for entry in later:
        put(store, entry)
    assert store.changed_legs(rev)[0] == tuple(later)


def test_many_legs_at_once(store: Store) -> None:
    """More legs than one statement takes parameters for are stored, found and replaced."""
    start = at("2024-12-01 00:00")
    legs = [
        Leg(f"l{i}", Icao24(f"{i % 700:06x}"), start + timedelta(minutes=i), start
            + timedelta(minutes=i + 90), callsign=Callsign("RFF1"))
        for i in range(2100)
    ]  # fmt: skip
    assert put(store, *legs) == 2100
    assert put(store, *legs) == 0
    assert len(store.legs(ids=[entry.id for entry in legs])) == 2100
    assert put(store, *(replace(entry, id="b" + entry.id) for entry in legs)) == 2100
    assert len(store.legs()) == 2100


probability = st.floats(0, 1)
place = st.one_of(st.none(), st.floats(-1e3, 5e4))
ends = st.builds(
    End,
    airfield=st.one_of(st.none(), st.text(min_size=1, max_size=8)),
    how=st.sampled_from(How),
    confidence=probability,
    area=st.one_of(st.none(), st.text(max_size=20)),
    candidates=st.lists(st.tuples(st.text(max_size=8), probability), max_size=4).map(tuple),
    lat_deg=place,
    lon_deg=place,
    altitude_ft=place,
)


@given(ends)
@settings(max_examples=200)
def test_any_end_survives_its_text(end: End) -> None:
    """An end of any content reads back equal."""
    assert end_in(end.airfield, end_out(end)) == end
