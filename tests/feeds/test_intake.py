"""A whole reply that cannot be a picture of the sky is no look; what is odd is counted and told."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from bot.errors import FeedError, Garbled, Unavailable
from bot.feeds import clean
from bot.feeds.aircraft_json import parse
from bot.feeds.intake import DOUBTED_S, FROZEN_S, Intake, drift
from bot.feeds.opensky_form import states
from bot.model.query import Everything, Near, Query, Type
from tests.feeds.wire import NOW

HERE = Near(34.0, 30.0, 250.0)
CRUISE = {"alt_baro": 36_000, "gs": 460.0, "track": 90.0, "baro_rate": 0}


def sky(count: int, at: datetime = NOW, moved: float = 0.0, **fields: Any) -> bytes:
    """A reply with so many cruising aircraft, each at its place."""
    crafts = [
        {"hex": f"{0x100000 + i:06x}", "lat": round(30 + i * 0.05 + moved, 5), "lon": 28.5,
         "seen_pos": 1.0, **CRUISE, **fields} for i in range(count)
    ]  # fmt: skip
    kept = [{k: v for k, v in craft.items() if v is not None} for craft in crafts]
    return json.dumps({"now": at.timestamp(), "aircraft": kept}).encode()


def take(intake: Intake, body: bytes, at: datetime = NOW, query: Query = HERE) -> clean.Parsed:
    return intake.check(query, parse(body, "sky"), at)


def test_a_good_reply_passes_as_it_is() -> None:
    """Nothing is added to, taken from or said about a healthy sky."""
    parsed = take(Intake("sky"), sky(60))
    assert (len(parsed.positions), dict(parsed.skipped), drift(parsed)) == (60, {}, "")


def test_an_empty_reply_after_a_full_one_is_no_empty_sky() -> None:
    """A sky of ten does not empty between two polls: refused for an hour, then believed."""
    intake = Intake("sky")
    take(intake, sky(12))
    soon, late = NOW + timedelta(minutes=3), NOW + timedelta(seconds=DOUBTED_S)
    with pytest.raises(Garbled, match="3 min after one with 12 aircraft"):
        take(intake, sky(0, soon), soon)
    assert len(take(intake, sky(0, late), late).positions) == 0


def test_an_empty_reply_is_believed_where_few_fly() -> None:
    """Nine may leave a circle; another circle was never full; a first reply may be empty."""
    intake = Intake("sky")
    take(intake, sky(9))
    soon = NOW + timedelta(minutes=1)
    assert len(take(intake, sky(0, soon), soon).positions) == 0
    take(intake, sky(50), query=HERE)
    assert len(take(intake, sky(0), query=Near(0.0, 0.0, 100.0)).positions) == 0


def test_a_list_that_its_own_count_contradicts_is_refused() -> None:
    """`"ac": []` beside `"total": 7`, or an `ac` given twice, is no empty sky."""
    head = b'{"now": 1735243200, "total": 1, '
    for body in (head + b'"ac": []}', head + b'"ac": [{"hex": "154076"}], "ac": []}'):
        with pytest.raises(Garbled, match="empty list, although"):
            parse(body, "sky")


def test_data_that_never_moves_is_frozen_whatever_its_clock_says() -> None:
    """The same places behind a running clock: no look after a minute, a look again when they
    move."""
    intake = Intake("sky")
    for seconds in (0.0, 30.0):
        at = NOW + timedelta(seconds=seconds)
        take(intake, sky(12, at), at)
    later = NOW + timedelta(seconds=FROZEN_S)
    with pytest.raises(Unavailable, match="no aircraft has moved for 60 s"):
        take(intake, sky(12, later), later)
    take(intake, sky(12, later, moved=0.1), later)


def test_parked_aircraft_may_stand_still() -> None:
    """An airport by night is no frozen feed."""
    intake = Intake("sky")
    for minutes in range(4):
        at = NOW + timedelta(minutes=minutes)
        assert len(take(intake, sky(15, at, alt_baro="ground", gs=0), at).positions) == 15


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lat": None, "latitude": 33.0}, "no position"),
        ({"hex": "RA-82038"}, "bad address"),
        ({"lat": 9999}, "impossible position"),
        ({"seen_pos": 9e9}, "impossible time"),
        ({"seen_pos": -4000}, "impossible time"),
    ],
)
def test_a_form_that_lost_every_position_is_no_empty_sky(fields: dict[str, Any], said: str) -> None:
    """A renamed key, or junk in every record: twenty aircraft and no row is not 'none seen'."""
    with pytest.raises(Garbled, match="has the form changed") as caught:
        take(Intake("sky"), sky(20, **fields))
    assert said in str(caught.value) or said == "no position"
    few = take(Intake("sky"), sky(3, **fields))
    assert (few.listed, len(few.positions)) == (3, 0), "a remote receiver has such minutes"


def test_a_list_of_another_kind_is_no_empty_sky() -> None:
    """However short: records that are not of the form at all are no answer."""
    body = json.dumps({"now": NOW.timestamp(), "aircraft": ["154076", "152c29"]}).encode()
    with pytest.raises(Garbled, match="unreadable record 2"):
        take(Intake("sky"), body)


def test_state_objects_in_place_of_rows_are_refused() -> None:
    """Clients re-publish OpenSky's states as objects: not the API's form, and not an empty sky."""
    row = {"icao24": "3c6708", "longitude": 5.4, "latitude": 52.3, "time_position": 1}
    body = json.dumps({"time": NOW.timestamp(), "states": [row] * 5}).encode()
    with pytest.raises(Garbled, match="unreadable record 5"):
        Intake("os").check(Everything(), states(body, "os"), NOW)


def test_unwanted_kinds_alone_are_an_answer() -> None:
    """Anonymous targets and ground vehicles were seen and left out: a look."""
    kinds: tuple[dict[str, Any], ...] = ({"hex": "~154076"}, {"category": "C1"})
    for fields in kinds:
        assert len(take(Intake("sky"), sky(30, **fields)).positions) == 0


@pytest.mark.parametrize(
    ("fields", "unknown"),
    [
        ({"alt_baro": 11_000}, {"altitude_ft"}),
        ({"gs": 237.0}, {"ground_speed_kt"}),
        ({"alt_baro": 11_000, "gs": 237.0}, {"altitude_ft", "ground_speed_kt"}),
        ({}, set()),
        ({"alt_baro": 9_000, "gs": 150.0}, set()),
    ],
)
def test_another_unit_is_unknown_not_a_wrong_number(
    fields: dict[str, Any], unknown: set[str]
) -> None:
    """Metres for feet, m/s for knots show in the highest of fifty; a club's airfield is neither."""
    parsed = take(Intake("sky"), sky(60, **fields))
    for name in ("altitude_ft", "ground_speed_kt"):
        assert np.isnan(getattr(parsed.positions, name)).all() == (name in unknown), name
        assert (f"{clean.BAD_UNITS}: {name}" in parsed.skipped) == (name in unknown)
    assert len(parsed.positions) == 60


