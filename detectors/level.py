"""What a detector remembers of each series, and how one more day changes it.

Long-run rate: gamma-Poisson with the watch's prior, half-life 1000 days. Local level:
gamma around 1, half-life 60 days. Dispersion: ratio of sums, below 1 where traffic is
regular. Days under suspicion (a surge or a hole in progress) teach nothing; after 28
of them the new level is adopted. Shapes: n series; the time axis is last.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from detectors import design
from detectors.inputs import Bools, Floats, Ints

HALF_LIFE_LONG = 1000.0  # days; detection.md, section 2 (H)
HALF_LIFE_LEVEL = 60.0  # days; section 2 (delta)
HALF_LIFE_SPREAD = 180.0  # days; section 2 (dispersion)
HALF_LIFE_DRIFT = 2.0  # days; a surge of a few days shows, last month's does not
LEVEL_WEIGHT = 60.0  # expected legs behind "the level is 1"; section 2 (c0)
TAIL = 28  # entries that the longest window looks back
KEEP = 1461  # entries of history behind a refit; older ones weigh less than 0.4 of new ones
TRIM = 365  # entries dropped at once when the history is full
SPREAD_FLOOR = 0.05  # section 2, under-dispersion
SPREAD_CEILING = 50.0
REGULAR_WEIGHT = 40.0  # expected legs before traffic is believed to be regular
OUTAGE_LOG = 8.0  # zeros rarer than e^-8 are an outage; section 2, missing days
CALENDAR_WEIGHT = 4.0  # expected legs behind "a special day is like any other"
TOP_SD = 2.5
TOP_ADD = 1.0
LOW_SD = 1.8
SUSPECT_SD = 4.0
SUSPECT_ADD = 2.0
SPREAD_SD = 6.0
HOT_SPREAD = 0.25  # weight of a suspicious day in the dispersion: heard, not believed


@dataclass
class Memory:
    """Everything carried from one entry to the next; every array has n rows.

    `long_*`, `level_*`: discounted legs and expected legs; `spread_*`: squared residuals
    and expected legs; `zero_*`: the current run of zeros; `drift*`: excess of late and
    its variance; `hot`, `cold`: entries under suspicion; `past_*` (n, capacity): what
    was learnt, columns `[:size]`; `tail_*` (n, 28): the last entries as the windows
    need them (`rate`, `doubt`, `spread`: as known after that entry).
    """

    step: int
    first_day: int
    size: int
    beta: Floats
    shape0: Floats
    rate0: Floats
    spread0: Floats
    spread0_weight: Floats
    special_y: Floats
    special_m: Floats
    past_y: Floats
    past_e: Floats
    tail_y: Floats
    tail_e: Floats
    tail_g: Floats
    tail_rate: Floats
    tail_doubt: Floats
    tail_spread: Floats
    long_y: Floats
    long_m: Floats
    level_y: Floats
    level_m: Floats
    spread_y: Floats
    spread_m: Floats
    zero_mean: Floats
    zero_run: Floats
    drift: Floats
    drift_var: Floats
    hot: Floats
    cold: Floats
    seen: Floats
    adopted: Floats

    def days(self) -> Ints:
        """Ordinal days of the kept history, (size,)."""
        return self.first_day + self.step * np.arange(self.size, dtype=np.int64)

    def spread(self) -> Floats:
        """Dispersion phi, (n,)."""
        k, target = self.spread0_weight, self.spread0
        raw = (self.spread_y + k * target) / (self.spread_m + k)
        regular = (self.spread_y + REGULAR_WEIGHT * np.minimum(target, 1.0)) / (
            self.spread_m + REGULAR_WEIGHT
        )
        phi = np.where(raw < 1, np.minimum(regular, 1.0), raw)
        return np.clip(phi, SPREAD_FLOOR, SPREAD_CEILING)


def blank(n: int, n_special: int, step: int, first_day: int, priors: tuple[Floats, ...]) -> Memory:
    """The memory of n series before their first entry."""

    def zeros() -> Floats:
        return np.zeros(n)

    def tail() -> Floats:
        return np.zeros((n, TAIL))

    p = 6 + (7 if step == 1 else 0)
    shape0, rate0, spread0, weight = priors
    m = Memory(
        step, first_day, 0, np.zeros((n, p)), shape0, rate0, spread0, weight,
        np.zeros((n, n_special)), np.zeros((n, n_special)),
        np.zeros((n, 64)), np.zeros((n, 64)),
        tail(), tail(), tail(), tail(), tail(), tail(),
        *(zeros() for _ in range(14)),
    )  # fmt: skip
    m.adopted[:] = np.inf
    m.tail_spread[:] = m.spread()[:, None]
    m.tail_rate[:] = (shape0 / rate0)[:, None]
    m.tail_doubt[:] = (1 / LEVEL_WEIGHT + 1 / shape0)[:, None]
    return m


@dataclass
class Priors:
    """Gamma shape and rate, broadcastable against the sums."""

    shape0: Floats
    rate0: Floats


def rate_and_doubt(m: Memory | Priors, ly: Floats, lm: Floats, vy: Floats, vm: Floats,
                   phi: Floats) -> tuple[Floats, Floats]:  # fmt: skip
    """Rate per plain day and its squared relative error, from discounted sums."""
    shape0, rate0 = m.shape0, m.rate0
    long_rate = (shape0 + ly) / (rate0 + lm)
    weight = LEVEL_WEIGHT * phi
    expected = long_rate * vm
    rate = long_rate * (weight + vy) / (weight + expected)
    doubt = phi / (weight + expected) + 1 / (shape0 + ly / phi)
    return rate, doubt


def special_factor(m: Memory, x: Floats) -> tuple[Floats, Floats]:
    """Multiplier of a special day and its squared relative error; x (n, C)."""
    theta = (CALENDAR_WEIGHT + m.special_y) / (CALENDAR_WEIGHT + m.special_m)
    factor = np.exp((x * np.log(theta)).sum(1))
    return factor, (x**2 / (CALENDAR_WEIGHT + m.special_m)).sum(1)


@dataclass
class Block:
    """Consecutive entries between two refits; every array is (n, b).

    `y` (0 where not seen), `e` exposure in days and `g` the same times the slow shape
    (0 where not seen), `mean` expected; `kept_y`, `kept_e` what was learnt; `rate`,
    `doubt`, `spread` as known after the entry; `hot` under suspicion.
    """

    y: Floats
    e: Floats
    g: Floats
    mean: Floats
    kept_y: Floats
    kept_e: Floats
    rate: Floats
    doubt: Floats
    spread: Floats
    special: Floats

    @classmethod
    def empty(cls, n: int, b: int) -> Block:
        """A block yet to be filled."""
        return cls(*(np.zeros((n, b)) for _ in fields(cls)))

    def cut(self, b: int) -> Block:
        """The first b entries."""
        return Block(*(getattr(self, f.name)[:, :b] for f in fields(self)))


def learn(m: Memory, block: Block, j: int, seen: Bools, x: Floats | None) -> Bools:
    """Take in entry j of the block; returns (n,) whose past must be revised after it.

    `block.y`, `.e`, `.g` column j are given. `x` (n, C): special-day covariates.
    Nothing of this entry enters its own expectation.
    """
    phi = m.spread()
    rate, doubt = rate_and_doubt(m, m.long_y, m.long_m, m.level_y, m.level_m, phi)
    y, e, g = block.y[:, j], block.e[:, j], block.g[:, j]
    if x is not None and x.any():
        factor, extra = special_factor(m, x)
        e, g, doubt = e * factor, g * factor, doubt + extra
        block.special[:, j] = extra
    mean = rate * g
    var = phi * mean + doubt * mean**2
    sd = np.sqrt(var)
    if x is not None and x.any():
        _learn_special(m, y, seen, mean, sd, x)
    hot, cold = _suspect(m, y, seen, mean, var)
    dark, fresh = _zero_run(m, y, seen, mean, phi)
    _learn_spread(m, y, seen & ~dark & ~cold, hot, mean, doubt, sd)
    _learn_rate(m, block, j, seen & ~hot & ~cold & ~dark, (y, e, g, mean, sd))
    m.seen += seen
    m.adopted += 1
    block.mean[:, j] = mean
    block.e[:, j], block.g[:, j] = e * (seen & ~dark), g * (seen & ~dark)
    _snapshot(m, block, j)
    return fresh | _lasting(m)


def _learn_special(m: Memory, y: Floats, seen: Bools, mean: Floats, sd: Floats, x: Floats) -> None:
    """Looser winsorising than on plain days: a holiday peak must be learnt in a year or two."""
    use = np.maximum(x, 0.0) * seen[:, None]
    m.special_y += use * np.minimum(y, mean + 6 * sd + 2)[:, None]
    m.special_m += use * mean[:, None]


def _suspect(m: Memory, y: Floats, seen: Bools, mean: Floats, var: Floats) -> tuple[Bools, Bools]:
    """Is a surge (hot) or a hole (cold) in progress? From the excess of the last days."""
    fade = 2.0 ** (-m.step / HALF_LIFE_DRIFT)
    m.drift = np.where(seen, fade * m.drift + y - mean, m.drift)
    m.drift_var = np.where(seen, fade**2 * m.drift_var + var, m.drift_var)
    limit = SUSPECT_SD * np.sqrt(m.drift_var) + SUSPECT_ADD
    hot, cold = m.drift > limit, m.drift < -limit
    m.hot = np.where(hot, m.hot + seen, 0.0)
    m.cold = np.where(cold, m.cold + seen, 0.0)
    return hot & seen, cold & seen


def _zero_run(m: Memory, y: Floats, seen: Bools, mean: Floats, phi: Floats
              ) -> tuple[Bools, Bools]:  # fmt: skip
    """Zeros too rare to be chance are an unreported outage: (dark now, since today)."""
    broken = seen & (y > 0)
    zero = seen & (y == 0)
    before = np.where(broken, 0.0, m.zero_mean)
    # -log P(0) of a negative binomial: a clumped route is quiet for long by nature.
    clump = np.maximum(phi - 1, 1e-9)
    m.zero_mean = before + zero * mean * np.log1p(clump) / clump
    m.zero_run = np.where(broken, 0.0, m.zero_run + 1)
    dark = zero & (m.zero_mean > OUTAGE_LOG)
    return dark, dark & (before <= OUTAGE_LOG)


def _learn_spread(m: Memory, y: Floats, use: Bools, hot: Bools, mean: Floats, doubt: Floats,
                  sd: Floats) -> None:  # fmt: skip
    fade = 2.0 ** (-m.step / HALF_LIFE_SPREAD)
    part = use * np.where(hot, HOT_SPREAD, 1.0)
    off = np.minimum(y, mean + SPREAD_SD * sd + 2) - mean
    m.spread_y = np.where(use, fade, 1.0) * m.spread_y + part * (off**2 - doubt * mean**2)
    m.spread_m = np.where(use, fade, 1.0) * m.spread_m + part * mean
    np.maximum(m.spread_y, 0.0, out=m.spread_y)


def _learn_rate(m: Memory, block: Block, j: int, use: Bools, day: tuple[Floats, ...]) -> None:
    y, e, g, mean, sd = day
    # Never below mean + 1: clipping single legs on a rare route would bias its rate down.
    low = np.where(mean > 4, mean - LOW_SD * sd, 0.0)
    kept = np.where(use, np.clip(y, low, mean + TOP_SD * sd + TOP_ADD), 0.0)
    block.kept_y[:, j] = kept
    block.kept_e[:, j] = use * e
    g = use * g
    fade = 2.0 ** (-m.step / HALF_LIFE_LONG)
    m.long_y = fade * m.long_y + kept
    m.long_m = fade * m.long_m + g
    fade = 2.0 ** (-m.step / HALF_LIFE_LEVEL)
    m.level_y = fade * m.level_y + kept
    m.level_m = fade * m.level_m + g


def _snapshot(m: Memory, block: Block, j: int) -> None:
    phi = m.spread()
    block.spread[:, j] = phi
    block.rate[:, j], block.doubt[:, j] = rate_and_doubt(
        m, m.long_y, m.long_m, m.level_y, m.level_m, phi
    )


def adopt_after(step: int) -> float:
    """Entries under suspicion before the new level is taken for the new normal.

    28 days (detection.md, section 6); a quarter where an entry is a week: 4 would be few.
    """
    return 28.0 if step == 1 else 13.0


def _lasting(m: Memory) -> Bools:
    limit = adopt_after(m.step)
    dark = (m.zero_mean > OUTAGE_LOG) & (m.zero_run >= limit)
    return (m.hot >= limit) | (m.cold >= limit) | dark


def absorb(m: Memory, block: Block) -> None:
    """Move a finished block into history and tail."""
    b = block.y.shape[1]
    _reserve(m, b)
    m.past_y[:, m.size : m.size + b] = block.kept_y
    m.past_e[:, m.size : m.size + b] = block.kept_e
    m.size += b
    for name in ("y", "e", "g", "rate", "doubt", "spread"):
        joined = np.concatenate([getattr(m, "tail_" + name), getattr(block, name)], axis=1)
        setattr(m, "tail_" + name, np.ascontiguousarray(joined[:, -TAIL:]))


def _reserve(m: Memory, b: int) -> None:
    if m.size + b > KEEP + TRIM:
        drop = TRIM
        m.past_y, m.past_e = m.past_y[:, drop:].copy(), m.past_e[:, drop:].copy()
        m.size -= drop
        m.first_day += drop * m.step
    short = m.size + b - m.past_y.shape[1]
    if short > 0:
        room = np.zeros((len(m.shape0), max(short, m.past_y.shape[1])))
        m.past_y = np.concatenate([m.past_y, room], axis=1)
        m.past_e = np.concatenate([m.past_e, room], axis=1)


def revise(m: Memory, rows: Ints) -> None:
    """Unlearn the zeros of a new outage, or adopt a level that has lasted."""
    limit = adopt_after(m.step)
    for i in rows:
        dark = m.zero_mean[i] > OUTAGE_LOG
        if max(m.hot[i], m.cold[i]) >= limit or (dark and m.zero_run[i] >= limit):
            _adopt(m, int(i))
        elif dark:
            run = min(int(m.zero_run[i]), m.size)
            m.past_e[i, m.size - run : m.size] = 0.0
    relevel(m, rows)


def _adopt(m: Memory, i: int) -> None:
    """The last weeks are the new normal; older days keep their shape, at the new level."""
    last = min(int(adopt_after(m.step)), TAIL, m.size)
    legs = float(m.tail_y[i, -last:].sum())
    # A dark run has g = 0 in the tail, so its expectation is rebuilt from the run itself.
    if m.zero_mean[i] > OUTAGE_LOG:
        ratio, gained = 0.5 / (m.zero_mean[i] + 0.5), 0.5
        e_new = np.full(last, float(m.step))
    else:
        want = float(m.tail_rate[i, -1] * m.tail_g[i, -last:].sum())
        ratio, gained = (legs + 0.5) / (want + 0.5), legs
        e_new = m.tail_e[i, -last:]
    old = slice(0, m.size - last)
    trust = min(1.0, max(gained, 1.0) / max(float(m.long_y[i]), 1e-9))
    m.past_y[i, old] *= trust
    m.past_e[i, old] *= trust / ratio
    m.past_y[i, m.size - last : m.size] = m.tail_y[i, -last:]
    m.past_e[i, m.size - last : m.size] = e_new
    for name in ("hot", "cold", "drift", "drift_var", "zero_mean", "zero_run", "adopted"):
        getattr(m, name)[i] = 0.0


def relevel(m: Memory, rows: Ints | slice = slice(None)) -> None:
    """Rebuild the discounted sums, and the tail's snapshots, from history and `beta`."""
    days = m.days()
    X = design.columns(days, m.step, int(days[-1]))
    slow = design.shape(X, m.beta[rows])
    y, g = m.past_y[rows, : m.size], m.past_e[rows, : m.size] * slow
    sums = [
        part @ _decay(m.size, m.step, half)
        for half in (HALF_LIFE_LONG, HALF_LIFE_LEVEL)
        for part in (y, g)
    ]
    m.long_y[rows], m.long_m[rows] = sums[0][:, -1], sums[1][:, -1]
    m.level_y[rows], m.level_m[rows] = sums[2][:, -1], sums[3][:, -1]
    sub = Priors(m.shape0[rows][:, None], m.rate0[rows][:, None])
    rate, doubt = rate_and_doubt(sub, *sums, m.tail_spread[rows])
    m.tail_rate[rows], m.tail_doubt[rows] = rate, doubt
    k = min(TAIL, m.size)
    m.tail_g[rows, TAIL - k :] = m.tail_e[rows, TAIL - k :] * slow[:, m.size - k :]


def _decay(size: int, step: int, half_life: float) -> Floats:
    """Discount (size, 28) of each entry as seen after each of the last 28."""
    now = np.arange(size - TAIL, size)
    age = now[None, :] - np.arange(size)[:, None]
    return np.where(age >= 0, 2.0 ** (-np.maximum(age, 0) * step / half_life), 0.0)


def refit(m: Memory, steps: int) -> None:
    """Fit weekday, season and trend to the history, then rebuild what hangs on them."""
    days = m.days()
    X = design.columns(days, m.step, int(days[-1]))
    history = m.seen * m.step
    guard = np.where(history < 21, 0, np.where(history < 100, 3, 14)) // m.step
    age = (m.size - 1 - np.arange(m.size))[None, :]
    weight = 2.0 ** (-age * m.step / HALF_LIFE_LONG) * (age >= guard[:, None])
    weight = weight / m.spread()[:, None]
    y, e = m.past_y[:, : m.size], m.past_e[:, : m.size]
    start = m.beta.copy()
    start[:, 0] = np.log((m.shape0 + m.long_y) / (m.rate0 + m.long_m))
    ridge = design.penalties(history, m.step)
    m.beta = design.fit(X, y, e, weight, ridge, start, steps)
    relevel(m)
