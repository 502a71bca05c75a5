"""What is known of each ground: presence comes in by the hour, days of looking go out.

A day is estimated from itself and earlier ones, once, and anew only when a row of it or of a day
before comes late; what was estimated is stored, and so is the habit to go on from, so that a
restart changes no number. Many grounds are estimated side by side, each as if alone.
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np

from bot.coverage.exposure import Exposures
from bot.coverage.ground import grounds_of
from bot.coverage.record import DAY, Knowledge, Record, ground_day, turned
from bot.model.looking import Estimate, GroundDay, Habit
from bot.model.query import Presence
from bot.model.watch import Watch

TOGETHER = 32  # grounds estimated side by side: some 10 MB of chances
NOBODY = (np.zeros(24), np.zeros(24))


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
        self._grounds: dict[str, Record] = {}
        for habit in habits:
            self._resume(habit)
        for day in days:
            self._grounds.setdefault(day.ground, Record()).told[day.day] = day
        self.add(rows)

    def _resume(self, habit: Habit) -> None:
        known = Knowledge.stored(habit)
        if known is not None:  # else it begins anew from all rows
            self._grounds[habit.ground] = Record(
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
        self._grounds[key] = Record(told=old.told, unsaved=old.unsaved)
        self.add(rows)

    def _take_in(self) -> None:
        while self._inbox:
            row = self._inbox.popleft()
            ground = self._grounds.setdefault(row.ground, Record())
            ground.take(row, datetime.fromtimestamp(row.hour_s, UTC))

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

    def _day(self, day: date, grounds: Sequence[Record], keys: Sequence[str]) -> None:
        """Estimate one day of some grounds, each from where it stood the day before."""
        before = [ground.after.get(day - DAY) or Knowledge.none() for ground in grounds]
        raw = [ground.raw.get(day) for ground in grounds]
        whose = [turned(known, hours) for known, hours in zip(before, raw, strict=True)]
        estimator = Exposures(np.stack([known.state for known in before]))
        said = estimator.day(
            np.stack([hours.looked if hours else NOBODY[0] for hours in raw]),
            np.stack([hours.others if hours else NOBODY[1] for hours in raw]),
            day.weekday(),
            np.array([source for _, source, _ in whose]),
            np.array([new for *_, new in whose]),
        )
        for i, (ground, hours) in enumerate(zip(grounds, raw, strict=True)):
            names, source, _ = whose[i]
            ground.learn(day, Knowledge(estimator.state[i], names, source))
            if hours is not None:
                ground.tell(ground_day(keys[i], day, hours, said, i))

    # ------------------------------------------------------------------------------ keeping

    def unsaved(self, today: date) -> tuple[list[GroundDay], list[Habit]]:
        """What is to be stored now: days that changed, and habits of days that are settled."""
        self.estimate_all()
        days = [g.told[day] for g in self._grounds.values() for day in sorted(g.unsaved)]
        habits = []
        for key, ground in self._grounds.items():
            day = ground.settled(today)
            if day is not None and day != ground.saved:
                known = ground.after[day]
                habits.append(Habit(key, day, known.feeds, known.state.tobytes()))
        return days, habits

    def saved(self, days: Iterable[GroundDay], habits: Iterable[Habit]) -> None:
        """These are stored: what only they needed is forgotten."""
        for day in days:
            self._grounds[day.ground].unsaved.discard(day.day)
        for habit in habits:
            self._grounds[habit.ground].keep_from(habit.day)


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
