"""The plan sees every watched place, within what the provider can be asked."""

import random
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import geo
from bot.model.air import Positions
from bot.model.feed import FeedSettings
from bot.model.providers import cost
from bot.model.query import Everything, Hexes, Military, Near, Type
from bot.model.watch import AircraftClass, Area, Place, Spot, Watch
from bot.planner import batches, blind, live_quota, load, nightly, plan, reserve, urgency
from bot.planner.circles import APPROACH_NM, Disc, merged

# two requests fill its round: nothing but the ends is asked for
ADSB_LOL = FeedSettings("lol", "v2", "https://api.adsb.lol", spacing_s=30.0)
ACCOUNT = FeedSettings("os", "opensky", provider="opensky", spacing_s=5.0, key="{}")
OSLK = Spot("OSLK", "Hmeimim", 35.4011, 35.9487)
HL59 = Spot("HL59", "al-Khadim", 31.9985, 21.1918)
HLLB = Spot("HLLB", "Benina", 32.0968, 20.2695)
CYRENAICA = Area("eastern-libya", ((33.2, 20.0), (33.2, 25.0), (29.0, 25.0), (29.0, 20.0)))
STORY = Watch("story", Place((OSLK,)), Place((HL59, HLLB), (CYRENAICA,)))
RUSSIANS = replace(STORY, aircraft=(AircraftClass("r", types=frozenset({"IL76", "A124"})),))


def circles(*watches: Watch) -> list[Near]:
    return [q for q in plan(ADSB_LOL, watches) if isinstance(q, Near)]


def sees(seen: list[Near], lat: float, lon: float, margin_nm: float) -> bool:
    return any(
        geo.distance_nm(q.lat_deg, q.lon_deg, lat, lon) <= q.radius_nm - margin_nm + 1.0
        for q in seen
    )


def test_the_story_takes_two_circles() -> None:
    """Hmeimim is one circle; Benina, al-Khadim and eastern Libya share the other."""
    seen = circles(STORY)
    assert len(seen) == 2
    assert all(q.radius_nm == 250 for q in seen)
    for spot in (OSLK, HL59, HLLB):
        assert sees(seen, spot.lat_deg, spot.lon_deg, APPROACH_NM)
    for lat, lon in CYRENAICA.polygon:
        assert sees(seen, lat, lon, 0)


def test_a_receiver_or_recording_is_asked_for_everything() -> None:
    """What can only give all it has is asked once, whatever is watched."""
    for kind in ("readsb", "recorded"):
        assert plan(FeedSettings("roof", kind), [STORY]) == (Everything(),)


def test_listed_aircraft_are_asked_for_by_address() -> None:
    """The union of the classes' lists, less what they exclude, in batches the provider takes."""
    transports = AircraftClass(
        "transports", hexes=frozenset(f"{n:06x}" for n in range(0x150000, 0x150000 + 230)),
        excluded=AircraftClass("not", hexes=frozenset({"150000"})),
    )  # fmt: skip
    watch = Watch("w", None, None, (transports,))
    queries = plan(ADSB_LOL, [watch, watch])
    lists = [q.icao24 for q in queries if isinstance(q, Hexes)]
    assert len(queries) == len(lists) == 3
    assert max(map(len, lists)) <= 100
    flat = [h for part in lists for h in part]
    assert flat == sorted(flat)
    assert set(flat) == transports.hexes - {"150000"}


def test_opensky_is_asked_for_what_costs_least() -> None:
    """One place: a small box. Many places, or an open end: the whole sky, which costs 4 credits."""
    opensky = replace(ACCOUNT, spacing_s=30.0)
    one = plan(opensky, [Watch("w", Place((HL59,)), Place((HLLB,)))])
    assert [cost(opensky, q.key()) for q in one] == [1.0]
    assert sees(list(one), HL59.lat_deg, HL59.lon_deg, APPROACH_NM)  # type: ignore[arg-type]
    assert plan(opensky, [Watch("w", Place((HL59,)), None)]) == (Everything(),)
    many = [
        Watch(str(n), Place((Spot(f"A{n}", "", n * 12.0 - 60, n * 30.0),)), Place((OSLK,)))
        for n in range(10)
    ]
    assert plan(opensky, many) == (Everything(),)


