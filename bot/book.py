"""The book of days: what each watch counted, how well it was looked at, kept up to date.

In memory and in the store alike: a leg that changes recounts its day, a poll that looked raises
its exposure, and yesterday stays open for late legs. An imported day and an observed one never
replace each other unasked. Legs of other traffic are forgotten in time; what a watch that is
defined anew would have counted among them is unknown, not zero.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from bot import series
from bot.aircraft import Registry
from bot.airfields import Airfields
from bot.coverage import Hours, grounds_of, sentinels
from bot.imports import History
from bot.matching import Match, aircraft_fits, matches
from bot.model.air import Aircraft, Leg
from bot.model.alert import Series
from bot.model.watch import Watch
from bot.pool import OPEN_DAYS
from bot.shelf import DAY, MONTH, Shelf, runs, span
from bot.store import Day, Store

COUNTED_REV = "counted_rev"
WHOLE_FROM = "legs_whole_from"  # state: the first day of which every leg is kept
IMPORTED = "imported"  # state: when days were last imported
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


class Book:
    """The days of a set of watches. Used by one thread at a time."""

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        airfields: Airfields,
        registry: Registry,
        hours: Hours,
    ) -> None:
        self.store = store
        self.watches = {watch.name: watch for watch in watches}
        self.hours = hours
        self._airfields = airfields
        self._registry = registry
        self._locations: dict[str, tuple[float, float] | None] = {}
        self._reload()

    def _reload(self) -> None:
        self._imported = self.store.state(IMPORTED)
        self._days = {name: self._load(name) for name in self.watches}

    @property
    def imported(self) -> bytes | None:
        """What marks the import that the days at hand rest on."""
        return self._imported

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
            field = self._airfields.get(ident)
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
        self._notice_imports()
        for ground in self.hours.stale():
            self.hours.rebuild(ground, self.store.presence(ground, EPOCH, now + DAY))
        looking, habits = self.hours.unsaved(today)
        changed, rev = self.store.changed_days(int(self.store.state(COUNTED_REV) or b"0"))
        legs = Shelf(self.store)
        rows = {
            watch.name: self._rows(watch, set(changed), today, legs)
            for watch in self.watches.values()
        }
        refused = 0
        with self.store.begin() as tx:
            for name, found in rows.items():
                mark = fingerprint(self.watches[name])
                refused += self.store.put_days(tx, name, found, fingerprint=mark)
                self.store.put_state(tx, _definition(name), _mark(self.watches[name]))
            self.store.put_state(tx, COUNTED_REV, str(rev).encode())
            self.store.put_ground_days(tx, looking)
            self.store.put_habits(tx, habits)
        self.hours.saved(looking, habits)
        for name, found in rows.items():
            self._days[name].update((row.day, row[1:]) for row in found)
        if refused:  # imported days stand: read back what the store kept
            self._reload()

    def forget_others(self, before: date) -> int:
        """Forget the legs of days before that day which no watch counts or shows; how many.

        A day at a time, so that a stop in between costs nothing; only days not done yet are read,
        and no more than a month of them: the rest has time until tomorrow.
        """
        first = self.store.first_leg()
        if first is None:
            return 0
        done = self._whole_from()
        begin = max(first.date(), done) if done else first.date()
        shelf, gone = Shelf(self.store), 0
        for day in sorted(span(begin, min(before - DAY, begin + MONTH))):
            flown = shelf.between(day, day)
            kept = {match.leg.id for watch in self.watches.values()
                    for match in matches(watch, flown, self.identify, self.locate)}  # fmt: skip
            others = [leg.id for leg in flown if leg.id not in kept]
            with self.store.begin() as tx:
                self.store.forget_legs(tx, others)
                self.store.put_state(tx, WHOLE_FROM, (day + DAY).isoformat().encode())
            gone += len(others)
        return gone

    def _whole_from(self) -> date | None:
        known = self.store.state(WHOLE_FROM)
        return date.fromisoformat(known.decode()) if known else None

    def _notice_imports(self) -> None:
        """Days imported by another process since they were last read."""
        imported = self.store.state(IMPORTED)
        if imported != self._imported:
            self._reload()

    def _rows(self, watch: Watch, changed: set[date], today: date, legs: Shelf) -> list[Day]:
        """The watch's days to store now: those with changed legs, and those still open."""
        looked = self.hours.first_day(watch)
        known = {day for day in self._days[watch.name] if day <= today}
        if looked is not None:
            known |= span(looked, today)
        before = self.store.state(_definition(watch.name)) or b""
        recounted = known if before != _mark(watch) else changed & known
        if before.partition(b"/")[2] not in (b"", _mark(watch).partition(b"/")[2]):
            # other ends: whoever looked then did not look here
            self._days[watch.name] = {}
        counts = self._count(watch, recounted, legs)
        if before.partition(b"/")[0] != _mark(watch).partition(b"/")[0]:  # it counts other legs now
            whole_from = self._whole_from() or date.min
            counts |= {day: (math.nan, math.nan) for day in recounted if day < whole_from}
        still_open = {today - back * DAY for back in range(OPEN_DAYS)} & known
        return [self._row(watch, day, counts) for day in sorted(recounted | still_open)]

    def _count(self, watch: Watch, days: set[date], legs: Shelf) -> dict[date, tuple[float, float]]:
        """(counted, possible) of each of the days."""
        counts: dict[date, tuple[float, float]] = dict.fromkeys(days, (0, 0))
        for first, last in runs(days):
            flown = legs.between(first, last)
            counts |= series.tally(matches(watch, flown, self.identify, self.locate))
        return counts

    def _row(self, watch: Watch, day: date, counts: Mapping[date, tuple[float, float]]) -> Day:
        counted, possible, exposure = self._days[watch.name].get(day, (0.0, 0.0, 0.0))
        counted, possible = counts.get(day, (counted, possible))
        if self.hours.knows(watch, day):
            exposure = self.hours.exposure(watch, day)
        return Day(day, float(counted), float(possible), exposure)

    def days_looked(self, watch: str) -> int:
        """How many whole days of looking there are."""
        return int(sum(min(1.0, e) for *_, e in self._days[watch].values() if e > 0))

    def matches(self, watch: Watch, first: date, last: date) -> tuple[Match, ...]:
        """The stored legs of those UTC days that the watch counts or shows."""
        shelf = Shelf(self.store)
        return tuple(
            match
            for start, stop in runs(span(first, last))
            for match in matches(watch, shelf.between(start, stop), self.identify, self.locate)
        )

    def series(self, watch: Watch, today: date, last: date | None = None) -> Series | None:
        """The watch's days up to `last` (default: `today`, which runs); None before anything is
        known."""
        last = last or today
        return series.build(watch.name, self._days[watch.name], last, running=last == today)

    def take_in(
        self, history: History, now: datetime, *, overwrite: bool = False
    ) -> dict[str, tuple[int, int]]:
        """Store imported history; per watch the days taken in and those refused because the bot
        itself observed them. Legs count for every watch that they match."""
        rows: dict[str, list[Day]] = {}
        for day in history.counts:
            rows.setdefault(day.watch, []).append(Day(day.day, day.count, 0.0, day.exposure))
        done: dict[str, tuple[int, int]] = {}
        with self.store.begin() as tx:
            self.store.put_legs(tx, history.legs)
            if history.legs:
                rows |= self._counted(history.legs)
            for name, days in rows.items():
                refused = self.store.put_days(
                    tx, name, days, origin="imported", overwrite=overwrite,
                    fingerprint=fingerprint(self.watches[name]),
                )  # fmt: skip
                done[name] = (len(days) - refused, refused)
            self.store.put_state(tx, IMPORTED, now.isoformat().encode())
            self.store.forget_priors(tx)
        self._reload()
        return done

    def _counted(self, legs: Sequence[Leg]) -> dict[str, list[Day]]:
        """Every day that the legs span, counted from all that is stored of it, for the watches
        that they concern: a file on one route says nothing of another's zeros. Nobody's looks are
        on record: regulars that came tell how much was seen, and without them it is unknown."""
        first, last = min(leg.day for leg in legs), max(leg.day for leg in legs)
        shelf = Shelf(self.store)
        found = {}
        for name, watch in self.watches.items():
            if matches(watch, legs, self.identify, self.locate):
                counts = self._count(watch, span(first, last), shelf)
                seen = self._seen_by_regulars(watch, first, last, shelf)
                found[name] = [
                    Day(day, float(n), float(maybe), seen.get(day, math.nan))
                    for day, (n, maybe) in sorted(counts.items())
                ]
        return found

    def _seen_by_regulars(
        self, watch: Watch, first: date, last: date, shelf: Shelf
    ) -> dict[date, float]:
        """Exposure of days without a look, from those at the watch's ends whom it does not watch;
        that of the worse end, NaN where either's is unknown."""
        if not watch.aircraft:
            return {}
        unwatched = [
            leg
            for start, stop in runs(span(first, last))
            for leg in shelf.between(start, stop)
            if aircraft_fits(watch, self.identify(leg)) is False
        ]
        ends = [
            sentinels.exposures(sentinels.regulars_at(ground, unwatched, self.locate))
            for ground in grounds_of(watch)
        ]
        return {
            day: float(np.min([end.get(day, sentinels.UNKNOWN).exposure for end in ends]))
            for day in {day for end in ends for day in end}
        }


def _mark(watch: Watch) -> bytes:
    """What a watch counts, and on which grounds."""
    keys = ",".join(ground.key for ground in grounds_of(watch))
    return f"{fingerprint(watch)}/{keys}".encode()


def _definition(watch: str) -> str:
    """Key under which the store keeps what a watch counted by."""
    return f"watch:{watch}"
