"""Who looked when: counts, poll by poll, what is stored hour by hour."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot import geo
from bot.coverage.ground import grounds
from bot.model.air import Positions
from bot.model.query import Presence, Query
from bot.model.watch import Watch

HOUR_S = 3600
# A poll speaks for the time until the next, but for no longer than this: in 15 min a transport
# flies 110 nm and cannot cross a watched circle unseen.
LOOK_LASTS_S = 900.0


@dataclass(slots=True)
class _Hour:
    looked_s: float = 0.0
    ok: int = 0
    failed: int = 0
    known_others: int = 0  # counted before a restart; who they were is forgotten
    others: set[int] = field(default_factory=set)
    feeds: set[str] = field(default_factory=set)


class Tally:
    """Counts, poll by poll, what is stored hour by hour. One for the whole bot; not thread-safe."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._grounds = {ground.key: ground for watch in watches for ground in grounds(watch)}
        self._hours: dict[tuple[str, int], _Hour] = {}
        self._last_ok_s: dict[tuple[str, int], float] = {}
        self._changed: set[tuple[str, int]] = set()

    def recall(self, query: Query, at_s: float) -> None:
        """Before a restart this was last looked at then."""
        for ground in self._grounds.values():
            for i in ground.shown_by(query):
                key = (ground.key, i)
                self._last_ok_s[key] = max(at_s, self._last_ok_s.get(key, -math.inf))

    def resume(self, rows: Iterable[Presence]) -> None:
        """Go on with hours that were begun before a restart."""
        for row in rows:
            self._hours[row.ground, row.hour_s] = _Hour(
                row.looked_s, row.looks_ok, row.looks_failed, row.others,
                feeds=set(filter(None, row.feeds.split(","))),
            )  # fmt: skip

    def failed(self, query: Query, at_s: float) -> None:
        """A poll that did not look."""
        for key, ground in self._grounds.items():
            if ground.shown_by(query):
                self._hour(key, at_s).failed += 1

    def looked(
        self, query: Query, at_s: float, positions: Positions, watched: frozenset[int],
        feed: str = "",
    ) -> None:  # fmt: skip
        """A poll of `feed` that looked. `watched`: addresses that some watch watches; they are
        nobody's others."""
        vectors = geo.unit_vectors(positions.lat_deg, positions.lon_deg)
        for key, ground in self._grounds.items():
            shown = ground.shown_by(query)
            if not shown:
                continue
            hour = self._hour(key, at_s)
            hour.ok += 1
            hour.feeds.add(feed)
            spoken_s = sum(self._spoken_for((key, i), at_s) for i in shown)
            hour.looked_s += spoken_s / len(ground.centres)
            here = set(positions.icao24[ground.holds(vectors)].tolist())
            hour.others |= here - watched

    def _spoken_for(self, key: tuple[str, int], at_s: float) -> float:
        """Seconds since the last look for which that look speaks."""
        last_s = self._last_ok_s.get(key)
        if last_s is None:
            self._last_ok_s[key] = at_s
            return 0.0
        self._last_ok_s[key] = max(at_s, last_s)
        return min(max(0.0, at_s - last_s), LOOK_LASTS_S)

    def _hour(self, ground: str, at_s: float) -> _Hour:
        key = (ground, int(at_s // HOUR_S) * HOUR_S)
        self._changed.add(key)
        return self._hours.setdefault(key, _Hour())

    def changed(self) -> list[Presence]:
        """The hours that changed since they were last settled."""
        return [
            Presence(
                ground, hour_s, min(hour.looked_s, HOUR_S), hour.ok, hour.failed,
                max(hour.known_others, len(hour.others)), ",".join(sorted(hour.feeds)),
            )
            for ground, hour_s in sorted(self._changed)
            for hour in [self._hours[ground, hour_s]]
        ]  # fmt: skip

    def settle(self, now_s: float) -> None:
        """What `changed` told is stored now; hours long past are forgotten."""
        self._changed.clear()
        old = [key for key in self._hours if key[1] < now_s - 2 * HOUR_S]
        for key in old:
            del self._hours[key]