def test_the_load_is_told_against_the_limit() -> None:
    """Spacing, `every` or the quota, whichever is slowest, sets the round."""
    queries = plan(ADSB_LOL, [STORY])
    spaced = load(replace(ADSB_LOL, every_s=5.0, spacing_s=10.0), [STORY], queries)
    assert (spaced.round_s, spaced.per_day, spaced.limit_per_day) == (20.0, 8640.0, None)
    assert load(replace(ADSB_LOL, every_s=60.0), [STORY], queries).per_day == 2880.0
    scarce = load(replace(ADSB_LOL, quota_per_day=320), [STORY], queries)
    assert (scarce.per_day, scarce.limit_per_day) == (320.0, 320)


def test_the_nightly_pass_asks_each_airfield_once() -> None:
    """Departures of origins and arrivals at destinations, shared by watches."""
    asked = nightly([STORY, STORY], date(2024, 12, 26))
    assert [q.key() for q in asked] == [
        "flights:arrival:HL59",
        "flights:arrival:HLLB",
        "flights:departure:OSLK",
    ]


def test_an_unbounded_watch_asks_for_nothing() -> None:
    """Anywhere to anywhere, any aircraft: circles cannot see it, and none is invented."""
    assert plan(ADSB_LOL, [Watch("w", None, None)]) == ()


def test_the_plan_does_not_depend_on_order_or_repeats() -> None:
    """The same watches in any order give the same requests."""
    rng = random.Random(7)
    watches = [
        Watch(
            str(i), Place((Spot(f"A{i}", "", rng.uniform(-60, 70), rng.uniform(-180, 180)),)), None
        )
        for i in range(40)
    ]
    first = plan(ADSB_LOL, watches)
    rng.shuffle(watches)
    assert plan(ADSB_LOL, [*watches, *watches[:5]]) == first


@pytest.mark.parametrize(
    "area",
    [
        Area("med", ((46, -6), (46, 37), (30, 37), (30, -6))),
        Area("north", ((82, 10), (82, 60), (68, 60), (68, 10))),
        Area("date line", ((10, 170), (10, -170), (-10, -170), (-10, 170))),
        Area("sahara", centre=(22.0, 10.0), radius_nm=800.0),
        Area("small", centre=(35.0, 36.0), radius_nm=30.0),
        CYRENAICA,
    ],
    ids=lambda area: area.name,
)
def test_every_point_of_an_area_is_seen(area: Area) -> None:
    """Large areas are tiled without a gap, also in the far north and across the date line."""
    seen = circles(Watch("w", Place((), (area,)), None))
    rng = random.Random(3)
    inside = 0
    middle = area.centre or area.polygon[0]
    while inside < 400:
        lat = middle[0] + rng.uniform(-22, 22)
        lon = (middle[1] + rng.uniform(-60, 60) + 180) % 360 - 180
        if area.radius_nm == 30:
            lat, lon = rng.uniform(34, 36), rng.uniform(35, 37)
        if area.contains(lat, lon):
            inside += 1
            assert sees(seen, lat, lon, 0), (lat, lon)


_DISCS = st.lists(
    st.builds(Disc, st.floats(-85, 85), st.floats(-180, 180), st.floats(1, 250)),
    max_size=25,
)  # fmt: skip


@given(_DISCS)
@settings(max_examples=60)
def test_merging_loses_no_ground(parts: list[Disc]) -> None:
    """Every part lies inside one merged circle, none is above the limit, and none is added."""
    circles = merged(parts, 250.0)
    assert len(circles) <= len(set(parts))
    assert all(c.radius_nm <= 250.0 for c in circles)
    for part in parts:
        assert any(
            geo.distance_nm(c.lat_deg, c.lon_deg, part.lat_deg, part.lon_deg) + part.radius_nm
            <= c.radius_nm + 0.01
            for c in circles
        )


