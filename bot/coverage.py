"""Who looked when, and how well: the exposure of each watch, hour and day.

Exposure 1 is normal looking, 0 means nobody looked, NaN unknown. It is earned at each end by
successful polls and by *other* traffic seen around it and on the way, never by the watched
aircraft: a surge must not be able to explain itself away, nor a quiet route to look unwatched.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

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
    """The ground of one end of a watch: around it, and half of the way towards the other end.

    Each end must be looked at by itself: a busy far end must not stand in for a dark near one.
    `key` names the ground by where it is, so that watches share it and a redefined watch does
    not inherit another place's proof.
    """

    def __init__(self, place: Place, towards: Place | None) -> None:
        self.centres = _centres(place)
        points = [(lat, lon, AROUND_NM + radius) for lat, lon, radius in self.centres]
        if towards is not None:
            a, b = self.centres[0], _centres(towards)[0]
            way = geo.great_circle(a[0], a[1], b[0], b[1], 25)[:13]
            points += [(lat, lon, CORRIDOR_NM) for lat, lon in way.tolist()]
        text = ";".join(f"{lat:.3f},{lon:.3f},{radius:.0f}" for lat, lon, radius in points)
        self.key = "ground:" + hashlib.sha256(text.encode()).hexdigest()[:16]
        lat, lon, radius_nm = np.array(points).T
        self._vectors = geo.unit_vectors(lat, lon)
        self._cosines = np.cos(radius_nm * geo.KM_PER_NM / geo.EARTH_KM)

    def holds(self, vectors: geo.Floats) -> npt.NDArray[np.bool_]:
        """Which unit vectors, shape (n, 3), lie on it: shape (n,)."""
        return np.asarray((vectors @ self._vectors.T >= self._cosines).any(axis=1))

    def shown_by(self, query: Query) -> tuple[int, ...]:
        """The centres that an answer to `query` shows."""
        if isinstance(query, Everything):
            return tuple(range(len(self.centres)))
        if not isinstance(query, Near):
            return ()  # a list of named airframes shows no other traffic
        return tuple(
            i for i, (lat, lon, _) in enumerate(self.centres)
            if geo.distance_nm(lat, lon, query.lat_deg, query.lon_deg) <= query.radius_nm
        )  # fmt: skip


def grounds(watch: Watch) -> tuple[Ground, ...]:
    """One for each bounded end."""
    ends = ((watch.origin, watch.destination), (watch.destination, watch.origin))
    return tuple(Ground(place, other) for place, other in ends if place is not None)


def _centres(place: Place) -> list[tuple[float, float, float]]:
    """(lat, lon, radius in nm) of what a place is made of."""
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
    known_others: int = 0  # counted before a restart; who they were is forgotten
    others: set[int] = field(default_factory=set)


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
                row.looked_s, row.looks_ok, row.looks_failed, row.others
            )

    def failed(self, query: Query, at_s: float) -> None:
        """A poll that did not look."""
        for key, ground in self._grounds.items():
            if ground.shown_by(query):
                self._hour(key, at_s).failed += 1

    def looked(
        self, query: Query, at_s: float, positions: Positions, watched: frozenset[int]
    ) -> None:
        """A poll that looked. `watched`: addresses that some watch watches; they are nobody's
        others."""
        vectors = geo.unit_vectors(positions.lat_deg, positions.lon_deg)
        for key, ground in self._grounds.items():
            shown = ground.shown_by(query)
            if not shown:
                continue
            hour = self._hour(key, at_s)
            hour.ok += 1
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
                max(hour.known_others, len(hour.others)),
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


class Hours:
    """Looking and other traffic by ground, UTC day and hour, as presence comes in.

    Lanes add while the core reads: every read is of one key, or of a copy.
    """

    def __init__(self, rows: Iterable[Presence] = ()) -> None:
        self._days: dict[tuple[str, date], geo.Floats] = {}
        self.add(rows)

    def add(self, rows: Iterable[Presence]) -> None:
        """Take rows in; a row for a known hour replaces it."""
        for row in rows:
            when = datetime.fromtimestamp(row.hour_s, UTC)
            day = self._days.setdefault((row.ground, when.date()), np.zeros((2, 24)))
            day[:, when.hour] = min(1.0, row.looked_s / HOUR_S), row.others

    def forget(self, before: date) -> None:
        """Days so old that nothing is judged by them any more."""
        for key in [key for key in list(self._days) if key[1] < before]:
            del self._days[key]

    def knows(self, watch: Watch, day: date) -> bool:
        """Whether anything is known of that day around any end of the watch."""
        return any((ground.key, day) in self._days for ground in grounds_of(watch))

    def first_day(self, watch: Watch) -> date | None:
        """The first day on which anybody looked at any end of `watch`."""
        keys = {ground.key for ground in grounds_of(watch)}
        return min((day for key, day in list(self._days) if key in keys), default=None)

    def exposure(self, watch: Watch, day: date) -> float:
        """How well the watch was looked at on a UTC day: as well as its worse end.

        0: nobody looked. NaN: somebody asked, but nothing at all is ever heard there, which is
        no proof of looking. A watch of all traffic has no others; its looks alone count.
        """
        ends = [
            self._of_ground(ground.key, day, by_others=bool(watch.aircraft))
            for ground in grounds_of(watch)
        ]
        if any(math.isnan(end) for end in ends):
            return math.nan if min(e for e in [*ends, 1.0] if not math.isnan(e)) > 0 else 0.0
        return min(ends)

    def _of_ground(self, key: str, day: date, *, by_others: bool) -> float:
        """The share of the day that was looked at, times other traffic against its own habit in
        the same hours of the `HABIT_DAYS` before (ratio of sums, shrunk towards 1 while little is
        expected). Uses that day and earlier ones only."""
        looked, others = self._days.get((key, day), np.zeros((2, 24)))
        share = float(looked.mean())
        if share == 0 or not by_others:
            return share
        past = [self._days.get((key, day - timedelta(days=n))) for n in range(1, HABIT_DAYS + 1)]
        known = [entry for entry in past if entry is not None]
        weight, traffic = np.sum(known, axis=0) if known else np.zeros((2, 24))
        if traffic.sum() + others.sum() == 0:
            return math.nan
        if not known:
            return share
        rate = np.divide(traffic, weight, out=np.zeros(24), where=weight > 0)
        expected = float((rate * looked).sum())
        seen = float(others[weight > 0].sum())
        return min(MAX_EXPOSURE, share * (seen + HABIT_WEIGHT) / (expected + HABIT_WEIGHT))


@lru_cache(maxsize=4096)
def grounds_of(watch: Watch) -> tuple[Ground, ...]:
    """`grounds`, remembered: watches are frozen."""
    return grounds(watch)


def note(
    rows: Sequence[Presence], exposure_today: float, feeds: tuple[str, ...], now: datetime
) -> CoverageNote:
    """The last 24 hours, for a human. `rows`: presence of a watch's grounds."""
    start_s = now.timestamp() // HOUR_S * HOUR_S - 24 * HOUR_S  # whole hours, and the running one
    recent = [row for row in rows if row.hour_s >= start_s]
    ends = {row.ground for row in recent}
    looked = {  # an hour is dark when any end is
        hour_s: min(
            (r.looked_s for r in recent if r.hour_s == hour_s), default=0.0
        ) if sum(r.hour_s == hour_s for r in recent) == len(ends) else 0.0
        for hour_s in {row.hour_s for row in recent}
    }  # fmt: skip
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
