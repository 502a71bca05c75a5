"""The session against a real socket: bounds, manners, and every error said rightly."""

import gzip
import socket
import struct
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bot import __version__
from bot.errors import FeedError, Garbled, Refused, Throttled, Unavailable
from bot.feeds.web import Web, wait_s
from bot.model.feed import FeedSettings
from tests.feeds.wire import NOW, http

Serve = Callable[..., Any]
SECRET = "s3cr3t-key"


@pytest.fixture
def web() -> Iterator[Callable[..., Web]]:
    """`web(**settings)`: a session with those bounds."""
    made: list[Web] = []

    def make(**settings: Any) -> Web:
        bounds = {"timeout_s": 2.0, "deadline_s": 2.0, "max_bytes": 100_000, **settings}
        made.append(Web(FeedSettings("feed", "v2", **bounds), "ask nicely"))
        return made[-1]

    yield make
    for session in made:
        session.close()


def error(web: Web, url: str) -> FeedError:
    with pytest.raises(FeedError) as caught:
        web.get(f"{url}/v2/x?key={SECRET}", NOW, {"auth": SECRET})
    assert SECRET not in str(caught.value)
    return caught.value


def test_it_says_who_it_is_and_takes_gzip(serve: Serve, web: Callable[..., Web]) -> None:
    """An honest User-Agent, a key in its header, gzip asked for and unpacked."""
    server = serve(http(gzip.compress(b"hello"), Content_Encoding="gzip"))
    reply = web(contact="desk@example.org\r\nX: ü(").get(server.url, NOW, {"auth": SECRET})
    assert reply.body == b"hello"
    head = server.requests[0]
    assert f"User-Agent: airbridge/{__version__} (" in head
    assert "contact: desk@example.orgX: )\r\n" in head
    assert "Mozilla" not in head
    assert "Accept-Encoding: gzip" in head
    assert f"auth: {SECRET}" in head


