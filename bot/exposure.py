"""How well somebody looked: exposure per watch and day, with its uncertainty.

Input are two facts an hour: the share of it that was looked at, and how many *other* aircraft were
then seen around a watch's ends and corridor; never the watched ones. Other traffic has a habit by
hour of the week; what falls short of it is either a quiet hour of traffic or a hole in coverage.

A day is explained by one level of what is seen (grid of factors on the habit) and, hour by hour,
a condition (dark, partly dark, normal, better): a hidden Markov chain per level, summed over all.
Deviations of the ordinary size are shared between coverage and traffic, as they cannot be told
apart; larger ones are coverage. A lasting new level (a source came or went) becomes the level that
is expected, while the habit, and with it the meaning of 1, stays; slow drift is traffic, and the
habit follows it. So a change of source re-estimates, and does not look like a change of traffic.

Promises: exposure 0 where nobody looked; each day uses itself and earlier days only; more watches
at once give each the same answer as alone. Refuses to be sure: without a habit (`known` False) the
answer is the share looked at, with an interval down to 0.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEVELS = np.exp(np.linspace(np.log(0.1), np.log(8.0), 74))  # steps of 6 %: below the noise
CONDITIONS = np.array([0.0, 0.12, 0.25, 0.4, 0.6, 0.78, 1.0])
NORMAL, DARK = 6, 0
# An hour's condition begins once in about ten days and lasts about eight hours; most holes are
# dark altogether. The likelihood of hours of traffic overrules these within a few hours.
STARTS_PER_HOUR, ENDS_PER_HOUR = 1 / 240, 1 / 8
_OF_CONDITIONS = np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.0])
# One aircraft is counted in each hour that it crosses, so that neighbouring hours repeat each
# other: with half an hour in sight a third of an hour's aircraft is in the next one too.
REPEATS = 0.6
HOURLY_SPREAD = 0.05  # variance of an hour's traffic beyond chance, as a square of its mean
DARK_FLOOR = 0.02  # aircraft an hour that show even in the dark: decoders hold old positions
JUMP_PER_DAY = 0.06  # days on which the level is not the expected one, for a reason of coverage
COVERAGE_SHARE = 0.5  # of an ordinary deviation: as likely looking as traffic
USUAL_SPREAD = 0.08  # first guess of a day's ordinary deviation, replaced by what is seen
LEARN_DAYS, LEARN_OTHERS = 14, 30.0  # before that there is no habit to compare with
SHAPE_MEMORY = 0.9  # of the hour-of-week shape per week; about ten weeks
LEVEL_GAIN = 0.07  # per day: drift of traffic is followed in about two weeks
SHAPE_WEIGHT = 6.0  # aircraft by which a cell of the week leans on its hour and weekday
# A new level has settled when the days since differ from the month before by so many standard
# errors, and by more than drift can have moved in that time.
SETTLED_AFTER, BEFORE_DAYS = (5, 8, 12, 20), 28
SETTLED_SIGMA, SETTLED_LEAST, MONTH_LEAST = 4.0, 0.1, 8
# What remains unknown (log scale) of the reference itself, and what each new level adds: measured
# on simulated skies (bench/feeds/coverage.py), where it makes the 90 % interval hold.
HABIT_DOUBT, STEP_DOUBT = 0.05, 0.15
DARK_SAID = 0.05  # chance of darkness from which an hour is told as a hole: see the bench
WANDER = 0.03  # what neither more days nor more aircraft average out: levels wander for weeks
FRESH_DAYS = 28  # so long a new level is still being measured, and drift is not
MOST_OTHERS = 1e5  # in an hour: more than fly in the whole world
Z90 = 1.645


@dataclass(frozen=True, slots=True)
class DayExposure:
    """One UTC day of W watches; arrays of shape (W,), but `dark`."""

    exposure: Floats  # 1 = normal looking; 0 = nobody looked
    low: Floats  # the 90 % interval
    high: Floats
    known: Bools  # whether there is a habit to compare with
    expected: Floats  # other aircraft (per hour seen, summed) had looking been normal
    dark: Floats  # shape (W, 24): chance that the hour showed nothing although polls answered


class Exposures:
    """Estimates day after day, for W watches side by side. Feed days in order, none left out
    (a day without any look has `looked` 0)."""

    def __init__(self, watches: int) -> None:
        self._n = watches
        self._days = np.zeros(watches)  # with any look
        self._seen = np.zeros(watches)
        self._rate = np.zeros(watches)  # others per looked hour, level and shape taken out
        self._counts = np.zeros((watches, 7, 24))  # of the shape: what was seen ...
        self._weights = np.zeros((watches, 7, 24))  # ... and what a flat week would have shown
        self._level = np.zeros(watches)  # log of the expected level
        self._variance = np.full(watches, USUAL_SPREAD**2)
        # log of seen against habit, day by day, newest last, with the habit's own drift put back
        self._history = np.full((watches, BEFORE_DAYS + max(SETTLED_AFTER)), np.nan)
        self._doubt = np.full(watches, HABIT_DOUBT**2)
        self._since_step = np.full(watches, FRESH_DAYS)
        self._condition = np.tile(_start(), (watches, 1))

    def day(self, looked: Floats, others: Floats, weekday: int) -> DayExposure:
        """`looked`: share of each hour, 0..1; `others`: distinct other aircraft in each hour; both
        of shape (W, 24). `weekday`: 0 is Monday. Impossible numbers count as not looked."""
        sane = np.isfinite(looked) & np.isfinite(others) & (others <= MOST_OTHERS)
        looked = np.where(sane, np.clip(looked, 0.0, 1.0), 0.0)
        others = np.where(looked > 0, np.maximum(others, 0.0), 0.0)
        known = (self._days >= LEARN_DAYS) & (self._seen >= LEARN_OTHERS)
        habit = self._rate[:, None] * self.shape()[:, weekday]
        chain = _Chain(looked, others, habit, self._condition)
        prior = self._prior()
        weights = _normal(prior * chain.likelihood)
        result = self._result(looked, habit, chain, weights, known)
        self._learn(looked, others, habit, chain, weights, weekday, known)
        return result

    def shape(self) -> Floats:
        """The hour-of-week shape, (W, 7, 24), mean 1: each cell leans on its hour and weekday."""
        hour = _ratio(self._counts.sum(1), self._weights.sum(1))[:, None, :]
        weekday = _ratio(self._counts.sum(2), self._weights.sum(2))[:, :, None]
        whole = _ratio(self._counts.sum((1, 2)), self._weights.sum((1, 2)))[:, None, None]
        usual = hour * weekday / np.maximum(whole, 1e-9)
        cells = (self._counts + SHAPE_WEIGHT * usual) / (self._weights + SHAPE_WEIGHT)
        return np.asarray(cells / cells.mean((1, 2), keepdims=True))

    # ------------------------------------------------------------------------------ one day

    def _prior(self) -> Floats:
        """Of the day's level, (W, levels)."""
        off = np.log(LEVELS) - self._level[:, None]
        ordinary = _normal(np.exp(-0.5 * off**2 / self._variance[:, None]))
        return np.asarray((1 - JUMP_PER_DAY) * ordinary + JUMP_PER_DAY / len(LEVELS))

    def _jumped(self) -> Floats:
        """Chance, by level, that a day at that level is no ordinary one, (W, levels)."""
        ordinary = self._prior() - JUMP_PER_DAY / len(LEVELS)
        return np.asarray(1 - ordinary / self._prior())

    def _result(self, looked: Floats, habit: Floats, chain: "_Chain", weights: Floats,
                known: Bools) -> DayExposure:  # fmt: skip
        off = np.log(LEVELS) - self._level[:, None]
        jumped = self._jumped()
        seen_as = np.exp(
            self._level[:, None] + (COVERAGE_SHARE + (1 - COVERAGE_SHARE) * jumped) * off
        )
        mean = seen_as * chain.mean
        # what remains unknown of the split of an ordinary deviation, once its size is known
        split = COVERAGE_SHARE * (1 - COVERAGE_SHARE) * self._variance[:, None] * (1 - jumped)
        habit_error = 1.0 / np.maximum(self._seen, 1.0)
        doubt = (self._doubt + habit_error)[:, None]
        spread = mean**2 * (split + doubt) + seen_as**2 * chain.variance
        exposure = (weights * mean).sum(1)
        variance = (weights * (spread + (mean - exposure[:, None]) ** 2)).sum(1)
        share = looked.mean(1)
        low, high = _interval(exposure, variance)
        dark = (weights[:, :, None] * chain.conditions[:, :, :, DARK]).sum(1)
        return DayExposure(
            exposure=np.where(known, exposure, share),
            low=np.where(known, low, 0.0),
            high=np.where(known, high, share),
            known=known,
            expected=habit.sum(1),
            dark=np.where(known[:, None] & (looked > 0), dark, 0.0),
        )

    # --------------------------------------------------------------------------- what is learnt

    def _learn(self, looked: Floats, others: Floats, habit: Floats, chain: "_Chain",
               weights: Floats, weekday: int, known: Bools) -> None:  # fmt: skip
        any_look = looked.any(1)
        conditions = np.einsum("wl,wlhc->whc", weights, chain.conditions)
        self._condition = conditions[:, -1]
        level = np.where(known, (weights * np.log(LEVELS)).sum(1), self._level)
        self._settle(looked, others, habit, conditions, known & any_look)
        self._follow(np.where(any_look, level - self._level, 0.0), looked, others, known)
        flat = looked * (conditions @ CONDITIONS) * np.exp(level)[:, None] * self._rate[:, None]
        self._counts[:, weekday] *= SHAPE_MEMORY
        self._weights[:, weekday] *= SHAPE_MEMORY
        self._counts[:, weekday] += np.where(flat > 0, others, 0.0)
        self._weights[:, weekday] += flat
        self._days += any_look
        self._seen = 0.98 * self._seen + others.sum(1)

    def _follow(self, off: Floats, looked: Floats, others: Floats, known: Bools) -> None:
        """Take ordinary deviations for the drift of traffic: the rate follows them."""
        limit = 2.5 * np.sqrt(self._variance)
        plain = known & (np.abs(off) <= np.maximum(limit, SETTLED_LEAST))
        fresh = self._since_step < FRESH_DAYS
        self._refine(fresh)
        step = np.where(plain & ~fresh, LEVEL_GAIN * np.clip(off, -limit, limit), 0.0)
        hours = looked.sum(1)
        measured = np.divide(others.sum(1), hours, out=np.zeros(self._n), where=hours > 0)
        gain = (hours > 0) / (self._days + 1.0)  # while young: the plain mean
        self._rate = np.where(known, self._rate * np.exp(step),
                              self._rate + gain * (measured - self._rate))  # fmt: skip
        self._history -= step[:, None]  # what was seen, against the habit as it is now
        self._variance = np.where(plain, 0.97 * self._variance + 0.03 * np.maximum(off, 0.02) ** 2,
                                  self._variance)  # fmt: skip

    def _refine(self, fresh: Bools) -> None:
        """A new level was set by a few days: its next weeks measure it better."""
        last = self._history[:, -1]
        use = fresh & np.isfinite(last) & (self._since_step > 0)
        move = np.where(use, np.clip(np.nan_to_num(last), -0.5, 0.5) / (self._since_step + 1), 0.0)
        self._level = self._level + move
        self._history -= move[:, None]
        self._since_step = np.minimum(self._since_step + 1, FRESH_DAYS)

    def _settle(self, looked: Floats, others: Floats, habit: Floats, conditions: Floats,
                known: Bools) -> None:  # fmt: skip
        """Make a lasting new level the expected one, as soon as it stands out of the month before.

        Hours in a hole tell nothing of the level, unless the whole day is one long hole.
        """
        whole = conditions[:, :, NORMAL] > 0.5
        long_hole = (conditions[:, :, DARK] < 0.5) & (whole.sum(1) < 6)[:, None]
        counted = looked * (whole | long_hole)
        expected = (counted * habit).sum(1)
        seen = np.where(counted > 0, others, 0.0).sum(1)
        ratio = np.log((seen + 0.5) / (expected + 0.5)) - self._level
        ratio[~known | (counted.sum(1) < 6)] = np.nan
        self._history = np.roll(self._history, -1, 1)
        self._history[:, -1] = ratio
        for row in np.flatnonzero(known):
            step = _step(self._history[row])
            if step is not None:
                after, size = step
                self._level[row] += size
                self._history[row] -= size
                self._history[row, :-after] = np.nan  # of the old level: said all it had to say
                self._condition[row] = _start()
                self._since_step[row] = after
                self._doubt[row] += STEP_DOUBT**2


