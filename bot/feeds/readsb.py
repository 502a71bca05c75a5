"""A local receiver's `aircraft.json` (readsb, tar1090, dump1090 old and new), by URL or file path.

Promises: every poll reads the whole file, which the decoder replaces atomically about once a
second; a file that is no longer being written is Unavailable, because a dead decoder leaves a
full sky behind. Refuses: nothing but what is unreadable.
"""

from datetime import UTC, datetime
from pathlib import Path

from bot.errors import Garbled, Unavailable
from bot.feeds.aircraft_json import parse
from bot.feeds.base import select, unpack
from bot.feeds.intake import Intake, drift
from bot.feeds.web import Web
from bot.model.feed import FeedSettings
from bot.model.query import Query, Snapshot

FROZEN_AFTER_S = 30.0
"""Decoders write every second, the laziest configured ones every 30 s; the same clock for longer
than that means that nobody writes any more."""


class Readsb:
    """One receiver."""

    def __init__(self, settings: FeedSettings) -> None:
        self.name = settings.name
        self._intake = Intake(settings.name)
        self._settings = settings
        remote = settings.url.startswith(("http://", "https://"))
        self._web = Web(settings) if remote else None
        self._stamp_s: float | None = None  # the file's clock when it last moved ...
        self._since = datetime.min.replace(tzinfo=UTC)  # ... and ours at that moment

    def close(self) -> None:
        """Give the sockets back."""
        if self._web is not None:
            self._web.close()

    def poll(self, query: Query, now: datetime) -> Snapshot:
        """Read the file once; `query` only narrows what is handed on. Raises a FeedError."""
        parsed = parse(self._read(now), self.name)
        parsed = self._intake.check(query, parsed, now)
        self._check_moving(parsed.time_s, now)
        return Snapshot(self.name, query, parsed.time_s, select(parsed.positions, query),
                        parsed.listed, parsed.skipped, drift=drift(parsed))  # fmt: skip

    def _read(self, now: datetime) -> bytes:
        if self._web is not None:
            return self._web.get(self._settings.url, now).body
        path, most = Path(self._settings.url.removeprefix("file://")), self._settings.max_bytes
        try:
            with path.open("rb") as file:
                body = file.read(most + 1)
        except OSError as exc:
            raise Unavailable(f"{self.name}: cannot read {path}: {exc.strerror}") from exc
        if len(body) > most:
            raise Garbled(f"{self.name}: {path} is larger than {most} bytes")
        return unpack(body, most, f"{self.name}: {path}")

    def _check_moving(self, stamp_s: float, now: datetime) -> None:
        if stamp_s != self._stamp_s:
            self._stamp_s, self._since = stamp_s, now
        elif (now - self._since).total_seconds() >= FROZEN_AFTER_S:
            since = datetime.fromtimestamp(stamp_s, UTC)
            raise Unavailable(
                f"{self.name}: frozen since {since:%Y-%m-%d %H:%M:%S} UTC: "
                "the decoder no longer writes; is it running?"
            )