def test_units_are_not_judged_by_one_type_alone() -> None:
    """A list of turboprops flies low and slow by right."""
    body = sky(60, alt_baro=14_000, gs=250.0)
    assert drift(take(Intake("sky"), body, query=Type("AT76"))) == ""


def test_ages_in_milliseconds_are_noticed() -> None:
    """Fixes aged by 0.6 to 3 s, told in ms, would be up to an hour old: no look."""
    crafts = [{"hex": f"{0x100000 + i:06x}", "lat": 30.0, "lon": 28.0, "seen_pos": 600 + 100 * i}
              for i in range(24)]  # fmt: skip
    body = json.dumps({"now": NOW.timestamp(), "aircraft": crafts}).encode()
    with pytest.raises(Garbled, match="minutes old"):
        take(Intake("sky"), body)


def test_a_field_that_vanishes_is_counted() -> None:
    """What every reply had and this one has nowhere is drift, not weather."""
    intake, later = Intake("sky"), NOW + timedelta(minutes=1)
    take(intake, sky(25))
    parsed = take(intake, sky(25, later, moved=0.1, gs=None, ground_speed=460), later)
    assert drift(parsed) == f"{clean.GONE}: ground_speed_kt 25"
    assert len(parsed.positions) == 25


def test_a_clock_in_the_past_or_future_is_no_look() -> None:
    """A stale file with an old `now`, a clock ahead, seconds read as milliseconds."""
    for seconds, said in ((-3600, "behind"), (3600, "ahead"), (-NOW.timestamp() * 0.999, "behind")):
        body = sky(3, NOW + timedelta(seconds=seconds))
        with pytest.raises(Unavailable, match=said):
            take(Intake("sky"), body)


