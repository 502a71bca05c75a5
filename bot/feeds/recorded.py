"""Snapshots recorded earlier, given back one a poll in the order of their own clocks.

For replays, tests and the demo. A folder holds one reply a file, plain or gzip, in any shape of
the readsb family, or OpenSky's states. Promises: no file is skipped silently, a bad one is Garbled
by name and the next poll goes on. Refuses (Exhausted) to go round again.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from bot.errors import Garbled, Unavailable
from bot.feeds.aircraft_json import parse
from bot.feeds.base import select, unpack
from bot.feeds.intake import Intake, drift
from bot.feeds.opensky_form import states
from bot.model.feed import FeedSettings
from bot.model.query import Query, Snapshot

Read = Callable[[], bytes]
_CLOCK = re.compile(rb'"now"\s*:\s*"?([0-9]+(?:\.[0-9]*)?)')
_OPENSKY = re.compile(rb'^\s*\{\s*"time"\s*:\s*([0-9]+(?:\.[0-9]*)?)\s*,\s*"states"')
_SUFFIXES = (".json", ".json.gz", ".gz")
_ENDLESS = 1 << 40  # recordings are the owner's own: no limit worth the name


class Exhausted(Unavailable):
    """The recording is over."""


class Recorded:
    """One recording. `next_at` tells the clock when the next poll is due."""

    def __init__(self, settings: FeedSettings) -> None:
        """Reads the folder's clocks at once; raises Unavailable if there is nothing to replay."""
        folder, name = settings.folder or Path(settings.url), settings.name
        self._start(name, ((at_s, _reader(path), str(path)) for at_s, path in _index(folder)))

    @classmethod
    def of(cls, name: str, replies: Iterable[tuple[float, bytes]]) -> "Recorded":
        """From memory: (epoch s, body) in time order, taken one by one as they are polled."""
        feed = cls.__new__(cls)
        feed._start(name, ((at_s, partial(bytes, body), name) for at_s, body in replies))
        return feed

    def _start(self, name: str, replies: Iterator[tuple[float, Read, str]]) -> None:
        self.name = name
        self._intake = Intake(name)
        self._replies = replies
        self._next = next(replies, None)

    @property
    def next_at(self) -> float | None:
        """Epoch s of the snapshot that the next poll gives; None when the recording is over."""
        return self._next[0] if self._next else None

    def poll(self, query: Query, now: datetime) -> Snapshot:
        """The next snapshot. Raises Garbled for a bad one, Exhausted after the last."""
        if self._next is None:
            raise Exhausted(f"{self.name}: the recording is over")
        _, read, what = self._next
        self._next = next(self._replies, None)
        body = unpack(read(), _ENDLESS, what)
        parsed = states(body, what) if _OPENSKY.match(body) else parse(body, what)
        parsed = self._intake.read(query, parsed, now)
        return Snapshot(self.name, query, parsed.time_s, select(parsed.positions, query),
                        parsed.listed, parsed.skipped, drift=drift(parsed))  # fmt: skip


def _reader(path: Path) -> Read:
    """Reads the file when its turn comes, so that a long recording is never in memory at once."""

    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as exc:
            raise Garbled(f"{path}: {exc.strerror}") from exc

    return read


def _index(folder: Path) -> list[tuple[float, Path]]:
    """Every recording in the folder with its clock, in time order.

    A file whose clock cannot be read keeps its place by name, next to its neighbour.
    """
    try:
        paths = sorted(p for p in folder.iterdir() if p.name.endswith(_SUFFIXES))
    except OSError as exc:
        raise Unavailable(f"cannot read the folder {folder}: {exc.strerror}") from exc
    if not paths:
        raise Unavailable(f"{folder}: no recordings ({', '.join(_SUFFIXES)}) in this folder")
    found: list[tuple[float, Path]] = []
    for path in paths:
        at_s = _clock_of(path)
        found.append((found[-1][0] if at_s is None and found else at_s or 0.0, path))
    return sorted(found, key=lambda entry: entry[0])


def _clock_of(path: Path) -> float | None:
    """The recording's `now` in epoch s, without reading it in full as JSON."""
    try:
        body = unpack(path.read_bytes(), _ENDLESS, str(path))
    except (OSError, Garbled):
        return None
    found = (
        _OPENSKY.match(body)
        or _CLOCK.search(body[:4096])
        or _CLOCK.search(body[-4096:])
        or _CLOCK.search(body)
    )
    if found is None:
        return None
    now = float(found[1])
    return now / 1000 if now > 1e11 else now
