"""What every provider preset must send, written from the providers' documentation, not from the
presets: the path and the key that a stub insists on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot import feeds
from bot.model.air import Icao24
from bot.model.feed import FeedSettings
from bot.model.query import Everything, Hexes, Near, Query

CIRCLE = Near(34.5, 30.0, 250.0)
LIST = Hexes((Icao24("154076"), Icao24("152c29")))
KEY = "s3cr3t-k3y"
CREDENTIALS = '{"clientId": "bot", "clientSecret": "s3cr3t"}'


@dataclass(frozen=True, slots=True)
class Asked:
    """One provider's requests as regular expressions of path and query."""

    provider: str
    circle: str
    hexes: str
    key_header: str = ""  # '' = it is asked without a key
    kind: str = "v2"


ASKED = (
    Asked("adsb-lol", "/v2/point/34.50*/30.0*/250", "/v2/hex/154076,152c29"),
    Asked("adsb-fi", "/v2/lat/34.50*/lon/30.0*/dist/250", "/v2/hex/154076,152c29"),
    Asked("airplanes-live", r"/\?circle=34.50*,30.0*,250&jv2",
          r"/\?find_hex=154076,152c29&jv2", "auth"),
    Asked("airplanes-live-open", "/v2/point/34.50*/30.0*/250", "/v2/hex/154076,152c29"),
    Asked("adsbexchange", "/lat/34.50*/lon/30.0*/dist/250", "/icao/154076,152c29", "x-api-key"),
    Asked("adsbexchange-rapidapi", "/v2/lat/34.50*/lon/30.0*/dist/250/",
          "/v2/icao/154076,152c29/", "X-RapidAPI-Key"),
    Asked("opensky", r"/states/all\?.*lamin=30.*lamax=38.*", r"/states/all\?.*icao24=154076.*",
          "Authorization", "opensky"),
)  # fmt: skip
BY_NAME = {asked.provider: asked for asked in ASKED}


@contextmanager
def feed_of(provider: str, url: str, auth_url: str = "", **settings: Any) -> Iterator[Any]:
    """A feed of the preset at another address, its settings as `settings_of`."""
    feed: Any = feeds.make(settings_of(provider, url, auth_url, **settings))
    try:
        yield feed
    finally:
        feed.close()


def settings_of(provider: str, url: str, auth_url: str = "", **settings: Any) -> FeedSettings:
    """As a user would configure it, with his key and small limits."""
    asked = BY_NAME[provider]
    key = None
    if asked.key_header:
        key = CREDENTIALS if asked.kind == "opensky" else KEY
    given = {"timeout_s": 3.0, "deadline_s": 3.0, "max_bytes": 1_000_000, **settings}
    return FeedSettings("sky", asked.kind, url, provider=provider, key=key, auth_url=auth_url,
                        contact="ops@example.org", **given)  # fmt: skip


QUERIES: tuple[Query, ...] = (CIRCLE, LIST)
WORLD = Everything()
