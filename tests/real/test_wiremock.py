"""Every provider preset against WireMock: what is sent, and each mood through a whole lane."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from bot.errors import Refused
from bot.lane import Lane, Mood
from bot.model.query import Everything, Flights, Look, Outcome, Query, Snapshot
from tests.feeds.wire import craft, v2_body
from tests.real.providers import ASKED, CIRCLE, KEY, LIST, Asked, feed_of, settings_of

pytestmark = pytest.mark.real
each_provider = pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.provider)

PATIENCE_S = 60.0  # it takes nine seconds to start on an idle machine
BURST_S = 22_688  # a day's quota that is gone, as OpenSky has told it
Stub = dict[str, Any]


def reply(asked: Asked, *, drifted: bool = False) -> Stub:
    """One aircraft in the provider's form; drifted: one column changed its type, a new one came."""
    now = int(time.time())
    if asked.kind == "opensky":
        speed: Any = {"value": 226.4, "unit": "m/s"} if drifted else 226.4
        row = ["154076", "RFF8254 ", "Russian Federation", now - 1, now, 28.5, 33.7, 10058.4,
               False, speed, 259.1, 0.0, None, 10241.3, "3312", False, 0, 6]  # fmt: skip
        good = ["152c29", *row[1:9], 226.4, *row[10:]]
        return {
            "status": 200,
            "jsonBody": {"time": now, "states": [row, good] if drifted else [row]},
        }
    if drifted:
        body = v2_body(craft(gs={"value": 12, "unit": "kt"}, new_key=1),
                       craft(hex="152c29", lat="33.7"), now_s=now, version=3)  # fmt: skip
        return {"status": 200, "jsonBody": body}
    return {"status": 200, "jsonBody": v2_body(craft(), now_s=now)}


def stub(asked: Asked, mood: str, query: str, response: Stub, **more: Any) -> Stub:
    """A mapping: `/mood/provider` and the documented path, asked with the documented key."""
    headers = {"User-Agent": {"matches": r"airbridge/.*ops@example\.org.*"}}
    if asked.key_header:
        value = "Bearer good" if asked.kind == "opensky" else KEY
        headers[asked.key_header] = {"equalTo": value}
    request = {"method": "GET", "urlPattern": f"/{mood}/{asked.provider}{query}",
               "headers": headers}  # fmt: skip
    return {"request": request, "response": response, **more}


def step(name: str, before: str, after: str) -> Stub:
    return {"scenarioName": name, "requiredScenarioState": before, "newScenarioState": after}


def throttled(asked: Asked) -> Stub:
    """429 with the wait as this provider, or its front end, says it."""
    if asked.kind == "opensky":
        headers = {"X-Rate-Limit-Retry-After-Seconds": str(BURST_S)}
    elif asked.provider == "adsb-fi":
        late = datetime.now(UTC) + timedelta(seconds=BURST_S)
        headers = {"Retry-After": format_datetime(late, usegmt=True)}
    else:
        headers = {"Retry-After": str(BURST_S)}
    return {"status": 429, "headers": headers, "body": "Too many requests"}


def moods(asked: Asked) -> Iterator[Stub]:
    """Every mood of one provider."""
    name, both = asked.provider, (asked.circle, asked.hexes)
    for query in both:
        yield stub(asked, "good", query, reply(asked))
    yield stub(asked, "burst", asked.circle, throttled(asked), **step(name, "Started", "calm"))
    yield stub(asked, "burst", asked.circle, reply(asked), **step(name, "calm", "calm"))
    faults = {"reset": "CONNECTION_RESET_BY_PEER", "chunk": "MALFORMED_RESPONSE_CHUNK",
              "noise": "RANDOM_DATA_THEN_CLOSE", "empty": "EMPTY_RESPONSE"}  # fmt: skip
    for mood, fault in faults.items():
        yield stub(asked, mood, asked.circle, {"fault": fault})
    drip = {"numberOfChunks": 100, "totalDuration": 60_000}
    yield stub(asked, "drip", asked.circle,
               {"status": 200, "body": "x" * 100, "chunkedDribbleDelay": drip})  # fmt: skip
    yield stub(asked, "late", asked.circle, {**reply(asked), "fixedDelayMilliseconds": 20_000})
    page = {"status": 200, "headers": {"Content-Type": "text/html"},
            "body": "<html><head><title>Checking your browser</title></head></html>"}  # fmt: skip
    yield stub(asked, "page", asked.circle, page)
    yield stub(asked, "cut", asked.circle, {"status": 200, "body": '{"now": 1735243200, "ac": [{'})
    yield stub(asked, "forbidden", asked.circle, {"status": 403, "body": "ask the operators"})
    yield stub(asked, "drift", asked.circle, reply(asked, drifted=True))


