"""Several feeds make one sky: no fix twice, no aircraft in two places, no leg counted twice."""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.feeds import aircraft_json, opensky_form
from bot.fusion import CONFLICT, FORGET_S, KNOWN, OUTRANKED, TIERS, Facts, Fusion
from bot.model.air import SOURCES, Aircraft, Icao24, Positions

ADSB, MLAT, TISB = (SOURCES.index(name) for name in ("adsb_icao", "mlat", "tisb_icao"))
T0 = datetime(2024, 12, 26, 20, 0, tzinfo=UTC)


def fix(
    at_s: float, lat: float = 33.0, lon: float = 28.0, source: int = ADSB, **more: Any
) -> Positions:
    return Positions.of([0x154076], [at_s], [lat], [lon], source=[source], **more)


def admitted(fusion: Fusion, *rows: Positions) -> list[int]:
    """Which of these rows, one after another, go on."""
    return [i for i, row in enumerate(rows) if len(fusion.admit(row)[0])]


def test_the_same_fix_from_two_feeds_is_one() -> None:
    """Equal or older fixes are refused and counted, newer ones pass."""
    fusion = Fusion()
    assert admitted(fusion, fix(100), fix(100), fix(99), fix(101, lat=33.001)) == [0, 3]
    assert fusion.admit(fix(50))[1] == {KNOWN: 1}


def test_a_worse_source_waits_for_the_better_to_fall_silent() -> None:
    """MLAT and TIS-B are not taken while ADS-B is fresh; a better one always is."""
    fusion = Fusion()
    assert admitted(fusion, fix(100), fix(110, source=MLAT), fix(125, source=MLAT)) == [0, 2]
    assert fusion.admit(fix(126, source=TISB))[1] == {OUTRANKED: 1}
    assert admitted(fusion, fix(127, source=ADSB)) == [0]


def test_an_aircraft_is_not_in_two_places() -> None:
    """Two feeds, one address, two continents: it stays where it was first, whoever alternates."""
    fusion = Fusion()
    story = [fix(100 + 5 * i, lat=33.0 if i % 2 == 0 else -10.0) for i in range(20)]
    assert admitted(fusion, *story) == list(range(0, 20, 2))
    assert fusion.admit(fix(300, lat=-10.0))[1] == {CONFLICT: 1}


def test_another_place_told_three_times_is_believed() -> None:
    """If nobody sees it at the old place any more, it moves."""
    fusion = Fusion()
    away = [fix(110 + 5 * i, lat=-10.0) for i in range(4)]
    assert admitted(fusion, fix(100), *away) == [0, 3, 4]


def test_a_better_source_wins_a_conflict() -> None:
    """An aircraft's own report beats a computed position elsewhere at once."""
    fusion = Fusion()
    assert admitted(fusion, fix(100, source=MLAT), fix(105, lat=-10.0, source=ADSB)) == [0, 1]


def test_what_one_feed_knows_completes_the_others() -> None:
    """Registration, type and military flag stay with the airframe."""
    fusion = Fusion()
    fusion.admit(fix(100, registration=[b"RA-82038"], type_code=[b"A124"], military=[True]))
    row, _ = fusion.admit(fix(110))
    assert (row.registration[0], row.type_code[0], row.military[0]) == (b"RA-82038", b"A124", True)


def test_sources_rank_as_they_are_trusted() -> None:
    """An aircraft's own report before MLAT and satellite, these before TIS-B and the rest."""
    rank = dict(zip(SOURCES, TIERS.tolist(), strict=True))
    assert rank["adsb_icao"] == rank["adsr_icao"] < rank["mlat"] == rank["adsc"]
    worst = ("tisb_icao", "tisb_other", "other", "mode_s", "adsb_other")
    assert all(rank["mlat"] < rank[name] for name in worst)


