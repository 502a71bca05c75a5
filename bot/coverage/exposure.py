"""How well somebody looked: exposure per watch and day, with its uncertainty.

Input are two facts an hour: the share of it that was looked at, and how many *other* aircraft were
then seen around a watch's ends and corridor; never the watched ones. Other traffic has a habit by
hour of the week; what falls short of it is either a quiet hour of traffic or a hole in coverage.

Three things explain a day, each a hidden state with its chances: a *level* of looking that lasts
(grid of factors on the habit; a source comes or goes and it jumps), the day's own deviation from
it, and hour by hour a *condition* (dark, partly dark, normal). Deviations of the ordinary size are
shared between coverage and traffic, as they cannot be told apart; larger ones are coverage. The
habit, and with it the meaning of 1, stays; slow drift is traffic, and the habit follows it. A
change of source is told, not guessed: its level is remembered from the last time, or learnt anew
from doubt; it does not look like a change of traffic.

Promises: exposure 0 where nobody looked; each day uses itself and earlier days only; more watches
at once give each the same answer as alone. Refuses to be sure: without a habit (`known` False) the
answer is the share looked at, with an interval down to 0.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.coverage.hidden import (
    CONDITIONS,
    COVERAGE_SHARE,
    DARK,
    EVEN,
    JUMPS,
    LEAST_JUMP,
    LEVELS,
    STEPS,
    Chain,
    Deviation,
    Floats,
    start,
)  # fmt: skip

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

USUAL_SPREAD = 0.08  # first guess of a day's ordinary deviation, replaced by what is seen
LEARN_DAYS, LEARN_OTHERS = 14, 30.0  # before that there is no habit to compare with
SHAPE_MEMORY = 0.9  # of the hour-of-week shape per week; about ten weeks
RATE_GAIN = 0.07  # per day: drift of traffic is followed in about two weeks
SHAPE_WEIGHT = 6.0  # aircraft by which a cell of the week leans on its hour and weekday
# What remains unknown (log scale) of the reference itself: measured on simulated skies
# (bench/feeds/coverage.py), where it makes the 90 % interval hold.
HABIT_DOUBT, LEVEL_DOUBT = 0.06, 0.12
DARK_SAID = 0.05  # chance of darkness from which an hour is told as a hole: see the bench
MOST_OTHERS = 1e5  # in an hour: more than fly in the whole world
Z90 = 1.645
SOURCES = 4  # sets of feeds whose level is remembered for each watch
SWITCH_JUMPS = 0.5  # chance that another set of feeds sees more, or less
HEARD_LATELY = 0.33  # of `seen`, which forgets a fiftieth a day: one aircraft in eight weeks
LEAST_VARIANCE = 0.02**2


@dataclass(frozen=True, slots=True)
class DayExposure:
    """One UTC day of W watches; arrays of shape (W,), but `dark`."""

    exposure: Floats  # 1 = normal looking; 0 = nobody looked
    low: Floats  # the 90 % interval
    high: Floats
    known: Bools  # whether there is a habit to compare with
    heard: Bools  # whether anything was heard of late: without, there is no proof of looking
    expected: Floats  # other aircraft (per hour seen, summed) had looking been normal
    dark: Floats  # shape (W, 24): chance that the hour showed nothing although polls answered


class Exposures:
    """Estimates day after day, for W watches side by side. Feed days in order, none left out
    (a day without any look has `looked` 0).

    `state`, shape (W, SIZE), is all that is remembered: rows may be stored, and put together again
    in other company.
    """

    def __init__(self, state: int | Floats) -> None:
        """Begin with so many new watches, or go on from a `state`."""
        self.state = _fresh(state) if isinstance(state, int) else state.copy()
        n = self._n = len(self.state)
        parts = dict(zip(_PARTS, np.split(self.state, _ENDS, axis=1), strict=False))
        self._days = parts["days"][:, 0]  # with any look
        self._seen = parts["seen"][:, 0]
        self._known = parts["known"][:, 0]
        self._rate = parts["rate"][:, 0]  # others per looked hour, level and shape taken out
        self._variance = parts["variance"][:, 0]  # of a day's ordinary deviation
        self._source = parts["source"][:, 0]
        self._condition = parts["condition"]
        self._counts = parts["counts"].reshape(n, 7, 24)  # of the shape: what was seen ...
        self._weights = parts["weights"].reshape(n, 7, 24)  # ... and what a flat week would show
        self._levels = parts["levels"].reshape(n, SOURCES, len(LEVELS))  # chances of each

    def day(self, looked: Floats, others: Floats, weekday: int, source: Ints | None = None,
            newcomer: Bools | None = None) -> DayExposure:  # fmt: skip
        """`looked`: share of each hour, 0..1; `others`: distinct other aircraft in each hour; both
        of shape (W, 24). `weekday`: 0 is Monday. Impossible numbers count as not looked.

        `source` (W,), 0..SOURCES-1: which of the sets of feeds looked; None: the same as before.
        `newcomer` (W,): that place is taken by a set that never looked before.
        """
        if source is not None:
            self._switch(source, np.zeros(self._n, bool) if newcomer is None else newcomer)
        sane = np.isfinite(looked) & np.isfinite(others) & (others <= MOST_OTHERS)
        looked = np.where(sane, np.clip(looked, 0.0, 1.0), 0.0)
        others = np.where(looked > 0, np.maximum(others, 0.0), 0.0)
        ripe = (self._days >= LEARN_DAYS) & (self._seen >= LEARN_OTHERS)
        self._known[ripe] = 1.0
        known = self._known > 0
        habit = self._rate[:, None] * self.shape()[:, weekday]
        chain = Chain(looked, others, habit, self._condition)
        deviation = Deviation(self._level(), self._variance, chain.likelihood)
        result = self._result(looked, others, habit, chain, deviation, known)
        self._learn(looked, others, chain, deviation, weekday, known)
        return result

    @property
    def source(self) -> Ints:
        """The set of feeds that looked last, (W,)."""
        return self._source.astype(int)

    def _level(self) -> Floats:
        """Chances of the present source's lasting level, (W, levels)."""
        return np.asarray(self._levels[np.arange(self._n), self._source.astype(int)])

    def _switch(self, source: Ints, newcomer: Bools) -> None:
        """Go on at the level that this source had when it last looked. A newcomer's is as likely
        that of its predecessor as any other: its first days decide."""
        before = self._level()
        self._source[:] = source
        doubted = SWITCH_JUMPS * (before @ JUMPS) + (1 - SWITCH_JUMPS) * before
        self._levels[newcomer, source[newcomer]] = doubted[newcomer]

    def shape(self) -> Floats:
        """The hour-of-week shape, (W, 7, 24), mean 1: each cell leans on its hour and weekday."""
        hour = _ratio(self._counts.sum(1), self._weights.sum(1))[:, None, :]
        weekday = _ratio(self._counts.sum(2), self._weights.sum(2))[:, :, None]
        whole = _ratio(self._counts.sum((1, 2)), self._weights.sum((1, 2)))[:, None, None]
        usual = hour * weekday / np.maximum(whole, 1e-9)
        cells = (self._counts + SHAPE_WEIGHT * usual) / (self._weights + SHAPE_WEIGHT)
        return np.asarray(cells / cells.mean((1, 2), keepdims=True))

    def _result(self, looked: Floats, others: Floats, habit: Floats, chain: Chain,
                deviation: Deviation, known: Bools) -> DayExposure:  # fmt: skip
        mean = deviation.looking * chain.mean[:, None, :]
        # what remains unknown of the split of an ordinary deviation, once its size is known
        split = COVERAGE_SHARE * (1 - COVERAGE_SHARE) * self._variance[:, None, None]
        doubt = _DOUBT[:, None] + 1.0 / np.maximum(self._seen, 1.0)[:, None, None]
        spread = mean**2 * (split * deviation.ordinary + doubt)
        spread += deviation.looking**2 * chain.variance[:, None, :]
        joint = deviation.joint
        exposure = (joint * mean).sum((1, 2))
        variance = (joint * (spread + (mean - exposure[:, None, None]) ** 2)).sum((1, 2))
        low, high = _interval(exposure, variance)
        share = looked.mean(1)
        dark = np.einsum("wl,hwl->wh", joint.sum(1), chain.conditions[:, DARK])
        return DayExposure(
            exposure=np.where(known, exposure, share),
            low=np.where(known, low, 0.0),
            high=np.where(known, high, share),
            known=known,
            heard=known | (self._seen + others.sum(1) >= HEARD_LATELY),
            expected=habit.sum(1),
            dark=np.where(known[:, None] & (looked > 0), dark, 0.0),
        )

    def _learn(self, looked: Floats, others: Floats, chain: Chain, deviation: Deviation,
               weekday: int, known: Bools) -> None:  # fmt: skip
        any_look = looked.any(1)
        learns = known & any_look
        conditions = np.einsum("wl,hcwl->whc", deviation.joint.sum(1), chain.conditions)
        self._condition[:] = conditions[:, -1]
        level = np.where(learns, deviation.joint.sum(1) @ STEPS, self._level() @ STEPS)
        rows = np.flatnonzero(learns)
        self._levels[rows, self._source[rows].astype(int)] = deviation.joint.sum(2)[rows]
        self._follow(looked, others, deviation, known, learns)
        flat = looked * (conditions @ CONDITIONS) * np.exp(level)[:, None] * self._rate[:, None]
        self._counts[:, weekday] *= SHAPE_MEMORY
        self._weights[:, weekday] *= SHAPE_MEMORY
        self._counts[:, weekday] += np.where(flat > 0, others, 0.0)
        self._weights[:, weekday] += flat
        self._days += any_look
        self._seen[:] = 0.98 * self._seen + others.sum(1)

    def _follow(self, looked: Floats, others: Floats, deviation: Deviation, known: Bools,
                learns: Bools) -> None:  # fmt: skip
        """Take ordinary deviations for the drift of traffic: the rate follows them."""
        plain = deviation.joint * deviation.ordinary
        drift = (plain * deviation.off).sum((1, 2))
        square = (plain * deviation.off**2).sum((1, 2)) / np.maximum(plain.sum((1, 2)), 1e-9)
        spread = 0.97 * self._variance + 0.03 * np.maximum(square, LEAST_VARIANCE)
        hours = looked.sum(1)
        measured = np.divide(others.sum(1), hours, out=np.zeros(self._n), where=hours > 0)
        gain = (hours > 0) / (self._days + 1.0)  # while young: the plain mean
        self._rate[:] = np.where(
            known,
            self._rate * np.exp(np.where(learns, RATE_GAIN * drift, 0.0)),
            self._rate + gain * (measured - self._rate),
        )
        self._variance[:] = np.where(learns, spread, self._variance)


