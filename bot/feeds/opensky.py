"""The OpenSky Network: state vectors, yesterday's flights and tracks, over OAuth2.

Promises: metric units become feet and knots on entry; a token is kept until half a minute before
it ends and renewed once on a 401; `states: null` and a 404 for flights are answers (none seen);
what the server says is left of the day's credits goes on with the answer. Without credentials only
states are asked for.
Refuses: credentials that are not the file from the account page; to try a refused token twice.
"""

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from bot.errors import Garbled, Refused, Unavailable
from bot.feeds.base import select
from bot.feeds.intake import Intake, drift
from bot.feeds.opensky_form import flights, states, track
from bot.feeds.web import Reply, Web
from bot.model.air import Positions
from bot.model.feed import FeedSettings
from bot.model.providers import box, provider_of
from bot.model.query import Everything, Flights, Flown, Hexes, Military, Near, Query, Snapshot, Type

RENEW_EARLY_S = 30.0
_NONE = (404,)  # how /flights and /tracks say that there is nothing


class OpenSky:
    """One account. Two lanes (live states, nightly flights) take an object each."""

    def __init__(self, settings: FeedSettings) -> None:
        self.name = settings.name
        self._intake = Intake(settings.name)
        self._provider = provider_of(settings)
        self._base = (settings.url or self._provider.url).rstrip("/")
        self._auth_url = settings.auth_url or self._provider.auth_url
        self._key = settings.key
        self._web = Web(settings, self._provider.access)
        self._token = ""
        self._token_ends = datetime.min.replace(tzinfo=UTC)

    def close(self) -> None:
        """Give the sockets back."""
        self._web.close()

    def poll(self, query: Query, now: datetime) -> Snapshot:
        """States for positions, `/flights` and `/tracks` of the past. Raises a FeedError."""
        if isinstance(query, Flights):
            return self._flights(query, now)
        if isinstance(query, Flown):
            return self._flown(query, now)
        if isinstance(query, Military | Type):
            raise Refused(f"{self.name}: OpenSky cannot be asked for {query.key()}")
        reply = self._get("/states/all", _states_params(query), now)
        parsed = states(reply.body, self.name)
        parsed = self._intake.check(query, parsed, now)
        # a box is more than the circle that was asked for: it is paid for, so it is kept
        kept = parsed.positions if isinstance(query, Near) else select(parsed.positions, query)
        return Snapshot(self.name, query, parsed.time_s, kept, parsed.listed, parsed.skipped,
                        drift=drift(parsed), credits_left=_left(reply))  # fmt: skip

    def _flown(self, query: Flown, now: datetime) -> Snapshot:
        """Rows of one airframe in time order, up to 30 days back; none: not known there."""
        if not self._key:
            raise Refused(f"{self.name}: tracks are for accounts; {self._provider.access}")
        params = {"icao24": query.icao24, "time": int(query.at.timestamp())}
        reply = self._get("/tracks/all", params, now, _NONE)
        rows = Positions.empty() if reply.status == 404 else track(reply.body, self.name)
        return Snapshot(self.name, query, now.timestamp(), rows, len(rows),
                        credits_left=_left(reply))  # fmt: skip

    def _flights(self, query: Flights, now: datetime) -> Snapshot:
        begin, end = _interval(query)
        if end >= now:
            raise Refused(f"{self.name}: flights of {query.day} are made in the night after it")
        if not self._key:
            raise Refused(f"{self.name}: flights are for accounts; {self._provider.access}")
        params: dict[str, Any] = {"begin": int(begin.timestamp()), "end": int(end.timestamp())}
        if query.kind != "all":
            params = {"icao24" if query.kind == "aircraft" else "airport": query.of, **params}
        reply = self._get(f"/flights/{query.kind}", params, now, _NONE)
        legs, skipped = ((), {}) if reply.status == 404 else flights(reply.body, self.name)
        return Snapshot(self.name, query, now.timestamp(), Positions.empty(),
                        len(legs) + sum(skipped.values()), skipped, legs, _left(reply))  # fmt: skip

    # ------------------------------------------------------------------------------- the token

    def _get(self, path: str, params: Any, now: datetime, accept: tuple[int, ...] = ()) -> Reply:
        url = f"{self._base}{path}?{urlencode(params, doseq=True)}"
        reply = self._web.get(url, now, self._bearer(now), (*accept, 401))
        if reply.status == 401 and self._key:  # the token ended early, or was withdrawn
            self._token = ""
            reply = self._web.get(url, now, self._bearer(now), (*accept, 401))
        if reply.status == 401:
            self._token = ""
            what = "a fresh token is refused" if self._key else "it wants an account"
            raise Refused(f"{self.name}: {what}; {self._provider.access}")
        return reply

    def _bearer(self, now: datetime) -> dict[str, str]:
        if not self._key:
            return {}
        if not self._token or now >= self._token_ends:
            self._renew(now)
        return {"Authorization": f"Bearer {self._token}"}

    def _renew(self, now: datetime) -> None:
        """A new token; wrong credentials are Refused, a token service in trouble Unavailable."""
        client, secret = self._credentials()
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        reply = self._web.post(self._auth_url, now, form, accept=(400, 401))
        if reply.status != 200:
            raise Refused(f"{self.name}: the token service does not know these credentials; "
                          f"{self._provider.access}")  # fmt: skip
        try:
            token = msgspec.json.decode(reply.body, type=_Token)
        except msgspec.MsgspecError as exc:
            raise Garbled(f"{self.name}: the token service answered nonsense") from exc
        if token.expires_in <= 0:
            raise Unavailable(f"{self.name}: the token service gave a token that has ended")
        lasts_s = max(token.expires_in - RENEW_EARLY_S, token.expires_in / 2)
        self._token, self._token_ends = token.access_token, now + timedelta(seconds=lasts_s)

    def _credentials(self) -> tuple[str, str]:
        """From the file that the account page offers: `{"clientId": ..., "clientSecret": ...}`."""
        try:
            given = json.loads(self._key or "")
            return str(given["clientId"]), str(given["clientSecret"])
        except (ValueError, KeyError, TypeError):
            # without its cause: a decoder's error quotes the file
            text = "key_file is not an OpenSky credentials file (JSON, clientId and clientSecret)"
            raise Refused(f"{self.name}: {text}; {self._provider.access}") from None


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 1800.0


def _interval(query: Flights) -> tuple[datetime, datetime]:
    """The day and the one before it: two days cost what one does, and a night's batch that came
    late is caught up. `all` is limited to two hours."""
    day = datetime.combine(query.day, time(), UTC)
    if query.kind == "all":
        begin = day + timedelta(hours=int(query.of))
        return begin, begin + timedelta(hours=2, seconds=-1)
    return day - timedelta(days=1), day + timedelta(days=1, seconds=-1)


def _left(reply: Reply) -> float | None:
    """Credits left of the day, as the server counts; None when it does not say."""
    text = reply.headers.get("X-Rate-Limit-Remaining", "").strip()
    return float(text) if text.isdecimal() and text.isascii() else None


def _states_params(query: Everything | Near | Hexes) -> dict[str, Any]:
    params: dict[str, Any] = {"extended": 1}  # the category, which tells ground vehicles
    if isinstance(query, Near):
        south, north, west, east = box(query.lat_deg, query.lon_deg, query.radius_nm)
        return {**params, "lamin": f"{south:.4f}", "lamax": f"{north:.4f}",
                "lomin": f"{west:.4f}", "lomax": f"{east:.4f}"}  # fmt: skip
    if isinstance(query, Hexes):
        return {**params, "icao24": list(query.icao24)}
    return params
