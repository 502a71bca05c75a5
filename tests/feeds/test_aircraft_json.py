"""One parser reads every dialect of the readsb family and survives its junk."""

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import Garbled
from bot.feeds import aircraft_json as aj
from bot.feeds import clean, lenient
from bot.model.air import SOURCES

DATA = Path(__file__).parent / "data"
NOW_S = 1735243200.0


def craft(**fields: Any) -> dict[str, Any]:
    return {"hex": "154076", "lat": 33.71, "lon": 28.51, "seen_pos": 4.0, **fields}


def parse(*crafts: Any, **envelope: Any) -> clean.Parsed:
    body = {"now": NOW_S, "aircraft": list(crafts), **envelope}
    return aj.parse(json.dumps(body).encode(), "test")


def test_a_recorded_readsb_reply_is_read_in_full() -> None:
    """Every listed aircraft is a row or a counted skip, with the values of its record."""
    parsed = aj.parse((DATA / "readsb.json").read_bytes(), "readsb")
    assert parsed.listed == 120
    assert len(parsed.positions) == 110
    assert parsed.skipped == {clean.ANONYMOUS: 2, clean.NO_POSITION: 8}
    source = json.loads((DATA / "readsb.json").read_text())
    record = next(a for a in source["aircraft"] if a["hex"] == "a7b433")
    row = int(np.flatnonzero(parsed.positions.icao24 == 0xA7B433)[0])
    p = parsed.positions
    assert p.lat_deg[row] == record["lat"]
    assert p.time_s[row] == pytest.approx(source["now"] - record["seen_pos"])
    assert p.altitude_ft[row] == record["alt_baro"]
    assert p.callsign[row] == b"FDX626"
    assert (p.registration[row], p.type_code[row]) == (b"N596FE", b"MD11")
    assert p.on_ground.sum() == 3
    assert np.isnan(p.altitude_ft[p.on_ground]).all()
    assert SOURCES.index("mlat") in p.source
    assert p.military.sum() == sum(
        a.get("dbFlags", 0) & 1 for a in source["aircraft"] if "lat" in a and a["hex"][0] != "~"
    )


def test_a_recorded_dump1090_reply_needs_no_database_fields() -> None:
    """dump1090-fa sends no type, registration or flags: unknown, and still rows."""
    parsed = aj.parse((DATA / "dump1090_fa.json").read_bytes(), "dump1090")
    assert (parsed.listed, len(parsed.positions)) == (44, 25)
    assert set(parsed.positions.registration) == {b""}
    assert set(parsed.positions.source) == {0}


def test_the_old_dialect_gives_the_same_row() -> None:
    """`altitude`, `speed` and `vert_rate` mean `alt_baro`, `gs` and `baro_rate`."""
    old = parse(craft(altitude=33000, speed=441, vert_rate=-640, track=259)).positions
    new = parse(craft(alt_baro=33000, gs=441, baro_rate=-640, track=259)).positions
    for column in ("altitude_ft", "ground_speed_kt", "vertical_rate_fpm", "track_deg"):
        assert getattr(old, column) == getattr(new, column), column
    assert parse(craft(altitude="ground")).positions.on_ground[0]


def test_the_clock_may_be_in_milliseconds() -> None:
    """`now` of a v2 envelope is in ms, of a local file in s; fixes are aged by seen_pos."""
    body = {"ac": [craft()], "msg": "No error", "now": int(NOW_S * 1000), "total": 1}
    parsed = aj.parse(json.dumps(body).encode(), "v2")
    assert parsed.time_s == NOW_S
    assert parsed.positions.time_s[0] == NOW_S - 4


