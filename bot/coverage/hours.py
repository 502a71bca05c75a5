"""What is known of each ground: presence comes in by the hour, days of looking go out.

A day is estimated from itself and earlier ones, once, and anew only when a row of it or of a day
before comes late; what was estimated is stored, and so is the habit to go on from, so that a
restart changes no number. Many grounds are estimated side by side, each as if alone.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from bot.coverage.exposure import DARK_SAID, SIZE, SOURCES, DayExposure, Exposures
from bot.coverage.ground import grounds_of
from bot.coverage.tally import HOUR_S
from bot.model.air import Presence
from bot.model.looking import Estimate, GroundDay, Habit
from bot.model.watch import Watch

Floats = npt.NDArray[np.float64]
DAY = timedelta(days=1)
# Days that may still change in the ordinary course of things; later rows cost a reading of all.
SETTLES_AFTER = 3
TOGETHER = 32  # grounds estimated side by side: some 10 MB of chances
NOBODY = (np.zeros(24), np.zeros(24))


@dataclass(slots=True)
class _Day:
    looked: Floats = field(default_factory=lambda: np.zeros(24))
    others: Floats = field(default_factory=lambda: np.zeros(24))
    feeds: list[str] = field(default_factory=lambda: [""] * 24)


@dataclass(slots=True)
class _Knowledge:
    """State of the estimator after a day, and the sets of feeds that its places stand for."""

    state: Floats
    feeds: tuple[str, ...] = ()
    source: int = 0


@dataclass(slots=True)
class _Ground:
    raw: dict[date, _Day] = field(default_factory=dict)
    told: dict[date, GroundDay] = field(default_factory=dict)
    after: dict[date, _Knowledge] = field(default_factory=dict)
    due: date | None = None  # first day that is to be estimated
    whole: bool = True  # `raw` holds all that there ever was
    stale: bool = False  # a row came for a day whose habit is forgotten
    unsaved: set[date] = field(default_factory=set)
    saved: date | None = None  # the day of the stored habit


class Hours:
    """Lanes add while the core reads: rows wait in a queue until they are read. All else is used
    by one thread at a time."""

    def __init__(
        self,
        rows: Iterable[Presence] = (),
        days: Iterable[GroundDay] = (),
        habits: Iterable[Habit] = (),
    ) -> None:
        """`days` and `habits`: as stored; `rows`: of the days after each ground's habit, or, of
        a ground without one, all that there are."""
        self._inbox: deque[Presence] = deque()
        self._grounds: dict[str, _Ground] = {}
        for habit in habits:
            self._resume(habit)
        for day in days:
            self._grounds.setdefault(day.ground, _Ground()).told[day.day] = day
        self.add(rows)

    def _resume(self, habit: Habit) -> None:
        state = np.frombuffer(habit.state, float)
        if len(state) != SIZE:
            return  # of an earlier estimator: begins anew from all rows
        # which set looked last is the state's own
        known = _Knowledge(state, habit.feeds, int(Exposures(state[None]).source[0]))
        self._grounds[habit.ground] = _Ground(
            after={habit.day: known}, whole=False, saved=habit.day
        )

    def add(self, rows: Iterable[Presence]) -> None:
        """Take rows in; a row for a known hour replaces it. Safe from any thread."""
        self._inbox.extend(rows)

    def forget(self, before: date) -> None:
        """Days so old that nothing is judged by them any more."""
        for ground in self._grounds.values():
            for day in [day for day in ground.told if day < before]:
                del ground.told[day]

    # ------------------------------------------------------------------------------ answers

    def days(self, ground: str) -> Mapping[date, GroundDay]:
        """Every day of a ground of which anything is known."""
        self._estimate([ground])
        found = self._grounds.get(ground)
        return found.told if found else {}

    def knows(self, watch: Watch, day: date) -> bool:
        """Whether anything is known of that day around any end of the watch."""
        return any(day in self.days(ground.key) for ground in grounds_of(watch))

    def first_day(self, watch: Watch) -> date | None:
        """The first day on which anybody looked at any end of `watch`."""
        return min((day for g in grounds_of(watch) for day in self.days(g.key)), default=None)

    def exposure(self, watch: Watch, day: date) -> float:
        """`estimate`, without its interval."""
        return self.estimate(watch, day).exposure

    def estimate(self, watch: Watch, day: date) -> Estimate:
        """How well the watch was looked at on a UTC day: see `worse_end`."""
        ends = [self.days(ground.key).get(day) for ground in grounds_of(watch)]
        return worse_end(ends, by_others=bool(watch.aircraft))

    # ------------------------------------------------------------------------------ estimating

    def estimate_all(self) -> None:
        """Bring every ground up to date, all together."""
        self._take_in()
        self._estimate(list(self._grounds))

    def stale(self) -> list[str]:
        """Grounds of which a day came so late that all their rows are needed: see `rebuild`."""
        self._take_in()
        return [key for key, ground in self._grounds.items() if ground.stale]

    def rebuild(self, key: str, rows: Iterable[Presence]) -> None:
        """Estimate a ground anew from all its rows."""
        old = self._grounds[key]
        self._grounds[key] = _Ground(told=old.told, unsaved=old.unsaved)
        self.add(rows)

    def _take_in(self) -> None:
        while self._inbox:
            row = self._inbox.popleft()
            when = datetime.fromtimestamp(row.hour_s, UTC)
            day = when.date()
            ground = self._grounds.setdefault(row.ground, _Ground())
            if not ground.whole and day <= min(ground.after):
                ground.stale = True
                continue
            hours = ground.raw.setdefault(day, _Day())
            hours.looked[when.hour] = min(1.0, row.looked_s / HOUR_S)
            hours.others[when.hour] = row.others
            hours.feeds[when.hour] = row.feeds if row.looked_s > 0 else ""
            _put_due(ground, day)

    def _estimate(self, keys: Sequence[str]) -> None:
        self._take_in()
        due = {key: g.due for key in keys if (g := self._grounds.get(key)) and g.due is not None}
        while due:
            day = min(due.values())
            batch = [key for key, when in due.items() if when == day][:TOGETHER]
            self._day(day, [self._grounds[key] for key in batch], batch)
            for key in batch:
                if day < max(self._grounds[key].raw):
                    due[key] = day + DAY
                else:
                    del due[key]
                    self._grounds[key].due = None

    def _day(self, day: date, grounds: Sequence[_Ground], keys: Sequence[str]) -> None:
        """Estimate one day of some grounds, each from where it stood the day before."""
        before = [ground.after.get(day - DAY) or _nothing() for ground in grounds]
        raw = [ground.raw.get(day) for ground in grounds]
        turned = [_turned(known, hours) for known, hours in zip(before, raw, strict=True)]
        estimator = Exposures(np.stack([known.state for known in before]))
        said = estimator.day(
            np.stack([hours.looked if hours else NOBODY[0] for hours in raw]),
            np.stack([hours.others if hours else NOBODY[1] for hours in raw]),
            day.weekday(),
            np.array([source for _, source, _ in turned]),
            np.array([new for *_, new in turned]),
        )
        for i, (ground, hours) in enumerate(zip(grounds, raw, strict=True)):
            names, source, _ = turned[i]
            ground.after[day] = _Knowledge(estimator.state[i], names, source)
            for old in [d for d in ground.after if d < day - (SETTLES_AFTER + 1) * DAY]:
                del ground.after[old]
            if hours is not None:
                told = _told(keys[i], day, hours, said, i)
                if told != ground.told.get(day):
                    ground.told[day] = told
                    ground.unsaved.add(day)

    # ------------------------------------------------------------------------------ keeping

    def unsaved(self, today: date) -> tuple[list[GroundDay], list[Habit]]:
        """What is to be stored now: days that changed, and habits of days that are settled."""
        self.estimate_all()
        days = [g.told[day] for g in self._grounds.values() for day in sorted(g.unsaved)]
        habits = []
        for key, ground in self._grounds.items():
            day = _settled(ground, today)
            if day is not None and day != ground.saved:
                known = ground.after[day]
                habits.append(Habit(key, day, known.feeds, known.state.tobytes()))
        return days, habits

    def saved(self, days: Iterable[GroundDay], habits: Iterable[Habit]) -> None:
        """These are stored: what only they needed is forgotten."""
        for day in days:
            self._grounds[day.ground].unsaved.discard(day.day)
        for habit in habits:
            ground = self._grounds[habit.ground]
            ground.saved, ground.whole = habit.day, False
            ground.raw = {day: raw for day, raw in ground.raw.items() if day > habit.day}
            ground.after = {day: known for day, known in ground.after.items() if day >= habit.day}


def worse_end(ends: Sequence[GroundDay | None], *, by_others: bool) -> Estimate:
    """A watch is looked at as well as the worse of its ends; None: nobody looked there.

    0: nobody looked. NaN: somebody asked, but nothing at all is ever heard there, which is no
    proof of looking. A watch of all traffic has no others: its looks alone count.
    """
    looked = [end for end in ends if end is not None]
    if len(looked) < len(ends):
        return Estimate(0.0, 0.0, 0.0)
    if not by_others:
        share = min(end.looked for end in looked)
        return Estimate(share, share, share)
    known = [end for end in looked if not math.isnan(end.exposure)]
    exposure, low, high = (
        min((getattr(end, name) for end in known), default=math.nan)
        for name in ("exposure", "low", "high")
    )
    if len(known) < len(looked) and exposure != 0:
        return Estimate(math.nan, 0.0, high)
    return Estimate(exposure, low, high)


def _put_due(ground: _Ground, day: date) -> None:
    """A row of that day came: estimate from there on, or from the day to which all is known."""
    if ground.after and day > max(ground.after):
        day = max(ground.after) + DAY
    elif day - DAY not in ground.after:
        day = min(ground.raw)  # the habit of the day before is forgotten, or never was
        ground.after.clear()
    ground.due = day if ground.due is None else min(day, ground.due)


def _nothing() -> _Knowledge:
    return _Knowledge(Exposures(1).state[0])


def _settled(ground: _Ground, today: date) -> date | None:
    """The latest day that changes no more."""
    last = today - SETTLES_AFTER * DAY
    return max((day for day in ground.after if day <= last), default=None)


def _turned(known: _Knowledge, hours: _Day | None) -> tuple[tuple[str, ...], int, bool]:
    """Whose day it was: (names of the sets of feeds, place of this one, whether it is new)."""
    main = _main_feeds(hours) if hours else ""
    if not main or main in known.feeds:
        return known.feeds, known.feeds.index(main) if main else known.source, False
    if len(known.feeds) < SOURCES:
        return (*known.feeds, main), len(known.feeds), bool(known.feeds)
    oldest = (known.source + 1) % SOURCES
    return (*known.feeds[:oldest], main, *known.feeds[oldest + 1 :]), oldest, True


def _main_feeds(hours: _Day) -> str:
    """The set of feeds that looked for most of the day."""
    looked: Counter[str] = Counter()
    for feeds, share in zip(hours.feeds, hours.looked.tolist(), strict=True):
        if feeds:
            looked[feeds] += share
    return min(looked, key=lambda feeds: (-looked[feeds], feeds), default="")


def _told(key: str, day: date, hours: _Day, said: DayExposure, i: int) -> GroundDay:
    """Rounded, so that the company in which it was estimated cannot be told from it."""
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


def _proven(hours: _Day, said: DayExposure, i: int) -> bool:
    """Where nothing is ever heard an answered poll proves nothing; no poll is proof enough."""
    return bool(said.heard[i]) or not hours.looked.any()