def oauth() -> Iterator[Stub]:
    """OpenSky's token service: one that renews, and one that knows nobody."""
    form = {"grant_type": {"equalTo": "client_credentials"}, "client_id": {"equalTo": "bot"},
            "client_secret": {"equalTo": "s3cr3t"}}  # fmt: skip

    def token(place: str, name: str, **more: Any) -> Stub:
        response = {"status": 200, "jsonBody": {"access_token": name, "expires_in": 1800}}
        return {"request": {"method": "POST", "urlPath": place, "formParameters": form},
                "response": response, **more}  # fmt: skip

    yield token("/token", "good")
    yield token("/renewing", "old", **step("oauth", "Started", "renewed"))
    yield token("/renewing", "good", **step("oauth", "renewed", "renewed"))
    yield token("/revoked", "withdrawn")
    unknown = {"status": 401, "jsonBody": {"error": "invalid_client"}}
    yield {"request": {"method": "POST", "urlPath": "/nobody"}, "response": unknown}
    for name in ("old", "withdrawn"):
        bearer = {"Authorization": {"equalTo": f"Bearer {name}"}}
        request = {"method": "GET", "urlPathPattern": "/good/opensky/.*", "headers": bearer}
        yield {"request": request, "response": {"status": 401}}
    request = {"method": "GET", "urlPathPattern": "/good/opensky/flights/.*"}
    yield {"request": request, "response": {"status": 404}}