def test_an_empty_sky_is_an_answer() -> None:
    """No aircraft is not an error, in any spelling of an empty list."""
    assert len(parse().positions) == 0
    none = aj.parse(b'{"ac": null, "total": 0, "now": 1735243200, "msg": "No error"}', "old")
    assert (len(none.positions), none.listed) == (0, 0)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"<html><title>502 Bad Gateway</title></html>", "502 Bad Gateway"),
        (b'{"now": 1735243200, "aircraft": [{"hex": "1540', "truncated"),
        (b"[1, 2]", "list"),
        (b'{"now": 1735243200, "messages": 3}', "no aircraft list"),
        (b'{"now": 1735243200, "ac": null}', "no aircraft list"),
        (b'{"aircraft": []}', "clock"),
        (b'{"now": "soon", "aircraft": []}', "clock"),
        (b'{"now": NaN, "aircraft": []}', "clock"),
        (b'{"now": -5, "aircraft": []}', "clock"),
        (b'{"now": 1735243200, "ac": [], "msg": "Rate limit"}', "Rate limit"),
        (b'{"now": 1735243200, "aircraft": ' + b"[" * 100_000, "truncated"),
        (b'{"now": 1735243200, "deep": ' + b"[" * 100_000, "truncated"),
        (b'{"now": 1735243200, "aircraft": [{"deep": ' + b"[" * 100_000, "truncated"),
        (b"\x00\xff\xfe", "not JSON"),
    ],
)
def test_nonsense_is_garbled_and_says_what_it_was(body: bytes, said: str) -> None:
    """What is not a reply raises Garbled with a text that tells a human why."""
    with pytest.raises(Garbled, match=said):
        aj.parse(body, "test")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (craft(hex="~154076"), clean.ANONYMOUS),
        (craft(hex="zz"), clean.BAD_ADDRESS),
        (craft(hex=""), clean.BAD_ADDRESS),
        (craft(hex="000000"), clean.BAD_ADDRESS),
        ({"lat": 1.0, "lon": 1.0}, clean.BAD_ADDRESS),
        ({"hex": "154076", "lat": 1.0}, clean.NO_POSITION),
        ({"hex": "154076", "lastPosition": {"lat": 1.0, "lon": 2.0}}, clean.NO_POSITION),
        (craft(category="C1"), clean.VEHICLE),
        (craft(lat=90.5), clean.BAD_POSITION),
        (craft(lon=-181), clean.BAD_POSITION),
        (craft(lat=0, lon=0), clean.BAD_POSITION),
        (craft(lat=float("nan")), clean.BAD_POSITION),
        (craft(lon=float("inf")), clean.BAD_POSITION),
        (craft(seen_pos=-60), clean.BAD_TIME),
        (craft(seen_pos=float("nan")), clean.BAD_TIME),
        (craft(lat="north"), clean.NO_POSITION),
        (7, clean.UNREADABLE),
        (None, clean.UNREADABLE),
    ],
)
def test_a_bad_record_is_counted_and_loses_no_other(bad: Any, reason: str) -> None:
    """Each kind of junk is skipped under its own name; its neighbours stay."""
    parsed = parse(craft(hex="aaaaaa"), bad, craft(hex="bbbbbb"))
    assert list(parsed.positions.icao24) == [0xAAAAAA, 0xBBBBBB]
    assert parsed.listed == 3
    assert parsed.skipped[reason] == 1


def test_numbers_as_strings_are_numbers() -> None:
    """Old decoders quote their numbers."""
    parsed = parse(craft(lat="33.71", lon="28.51", seen_pos="4", alt_baro="33000", gs="441.2"))
    row = parsed.positions
    assert (row.lat_deg[0], row.lon_deg[0], row.altitude_ft[0]) == (33.71, 28.51, 33000)
    assert row.ground_speed_kt[0] == pytest.approx(441.2)


def test_a_field_that_cannot_be_read_is_unknown_and_counted() -> None:
    """One strange field costs that field, not the record."""
    parsed = parse(craft(gs={"v": 1}, flight=7, alt_baro=33000))
    assert len(parsed.positions) == 1
    assert np.isnan(parsed.positions.ground_speed_kt[0])
    assert parsed.positions.altitude_ft[0] == 33000
    assert parsed.skipped == {clean.BAD_FIELD: 2}


def test_one_odd_value_costs_the_others_nothing() -> None:
    """Read record by record, each plain one is as it is in a plain reply."""
    plain = [craft(hex=f"{0x150000 + i:06x}", gs=400 + i, type="mlat") for i in range(5)]
    odd = parse(*plain, craft(hex="aaaaaa", gs="fast"), 7)
    clean_ = parse(*plain)
    for column in ("icao24", "time_s", "ground_speed_kt", "source"):
        assert (
            getattr(odd.positions, column)[:5].tolist()
            == getattr(clean_.positions, column).tolist()
        ), column
    assert odd.skipped == {clean.BAD_FIELD: 1, clean.UNREADABLE: 1}
    assert odd.samples == {clean.BAD_FIELD: "{'gs': 'fast'}", clean.UNREADABLE: "7"}


def test_impossible_values_become_unknown_not_zero() -> None:
    """A speed of 1e300 or an altitude of words is NaN."""
    row = parse(craft(gs=1e300, track=361, alt_baro="high", baro_rate=-1e9)).positions
    for column in ("altitude_ft", "ground_speed_kt", "vertical_rate_fpm", "track_deg"):
        assert np.isnan(getattr(row, column)[0]), column


@pytest.mark.parametrize(
    ("sent", "height_ft", "on_ground"),
    [(-75, -75.0, False), ("-75", -75.0, False), (0, 0.0, False), (-1200, -1200.0, False),
     ("ground", np.nan, True), ("", np.nan, False), (None, np.nan, False), (-9999, np.nan, False)],
)  # fmt: skip
def test_low_pressure_is_no_ground(sent: Any, height_ft: float, on_ground: bool) -> None:
    """At a field a pressure altitude may be below zero: a height, not the ground, and not zero."""
    row = parse(craft(alt_baro=sent)).positions
    assert row.altitude_ft[0] == pytest.approx(height_ft, nan_ok=True)
    assert row.on_ground[0] == on_ground


