"""Feeds and lanes against a server that others wrote: nginx's rate limit and moods, for every
provider preset."""

import json
import os
import socket
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.errors import FeedError, Garbled, Refused, Unavailable
from bot.feeds.v2 import V2
from bot.lane import Lane
from bot.model.feed import FeedSettings
from bot.model.providers import PROVIDERS
from bot.model.query import Look, Near, Outcome, Snapshot
from tests.feeds.wire import craft, v2_body
from tests.real.providers import ASKED, CIRCLE, KEY, feed_of

pytestmark = pytest.mark.real

Need = Callable[[str, str], str]
PATIENCE_S = 20.0
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
    location /bomb/ {{ add_header Content-Encoding gzip; try_files /bomb.gz =404; }}
    location = /token {{ error_page 405 =200 /token.json; return 405; }}
    location = /token.json {{ internal; }}
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
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    with (www / "bomb.gz").open("wb") as file:
        for _ in range(128):
            file.write(packed.compress(bytes(1 << 20)))
        file.write(packed.flush())
    (www / "token.json").write_text('{"access_token": "t", "expires_in": 1800}')
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
        ("trickle", Unavailable, "within 1 s|in time"),
        ("huge", Garbled, "more than 1000000 bytes"),
        ("bomb", Garbled, "more than 1000000 bytes when unpacked"),
    ],
)
def test_each_mood_of_a_real_server_has_its_error(
    nginx: str, place: str, error: type[FeedError], said: str
) -> None:
    """Drop, 503, 403, a web page, a redirect, a trickle, a gigabyte, a gzip bomb: whichever
    provider has them, they are told apart, and bounded."""
    for asked in ASKED:
        auth = f"{nginx}/token"
        with feed_of(asked.provider, f"{nginx}/{place}", auth, deadline_s=1.0) as feed:
            with pytest.raises(error, match=said) as caught:
                feed.poll(CIRCLE, datetime.now(UTC))
            assert type(caught.value) is error, asked.provider
            assert KEY not in str(caught.value)


def test_a_refusal_says_what_to_do(nginx: str) -> None:
    """A 403 comes with the advice of the provider at hand."""
    for asked in ASKED:
        with feed_of(asked.provider, f"{nginx}/forbidden", f"{nginx}/token") as feed:
            with pytest.raises(Refused) as caught:
                feed.poll(CIRCLE, datetime.now(UTC))
            assert PROVIDERS[asked.provider].access in str(caught.value)


def test_a_real_server_packs_its_replies(nginx: str) -> None:
    """What nginx gzips is unpacked."""
    for place in ("open", "packed"):
        with v2(f"{nginx}/{place}") as feed:
            assert len(feed.poll(CIRCLES[0], datetime.now(UTC)).positions) == 1
