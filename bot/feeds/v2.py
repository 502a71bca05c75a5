"""The public aggregators that speak the "v2" form: adsb.lol, adsb.fi, airplanes.live,
ADSBexchange, and whoever serves the same.

Promises: one `poll` is one request; a reply whose clock is far from ours is not taken for a look.
Refuses: to ask without a key where the provider answers only with one, or for more than its
documented limits.
"""

from datetime import datetime
from urllib.parse import urlsplit

from bot.errors import Refused
from bot.feeds.aircraft_json import parse
from bot.feeds.intake import Intake, drift
from bot.feeds.web import Web
from bot.model.feed import FeedSettings
from bot.model.providers import Provider, provider_of
from bot.model.query import Hexes, Military, Near, Query, Snapshot, Type


class V2:
    """One provider."""

    def __init__(self, settings: FeedSettings) -> None:
        self.name = settings.name
        self._intake = Intake(settings.name)
        self._settings = settings
        self._provider = provider_of(settings)
        self._base = (settings.url or self._provider.url).rstrip("/")
        self._web = Web(settings, self._provider.access)

    def close(self) -> None:
        """Give the sockets back."""
        self._web.close()

    def poll(self, query: Query, now: datetime) -> Snapshot:
        """Ask for a circle, a list of addresses, a type or the military. Raises a FeedError."""
        reply = self._web.get(self._address(query), now, self._headers())
        parsed = parse(reply.body, self.name)
        parsed = self._intake.check(query, parsed, now)
        return Snapshot(self.name, query, parsed.time_s, parsed.positions, parsed.listed,
                        parsed.skipped, drift=drift(parsed))  # fmt: skip

    def _headers(self) -> dict[str, str]:
        provider, key = self._provider, self._settings.key
        if not key:
            if provider.key_needed:
                raise Refused(f"{self.name}: {provider.name} needs a key; {provider.access}")
            return {}
        header = self._settings.key_header or provider.key_header
        if not header:
            raise Refused(f"{self.name}: a key is set, but not in which header to send it")
        headers = {header: key}
        if header.lower() == "x-rapidapi-key":
            headers["X-RapidAPI-Host"] = urlsplit(self._base).hostname or ""
        return headers

    def _address(self, query: Query) -> str:
        return self._base + _path(query, self._provider)


def _path(query: Query, provider: Provider) -> str:
    path = ""
    if isinstance(query, Near):
        radius = min(query.radius_nm, provider.max_radius_nm)
        path = provider.near.format(lat=query.lat_deg, lon=query.lon_deg, radius=radius)
    elif isinstance(query, Hexes):
        path = provider.hexes.format(list=",".join(query.icao24))
    elif isinstance(query, Military):
        path = provider.military
    elif isinstance(query, Type):
        path = provider.of_type.format(type=query.code)
    if not path:
        raise Refused(f"{provider.name} cannot be asked for {query.key()}")
    return path