def _step(history: Floats) -> tuple[int, float] | None:
    """(days since, size on a log scale) of a lasting change of level; None: there is none."""
    moves = np.abs(np.diff(history))
    moves = moves[np.isfinite(moves)]
    if len(moves) < MONTH_LEAST:
        return None
    noise = float(np.median(moves)) / 0.954  # of one day, from differences of two
    best: tuple[float, int, float] | None = None
    for days in SETTLED_AFTER:
        after, before = history[-days:], history[-days - BEFORE_DAYS : -days]
        after, before = after[np.isfinite(after)], before[np.isfinite(before)]
        if len(after) < 3 or len(before) < MONTH_LEAST:
            continue
        middle = float(np.median(before))
        size = float(np.median(after)) - middle
        agree = np.mean((after - middle) * np.sign(size) > abs(size) / 2)
        error = math.sqrt(1.56 * noise**2 * (1 / len(after) + 1 / len(before)) + WANDER**2)
        large = abs(size) > max(SETTLED_SIGMA * error, SETTLED_LEAST)
        if large and agree >= 0.75 and (best is None or abs(size) / error > best[0]):
            best = (abs(size) / error, days, size)
    return best[1:] if best else None


class _Chain:
    """The hours of one day under every level: forward and backward over the conditions.

    `conditions` (W, levels, 24, C): posterior of each hour's condition; `likelihood` (W, levels):
    of the day, up to a factor; `mean`, `variance` (W, levels): of the day's working share.
    """

    def __init__(self, looked: Floats, others: Floats, habit: Floats, first: Floats) -> None:
        emitted = _emissions(looked, others, habit)
        w, n_levels, hours, n = emitted.shape
        turn = _transition()
        forward = np.empty_like(emitted)
        state = np.repeat((first @ turn)[:, None, :], n_levels, 1)
        log_likelihood = np.zeros((w, n_levels))
        for h in range(hours):
            state = state * emitted[:, :, h]
            total = state.sum(2, keepdims=True)
            log_likelihood += np.log(total[:, :, 0])
            state = state / total
            forward[:, :, h] = state
            state = state @ turn
        back = np.ones((w, n_levels, n))
        self.conditions = forward
        for h in range(hours - 2, -1, -1):
            back = (back * emitted[:, :, h + 1]) @ turn.T
            back = back / back.sum(2, keepdims=True)
            self.conditions[:, :, h] = _normal(forward[:, :, h] * back)
        self.likelihood = np.exp(log_likelihood - log_likelihood.max(1, keepdims=True))
        hourly = self.conditions @ CONDITIONS
        self.mean = (hourly * looked[:, None, :]).mean(2)
        square = self.conditions @ CONDITIONS**2 - hourly**2
        # hours of one hole are sure or unsure together: about as many as a hole lasts
        self.variance = (square * looked[:, None, :] ** 2).sum(2) / 24**2 / ENDS_PER_HOUR / 2


