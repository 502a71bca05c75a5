"""What was learnt, kept so that it can be corrected: refits, outages, surges, new levels.

A series' discounted sums are always what its history says; whenever the history is
corrected they are rebuilt from it, so nothing drifts apart over the years.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from detectors import design
from detectors.inputs import Bools, Floats, Ints
from detectors.level import (
    ADOPT_DAYS,
    HISTORY,
    OUTAGE_LOG,
    SETTLED_DAYS,
    TAIL,
    TAILS,
    Block,
    Memory,
    former_rate,
    half_lives,
    lasting,
    rate_and_doubt,
)

# Power of the months' dispersion (`detectors.wide`) by which season and trend are held back. 1, 1.5
# and 2 are within 0.001 POD; hidden coverage changes cost 0.01 to 0.02 times less each.
WIDE_DOUBT = 1.5
KEEP = 1461  # entries of history behind a refit; older ones weigh less than 0.4 of new ones


def absorb(m: Memory, block: Block) -> None:
    """Move a finished block into history and tail."""
    b = block.y.shape[1]
    _reserve(m, b)
    for name in HISTORY:
        getattr(m, "past_" + name)[:, m.size : m.size + b] = getattr(block, "kept_" + name)
    m.size += b
    for name in TAILS:
        joined = np.concatenate([getattr(m, "tail_" + name), getattr(block, name)], axis=1)
        setattr(m, "tail_" + name, np.ascontiguousarray(joined[:, -TAIL:]))


def _reserve(m: Memory, b: int) -> None:
    short = m.size + b - m.past_y.shape[1]
    if short > 0:
        room = max(short, m.past_y.shape[1])
        for name in HISTORY:
            old = getattr(m, "past_" + name)
            setattr(m, "past_" + name, np.pad(old, ((0, 0), (0, room))))


def _trim(m: Memory) -> None:
    """Forget the oldest entries. At refits only: their dates do not depend on the caller."""
    drop = m.size - KEEP
    if drop <= 0:
        return
    for name in HISTORY:
        setattr(m, "past_" + name, getattr(m, "past_" + name)[:, drop : m.size].copy())
    m.size -= drop
    m.first_day += drop * m.step


def count_alarms(m: Memory, judged: Bools, loud: Bools) -> None:
    """Entries of a surge that lasts: each loud one counts, each quiet one takes two back."""
    for j in range(loud.shape[1]):
        moved = np.where(loud[:, j], m.alarmed + 1, np.maximum(m.alarmed - 2, 0))
        m.alarmed = np.where(judged[:, j], moved, m.alarmed)


def revise(m: Memory, rows: Ints) -> None:
    """Unlearn the zeros of a new outage, or adopt a level that has lasted."""
    adopt = lasting(m)
    for i in rows:
        if adopt[i]:
            _adopt(m, int(i))
        elif m.zero_mean[i] > OUTAGE_LOG:
            run = min(int(m.zero_run[i]), m.size)
            for name in ("e", "r", "m"):
                getattr(m, "past_" + name)[i, m.size - run : m.size] = 0.0
    relevel(m, rows)


def adopt_alarmed(m: Memory) -> None:
    """Before a refit: what has alarmed for four weeks without a break is a level."""
    rows = np.flatnonzero(m.alarmed >= ADOPT_DAYS[m.step])
    for i in rows:
        _adopt(m, int(i))
    if rows.size:
        relevel(m, rows)


def _adopt(m: Memory, i: int) -> None:
    """The last weeks are the new normal; older entries keep their shape, at the new level."""
    last = min(int(ADOPT_DAYS[m.step]), TAIL, m.size)
    if m.zero_mean[i] > OUTAGE_LOG:
        # A dark run has no exposure in the tail: its expectation is the run's own.
        ratio, gained = 0.5 / (m.zero_mean[i] + 0.5), 0.5
        e_new = np.full(last, float(m.step))
    else:
        want = float(m.tail_rate[i, -1] * m.tail_g[i, -last:].sum())
        gained = float(m.tail_y[i, -last:].sum())
        ratio = (gained + 0.5) / (want + 0.5)
        e_new = m.tail_e[i, -last:]
    new, old = slice(m.size - last, m.size), slice(0, m.size - last)
    _remember(m, i, ratio)
    trust = min(1.0, max(gained, 1.0) / max(float(m.long_y[i]), 1e-9))
    m.past_y[i, old] *= trust
    m.past_e[i, old] *= trust / ratio
    m.past_y[i, new] = m.tail_y[i, -last:]
    m.past_e[i, new] = e_new
    for name in ("r", "m"):  # what was odd under the old level says nothing about the new one
        getattr(m, "past_" + name)[i, new] = 0.0
    for name in ("hot", "cold", "drift", "drift_var", "zero_mean", "zero_run", "alarmed"):
        getattr(m, name)[i] = 0.0
    m.adopted[i] = 0.0


def _remember(m: Memory, i: int, ratio: float) -> None:
    """A level that was normal for months is not forgotten when it falls (weekly series)."""
    settled = m.adopted[i] * m.step >= SETTLED_DAYS and m.seen[i] * m.step >= SETTLED_DAYS
    if m.step != 1 and ratio < 1 and settled:
        m.former[i] = max(float(m.tail_rate[i, -1]), former_rate(m)[i])
        m.fallen[i] = ADOPT_DAYS[m.step] * m.step


def relevel(m: Memory, rows: Ints | slice = slice(None)) -> None:
    """Rebuild the discounted sums, and the tail's snapshots, from history and `beta`."""
    days = m.days()
    design_all = design.columns(days, m.step, m.fit_day)
    slow = design.shape(design_all, m.beta[rows])
    y, g = m.past_y[rows, : m.size], m.past_e[rows, : m.size] * slow
    week = design.week(design_all, m.beta[rows])
    f = m.past_e[rows, : m.size] * week
    half_long, half_level, half_spread = half_lives(m.step)
    long = _decay(m.size, m.step, half_long)
    level = _decay(m.size, m.step, half_level)
    sums = (y @ long, g @ long), (y @ level, g @ level)
    m.long_y[rows], m.long_m[rows] = (s[:, -1] for s in sums[0])
    m.level_y[rows], m.level_m[rows] = (s[:, -1] for s in sums[1])
    flats = (sums[0][0], f @ long), (sums[1][0], f @ level)
    m.long_f[rows], m.level_f[rows] = flats[0][1][:, -1], flats[1][1][:, -1]
    fade = _decay(m.size, m.step, half_spread)[:, -1]
    m.spread_y[rows] = np.maximum(m.past_r[rows, : m.size] @ fade, 0.0)
    m.spread_m[rows] = m.past_m[rows, : m.size] @ fade
    prior = m.shape0[rows][:, None], m.rate0[rows][:, None]
    spread = m.tail_spread[rows]
    m.tail_rate[rows], m.tail_doubt[rows] = rate_and_doubt(prior, *sums, spread)
    m.tail_flat[rows] = rate_and_doubt(prior, *flats, spread)[0]
    m.tail_info[rows] = sums[0][0] / spread
    k = min(TAIL, m.size)
    m.tail_g[rows, TAIL - k :] = m.tail_e[rows, TAIL - k :] * slow[:, m.size - k :]
    m.tail_f[rows, TAIL - k :] = m.tail_e[rows, TAIL - k :] * week[:, m.size - k :]


