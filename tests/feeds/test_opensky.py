"""OpenSky: tokens, states in metric units, flights as legs, and its own ways of saying none."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import FeedError, Garbled, Refused, Throttled, Unavailable
from bot.feeds import opensky_form as form
from bot.feeds.opensky import OpenSky
from bot.model.air import SOURCES, How, Icao24
from bot.model.feed import FeedSettings
from bot.model.providers import box, cost
from bot.model.query import Everything, Flights, Flown, Hexes, Military, Near, Query, Type
from tests.feeds.wire import NOW, http

Serve = Callable[..., Any]
CREDENTIALS = json.dumps({"clientId": "bot-client", "clientSecret": "s3cr3t"})
ROW = [
    "154076", "RFF8254 ", "Russian Federation", NOW.timestamp() - 2, NOW.timestamp() - 1, 28.5123,
    33.7101, 10058.4, False, 226.4, 259.1, 0.0, None, 10241.3, "3312", False, 0, 6,
]  # fmt: skip
FLIGHT = {
    "icao24": "154076", "firstSeen": 1735239000, "estDepartureAirport": "OSLK",
    "lastSeen": 1735243800, "estArrivalAirport": None, "callsign": "RFF8254 ",
    "estDepartureAirportHorizDistance": 2210, "estDepartureAirportVertDistance": 410,
    "estArrivalAirportHorizDistance": None, "estArrivalAirportVertDistance": None,
    "departureAirportCandidatesCount": 0, "arrivalAirportCandidatesCount": 0,
}  # fmt: skip


def token(name: str = "t1", lasts_s: int = 1800) -> bytes:
    return http({"access_token": name, "expires_in": lasts_s, "token_type": "Bearer"})


def sky(*rows: Any) -> bytes:
    return http({"time": int(NOW.timestamp()), "states": list(rows) or None})


@pytest.fixture
def feed() -> Iterator[Callable[..., OpenSky]]:
    """`feed(api, auth)`: an OpenSky feed between an API server and a token server."""
    made: list[OpenSky] = []

    def start(api: Any, auth: Any, key: str = CREDENTIALS) -> OpenSky:
        made.append(OpenSky(FeedSettings(
            "opensky", "opensky", api.url, timeout_s=3.0, key=key, provider="opensky",
            auth_url=f"{auth.url}/token",
        )))  # fmt: skip
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_one_token_serves_many_polls(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """Asked for by form, sent as bearer, renewed shortly before it ends and not sooner."""
    api, auth = serve(sky()), serve(token("t1"), token("t2"))
    opensky = feed(api, auth)
    for minutes in (0, 4):
        opensky.poll(Everything(), NOW + timedelta(minutes=minutes))
    assert len(auth.requests) == 1
    assert auth.requests[0].startswith("POST /token ")
    with suppress(Unavailable):  # the reply is old by then; the token is what matters
        opensky.poll(Everything(), NOW + timedelta(seconds=1771))
    assert len(auth.requests) == 2
    assert "Authorization: Bearer t1\r\n" in api.requests[1]
    assert "Authorization: Bearer t2\r\n" in api.requests[2]


def test_a_401_renews_once(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """An early end of a token is mended silently; a second 401 is a human's matter, no loop."""
    api, auth = serve(http(b"", "401 Unauthorized"), sky(ROW)), serve(token("t1"), token("t2"))
    assert len(feed(api, auth).poll(Everything(), NOW).positions) == 1
    assert len(auth.requests) == 2
    never = serve(http(b"", "401 Unauthorized"))
    with pytest.raises(Refused, match="a fresh token is refused"):
        feed(never, auth).poll(Everything(), NOW)
    assert len(never.requests) == 2