def test_three_feeds_are_one_sky() -> None:
    """A receiver, an aggregator and OpenSky at once: each aircraft once, from its best source,
    complete; anonymous targets and ground vehicles nowhere."""
    at = T0.timestamp()
    roof = {"now": at, "aircraft": [
        {"hex": "154076", "type": "adsb_icao", "lat": 33.70, "lon": 28.5, "seen_pos": 0.5},
        {"hex": "~154076", "type": "tisb_other", "lat": 33.7, "lon": 28.5, "seen_pos": 0.1},
        {"hex": "3c0001", "category": "C2", "lat": 33.1, "lon": 28.1, "seen_pos": 0.1},
    ]}  # fmt: skip
    public = {"now": int((at + 2) * 1000), "msg": "No error", "ac": [
        {"hex": "154076", "type": "mlat", "r": "RA-82038", "t": "A124", "dbFlags": 1,
         "lat": 33.71, "lon": 28.49, "seen_pos": 1},
        {"hex": "152c29", "type": "mlat", "lat": 34.0, "lon": 29.0, "seen_pos": 1},
        {"hex": "152c2d", "type": "adsb_icao", "lat": -10.0, "lon": 29.0, "seen_pos": 2},
    ]}  # fmt: skip
    row = ["152c29", "RSD1", "Russia", at + 3, at + 3, 29.001, 34.001, 9000.0, False, 200.0, 90.0,
           0.0, None, None, None, False, 0]  # fmt: skip
    own = ["152c2d", "RFF2", "Russia", at + 3, at + 3, 29.0, 45.0, *row[7:16], 2]
    cart = ["3c0002", None, "Germany", at + 3, at + 3, 29.0, 34.0, *row[7:17], 18]
    network = {"time": at + 4, "states": [row, own, cart]}
    fusion = Fusion()
    skies = [aircraft_json.parse(json.dumps(roof).encode(), "roof"),
             aircraft_json.parse(json.dumps(public).encode(), "public"),
             opensky_form.states(json.dumps(network).encode(), "network")]  # fmt: skip
    given_on = [fusion.admit(sky.positions) for sky in skies]
    seen = [[f"{a:06x}" for a in rows.icao24.tolist()] for rows, _ in given_on]
    assert seen == [["154076"], ["152c29", "152c2d"], ["152c29"]]
    assert [counts for _, counts in given_on] == [{}, {OUTRANKED: 1}, {OUTRANKED: 1}]
    later, _ = fusion.admit(fix(at + 10, 33.72, 28.46))
    assert (later.registration[0], later.type_code[0], later.military[0]) == (
        b"RA-82038", b"A124", True,
    )  # fmt: skip


def told(*icao24: int, **columns: Any) -> Positions:
    """Rows as a feed without a database sends them."""
    zeros = np.zeros(len(icao24))
    return Positions.of(icao24, zeros, zeros + 1, zeros + 2, **columns)


def test_lists_fill_what_feeds_do_not_tell() -> None:
    """Type and flag by address; each airframe is looked up once, the feed's own word stays."""
    asked: list[str] = []

    def resolve(icao24: Icao24) -> Aircraft:
        asked.append(icao24)
        return Aircraft(icao24, None, "RA-1", "A124" if icao24 == "154076" else None,
                        {"154076": True, "152c29": False}.get(icao24), None, "RU")  # fmt: skip

    facts = Facts(resolve)
    rows = facts.complete(told(0x154076, 0x152C29, 0x154076))
    assert rows.type_code.tolist() == [b"A124", b"", b"A124"]
    assert rows.military.tolist() == [True, False, True]
    assert set(rows.registration) == {b""}, "a list's registration is not the feed's word"
    rows = facts.complete(told(0x152C29, 0x154076, 0x3C0001, type_code=[b"IL76", b"AN12", b""],
                               military=[True, False, False]))  # fmt: skip
    assert rows.type_code.tolist() == [b"IL76", b"AN12", b""]
    assert rows.military.tolist() == [True, True, False]
    assert asked == ["152c29", "154076", "3c0001"]
    assert len(facts.complete(Positions.empty())) == 0


def test_memory_is_bounded() -> None:
    """Aircraft unheard for ten minutes are forgotten."""
    fusion = Fusion()
    fusion.admit(Positions.of([1, 2, 3], [0, 0, 0], [1, 2, 3], [1, 2, 3]))
    fusion.admit(fix(FORGET_S + 1))
    assert len(fusion) == 1
    nothing, counts = fusion.admit(Positions.empty())
    assert (len(nothing), counts) == (0, {})


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 900), st.floats(-60, 60),
                          st.sampled_from([ADSB, MLAT, TISB])), max_size=40))  # fmt: skip
@example([(1, 0.0, 3.0, ADSB), (2, 0.0, 0.0, ADSB), (1, 600.0, 0.0, ADSB), (2, 0.0, 0.0, ADSB)])
@settings(max_examples=60, deadline=None)
def test_every_row_is_admitted_or_counted(rows: list[tuple[int, float, float, int]]) -> None:
    """Nothing vanishes: admitted and refused add up, and an aircraft's fixes go forward in time
    for as long as it is remembered."""
    fusion = Fusion()
    last: dict[int, float] = {}
    latest = 0.0  # of all that was told: a refused row makes time pass, too
    for icao24, at_s, lat, source in rows:
        latest = max(latest, at_s)
        given_ = Positions.of([icao24], [at_s], [lat], [0.0], source=[source])
        out, counts = fusion.admit(given_)
        assert len(out) + sum(counts.values()) == 1
        if len(out):
            assert at_s > last.get(icao24, -np.inf) or last[icao24] <= latest - FORGET_S
            last[icao24] = at_s