def _fresh(watches: int) -> Floats:
    """The state of so many watches of which nothing is known."""
    nothing = {name: np.zeros(size) for name, size in _PARTS.items()}
    nothing["variance"] += USUAL_SPREAD**2
    nothing["condition"] = start()
    nothing["levels"] = np.tile(np.eye(len(LEVELS))[EVEN], SOURCES)
    return np.tile(np.concatenate(list(nothing.values())), (watches, 1))


_PARTS = {"days": 1, "seen": 1, "known": 1, "rate": 1, "variance": 1, "source": 1,
          "condition": len(CONDITIONS), "counts": 7 * 24, "weights": 7 * 24,
          "levels": SOURCES * len(LEVELS)}  # fmt: skip
_ENDS = np.cumsum(list(_PARTS.values()))[:-1]
SIZE = sum(_PARTS.values())


_DOUBT = HABIT_DOUBT**2 + LEVEL_DOUBT**2 * (np.abs(STEPS) > LEAST_JUMP / 2)


def _ratio(a: Floats, b: Floats) -> Floats:
    return np.divide(a, b, out=np.ones_like(a), where=b > 0)


def _interval(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """The 90 % interval of a positive quantity: symmetric on a log scale where it can be."""
    sd = np.sqrt(variance)
    relative = np.sqrt(np.log1p((sd / np.maximum(mean, 1e-6)) ** 2))
    low = mean * np.exp(-Z90 * relative)
    high = mean * np.exp(Z90 * relative)
    return low, np.where(mean > 0, high, 0.0)
