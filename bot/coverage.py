"""Who looked when, and how well: the exposure of each watch, hour and day.

Exposure 1 is normal looking, 0 means nobody looked, NaN unknown. It is earned by successful polls
and by *other* traffic seen around the watch's ends and corridor, never by the watched aircraft:
a surge must not be able to explain itself away, nor a quiet route to look unwatched.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.model.air import Everything, Near, Positions, Presence, Query
from bot.model.alert import CoverageNote
from bot.model.watch import Place, Watch

HOUR_S = 3600
# A poll speaks for the time until the next, but for no longer than this: in 15 min a transport
# flies 110 nm and cannot cross a watched circle unseen.
LOOK_LASTS_S = 900.0
AROUND_NM = 150.0  # an end's surroundings: an airliner at cruise is heard that far out
CORRIDOR_NM = 60.0
# Other traffic is compared with its own habit only as far as the habit is known: so many aircraft
# of the habit's own kind are added to both sides of the ratio.
HABIT_WEIGHT = 10.0
MAX_EXPOSURE = 1.5
HABIT_DAYS = 56  # eight weeks: season moves other traffic, and so its habit


class Ground:
    """The ground of a watch: around its ends and along the great circle between them."""

    def __init__(self, watch: Watch) -> None:
        self.ends = [*_centres(watch.origin), *_centres(watch.destination)]
        points = [(lat, lon, AROUND_NM + r) for lat, lon, r in self.ends]
        if watch.origin and watch.destination:
            a, b = _centres(watch.origin)[0], _centres(watch.destination)[0]
            circle = geo.great_circle(a[0], a[1], b[0], b[1], 24)
            points += [(lat, lon, CORRIDOR_NM) for lat, lon in circle.tolist()]
        lat, lon, radius_nm = np.array(points).T
        self._vectors = geo.unit_vectors(lat, lon)
        self._cosines = np.cos(radius_nm * geo.KM_PER_NM / geo.EARTH_KM)

    def holds(self, vectors: geo.Floats) -> npt.NDArray[np.bool_]:
        """Which unit vectors, shape (n, 3), lie on it: shape (n,)."""
        return np.asarray((vectors @ self._vectors.T >= self._cosines).any(axis=1))

    def seen_by(self, query: Query) -> bool:
        """Whether an answer to `query` can show this ground."""
        if isinstance(query, Everything):
            return True
        if not isinstance(query, Near):
            return False  # a list of named airframes shows no other traffic
        return any(
            geo.distance_nm(lat, lon, query.lat_deg, query.lon_deg) <= query.radius_nm
            for lat, lon, _ in self.ends
        )


def _centres(place: Place | None) -> list[tuple[float, float, float]]:
    """(lat, lon, radius in nm) of what a place is made of."""
    if place is None:
        return []
    found = [(spot.lat_deg, spot.lon_deg, 0.0) for spot in place.airfields]
    for area in place.areas:
        if area.centre is not None:
            found.append((*area.centre, area.radius_nm))
            continue
        lat, lon = (sum(axis) / len(area.polygon) for axis in zip(*area.polygon, strict=True))
        reach = max(geo.distance_nm(lat, lon, y, x) for y, x in area.polygon)
        found.append((lat, lon, reach))
    return found


@dataclass(slots=True)
class _Hour:
    looked_s: float = 0.0
    ok: int = 0
    failed: int = 0
    others: set[int] = field(default_factory=set)


class Tally:
    """Counts, poll by poll, what is stored hour by hour. One for the whole bot; not thread-safe."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._grounds = {watch.name: Ground(watch) for watch in watches}
        self._hours: dict[tuple[str, int], _Hour] = {}
        self._last_ok_s: dict[str, float] = {}
        self._changed: set[tuple[str, int]] = set()

    def failed(self, query: Query, at_s: float) -> None:
        """A poll that did not look."""
        for watch, ground in self._grounds.items():
            if ground.seen_by(query):
                self._hour(watch, at_s).failed += 1

    def looked(
        self, query: Query, at_s: float, positions: Positions, watched: Mapping[str, frozenset[int]]
    ) -> None:
        """A poll that looked. `watched`: per watch the addresses that must not count as others."""
        vectors = geo.unit_vectors(positions.lat_deg, positions.lon_deg)
        for watch, ground in self._grounds.items():
            if not ground.seen_by(query):
                continue
            hour = self._hour(watch, at_s)
            hour.ok += 1
            hour.looked_s += self._spoken_for(watch, at_s)
            here = set(positions.icao24[ground.holds(vectors)].tolist())
            hour.others |= here - watched.get(watch, frozenset())

    def _spoken_for(self, watch: str, at_s: float) -> float:
        """Seconds of this hour for which the poll at `at_s` speaks."""
        since_s = at_s - self._last_ok_s.get(watch, -math.inf)
        self._last_ok_s[watch] = max(at_s, self._last_ok_s.get(watch, -math.inf))
        # the first look after a pause speaks for nothing before it
        return since_s if 0 <= since_s <= LOOK_LASTS_S else 0.0

    def _hour(self, watch: str, at_s: float) -> _Hour:
        key = (watch, int(at_s // HOUR_S) * HOUR_S)
        self._changed.add(key)
        return self._hours.setdefault(key, _Hour())

    def changed(self) -> list[Presence]:
        """The hours that changed since they were last settled."""
        return [
            Presence(
                watch, hour_s, min(hour.looked_s, HOUR_S), hour.ok, hour.failed, len(hour.others)
            )
            for watch, hour_s in sorted(self._changed)
            for hour in [self._hours[watch, hour_s]]
        ]

    def settle(self, now_s: float) -> None:
        """What `changed` told is stored now; hours long past are forgotten."""
        self._changed.clear()
        old = [key for key in self._hours if key[1] < now_s - 2 * HOUR_S]
        for key in old:
            del self._hours[key]


class Hours:
    """Looking and other traffic by watch, UTC day and hour, as presence comes in."""

    def __init__(self, rows: Iterable[Presence] = ()) -> None:
        self._days: dict[tuple[str, date], geo.Floats] = {}
        self.add(rows)

    def add(self, rows: Iterable[Presence]) -> None:
        """Take rows in; a row for a known hour replaces it."""
        for row in rows:
            when = datetime.fromtimestamp(row.hour_s, UTC)
            day = self._days.setdefault((row.watch, when.date()), np.zeros((2, 24)))
            day[:, when.hour] = min(1.0, row.looked_s / HOUR_S), row.others

    def __contains__(self, key: tuple[str, date]) -> bool:
        """Whether anything is known of (watch, UTC day)."""
        return key in self._days

    def first_day(self, watch: str) -> date | None:
        """The first day on which anybody looked for `watch`."""
        return min((day for name, day in self._days if name == watch), default=None)

    def exposure(self, watch: str, day: date) -> float:
        """Exposure of one UTC day; 0: nobody looked.

        The share of the day that was looked at, times other traffic against its own habit in the
        same hours of the `HABIT_DAYS` before (ratio of sums, shrunk towards 1 while little is
        expected). Uses that day and earlier ones only.
        """
        looked, others = self._days.get((watch, day), np.zeros((2, 24)))
        share = float(looked.mean())
        if share == 0:
            return 0.0
        past = [
            self._days.get((watch, day - timedelta(days=back))) for back in range(1, HABIT_DAYS + 1)
        ]
        known = [entry for entry in past if entry is not None]
        if not known:
            return share
        weight, traffic = np.sum(known, axis=0)
        rate = np.divide(traffic, weight, out=np.zeros(24), where=weight > 0)
        expected = float((rate * looked).sum())
        seen = float(others[weight > 0].sum())
        return min(MAX_EXPOSURE, share * (seen + HABIT_WEIGHT) / (expected + HABIT_WEIGHT))


def note(rows: Sequence[Presence], exposure_today: float, feeds: tuple[str, ...],
         now: datetime) -> CoverageNote:  # fmt: skip
    """The last 24 hours, for a human. `rows`: presence of one watch."""
    start_s = now.timestamp() // HOUR_S * HOUR_S - 24 * HOUR_S  # whole hours, and the running one
    recent = [row for row in rows if row.hour_s >= start_s]
    looked = {row.hour_s: row.looked_s for row in recent}
    return CoverageNote(
        exposure_today=exposure_today,
        looks_ok=sum(row.looks_ok for row in recent),
        looks_failed=sum(row.looks_failed for row in recent),
        others_seen=sum(row.others for row in recent),
        feeds=feeds,
        dark=tuple(_dark_spells(looked, now)),
    )


def _dark_spells(looked: Mapping[int, float], now: datetime) -> Iterable[str]:
    """Whole hours of the last 24 in which nobody looked, joined to spells."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [hour - timedelta(hours=h) for h in range(24, 0, -1)]
    dark = [h for h in hours if not looked.get(int(h.timestamp()), 0)]
    while dark:
        start = end = dark.pop(0)
        while dark and dark[0] - end == timedelta(hours=1):
            end = dark.pop(0)
        over = end + timedelta(hours=1)
        until = f"{over:%H:%M}" if over.date() == start.date() else f"{over:%d %b %H:%M}"
        yield f"no look from {start:%d %b %H:%M} to {until} UTC"
