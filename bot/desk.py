"""What an operator may ask, and the assessment asks too: counts, findings, evidence.

The desk keeps each watch's days in memory and in the store alike: a leg that changes recounts its
day, a poll that looked raises its exposure, and yesterday stays open for late legs.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

from bot import coverage, evidence, series
from bot.aircraft import Registry
from bot.airfields import Airfields
from bot.judge import OPEN_DAYS, Judged, judge
from bot.matching import Match, matches
from bot.model.air import Aircraft, Leg, Track
from bot.model.alert import CoverageNote, Evidence, Finding, Series
from bot.model.watch import Watch
from bot.store import Day, Store

COUNTED_REV = "counted_rev"
DAY = timedelta(days=1)
TRACKS_DRAWN = 6  # more paths than this hide each other on a phone
TRACK_MARGIN = timedelta(minutes=10)
UNSEEN = (math.nan, math.nan, 0.0)  # a day nobody looked at: counted, possible, exposure


def midnight(day: date) -> datetime:
    """The start of a UTC day."""
    return datetime.combine(day, time(), UTC)


def fingerprint(watch: Watch) -> str:
    """What a watch counts, as text: when this changes, its days are counted anew."""
    what = (watch.origin, watch.destination, watch.aircraft, watch.min_confidence)
    return hashlib.sha256(repr(_plain(what)).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """Sets sorted, so that the same definition always reads the same."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return tuple(_plain(v) for v in value)
    if hasattr(value, "__dataclass_fields__"):
        return tuple(_plain(getattr(value, name)) for name in value.__dataclass_fields__)
    return value