@pytest.mark.parametrize("address", ["12e456", "000001", "1e1000", "infade"])
def test_an_address_is_text(address: str) -> None:
    """Some look like numbers, floating or infinite: only the digits count."""
    parsed = parse(craft(hex=address))
    expected = [] if address == "infade" else [int(address, 16)]
    assert parsed.positions.icao24.tolist() == expected


def test_a_key_that_comes_twice_has_its_last_value() -> None:
    """As every JSON reader has it, strict or lenient; the aircraft stays one."""
    record = '{"hex": "154076", "lat": 10.0, "lon": 5.0, "lat": 11.0, "seen_pos": 1%s}'
    for spoilt in ("", ', "gs": "fast"'):
        body = f'{{"now": {NOW_S}, "aircraft": [{record % spoilt}]}}'
        assert aj.parse(body.encode(), "test").positions.lat_deg.tolist() == [11.0]


def test_of_a_duplicated_aircraft_the_newest_fix_stays() -> None:
    """A hex listed twice gives one row, and the other is counted."""
    parsed = parse(craft(seen_pos=30, lat=10), craft(seen_pos=2, lat=11), craft(hex="1540AA"))
    assert sorted(parsed.positions.icao24) == [0x154076, 0x1540AA]
    assert parsed.positions.lat_deg[parsed.positions.icao24 == 0x154076] == [11]
    assert parsed.skipped == {clean.DUPLICATE: 1}


@pytest.mark.parametrize(
    ("sent", "heard"),
    [("RFF8254 ", b"RFF8254"), ("", b""), ("        ", b""), ("N/A", b""), ("@@@@@@@@", b""),
     ("ra82038", b"RA82038"), ("ÄÖÜ1", b""), ("ABCDEFGHIJ", b"ABCDEFGH")],
)  # fmt: skip
def test_a_callsign_is_what_a_crew_can_key_in(sent: str, heard: bytes) -> None:
    """Padding goes, junk counts as none heard."""
    assert parse(craft(flight=sent)).positions.callsign[0] == heard


@pytest.mark.parametrize(
    ("fields", "source"),
    [({"type": "mlat"}, "mlat"), ({"mlat": ["lat", "lon"]}, "mlat"),
     ({"tisb": ["lat"]}, "tisb_icao"), ({"mlat": ["gs"]}, "adsb_icao"),
     ({"type": "from_space"}, "other"), ({"type": "adsc"}, "adsc")],
)  # fmt: skip
def test_the_source_of_a_position_is_kept(fields: dict[str, Any], source: str) -> None:
    """MLAT and TIS-B positions are told apart from ADS-B, in every dialect."""
    assert SOURCES[parse(craft(**fields)).positions.source[0]] == source


_JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
_KEYS = st.sampled_from([*lenient.FIELDS, "extra"])
_RECORD = st.dictionaries(_KEYS, _JUNK, max_size=8).map(lambda d: {**craft(), **d}) | _JUNK


@given(st.lists(_RECORD, max_size=6))
@example([craft(hex=" 15 ")])
@example([craft(seen_pos=1e308)])
@example([craft(lat=10**400)])
@example([craft(hex="١٢٣٤٥٦")])
def test_no_record_breaks_the_reply(records: list[Any]) -> None:
    """Whatever stands in the list: a sane neighbour survives, nothing is lost uncounted, and every
    row is possible."""
    sane = craft(hex="aaaaaa", seen_pos=0)
    parsed = parse(*records, sane)
    p = parsed.positions
    assert 0xAAAAAA in p.icao24
    kept_despite = (clean.BAD_FIELD,)
    skipped = sum(n for reason, n in parsed.skipped.items() if reason not in kept_despite)
    assert parsed.listed == len(records) + 1 == len(p) + skipped
    assert np.isfinite([p.lat_deg, p.lon_deg, p.time_s]).all()
    assert (np.abs(p.lat_deg) <= 90).all()
    assert (np.abs(p.lon_deg) <= 180).all()
    assert len(set(p.icao24.tolist())) == len(p)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_garbled(body: bytes) -> None:
    """No input whatever raises anything but Garbled."""
    with contextlib.suppress(Garbled):
        aj.parse(body, "test")


@pytest.mark.parametrize("odd", [{}, {"gs": None}, {"type": ""}, {"speed": 12}, {"lat": "33.71"}])
def test_a_reply_of_the_whole_world_is_read_as_its_records_are(odd: dict[str, Any]) -> None:
    """Records read many at a time, and one odd among them, give what each alone gives."""
    tricky = {"type": "adsb_icao", "gs": 300.5, "desc": 'a "},{" b', "mlat": [], "tisb": []}
    crafts = [craft(**tricky, hex=f"{0x100000 + k:06x}", flight=f"AB{k}") for k in range(6000)]
    crafts[4000] |= odd
    p = parse(*crafts).positions
    assert len(p) == len(crafts)
    assert p.callsign.tolist() == [a["flight"].encode() for a in crafts]
    alone = parse(crafts[4000]).positions
    for name in p.__dataclass_fields__:
        one, row = getattr(alone, name)[0], getattr(p, name)[4000]
        assert one == row or (one != one and row != row), name