def test_no_password_of_the_users_is_sent(
    serve: Serve, web: Callable[..., Web], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ~/.netrc entry for the host neither travels nor replaces the feed's own key."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve(http(b"x"))
    web().get(server.url, NOW, {"Authorization": "Bearer ours"})
    assert "Authorization: Bearer ours\r\n" in server.requests[0]
    assert "Basic" not in server.requests[0]


def test_the_connection_is_reused(serve: Serve, web: Callable[..., Web]) -> None:
    """Two requests to one server travel on one connection."""
    server, session = serve(http(b"x")), web()
    for _ in range(3):
        session.get(server.url, NOW)
    assert len(server.requests) == 3
    assert len(server._conns) == 1


@pytest.mark.parametrize("status", ["401 U", "402 P", "403 Forbidden", "451 L"])
def test_a_refusal_says_what_to_do(serve: Serve, web: Callable[..., Web], status: str) -> None:
    """Not allowed is Refused, with the provider's words and advice; never tried again."""
    server = serve(http("key required", status))
    said = error(web(), server.url)
    assert isinstance(said, Refused)
    assert "key required" in str(said)
    assert "ask nicely" in str(said)
    assert len(server.requests) == 1


def test_throttling_carries_the_wait(serve: Serve, web: Callable[..., Web]) -> None:
    """A 429 is Throttled with the server's wait, its text body included, and is not retried."""
    server = serve(http("slow down", "429 Too Many", X_Rate_Limit_Retry_After_Seconds="22688"))
    said = error(web(), server.url)
    assert isinstance(said, Throttled)
    assert said.retry_after_s == 22688
    assert len(server.requests) == 1


def test_server_errors_are_temporary(serve: Serve, web: Callable[..., Web]) -> None:
    """5xx is Unavailable; an HTML error page is not quoted."""
    said = error(web(), serve(http("<html>oops</html>", "502 Bad", Retry_After="7")).url)
    assert type(said) is Unavailable
    assert said.retry_after_s == 7
    assert "oops" not in str(said)


def test_an_unexpected_status_is_garbled_unless_accepted(
    serve: Serve, web: Callable[..., Web]
) -> None:
    """404 is an error for most, an answer for a caller who says so."""
    url = serve(http(b"", "404 Not Found")).url
    assert isinstance(error(web(), url), Garbled)
    assert web().get(url, NOW, accept=(404,)).status == 404


def _reset(conn: socket.socket) -> None:
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def _hang(conn: socket.socket) -> None:
    conn.recv(1)


def _broken_off(conn: socket.socket) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")


def _leave(conn: socket.socket) -> None:
    """Close without a word."""


@pytest.mark.parametrize("fault", [_reset, _hang, _broken_off, _leave])
def test_a_broken_connection_is_unavailable(
    serve: Serve, web: Callable[..., Web], fault: Callable[[socket.socket], None]
) -> None:
    """Reset, silence, a reply that breaks off, a close without an answer: did not look."""
    assert type(error(web(timeout_s=0.5), serve(fault).url)) is Unavailable


def test_a_closed_port_and_an_unknown_name_are_unavailable(web: Callable[..., Web]) -> None:
    """Nobody there is temporary too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "refused" in str(error(web(), f"http://127.0.0.1:{port}"))
    assert type(error(web(), "http://no-such-host.invalid")) is Unavailable


def _dribble_head(conn: socket.socket) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        conn.sendall(b"a")
        time.sleep(0.05)


def _dribble_body(conn: socket.socket) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    while True:
        conn.sendall(b"a")
        time.sleep(0.05)


@pytest.mark.parametrize("dribble", [_dribble_head, _dribble_body])
def test_a_dribbling_server_meets_the_deadline(
    serve: Serve, web: Callable[..., Web], dribble: Callable[[socket.socket], None]
) -> None:
    """A byte now and then defeats every read timeout; the deadline ends it, in head and body."""
    began = time.monotonic()
    said = error(web(timeout_s=30.0, deadline_s=0.6), serve(dribble).url)
    assert type(said) is Unavailable
    assert "0.6 s" in str(said)
    assert time.monotonic() - began < 5


def test_an_endless_body_stops_at_the_limit(serve: Serve, web: Callable[..., Web]) -> None:
    """A reply without end is cut at the size limit."""

    def endless(conn: socket.socket) -> None:
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            conn.sendall(bytes(65_536))

    said = error(web(deadline_s=10.0), serve(endless).url)
    assert isinstance(said, Garbled)
    assert "more than 100000 bytes" in str(said)


def test_a_gzip_bomb_stops_at_the_limit(serve: Serve, web: Callable[..., Web]) -> None:
    """The limit holds after unpacking too."""
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    said = error(web(), serve(http(bomb, Content_Encoding="gzip")).url)
    assert "when unpacked" in str(said)


def test_no_key_follows_a_redirect_elsewhere(serve: Serve, web: Callable[..., Web]) -> None:
    """A redirect within the host is followed, one to another server is not, key or no key."""
    other = serve(http(b"stolen"))
    moved = serve(http(b"", "302 Found", Location=f"{other.url}/grab"))
    assert type(error(web(), moved.url)) is Unavailable
    gone = serve(http(b"", "301 Moved", Location=f"{other.url}/grab"))
    assert isinstance(error(web(), gone.url), Refused)
    assert other.requests == []
    near = serve(http(b"", "302 Found", Location="/v2/there"), http(b"there"))
    assert web().get(near.url, NOW, {"auth": SECRET}).body == b"there"
    assert near.requests[1].startswith("GET /v2/there ")
    circle = serve(http(b"", "302 Found", Location="/again"))
    assert "circle" in str(error(web(), circle.url))


def test_a_strange_packing_is_garbled(serve: Serve, web: Callable[..., Web]) -> None:
    """Brotli was not asked for."""
    assert isinstance(error(web(), serve(http(b"??", Content_Encoding="br")).url), Garbled)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90.0),
        ({"Retry-After": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "9" * 400}, 604800.0),
        ({"Retry-After": "5", "X-Rate-Limit-Retry-After-Seconds": "22688"}, 22688.0),
    ],
)
def test_a_servers_wait_is_read_in_every_form(headers: dict[str, str], wait: float | None) -> None:
    """Seconds, a date, OpenSky's own header; nonsense is no wait, never an error."""
    assert wait_s(headers, NOW) == wait