class Desk:
    """Counts and their evidence for a set of watches. Used by one thread at a time."""

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        airfields: Airfields,
        registry: Registry,
        hours: coverage.Hours,
        *,
        feeds: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        self.store = store
        self.watches = {watch.name: watch for watch in watches}
        self.airfields = airfields
        self.hours = hours
        self._registry = registry
        self._feeds = feeds
        self._label = label
        self._locations: dict[str, tuple[float, float] | None] = {}
        self._days = {name: self._load(name) for name in self.watches}

    # ------------------------------------------------------------------------------ counting

    def _load(self, watch: str) -> dict[date, tuple[float, float, float]]:
        """The stored days; one of which nothing is known is left out."""
        known = self.store.days(watch)
        columns = (known.counts, known.possible, known.exposure)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        days = zip(known.days.tolist(), rows, strict=True)
        return {day: row for day, row in days if not all(map(math.isnan, row))}

    def locate(self, ident: str) -> tuple[float, float] | None:
        """Where an airfield is, in degrees; None: unknown."""
        if ident not in self._locations:
            field = self.airfields.get(ident)
            self._locations[ident] = (field.lat_deg, field.lon_deg) if field else None
        return self._locations[ident]

    def identify(self, leg: Leg) -> Aircraft:
        """The airframe behind a leg, from what was sent and what is on file."""
        return self._registry.resolve(
            leg.icao24, leg.callsign, leg.registration, leg.type_code, leg.military
        )

    def recount(self, now: datetime) -> None:
        """Bring every watch's days up to date with legs and looks, and store them."""
        today = now.date()
        changed, rev = self.store.changed_days(int(self.store.state(COUNTED_REV) or b"0"))
        legs = _Shelf(self.store)
        rows = {
            watch.name: self._rows(watch, set(changed), today, legs)
            for watch in self.watches.values()
        }
        refused = 0
        with self.store.begin() as tx:
            for name, found in rows.items():
                mark = fingerprint(self.watches[name])
                refused += self.store.put_days(tx, name, found, fingerprint=mark)
                self.store.put_state(tx, _definition(name), mark.encode())
            self.store.put_state(tx, COUNTED_REV, str(rev).encode())
        for name, found in rows.items():
            self._days[name].update((row.day, row[1:]) for row in found)
        if refused:  # imported days stand: read back what the store kept
            self._days = {name: self._load(name) for name in self.watches}

    def _rows(self, watch: Watch, changed: set[date], today: date, legs: "_Shelf") -> list[Day]:
        """The watch's days to store now: those with changed legs, and those still open."""
        looked = self.hours.first_day(watch.name)
        known = {day for day in self._days[watch.name] if day <= today}
        if looked is not None:
            known |= _span(looked, today)
        recounted = known if self._redefined(watch) else changed & known
        counts = self._count(watch, recounted, legs)
        still_open = {today - back * DAY for back in range(OPEN_DAYS)} & known
        return [self._row(watch, day, counts) for day in sorted(recounted | still_open)]

    def _redefined(self, watch: Watch) -> bool:
        """Whether the watch counts something else than when its days were last counted."""
        before = self.store.state(_definition(watch.name))
        return before is None or before.decode() != fingerprint(watch)

    def _count(self, watch: Watch, days: set[date], legs: "_Shelf") -> dict[date, tuple[int, int]]:
        """(counted, possible) of each of the days."""
        counts = dict.fromkeys(days, (0, 0))
        for first, last in _runs(days):
            flown = legs.between(first, last)
            counts |= series.tally(matches(watch, flown, self.identify, self.locate))
        return counts

    def _row(self, watch: Watch, day: date, counts: Mapping[date, tuple[int, int]]) -> Day:
        counted, possible, exposure = self._days[watch.name].get(day, (0.0, 0.0, 0.0))
        counted, possible = counts.get(day, (counted, possible))
        if (watch.name, day) in self.hours:
            exposure = self.hours.exposure(watch.name, day)
        return Day(day, float(counted), float(possible), exposure)

    def matches(self, watch: Watch, first: date, last: date) -> tuple[Match, ...]:
        """The stored legs of those UTC days that the watch counts or shows."""
        legs = _Shelf(self.store).between(first, last)
        return matches(watch, legs, self.identify, self.locate)

    # ------------------------------------------------------------------------------- judging

    def series(self, watch: Watch, today: date) -> Series | None:
        """The watch's days up to `today`; None before anything is known."""
        days = self._days[watch.name]
        first = min((day for day in days if day <= today), default=None)
        if first is None:
            return None
        span = [first + k * DAY for k in range((today - first).days + 1)]
        counted, possible, exposure = np.array([days.get(day, UNSEEN) for day in span], float).T
        counted = np.where(exposure < series.LEAST_EXPOSURE, np.nan, counted)
        return Series(watch.name, np.array(span, "datetime64[D]"), counted,
                      np.nan_to_num(possible), exposure)  # fmt: skip

    def judged(self, watch: Watch, today: date) -> Judged | None:
        """The watch judged up to `today`; None before anything is known."""
        known = self.series(watch, today)
        return None if known is None else judge(watch, known, today)

    # ------------------------------------------------------------------------------ evidence

    def evidence(self, watch: Watch, finding: Finding, drawn: Series, now: datetime) -> Evidence:
        """The facts behind a finding; `drawn` is the judged series."""
        first, last = evidence.window(finding)
        found = self.matches(watch, first, last)
        counted, _ = evidence.behind(finding, found)
        story = self._around(counted)
        named = evidence.idents([*(m.leg for m in found), *story])
        named |= {
            s.ident for end in (watch.origin, watch.destination) if end for s in end.airfields
        }
        fields = {ident: self.airfields.get(ident) for ident in sorted(named)}
        return evidence.gather(
            watch,
            finding,
            found,
            drawn,
            self.coverage(watch, now),
            tracks=self._tracks(counted[-TRACKS_DRAWN:]),
            story=story,
            airfields={ident: field for ident, field in fields.items() if field is not None},
            label=self._label,
        )

    def coverage(self, watch: Watch, now: datetime) -> CoverageNote:
        """How well the watch was looked at in the last 24 hours."""
        rows = self.store.presence(watch.name, now - 2 * DAY, now + DAY)
        today = self.hours.exposure(watch.name, now.date())
        elapsed = (now - midnight(now.date())) / DAY
        so_far = min(1.0, today / elapsed) if elapsed > 1 / 48 else math.nan
        return coverage.note(rows, so_far, self._feeds, now)

    def _around(self, legs: Iterable[Leg]) -> list[Leg]:
        """Everything those airframes flew within the time that makes one story."""
        spans: dict[str, tuple[datetime, datetime]] = {}
        for leg in legs:
            start, stop = spans.get(leg.icao24, (leg.first_seen, leg.last_seen))
            spans[leg.icao24] = (min(start, leg.first_seen), max(stop, leg.last_seen))
        reach = evidence.CHAIN_WITHIN
        return [
            leg
            for icao24, (start, stop) in spans.items()
            for leg in self.store.legs_of(icao24, start - reach, stop + reach)
        ]

    def _tracks(self, legs: Sequence[Leg]) -> list[Track]:
        tracks = [
            self.store.track(
                leg.icao24, leg.first_seen - TRACK_MARGIN, leg.last_seen + TRACK_MARGIN
            )
            for leg in legs
        ]
        return [track for track in tracks if len(track.time_s) > 1]


class _Shelf:
    """Legs by day, fetched once for all watches of a recount."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[tuple[date, date], tuple[Leg, ...]] = {}

    def between(self, first: date, last: date) -> tuple[Leg, ...]:
        """The legs of those UTC days, both included."""
        if (first, last) not in self._held:
            found = self._store.legs(midnight(first), midnight(last + DAY))
            self._held[first, last] = found
        return self._held[first, last]


def _definition(watch: str) -> str:
    """Key under which the store keeps what a watch counted by."""
    return f"watch:{watch}"


def _span(first: date, last: date) -> set[date]:
    return {first + k * DAY for k in range((last - first).days + 1)}


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Consecutive days as (first, last) pairs: one query each."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][1] == DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