@given(st.integers(0, 1000), st.integers(1, 150))
def test_batches_hold_every_address_once(count: int, size: int) -> None:
    """No list above the limit, none empty, all addresses in order."""
    from_to = [f"{n:06x}" for n in range(count)]
    parts = batches(from_to, size)  # type: ignore[arg-type]
    assert [h for part in parts for h in part.icao24] == from_to
    assert all(0 < len(part.icao24) <= size for part in parts)


def plane(
    lat: float, lon: float, track: float, speed: float = 440, ground: bool = False
) -> Positions:
    return Positions.of([0x154076], [0.0], [lat], [lon], track_deg=[track],
                        ground_speed_kt=[speed], on_ground=[ground])  # fmt: skip


@pytest.mark.parametrize(
    ("watched", "factors"),
    [
        (Positions.empty(), [0.5, 0.5]),
        (plane(35.4, 36.0, 90, 0, ground=True), [0.5, 0.5]),
        (plane(35.3, 35.9, 259, 300), [1.0, 3.0]),  # in the second, over an hour from the first
        (plane(33.9, 29.0, 259), [3.0, 1.0]),  # between them, westbound
        (plane(33.9, 29.0, 79), [1.0, 3.0]),  # between them, eastbound
        (plane(33.9, 29.0, float("nan")), [3.0, 3.0]),  # may be going anywhere
        (plane(55.0, 37.0, 180), [1.0, 1.0]),  # in the air, far from both
    ],
)
def test_an_end_is_urgent_while_a_watched_aircraft_comes(
    watched: Positions, factors: list[float]
) -> None:
    """Faster where one is in the air inside or on its way, slower while none flies anywhere."""
    queries = circles(STORY)
    found = urgency(queries, watched, np.ones(len(watched), bool), [RUSSIANS])
    assert [found[q.key()] for q in queries] == factors
    doubtful = urgency(queries, watched, np.zeros(len(watched), bool), [RUSSIANS])
    assert [doubtful[q.key()] for q in queries] == [min(f, 1.0) if max(factors) >= 1 else f
                                                    for f in factors]  # fmt: skip


def test_the_ends_of_all_traffic_are_never_cold() -> None:
    """Where every aircraft is watched, none in the air that is known says nothing."""
    queries = circles(STORY)
    nobody = (Positions.empty(), np.zeros(0, bool))
    found = urgency(queries, *nobody, [STORY, RUSSIANS])
    assert set(found.values()) == {1.0}
    far = replace(STORY, origin=Place((Spot("UUMU", "Moscow", 55.9, 38.1),)), destination=None)
    assert set(urgency(queries, *nobody, [far, RUSSIANS]).values()) == {0.5}


def test_the_way_is_asked_for_where_a_round_has_room() -> None:
    """Behind the ends, in the gap between their circles; never so much that the round gets longer,
    nor where a list sees the aircraft all the way."""
    roomy = replace(ADSB_LOL, spacing_s=10.0)
    ends = plan(ADSB_LOL, [STORY])
    asked = plan(roomy, [STORY])
    assert asked[: len(ends)] == ends
    (way,) = asked[len(ends) :]
    assert isinstance(way, Near)
    assert 24 < way.lon_deg < 33
    assert blind(STORY, ends)
    assert not blind(STORY, asked)
    assert load(roomy, [STORY], asked).round_s == 60.0
    assert plan(replace(roomy, quota_per_day=3000), [STORY]) == ends, "the quota has no room"
    listed = replace(STORY, aircraft=(AircraftClass("one", hexes=frozenset({"154076"})),))
    assert not [q for q in plan(roomy, [listed])[3:] if isinstance(q, Near)]


def test_the_way_most_watches_share_comes_first() -> None:
    """One circle's room goes where it shows the most, whoever asks."""
    lonely = Watch("l", Place((Spot("A", "", 0.0, -60.0),)), Place((Spot("B", "", 0.0, -40.0),)))
    others = [replace(STORY, name=str(i)) for i in range(3)]
    asked = plan(replace(ADSB_LOL, every_s=65.0, spacing_s=10.0), [lonely, *others])
    assert len(asked) == 5
    assert isinstance(asked[-1], Near)
    assert asked[-1].lon_deg > 20


