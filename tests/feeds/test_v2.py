"""The public aggregators: each provider's addresses and keys, one request a poll."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Garbled, Refused, Unavailable
from bot.feeds import make
from bot.feeds.v2 import V2
from bot.model.air import Icao24
from bot.model.feed import FeedSettings
from bot.model.providers import GENERIC, PROVIDERS, provider_of
from bot.model.query import Everything, Hexes, Near, Query
from tests.feeds.wire import NOW, craft, http, v2_body

Serve = Callable[..., Any]
CIRCLE = Near(35.4011, 35.9487, 250.0)
LIST = Hexes((Icao24("154076"), Icao24("152c29")))


@pytest.fixture
def feed() -> Iterator[Callable[..., V2]]:
    """`feed(url, **settings)`: a v2 feed on that server."""
    made: list[V2] = []

    def start(url: str, **settings: Any) -> V2:
        made.append(V2(FeedSettings("sky", "v2", url, timeout_s=3.0, **settings)))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_a_poll_is_one_request_and_one_snapshot(serve: Serve, feed: Callable[..., V2]) -> None:
    """A circle is asked for once and comes back as rows with the provider's clock."""
    server = serve(http(v2_body(craft(), craft(hex="~aaaaaa"))))
    snapshot = feed(server.url).poll(CIRCLE, NOW)
    assert (snapshot.feed, snapshot.query, snapshot.listed) == ("sky", CIRCLE, 2)
    assert snapshot.time_s == NOW.timestamp()
    assert list(snapshot.positions.icao24) == [0x154076]
    assert snapshot.skipped == {"not an aircraft address": 1}
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("provider", "query", "path"),
    [
        ("", CIRCLE, "/v2/point/35.4011/35.9487/250"),
        ("", LIST, "/v2/hex/154076,152c29"),
        ("adsb-lol", CIRCLE, "/v2/point/35.4011/35.9487/250"),
        ("adsb-fi", CIRCLE, "/v2/lat/35.4011/lon/35.9487/dist/250"),
        ("adsb-fi", LIST, "/v2/hex/154076,152c29"),
        ("airplanes-live", CIRCLE, "/?circle=35.4011,35.9487,250&jv2"),
        ("airplanes-live", LIST, "/?find_hex=154076,152c29&jv2"),
        ("adsbexchange", CIRCLE, "/lat/35.4011/lon/35.9487/dist/250"),
        ("adsbexchange", LIST, "/icao/154076,152c29"),
        ("adsbexchange-rapidapi", CIRCLE, "/v2/lat/35.4011/lon/35.9487/dist/250/"),
        ("adsbexchange-rapidapi", LIST, "/v2/icao/154076,152c29/"),
    ],
)
def test_each_provider_is_asked_in_its_own_words(
    serve: Serve, feed: Callable[..., V2], provider: str, query: Query, path: str
) -> None:
    """The documented address for circles and for lists."""
    server = serve(http(v2_body()))
    key = "k" if provider else None
    sky = feed(server.url, provider=provider, key=key, key_header="x-key" if key else "")
    assert len(sky.poll(query, NOW).positions) == 0
    assert server.requests[0].startswith(f"GET {path} HTTP/1.1\r\n")


def test_a_key_travels_in_the_providers_header(serve: Serve, feed: Callable[..., V2]) -> None:
    """The preset knows the header; RapidAPI also wants the host named."""
    server = serve(http(v2_body()))
    feed(server.url, provider="airplanes-live", key="abc").poll(LIST, NOW)
    feed(server.url, provider="adsbexchange-rapidapi", key="def").poll(LIST, NOW)
    assert "auth: abc\r\n" in server.requests[0]
    assert "X-RapidAPI-Key: def\r\n" in server.requests[1]
    assert "X-RapidAPI-Host: 127.0.0.1\r\n" in server.requests[1]


def test_without_a_needed_key_nobody_is_bothered(serve: Serve, feed: Callable[..., V2]) -> None:
    """A provider known to refuse keyless calls is not asked at all; the text says what to do."""
    server = serve(http(v2_body()))
    with pytest.raises(Refused, match="write to its operators"):
        feed(server.url, provider="airplanes-live").poll(LIST, NOW)
    with pytest.raises(Refused, match="in which header"):
        feed(server.url, key="abc").poll(LIST, NOW)
    with pytest.raises(Refused, match="cannot be asked"):
        feed(server.url).poll(Everything(), NOW)
    assert server.requests == []


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><title>Just a moment...</title>",
        json.dumps(v2_body(craft()))[:-20],
        {"msg": "No error", "now": int(NOW.timestamp() * 1000)},
        v2_body(msg="rate limited, sorry"),
    ],
)
def test_nonsense_with_status_200_is_no_look(
    serve: Serve, feed: Callable[..., V2], body: Any
) -> None:
    """HTML, truncated JSON, a missing list, an error in `msg`: Garbled, not an empty sky."""
    with pytest.raises(Garbled):
        feed(serve(http(body)).url).poll(CIRCLE, NOW)


def test_a_stale_reply_is_no_look(serve: Serve, feed: Callable[..., V2]) -> None:
    """A cache that answers with yesterday's sky has not looked today."""
    server = serve(http(v2_body(craft())))
    with pytest.raises(Unavailable, match="1440 min behind"):
        feed(server.url).poll(CIRCLE, NOW + timedelta(days=1))


def test_a_preset_is_told_by_name_or_by_host() -> None:
    """The named provider wins over the host; an unknown host is the family's common form."""
    assert provider_of(FeedSettings("a", "v2", "https://api.adsb.lol")).spacing_s == 10
    assert (
        provider_of(FeedSettings("a", "v2", "https://x.org", provider="adsb-fi")).name == "adsb-fi"
    )
    assert provider_of(FeedSettings("a", "v2", "https://x.org")) is GENERIC
    assert all(preset.as_of for preset in PROVIDERS.values()), "every preset says when it was true"


def test_make_knows_the_kinds() -> None:
    """Each kind is built from its settings; an unknown kind is a KeyError, not a guess."""
    assert isinstance(make(FeedSettings("a", "v2", "https://api.adsb.lol")), V2)
    with pytest.raises(KeyError):
        make(FeedSettings("a", "radar"))
