"""What is remembered of one ground: its hours as they came, and what was estimated of its days."""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from bot.coverage.exposure import DARK_SAID, SIZE, SOURCES, DayExposure, Exposures
from bot.coverage.tally import HOUR_S
from bot.model.looking import GroundDay, Habit
from bot.model.query import Presence

Floats = npt.NDArray[np.float64]
DAY = timedelta(days=1)
# Days that may still change in the ordinary course of things; later rows cost a reading of all.
SETTLES_AFTER = 3


@dataclass(slots=True)
class RawDay:
    """By hour: the share looked at, others counted, the feeds that looked."""

    looked: Floats = field(default_factory=lambda: np.zeros(24))
    others: Floats = field(default_factory=lambda: np.zeros(24))
    feeds: list[str] = field(default_factory=lambda: [""] * 24)


@dataclass(slots=True)
class Knowledge:
    """State of the estimator after a day, and the sets of feeds that its places stand for."""

    state: Floats
    feeds: tuple[str, ...] = ()
    source: int = 0

    @classmethod
    def none(cls) -> "Knowledge":
        """Before the first day."""
        return cls(Exposures(1).state[0])

    @classmethod
    def stored(cls, habit: Habit) -> "Knowledge | None":
        """As it was stored; None: of an earlier estimator, no use to this one."""
        state = np.frombuffer(habit.state, float)
        if len(state) != SIZE:
            return None
        # which set looked last is the state's own
        return cls(state, habit.feeds, int(Exposures(state[None]).source[0]))


@dataclass(slots=True)
class Record:
    """A ground's days: as they came, as they were told, and the knowledge to go on from."""

    raw: dict[date, RawDay] = field(default_factory=dict)
    told: dict[date, GroundDay] = field(default_factory=dict)
    after: dict[date, Knowledge] = field(default_factory=dict)
    due: date | None = None  # first day that is to be estimated
    whole: bool = True  # `raw` holds all that there ever was
    stale: bool = False  # a row came for a day whose habit is forgotten
    unsaved: set[date] = field(default_factory=set)
    saved: date | None = None  # the day of the stored habit

    def take(self, row: Presence, when: datetime) -> None:
        """A row of that hour came: it replaces what was known of it."""
        day = when.date()
        if not self.whole and day <= min(self.after):
            self.stale = True
            return
        hours = self.raw.setdefault(day, RawDay())
        hours.looked[when.hour] = min(1.0, row.looked_s / HOUR_S)
        hours.others[when.hour] = row.others
        hours.feeds[when.hour] = row.feeds if row.looked_s > 0 else ""
        self._put_due(day)

    def _put_due(self, day: date) -> None:
        """Estimate from there on, or from the day to which all is known."""
        if self.after and day > max(self.after):
            day = max(self.after) + DAY
        elif day - DAY not in self.after:
            day = min(self.raw)  # the habit of the day before is forgotten, or never was
            self.after.clear()
        self.due = day if self.due is None else min(day, self.due)

    def learn(self, day: date, known: Knowledge) -> None:
        """That is what is known after that day; what is no more needed to begin anew goes."""
        self.after[day] = known
        for old in [d for d in self.after if d < day - (SETTLES_AFTER + 1) * DAY]:
            del self.after[old]

    def tell(self, day: GroundDay) -> None:
        """That is what a day was worth."""
        if day != self.told.get(day.day):
            self.told[day.day] = day
            self.unsaved.add(day.day)

    def settled(self, today: date) -> date | None:
        """The latest day that changes no more."""
        last = today - SETTLES_AFTER * DAY
        return max((day for day in self.after if day <= last), default=None)

    def keep_from(self, day: date) -> None:
        """The habit of that day is stored: what only earlier days needed is forgotten."""
        self.saved, self.whole = day, False
        self.raw = {d: raw for d, raw in self.raw.items() if d > day}
        self.after = {d: known for d, known in self.after.items() if d >= day}


def turned(known: Knowledge, hours: RawDay | None) -> tuple[tuple[str, ...], int, bool]:
    """Whose day it was: (names of the sets of feeds, place of this one, whether it is new)."""
    main = _main_feeds(hours) if hours else ""
    if not main or main in known.feeds:
        return known.feeds, known.feeds.index(main) if main else known.source, False
    if len(known.feeds) < SOURCES:
        return (*known.feeds, main), len(known.feeds), bool(known.feeds)
    oldest = (known.source + 1) % SOURCES
    return (*known.feeds[:oldest], main, *known.feeds[oldest + 1 :]), oldest, True


def _main_feeds(hours: RawDay) -> str:
    """The set of feeds that looked for most of the day."""
    looked: Counter[str] = Counter()
    for feeds, share in zip(hours.feeds, hours.looked.tolist(), strict=True):
        if feeds:
            looked[feeds] += share
    return min(looked, key=lambda feeds: (-looked[feeds], feeds), default="")


def ground_day(key: str, day: date, hours: RawDay, said: DayExposure, i: int) -> GroundDay:
    """What the estimator said of ground `i` of its batch: rounded, so that nobody can tell from it
    in whose company it was estimated."""
    dark = np.flatnonzero(said.dark[i] >= DARK_SAID)
    return GroundDay(
        ground=key,
        day=day,
        looked=round(float(hours.looked.mean()), 6),
        exposure=round(float(said.exposure[i]), 6) if _proven(hours, said, i) else math.nan,
        low=round(float(said.low[i]), 6),
        high=round(float(said.high[i]), 6),
        others=int(hours.others.sum()),
        expected=round(float(said.expected[i]), 3) if said.known[i] else math.nan,
        dark=tuple(dark.tolist()),
        feeds=_main_feeds(hours),
    )


def _proven(hours: RawDay, said: DayExposure, i: int) -> bool:
    """Where nothing is ever heard an answered poll proves nothing; no poll is proof enough."""
    return bool(said.heard[i]) or not hours.looked.any()