def test_an_open_end_is_asked_for_by_flag_and_type() -> None:
    """Military aircraft and few types can be asked for world-wide; only where an end is open, and
    only of a provider that knows the question."""
    kinds = (
        AircraftClass("m", military=True),
        AircraftClass("t", types=frozenset({"A124", "IL76"})),
    )
    watch = Watch("in", None, Place((HLLB,)), kinds)
    named = replace(ADSB_LOL, provider="adsb-lol")
    assert plan(named, [watch])[1:] == (Military(), Type("A124"), Type("IL76"))
    fi = replace(ADSB_LOL, url="", provider="adsb-fi")
    assert plan(fi, [watch])[1:] == (Military(),)
    assert plan(replace(named, mil_path="", type_path=""), [watch]) == plan(named, [watch])[:1]
    assert not [q for q in plan(named, [replace(watch, origin=Place((OSLK,)))])
                if isinstance(q, Military | Type)]  # fmt: skip
    many = AircraftClass("many", types=frozenset(f"B{n:03}" for n in range(20)))
    assert len(plan(named, [replace(watch, aircraft=(many,))])) == 1


def test_opensky_fills_the_way_with_what_credits_are_left() -> None:
    """One-credit boxes over the way; the whole sky as soon as it costs no more and fits; the
    night's credits are not touched."""
    watch = Watch("w", Place((OSLK,)), Place((HLLB,)))
    bills = {}
    for every_s in (60.0, 90.0, 120.0):
        feed = replace(ACCOUNT, every_s=every_s)
        asked = plan(feed, [watch])
        bills[every_s] = [cost(feed, query.key()) for query in asked]
        limit = live_quota(feed, [watch])
        assert limit == 4000 - 7 * 30
        assert sum(bills[every_s]) * 86_400 / every_s <= limit
    assert bills == {60.0: [1, 1], 90.0: [1, 1, 1], 120.0: [4]}
    assert plan(replace(ACCOUNT, every_s=120.0), [watch]) == (Everything(),)


def test_the_nights_credits_are_kept_back() -> None:
    """As much as a pass and a few tracks cost, a quarter of the day's at most; nothing without an
    account."""
    assert reserve(ACCOUNT, [STORY]) == (3 + 5) * 30
    assert live_quota(ACCOUNT, [STORY]) == 4000 - 240
    assert reserve(replace(ACCOUNT, quota_per_day=400), [STORY]) == 100
    assert reserve(replace(ACCOUNT, key=None), [STORY]) == 0
    assert reserve(ADSB_LOL, [STORY]) == 0
    assert live_quota(ADSB_LOL, [STORY]) is None


def test_a_night_of_many_airfields_asks_for_all_flights() -> None:
    """Twelve windows of two hours show every flight: more requests are never made."""
    spots = tuple(Spot(f"X{n:03}", "", n / 10, 0.0) for n in range(20))
    asked = nightly([Watch("w", Place(spots), Place((OSLK,)))], date(2024, 12, 26))
    assert [q.of for q in asked] == [f"{hour:02}" for hour in range(0, 24, 2)]
    assert {q.kind for q in asked} == {"all"}
    one = AircraftClass("one", hexes=frozenset({"154076"}))
    asked = nightly([Watch("w", None, Place((OSLK,)), (one,))], date(2024, 12, 26))
    assert [(q.kind, q.of) for q in asked] == [("aircraft", "154076"), ("arrival", "OSLK")]


def test_the_plan_says_what_it_cannot_see() -> None:
    """Between Cyprus and Cyrenaica no circle looks; a list of addresses sees all the way."""
    ((lat1, lon1, lat2, lon2),) = blind(STORY, circles(STORY))
    assert 26 < lon2 < lon1 < 32
    assert lat1 == pytest.approx(34.4, abs=0.5)
    assert lat2 == pytest.approx(33.4, abs=0.5)
    listed = replace(STORY, aircraft=(AircraftClass("one", hexes=frozenset({"154076"})),))
    assert blind(listed, plan(ADSB_LOL, [listed])) == []
    assert blind(STORY, [Everything()]) == []
    assert blind(Watch("w", Place((OSLK,)), None), circles(STORY)) == []