@lru_cache(maxsize=8)
def _decay(size: int, step: int, half_life: float) -> Floats:
    """Discount (size, 28) of each entry as seen after each of the last 28."""
    fade = 2.0 ** (-np.arange(size + TAIL - 1) * step / half_life)
    padded = np.concatenate([fade[:size][::-1], np.zeros(TAIL - 1)])
    # Column k is the same curve, ending 27 - k entries earlier.
    out = np.stack([padded[TAIL - 1 - k :][:size] for k in range(TAIL)], axis=1)
    out.setflags(write=False)
    return out


def refit(m: Memory, steps: int) -> None:
    """Fit weekday, season and trend to the history, then rebuild what hangs on them."""
    adopt_alarmed(m)
    _trim(m)
    days = m.days()
    m.fit_day = int(days[-1])
    design_all = design.columns(days, m.step, m.fit_day)
    seen = m.seen * m.step
    guard = np.where(seen < 21, 0, np.where(seen < 100, 3, 14)) // m.step
    age = (m.size - 1 - np.arange(m.size))[None, :]
    weight = 2.0 ** (-age * m.step / half_lives(m.step)[0]) * (age >= guard[:, None])
    weight = weight / m.spread()[:, None]
    y, e = m.past_y[:, : m.size], m.past_e[:, : m.size]
    start = m.beta.copy()
    start[:, 0] = np.log((m.shape0 + m.long_y) / (m.rate0 + m.long_m))
    ridge = design.penalties(seen, m.step, m.sd_wave, m.sd_week)
    # months that stray for other reasons say less about season and trend
    ridge[:, 1:6] *= m.wide[:, 1:] ** WIDE_DOUBT
    m.beta, error = design.fit(design_all, y, e, weight, ridge, start, steps)
    m.sd_wave, m.sd_week = design.strengths(m.beta, error, seen, m.sd_wave)
    relevel(m)
