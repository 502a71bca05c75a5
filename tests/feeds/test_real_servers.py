"""Feeds and lanes against servers that others wrote: nginx's rate limit and moods, WireMock's
OAuth scenario and faults."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.errors import FeedError, Garbled, Refused, Unavailable
from bot.feeds.opensky import OpenSky
from bot.feeds.v2 import V2
from bot.lane import Lane, Mood
from bot.model.air import Everything, Look, Near, Outcome, Snapshot
from bot.model.feed import FeedSettings
from tests.feeds.wire import craft, v2_body

pytestmark = pytest.mark.real

Need = Callable[[str, str], str]
PATIENCE_S = 40.0  # WireMock takes nine seconds to start on an idle machine
CIRCLES = tuple(Near(10.0 * i, 20.0, 250.0) for i in range(3))

NGINX = """
{user}worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log {dir}/access.log;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c;
  uwsgi_temp_path {dir}/d; scgi_temp_path {dir}/e;
  limit_req_zone $binary_remote_addr zone=api:1m rate=60r/m;
  server {{
    listen 127.0.0.1:{port};
    root {dir}/www;
    location /limited/ {{
      limit_req zone=api burst=1 nodelay; limit_req_status 429; error_page 429 = @slow;
      try_files /sky.json =404;
    }}
    location @slow {{ internal; add_header Retry-After 2 always; return 429 "slow down"; }}
    location /open/ {{ try_files /sky.json =404; }}
    location /packed/ {{ gzip on; gzip_types *; gzip_min_length 1; try_files /sky.json =404; }}
    location /drop/ {{ return 444; }}
    location /down/ {{ return 503; }}
    location /forbidden/ {{ return 403; }}
    location /page/ {{ default_type text/html; return 200 "<html><title>Hello</title></html>"; }}
    location /moved/ {{ return 301 http://example.org/elsewhere; }}
    location /trickle/ {{ limit_rate 1k; try_files /big.json =404; }}
    location /huge/ {{ try_files /huge.bin =404; }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until_up(url: str) -> None:
    for _ in range(int(PATIENCE_S * 10)):
        with suppress(requests.RequestException):
            requests.get(url, timeout=2)
            return
        time.sleep(0.1)
    raise AssertionError(f"{url} did not come up")


@pytest.fixture
def nginx(need: Need, tmp_path: Path) -> Iterator[str]:
    """A running nginx with one location a mood; gives its address."""
    program, port = need("nginx", "nginx-light"), free_port()
    www = tmp_path / "www"
    www.mkdir()
    (www / "sky.json").write_text(json.dumps(v2_body(craft(), now_s=time.time())))
    (www / "big.json").write_bytes(bytes(200_000))
    with (www / "huge.bin").open("wb") as file:
        file.truncate(1 << 30)  # a gigabyte of nothing, on no disk
    user = "user root; " if os.geteuid() == 0 else ""  # else its workers cannot read our folder
    (tmp_path / "nginx.conf").write_text(NGINX.format(dir=tmp_path, port=port, user=user))
    process = subprocess.Popen(
        [program, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        stderr=subprocess.DEVNULL,
    )
    try:
        until_up(f"http://127.0.0.1:{port}/open/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def v2(url: str, **settings: Any) -> Any:
    given = {"timeout_s": 3.0, "deadline_s": 3.0, "max_bytes": 1_000_000, **settings}
    return closing(V2(FeedSettings("sky", "v2", url, **given)))


def test_a_lane_lives_with_a_real_rate_limit(nginx: str) -> None:
    """Against 60 requests a minute a lane that asks too fast is throttled, keeps the server's
    wait, widens its spacing, and gets its rounds; no 429 is followed by a request too early."""
    settings = FeedSettings("sky", "v2", f"{nginx}/limited", every_s=0.0, spacing_s=0.2)
    looks: list[Look] = []

    def sink(look: Look, snapshot: Snapshot | None) -> None:
        looks.append(look)

    def sleep(seconds: float) -> bool:
        time.sleep(seconds)
        return False

    with closing(V2(settings)) as feed:
        lane = Lane(feed, settings, CIRCLES)
        end = time.monotonic() + 15
        while time.monotonic() < end:
            due = lane.round(lambda: datetime.now(UTC), sleep, sink)
            if due:
                time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    bad = [i for i, look in enumerate(looks) if look.outcome is Outcome.UNAVAILABLE]
    assert bad, "the limit was never met"
    assert len(looks) - len(bad) >= 5
    for i in bad[:-1]:
        assert (looks[i + 1].at - looks[i].at).total_seconds() >= 2.0
    assert lane.state.spacing_s >= 0.8


@pytest.mark.parametrize(
    ("place", "error", "said"),
    [
        ("drop", Unavailable, "closed the connection"),
        ("down", Unavailable, "503"),
        ("forbidden", Refused, "403"),
        ("page", Garbled, "Hello"),
        ("moved", Refused, "another server"),
        ("trickle", Unavailable, "within 3 s"),
        ("huge", Garbled, "more than 1000000 bytes"),
    ],
)
def test_each_mood_of_a_real_server_has_its_error(
    nginx: str, place: str, error: type[FeedError], said: str
) -> None:
    """Drop, 503, 403, a web page, a redirect, a trickle, a gigabyte: told apart, and bounded."""
    with v2(f"{nginx}/{place}") as feed, pytest.raises(error, match=said) as caught:
        feed.poll(CIRCLES[0], datetime.now(UTC))
    assert type(caught.value) is error


def test_a_real_server_packs_its_replies(nginx: str) -> None:
    """What nginx gzips is unpacked."""
    for place in ("open", "packed"):
        with v2(f"{nginx}/{place}") as feed:
            assert len(feed.poll(CIRCLES[0], datetime.now(UTC)).positions) == 1


# ------------------------------------------------------------------------------------- WireMock


def _stub(path: str, response: dict[str, Any], method: str = "GET", **more: Any) -> dict[str, Any]:
    scenario = {k: more.pop(k) for k in list(more) if "cenario" in k or k == "newScenarioState"}
    return {"request": {"method": method, "urlPathPattern": path, **more}, "response": response,
            **scenario}  # fmt: skip


def _stubs() -> dict[str, Any]:
    """OpenSky's token service and states, a burst of 429 then 200, and transport faults."""
    now = int(time.time())
    row = ["154076", "RFF8254 ", "Russian Federation", now - 1, now, 28.5, 33.7, 10058.4, False,
           226.4, 259.1, 0.0, None, 10241.3, "3312", False, 0, 6]  # fmt: skip
    states = {"status": 200, "jsonBody": {"time": now, "states": [row]}}
    form = {"grant_type": {"equalTo": "client_credentials"}, "client_id": {"equalTo": "bot"},
            "client_secret": {"equalTo": "s3cr3t"}}  # fmt: skip

    def token(name: str) -> dict[str, Any]:
        return {"status": 200, "jsonBody": {"access_token": name, "expires_in": 1800}}

    def bearer(name: str) -> dict[str, Any]:
        return {"Authorization": {"equalTo": f"Bearer {name}"}}

    def step(name: str, before: str, after: str) -> dict[str, Any]:
        return {"scenarioName": name, "requiredScenarioState": before, "newScenarioState": after}

    burst = {"status": 429, "headers": {"X-Rate-Limit-Retry-After-Seconds": "22688"},
             "body": "Too many requests"}  # fmt: skip
    return {"mappings": [
        _stub("/token", token("old"), "POST", formParameters=form, **step("o", "Started", "1")),
        _stub("/token", token("new"), "POST", formParameters=form, **step("o", "1", "2")),
        _stub("/api/states/all", {"status": 401}, headers=bearer("old")),
        _stub("/api/states/all", states, headers=bearer("new")),
        _stub("/burst/states/all", burst, **step("b", "Started", "done")),
        _stub("/burst/states/all", states, **step("b", "done", "done")),
        _stub("/reset/.*", {"fault": "CONNECTION_RESET_BY_PEER"}),
        _stub("/garbage/.*", {"fault": "MALFORMED_RESPONSE_CHUNK"}),
        _stub("/random/.*", {"fault": "RANDOM_DATA_THEN_CLOSE"}),
        _stub("/dribble/.*", {"status": 200, "body": "x" * 100, "chunkedDribbleDelay": {
            "numberOfChunks": 100, "totalDuration": 60_000}}),
        _stub("/drift/.*", {"status": 200, "jsonBody": v2_body(
            craft(gs={"value": 12, "unit": "kt"}), craft(hex="aaaaaa", lat="33.7"),
            now_s=time.time())}),
    ]}  # fmt: skip


@pytest.fixture(scope="module")
def wiremock(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A running WireMock with the stubs above; gives its address."""
    program = shutil.which("wiremock")
    if program is None or shutil.which("java") is None:
        text = "wiremock is missing: npm install -g wiremock (it needs openjdk-17-jre-headless)"
        (pytest.fail if request.config.getoption("--real") else pytest.skip)(text)
    folder, port = tmp_path_factory.mktemp("wiremock"), free_port()
    (folder / "mappings").mkdir()
    (folder / "mappings" / "stubs.json").write_text(json.dumps(_stubs()))
    process = subprocess.Popen(
        [str(program), "--port", str(port), "--bind-address", "127.0.0.1", "--root-dir",
         str(folder), "--disable-banner"],
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        until_up(f"http://127.0.0.1:{port}/__admin/mappings")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the npm script and the Java it started
        process.wait(10)


def _no_sleep(seconds: float) -> bool:
    return False


def _no_sink(look: Look, snapshot: Snapshot | None) -> None:
    pass


def opensky(wiremock: str, place: str) -> Any:
    return closing(OpenSky(FeedSettings(
        "os", "opensky", f"{wiremock}/{place}", provider="opensky", timeout_s=3.0, deadline_s=5.0,
        key='{"clientId": "bot", "clientSecret": "s3cr3t"}', auth_url=f"{wiremock}/token",
    )))  # fmt: skip


def test_oauth_renewal_and_a_burst_of_429(wiremock: str) -> None:
    """A token that the API no longer takes is renewed once and the poll succeeds; a 429 of hours
    pauses the lane that long."""
    now = datetime.now(UTC)
    with opensky(wiremock, "api") as feed:
        assert len(feed.poll(Everything(), now).positions) == 1
        feed._base = f"{wiremock}/burst"
        lane = Lane(feed, FeedSettings("os", "opensky"), (Everything(),))
        due = lane.round(lambda: now, _no_sleep, _no_sink)
        assert due is not None
        assert (due - now).total_seconds() == 22688
        assert lane.state.mood is Mood.FAILING
        assert len(feed.poll(Everything(), now).positions) == 1


@pytest.mark.parametrize("place", ["reset", "garbage", "random", "dribble"])
def test_faults_on_the_wire_are_no_look(wiremock: str, place: str) -> None:
    """Reset, broken chunks, noise, dribble: Unavailable within the deadline, nothing else."""
    began = time.monotonic()
    with v2(f"{wiremock}/{place}") as feed, pytest.raises(Unavailable):
        feed.poll(CIRCLES[0], datetime.now(UTC))
    assert time.monotonic() - began < 8


def test_a_drifting_schema_costs_fields_not_aircraft(wiremock: str) -> None:
    """A field that changed its type is unknown and counted; both aircraft stay."""
    with v2(f"{wiremock}/drift") as feed:
        snapshot = feed.poll(CIRCLES[0], datetime.now(UTC))
    assert len(snapshot.positions) == 2
    assert snapshot.skipped == {"unreadable field": 1}
