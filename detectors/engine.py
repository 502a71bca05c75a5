"""The walk itself: blocks of entries between refits, learnt one by one, scored at once.

Promises: the numbers depend on a series' own past only; stopping after any entry and
going on later gives the same numbers, because a block may end anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from detectors import calibration, design, former, history, level, surge, wide
from detectors.inputs import EXPOSURE_SEEN, Bools, Floats, Ints
from detectors.learn import Lane, learn

# Below this many days of data plus prior an entry is not judged (the default prior is
# worth two days): nothing can be called rare before anything was seen.
JUDGE_DAYS = 10.0
LEARN_DAYS = 14.0  # detection.md, section 7
CALM_DAYS = 7.0  # detection.md, section 6: quiet days that end a raised state
CALM_RATIO = 1.5  # section 6: the week's mean against its baseline
# Entries count towards a lasting level from a likelihood ratio of a hundred, whatever the
# caller's budget and calibration (about once in ten years by chance).
LASTING_RATIO = 2.0
# Whatever the table says, a likelihood ratio near 1 is no evidence: the corners it was never
# fitted on (rare AND regular) once made silence an alarm.
FLOOR_RATIO, FLOOR_SLOPE = 0.1, 10.0
NEW_LEVEL_DAYS = 28.0  # how long the walk says "new level" after adopting one
STATES = np.array(["quiet", "learning", "raised", "new_level", "unknown"])
QUIET, LEARNING, RAISED, NEW_LEVEL, UNKNOWN = range(5)


@dataclass(frozen=True)
class Judged:
    """Result arrays, each (n, T); see `walk.Walk`."""

    score: Floats
    alarm: Bools
    expected: Floats
    limit: Floats
    window_days: Ints
    observed_window: Floats
    expected_window: Floats
    state: np.ndarray[tuple[int, int], np.dtype[np.str_]]

    @classmethod
    def empty(cls, n: int, size: int) -> Judged:
        """Room for n series of `size` entries."""

        def floats() -> Floats:
            return np.full((n, size), np.nan)

        return cls(
            floats(), np.zeros((n, size), bool), floats(), floats(),
            np.zeros((n, size), np.int64), floats(), floats(), np.full((n, size), "unknown", "<U9"),
        )  # fmt: skip

    def rows(self, rows: slice) -> Judged:
        """A view of some series."""
        return Judged(*(getattr(self, f.name)[rows] for f in fields(self)))

    def columns(self, start: int, stop: int) -> Judged:
        """A view of some entries."""
        return Judged(*(getattr(self, f.name)[:, start:stop] for f in fields(self)))


@dataclass
class Engine:
    """A batch in progress: memory, entries done, and the state machine's counters (n,)."""

    memory: level.Memory
    table: calibration.Table
    sign: int
    done: int
    raised: Bools
    calm: Floats

    @classmethod
    def start(
        cls,
        priors: tuple[Floats, ...],
        step: int,
        first_day: int,
        specials: int,
        table: calibration.Table | None = None,
        sign: int = 1,
    ) -> Engine:
        """An engine before the first entry; `table` None = the shipped calibration.

        `sign`: 1 looks for surges, -1 for lulls.
        """
        n = len(priors[0])
        memory = level.blank(n, specials, step, first_day, priors)
        return cls(
            memory, table or calibration.table(step, sign), sign, 0, np.zeros(n, bool), np.zeros(n)
        )

    def run(self, counts: Floats, exposure: Floats, calendar: Floats, told: bool,
            budget: float, out: Judged) -> None:  # fmt: skip
        """Judge all entries (n, T) into `out`."""
        total = counts.shape[1]
        at = 0
        while at < total:
            stop = min(total, at + self._until_refit())
            used = self._block(
                counts[:, at:stop], exposure[:, at:stop], calendar[:, at:stop], told, budget,
                out.columns(at, stop),
            )  # fmt: skip
            at += used

    def _until_refit(self) -> int:
        """Entries until the next refit: weekly at first, then every four weeks."""
        early, late, long = (7, 28, 182) if self.memory.step == 1 else (4, 8, 52)
        every = early if self.done < long else late
        return every - self.done % every

    def _block(self, counts: Floats, exposure: Floats, calendar: Floats, told: bool,
               budget: float, out: Judged) -> int:  # fmt: skip
        """Learn until the end of the block or until a past must be revised, then score."""
        m = self.memory
        seen = np.isfinite(counts) & (np.nan_to_num(exposure) >= EXPOSURE_SEEN)
        block = level.Block.empty(*counts.shape)
        slow, plainly = self._slow(counts.shape[1])
        block.y[:] = np.where(seen, counts, 0.0)
        block.e[:] = np.where(seen, exposure, 0.0) * m.step
        block.g[:] = block.e * slow
        block.f[:] = block.e * plainly
        lane = Lane.of(m, block, seen, plain=calendar.shape[2] == 0)
        events, b = np.zeros(len(counts), bool), 0
        while b < counts.shape[1] and not events.any():
            special = calendar[:, b] if calendar.shape[2] else None
            events = np.atleast_1d(learn(lane, b, lane.seen[b], special, self.sign < 0))
            b += 1
        lane.close(m, block)
        block, seen, slow = block.cut(b), seen[:, :b], slow[:, :b]
        before = np.concatenate([m.tail_rate[:, -1:], block.rate[:, :-1]], axis=1)
        result = out.columns(0, b)
        result.expected[:] = np.where(seen, block.mean, before * slow * m.step)
        self._score(block, seen, before * m.step, told, budget, result)
        history.absorb(m, block)
        self._finish(b, events)
        return b

    def _slow(self, b: int) -> tuple[Floats, Floats]:
        m = self.memory
        first = m.first_day + m.size * m.step
        days = first + m.step * np.arange(b, dtype=np.int64)
        x = design.columns(days, m.step, m.fit_day)
        return design.shape(x, m.beta), design.week(x, m.beta)

    def _finish(self, b: int, events: Bools) -> None:
        self.done += b
        if events.any():
            history.revise(self.memory, np.flatnonzero(events))
        if self._refit_due():
            wide.settle(self.memory)
            former.settle(self.memory, self.done)
            history.refit(self.memory, steps=4 if self.done <= 28 else 2)

    def _refit_due(self) -> bool:
        early, late, long = (7, 28, 182) if self.memory.step == 1 else (4, 8, 52)
        return self.done >= 2 * early and self.done % (early if self.done < long else late) == 0

    def _score(self, block: level.Block, seen: Bools, rate: Floats, told: bool, budget: float,
               out: Judged) -> None:  # fmt: skip
        m = self.memory
        sums = surge.sums(m, block, told, self.sign)
        if self.sign > 0:
            use = seen & (block.age >= wide.OPEN_DAYS)
            windows = surge.windows(m.step)
            wide.learn(m, sums.count, sums.mean, sums.doubt, sums.spread, windows, use)
        found = surge.score(sums, m.step, block.y * (block.g > 0), self.sign)
        spread = np.concatenate([m.tail_spread[:, -1:], block.spread[:, :-1]], axis=1)
        a, b = self.table.lines(rate, spread)
        score = np.minimum(b * found.log_ratio - a, FLOOR_SLOPE * (found.log_ratio - FLOOR_RATIO))
        judged = seen & (block.age + m.rate0[:, None] >= JUDGE_DAYS)
        goal = -np.log10(budget)
        target = np.maximum((goal + a) / b, goal / FLOOR_SLOPE + FLOOR_RATIO)
        out.score[:] = np.where(judged, score, np.nan)
        out.alarm[:] = judged & (score >= goal)
        out.limit[:] = np.where(judged, self._whole(found.crossing(target)), np.nan)
        out.window_days[:] = found.window * m.step
        out.observed_window[:] = found.observed
        out.expected_window[:] = found.expected
        week = int(np.searchsorted(surge.windows(m.step) * m.step, 7))
        if self.sign > 0:
            calm = sums.count[week] < CALM_RATIO * sums.mean[week] + 0.5
        else:
            calm = sums.count[week] > sums.mean[week] / CALM_RATIO - 0.5
        self._states(judged, seen, calm, block, out)
        history.count_alarms(m, judged, found.log_ratio >= LASTING_RATIO)

    def _whole(self, crossing: Floats) -> Floats:
        """Smallest whole count that alarms; for lulls the largest, NaN where none does."""
        if self.sign > 0:
            return np.ceil(np.maximum(crossing - 1e-9, 0.0))
        return np.where(crossing < 0, np.nan, np.floor(crossing + 1e-9))

    def _states(self, judged: Bools, seen: Bools, calm: Bools, block: level.Block,
                out: Judged) -> None:  # fmt: skip
        """Raise on an alarm; calm after seven quiet looked-at days, or at a new level."""
        m, alarm = self.memory, out.alarm
        new, young = block.adopted <= NEW_LEVEL_DAYS, block.age < LEARN_DAYS
        base = np.where(new, NEW_LEVEL, np.where(young, LEARNING, QUIET))
        codes = np.empty(alarm.shape, np.int8)
        for j in range(alarm.shape[1]):
            quiet = calm[:, j] & ~alarm[:, j]
            self.calm = np.where(judged[:, j], (self.calm + m.step) * quiet, self.calm)
            self.raised = (self.raised | alarm[:, j]) & (self.calm < CALM_DAYS)
            self.raised &= ~new[:, j] | alarm[:, j]
            codes[:, j] = np.where(self.raised, RAISED, base[:, j])
        out.state[:] = STATES[np.where(seen, codes, UNKNOWN)]