@pytest.fixture(scope="module")
def wiremock(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A running WireMock with the stubs above; gives its address."""
    program = shutil.which("wiremock")
    if program is None or shutil.which("java") is None:
        text = "wiremock is missing: npm install -g wiremock (it needs openjdk-17-jre-headless)"
        (pytest.fail if request.config.getoption("--real") else pytest.skip)(text)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    folder = tmp_path_factory.mktemp("wiremock")
    (folder / "mappings").mkdir()
    stubs = [*oauth(), *(one for asked in ASKED for one in moods(asked))]
    (folder / "mappings" / "stubs.json").write_text(json.dumps({"mappings": stubs}))
    process = subprocess.Popen(
        [str(program), "--port", str(port), "--bind-address", "127.0.0.1", "--root-dir",
         str(folder), "--disable-banner"],
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _until_up(f"http://127.0.0.1:{port}/__admin/mappings")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the npm script and the Java it started
        process.wait(10)


def _until_up(url: str) -> None:
    for _ in range(int(PATIENCE_S * 10)):
        with suppress(requests.RequestException):
            requests.get(url, timeout=2)
            return
        time.sleep(0.1)
    raise AssertionError(f"{url} did not come up")


class Round:
    """One lane's rounds against one mood, without waiting."""

    def __init__(self, wiremock: str, mood: str, asked: Asked) -> None:
        url, auth = f"{wiremock}/{mood}/{asked.provider}", f"{wiremock}/token"
        self.context = feed_of(asked.provider, url, auth)
        self.feed = self.context.__enter__()
        self.lane = Lane(self.feed, settings_of(asked.provider, url, auth), (CIRCLE,))
        self.looks: list[tuple[Look, Snapshot | None]] = []

    def go(self, at: datetime) -> tuple[Look, Snapshot | None]:
        """The outcome of the one request of a round at this time."""
        self.lane.round(lambda: at, lambda _seconds: False, lambda *told: self.looks.append(told))
        return self.looks[-1]

    def close(self) -> None:
        self.context.__exit__(None, None, None)


@pytest.fixture
def lane(wiremock: str) -> Iterator[Any]:
    """`lane(mood, asked)`: a Round, closed afterwards."""
    made: list[Round] = []

    def make(mood: str, asked: Asked) -> Round:
        made.append(Round(wiremock, mood, asked))
        return made[-1]

    yield make
    for one in made:
        one.close()


# --------------------------------------------------------------------------- every provider


@each_provider
@pytest.mark.parametrize("query", [CIRCLE, LIST], ids=["circle", "list"])
def test_each_provider_is_asked_as_it_documents(wiremock: str, asked: Asked, query: Query) -> None:
    """Path, key and an honest name are as the stub, written from the documentation, insists."""
    url = f"{wiremock}/good/{asked.provider}"
    with feed_of(asked.provider, url, f"{wiremock}/token") as feed:
        snapshot = feed.poll(query, datetime.now(UTC))
    assert snapshot.positions.icao24.tolist() == [0x154076]


@each_provider
def test_a_burst_of_429_pauses_for_as_long_as_it_says(lane: Any, asked: Asked) -> None:
    """Hours, as seconds or as a date: no request until then, and then it goes on."""
    now = datetime.now(UTC)
    one = lane("burst", asked)
    assert one.go(now)[0].outcome is Outcome.UNAVAILABLE
    waits_s = (one.lane.next_due - now).total_seconds()
    assert waits_s == pytest.approx(BURST_S, abs=90)  # the date was told when the stub was made
    one.go(now + timedelta(seconds=waits_s - 1))
    assert len(one.looks) == 1
    one.feed.poll(CIRCLE, now)  # the server is calm by now


@each_provider
@pytest.mark.parametrize("mood", ["reset", "chunk", "noise", "empty", "drip", "late"])
def test_faults_on_the_wire_are_no_look(lane: Any, asked: Asked, mood: str) -> None:
    """Reset, broken chunks, noise, nothing, drops by the second, silence: a failed look within
    the deadline, no exception out of the lane."""
    began = time.monotonic()
    look, snapshot = lane(mood, asked).go(datetime.now(UTC))
    assert (look.outcome, snapshot) == (Outcome.UNAVAILABLE, None)
    assert look.detail
    assert time.monotonic() - began < 8


@each_provider
@pytest.mark.parametrize(
    ("mood", "said"), [("page", "Checking your browser"), ("cut", "truncated")]
)
def test_nonsense_is_no_look(lane: Any, asked: Asked, mood: str, said: str) -> None:
    """A web page with 200, JSON that breaks off: told as what it was, never as an empty sky."""
    look, snapshot = lane(mood, asked).go(datetime.now(UTC))
    assert (look.outcome, snapshot) == (Outcome.GARBLED, None)
    assert said in look.detail


@each_provider
def test_a_refusal_opens_the_circuit(lane: Any, asked: Asked) -> None:
    """403: what the provider said and what to do; not asked again for ten minutes and more."""
    now = datetime.now(UTC)
    one = lane("forbidden", asked)
    look, _ = one.go(now)
    assert look.outcome is Outcome.REFUSED
    assert "ask the operators" in look.detail
    assert one.lane.state.mood is Mood.REFUSED
    one.go(now + timedelta(minutes=10))
    assert len(one.looks) == 1


@each_provider
def test_a_drifting_schema_costs_fields_not_the_sky(lane: Any, asked: Asked) -> None:
    """A value that changed its type is counted and told with the look; the others stay."""
    look, snapshot = lane("drift", asked).go(datetime.now(UTC))
    assert look.outcome is Outcome.OK
    assert look.detail.startswith("unreadable")
    assert 0x152C29 in snapshot.positions.icao24


# ---------------------------------------------------------------------------- OpenSky's OAuth


def opensky(wiremock: str, auth: str) -> Any:
    return feed_of("opensky", f"{wiremock}/good/opensky", f"{wiremock}/{auth}")


def test_a_token_that_ended_is_renewed_once(wiremock: str) -> None:
    """The API no longer takes it: a new one is fetched and the poll succeeds, with 404 for an
    empty night too."""
    with opensky(wiremock, "renewing") as feed:
        now = datetime.now(UTC)
        assert len(feed.poll(CIRCLE, now).positions) == 1
        night = Flights("arrival", "HL59", now.date() - timedelta(days=2))
        assert feed.poll(night, now).legs == ()


def test_a_fresh_token_that_is_refused_is_not_tried_again(wiremock: str) -> None:
    """Two requests and two tokens, then a human is asked; the secret is in no text."""
    with opensky(wiremock, "revoked") as feed, pytest.raises(Refused) as caught:
        feed.poll(CIRCLE, datetime.now(UTC))
    assert "fresh token is refused" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_credentials_that_nobody_knows_are_refused(wiremock: str) -> None:
    """`invalid_client` is a mistake to mend, not to repeat."""
    with opensky(wiremock, "nobody") as feed, pytest.raises(Refused, match="does not know these"):
        feed.poll(Everything(), datetime.now(UTC))