def test_fixes_of_the_future_are_set_back() -> None:
    """A clock four minutes ahead must not outdate every other feed; a slow reply's stays."""
    for seconds, expected in ((240.0, 0.0), (40.0, 40.0)):
        ahead = NOW + timedelta(seconds=seconds)
        parsed = take(Intake("sky"), sky(3, ahead))
        assert parsed.time_s == NOW.timestamp() + expected
        assert parsed.positions.time_s == pytest.approx(parsed.time_s - 1.0)
        assert drift(parsed) == ("" if expected else "clock ahead 3")


def test_a_sample_of_each_kind_of_junk_is_logged_once_an_hour(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The reason, how many, and one record; ordinary omissions are not worth a line."""
    at = {"lat": 33.0, "lon": 28.0}
    crafts = [{"hex": "154076", **at}, {"hex": "zz", **at}, {"hex": "yy", **at},
              {"hex": "~111111", **at}, {"hex": "111111"}]  # fmt: skip
    intake = Intake("roof")
    for minutes in (0, 1, 59, 61):
        now = NOW + timedelta(minutes=minutes)
        take(intake, json.dumps({"now": now.timestamp(), "aircraft": crafts}).encode(), now)
    told = [record.getMessage() for record in caplog.records]
    assert told == ["junk feed=roof why=bad_address count=2 of=5 sample='zz'"] * 2


OPENSKY_ROW = ["154076", "RFF8254 ", "Russian Federation", 0, 0, 28.5, 33.7, 10058.4, False, 226.4,
               259.1, 0.0, None, 10241.3, "3312", False, 0]  # fmt: skip


def opensky(**changes: Any) -> bytes:
    names = ("icao24", "callsign", "country", "time_position", "last_contact", "lon", "lat",
             "altitude", "ground", "velocity", "track", "rate", "sensors", "geo", "squawk", "spi",
             "source")  # fmt: skip
    at = NOW.timestamp()
    row = dict(zip(names, OPENSKY_ROW, strict=True)) | {"time_position": at - 2, "last_contact": at}
    good = ["152c29", *list(row.values())[1:]]
    return json.dumps({"time": at, "states": [good, list((row | changes).values())]}).encode()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"icao24": "~54076"}, clean.ANONYMOUS),
        ({"icao24": None}, clean.BAD_ADDRESS),
        ({"lat": None}, clean.NO_POSITION),
        ({"time_position": None}, clean.NO_POSITION),
        ({"lat": 91.0}, clean.BAD_POSITION),
        ({"time_position": NOW.timestamp() + 60}, clean.BAD_TIME),
        ({"time_position": NOW.timestamp() * 1000}, clean.BAD_TIME),
        ({"time_position": 17}, clean.BAD_TIME),
        ({"lat": {"deg": 33}}, clean.UNREADABLE),
    ],
)
def test_one_bad_state_costs_no_other(changes: dict[str, Any], reason: str) -> None:
    """OpenSky's rows: each kind of junk under its own name, the neighbour stays."""
    parsed = states(opensky(**changes), "os")
    assert [f"{a:06x}" for a in parsed.positions.icao24] == ["152c29"]
    assert dict(parsed.skipped) == {reason: 1}


def test_an_address_given_twice_is_one_aircraft() -> None:
    """OpenSky's rows, too: the newest fix stays, the other is counted."""
    parsed = states(opensky(icao24="152c29", lat=10.0, time_position=NOW.timestamp() - 9), "os")
    assert parsed.positions.lat_deg.tolist() == [33.7]
    assert dict(parsed.skipped) == {clean.DUPLICATE: 1}


@pytest.mark.parametrize("read", [parse, states])
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"<html>", b'{"now": 1e400}', b'{"time": 1, "states": {}}',
     b'{"time": "x", "states": []}', b'{"now": 1735243200, "aircraft": {}}', b'{"now": true}'],
)  # fmt: skip
def test_no_envelope_becomes_an_empty_sky(
    read: Callable[[bytes, str], clean.Parsed], body: bytes
) -> None:
    """What is not a reply of the form is an error in every parser, never zero aircraft."""
    with pytest.raises(FeedError):
        read(body, "sky")