def _emissions(looked: Floats, others: Floats, habit: Floats) -> Floats:
    """Likelihood of each hour's count, (W, levels, 24, C): negative binomial round what level and
    condition let expect, tempered for aircraft counted twice. Scaled by its largest value."""
    factor = LEVELS[:, None, None] * CONDITIONS
    expected = (looked * habit)[:, None, :, None] * factor + DARK_FLOOR * looked[:, None, :, None]
    expected = np.maximum(expected, 1e-9)
    grown = 1 + HOURLY_SPREAD * expected
    log = others[:, None, :, None] * np.log(expected / grown) - np.log(grown) / HOURLY_SPREAD
    log = np.where(looked[:, None, :, None] > 0, log * REPEATS, 0.0)
    return np.asarray(np.exp(np.maximum(log - log.max((1, 3), keepdims=True), -60.0)))


def _transition() -> Floats:
    """Between conditions, an hour on: into a hole, on in it, out of it."""
    turn = np.eye(len(CONDITIONS)) * (1 - ENDS_PER_HOUR)
    turn[:, NORMAL] += ENDS_PER_HOUR
    turn[NORMAL] = STARTS_PER_HOUR * _OF_CONDITIONS
    turn[NORMAL, NORMAL] = 1 - STARTS_PER_HOUR
    return turn


def _start() -> Floats:
    first = np.zeros(len(CONDITIONS))
    first[NORMAL] = 1.0
    return first


def _normal(weights: Floats) -> Floats:
    return np.asarray(weights / np.maximum(weights.sum(-1, keepdims=True), 1e-300))


def _ratio(a: Floats, b: Floats) -> Floats:
    return np.divide(a, b, out=np.ones_like(a), where=b > 0)


def _interval(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """The 90 % interval of a positive quantity: symmetric on a log scale where it can be."""
    sd = np.sqrt(variance)
    relative = np.sqrt(np.log1p((sd / np.maximum(mean, 1e-6)) ** 2))
    low = mean * np.exp(-Z90 * relative)
    high = mean * np.exp(Z90 * relative)
    return low, np.where(mean > 0, high, 0.0)