def test_wrong_credentials_are_refused_and_never_quoted(
    serve: Serve, feed: Callable[..., OpenSky]
) -> None:
    """`invalid_client` and a file that is no credentials file say what to do, and no secret."""
    api = serve(sky())
    auth = serve(http({"error": "invalid_client"}, "401 Unauthorized"))
    with pytest.raises(Refused, match="account page"):
        feed(api, auth).poll(Everything(), NOW)
    for key in ("s3cr3t", '{"clientId": "s3cr3t"}', '["s3cr3t"]'):
        with pytest.raises(Refused, match="credentials file") as caught:
            feed(api, auth, key).poll(Everything(), NOW)
        assert "s3cr3t" not in str(caught.value)
    assert api.requests == []


def test_the_token_host_may_be_down_alone(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """Its trouble is temporary, its nonsense Garbled; the API is not asked without a token."""
    api = serve(sky())
    with pytest.raises(Unavailable):
        feed(api, serve(http(b"busy", "503 Busy"))).poll(Everything(), NOW)
    with pytest.raises(Garbled):
        feed(api, serve(http(b"<html>"))).poll(Everything(), NOW)
    assert api.requests == []


def test_states_become_feet_and_knots(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """Longitude comes before latitude, units are metric, the fix has its own time."""
    positions = feed(serve(sky(ROW)), serve(token())).poll(Everything(), NOW).positions
    assert (positions.lat_deg[0], positions.lon_deg[0]) == (33.7101, 28.5123)
    assert positions.time_s[0] == NOW.timestamp() - 2
    assert positions.altitude_ft[0] == pytest.approx(33000, abs=1)
    assert positions.ground_speed_kt[0] == pytest.approx(440.1, abs=0.1)
    assert positions.callsign[0] == b"RFF8254"
    assert SOURCES[positions.source[0]] == "adsb_icao"


def test_null_states_are_an_empty_sky(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """`states: null` means looked, saw none."""
    snapshot = feed(serve(sky()), serve(token())).poll(Near(35.4, 35.9, 130.0), NOW)
    assert (len(snapshot.positions), snapshot.listed) == (0, 0)


def test_each_query_becomes_its_parameters(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """A circle is its box, a list repeats its parameter; categories are always asked for."""
    api = serve(sky())
    opensky = feed(api, serve(token()))
    opensky.poll(Near(35.4, 35.95, 120.0), NOW)
    opensky.poll(Hexes((Icao24("154076"), Icao24("152c29"))), NOW)
    assert "lamin=33.4000&lamax=37.4000&lomin=" in api.requests[0]
    assert "extended=1&icao24=154076&icao24=152c29" in api.requests[1]


@pytest.mark.parametrize("length", [17, 18, 20])
def test_rows_may_be_shorter_or_longer(length: int) -> None:
    """Without `extended` the category is missing; later columns are ignored."""
    row = [*ROW, "new", "newer"][:length]
    parsed = form.states(json.dumps({"time": 1735243200, "states": [row]}).encode(), "os")
    assert len(parsed.positions) == 1


def test_junk_rows_are_counted_and_lose_no_other() -> None:
    """Vehicles, rows without a fresh position, and nonsense are skipped under their names."""

    def but(**changes: Any) -> list[Any]:
        names = form._State.__struct_fields__
        return [changes.get(n, v) for n, v in zip(names, ROW, strict=True)]

    rows = [
        but(icao24="aaaaaa"), but(category=17), but(time_position=None), but(latitude=None),
        but(icao24="xyz"), but(latitude=95.0), "row", but(velocity="fast"), None,
        but(icao24="bbbbbb", on_ground=True, callsign=None, position_source=2),
    ]  # fmt: skip
    parsed = form.states(json.dumps({"time": NOW.timestamp(), "states": rows}).encode(), "os")
    assert list(parsed.positions.icao24) == [0xAAAAAA, 0xBBBBBB]
    assert np.isnan(parsed.positions.altitude_ft[1])
    assert SOURCES[parsed.positions.source[1]] == "mlat"
    assert parsed.skipped == {
        "ground vehicle": 1, "no position": 2, "bad address": 1, "impossible position": 1,
        "unreadable record": 3,
    }  # fmt: skip
    assert parsed.listed == len(rows)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"time": 1}', b'{"states": []}', b'{"time": 5, "states": 7}']
)
def test_a_reply_of_another_form_is_garbled(body: bytes) -> None:
    """What is not the documented form is no look."""
    with pytest.raises(Garbled):
        form.states(body, "os")


def test_quota_gone_carries_the_hours(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """A 429 with a text body and OpenSky's own header is a wait of hours."""
    gone = http("Too many requests", "429 Too Many", X_Rate_Limit_Retry_After_Seconds="22688")
    with pytest.raises(Throttled) as caught:
        feed(serve(gone), serve(token())).poll(Everything(), NOW)
    assert caught.value.retry_after_s == 22688


def test_flights_of_a_day_are_legs(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """A known end keeps how it is known, an unknown one stays unknown, and 404 means none."""
    api = serve(http(json.dumps([FLIGHT, {**FLIGHT, "icao24": "zz"}, 5])), http(b"", "404 None"))
    opensky = feed(api, serve(token()))
    asked = Flights("departure", "OSLK", date(2024, 12, 25))
    snapshot = opensky.poll(asked, NOW)
    (leg,) = snapshot.legs
    assert (leg.icao24, leg.callsign, leg.source, leg.final) == (
        "154076",
        "RFF8254",
        "opensky",
        True,
    )
    assert (leg.origin.airfield, leg.origin.how, leg.destination.airfield) == (
        "OSLK",
        How.LOW,
        None,
    )
    assert leg.first_seen == datetime.fromtimestamp(1735239000, UTC)
    assert snapshot.skipped == {"bad address": 1, "unreadable record": 1}
    asks = "/flights/departure?airport=OSLK&begin=1734998400&end=1735171199 "
    assert asks in api.requests[0], "the day and the one before it"
    assert opensky.poll(asked, NOW).legs == ()
    with pytest.raises(Refused, match="in the night after"):
        opensky.poll(Flights("aircraft", "154076", NOW.date()), NOW)


def test_all_flights_are_asked_by_two_hours(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """The longest that /flights/all takes, and it names no airport."""
    api = serve(http(json.dumps([FLIGHT])))
    feed(api, serve(token())).poll(Flights("all", "22", date(2024, 12, 25)), NOW)
    assert "/flights/all?begin=1735164000&end=1735171199 " in api.requests[0]


def test_without_an_account_only_states(serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """No token is asked for and none is sent; flights are for accounts, and so is a 401."""
    api, auth = serve(sky(ROW), http(b"", "401 Unauthorized")), serve(token())
    anybody = feed(api, auth, key="")
    assert len(anybody.poll(Everything(), NOW).positions) == 1
    assert "Authorization" not in api.requests[0]
    with pytest.raises(Refused, match="it wants an account"):
        anybody.poll(Everything(), NOW)
    with pytest.raises(Refused, match="for accounts"):
        anybody.poll(Flights("departure", "OSLK", date(2024, 12, 25)), NOW)
    assert (len(api.requests), auth.requests) == (2, [])


@pytest.mark.parametrize(("said", "left"), [("3997", 3997), ("", None), ("many", None)])
def test_the_credits_left_are_heard(
    serve: Serve, feed: Callable[..., OpenSky], said: str, left: float | None
) -> None:
    """The server's own count of the day's credits goes on with the answer."""
    states = {"time": int(NOW.timestamp()), "states": None}
    api = serve(http(states, "200 OK", X_Rate_Limit_Remaining=said))
    assert feed(api, serve(token())).poll(Everything(), NOW).credits_left == left


@pytest.mark.parametrize("query", [Military(), Type("IL76")])
def test_opensky_knows_no_types(query: Query, serve: Serve, feed: Callable[..., OpenSky]) -> None:
    """What cannot be asked is refused without a request."""
    api = serve(sky())
    with pytest.raises(Refused, match="cannot be asked"):
        feed(api, serve(token())).poll(query, NOW)
    assert api.requests == []


def test_a_far_estimate_is_not_believed() -> None:
    """An airport guessed from a fix high above or far away keeps a low confidence."""
    far = {**FLIGHT, "estDepartureAirportVertDistance": 9000}
    legs, _ = form.flights(json.dumps([far]).encode(), "os")
    assert (legs[0].origin.airfield, legs[0].origin.how) == ("OSLK", How.PROJECTED)
    assert legs[0].origin.confidence < 0.5


def test_a_track_is_read_in_its_own_column_order(
    serve: Serve, feed: Callable[..., OpenSky]
) -> None:
    """Latitude first here; metres become feet, rows are sorted, 404 is none."""
    path = [[200, 32.0, 21.2, 243.8, 80, True], [100, 33.7, 28.5, 10058.4, 259, False],
            [150, None, 25.0, 1.0, 0, False]]  # fmt: skip
    api = serve(http({"icao24": "154076", "calllsign": "X", "path": path}), http(b"", "404 None"))
    opensky = feed(api, serve(token()))
    asked = Flown(Icao24("154076"), NOW)
    track = opensky.poll(asked, NOW).positions
    assert "/tracks/all?icao24=154076&time=1735243200 " in api.requests[0]
    assert list(track.lat_deg) == [33.7, 32.0]
    assert track.altitude_ft[0] == pytest.approx(33000, abs=1)
    assert list(track.on_ground) == [False, True]
    assert len(opensky.poll(asked, NOW).positions) == 0


@pytest.mark.parametrize(
    ("query_key", "credits"),
    [("near:35.400,35.950,120", 1), ("near:35.400,35.950,250", 2), ("near:35.400,35.950,500", 3),
     ("near:35.400,35.950,900", 4), ("near:0.000,179.900,100", 4), ("all", 4), ("hex:154076+3", 4),
     ("flights:departure:OSLK", 30), ("track:154076:1735239000", 30)],
)  # fmt: skip
def test_requests_cost_what_the_documentation_says(query_key: str, credits: float) -> None:
    """1 credit up to 25 square degrees, 2 to 100, 3 to 400, else 4."""
    assert cost(FeedSettings("os", "opensky", provider="opensky"), query_key) == credits


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(1, 3000), st.floats(0, 360))
def test_a_box_holds_its_circle(lat: float, lon: float, radius: float, angle: float) -> None:
    """Any point of the circle lies within the box."""
    p, q, d, a = np.radians([lat, lon, radius / 60, angle])
    y = np.arcsin(np.clip(np.sin(p) * np.cos(d) + np.cos(p) * np.sin(d) * np.cos(a), -1, 1))
    x = q + np.arctan2(np.sin(a) * np.sin(d) * np.cos(p), np.cos(d) - np.sin(p) * np.sin(y))
    there = np.degrees(y), (np.degrees(x) + 180) % 360 - 180
    south, north, west, east = box(lat, lon, radius)
    assert south - 1e-6 <= there[0] <= north + 1e-6
    assert west - 1e-5 <= there[1] <= east + 1e-5 or abs(abs(there[1]) - 180) < 1e-6


_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@given(st.lists(st.lists(_VALUE, max_size=19) | _VALUE, max_size=5))
def test_no_rows_break_the_reply(rows: list[Any]) -> None:
    """Whatever stands in the rows: a sane neighbour survives, all are accounted for."""
    body = json.dumps({"time": NOW.timestamp(), "states": [*rows, ROW]}).encode()
    parsed = form.states(body, "os")
    assert 0x154076 in parsed.positions.icao24
    assert parsed.listed == len(rows) + 1 == len(parsed.positions) + sum(parsed.skipped.values())


@given(st.binary(max_size=100) | st.lists(_VALUE).map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_read_or_garbled(body: bytes) -> None:
    """No input raises anything but a FeedError."""
    for read in (form.states, form.flights, form.track):
        with suppress(FeedError):
            read(body, "os")
