"""How one more entry changes what is remembered of each series.

The same lines work on the arrays of a batch and on the plain numbers of a single watch,
for which arrays of one cost ten times as much. Hence `(dark == 0)` and not `~dark`: a
plain bool has no elementwise "not". Entries under suspicion teach nothing at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from detectors.inputs import Bools, Floats
from detectors.level import (
    CALENDAR_WEIGHT,
    HALF_LIFE_DRIFT,
    HOT_SPREAD,
    LOW_SD,
    OPEN_DAYS,
    OUTAGE_LOG,
    PROOF_HALF_LIFE,
    PROOF_LEAST,
    PROOF_MOST,
    SCALARS,
    SPREAD_ADD,
    SPREAD_SD,
    SUSPECT_ADD,
    SUSPECT_SD,
    TOP_ADD,
    TOP_SD,
    Block,
    Memory,
    current,
    dispersion,
    flat_rate,
    former_rate,
    half_lives,
    lasting,
    slow_doubt,
)


class Scalars:
    """What numpy does to arrays, done to a number."""

    maximum, minimum = staticmethod(max), staticmethod(min)
    sqrt, log1p, log = staticmethod(math.sqrt), staticmethod(math.log1p), staticmethod(math.log)

    @staticmethod
    def where(condition: bool, yes: float, no: float) -> float:
        """One of two numbers."""
        return yes if condition else no


@dataclass(frozen=True)
class Lane:
    """A block in the making: entry first, then series (a batch) or nothing (one watch).

    `memory`, `block`: as `level.Memory` and `level.Block`; `op`: numpy or `Scalars`.
    """

    memory: Any
    block: Any
    seen: Any
    op: Any

    @classmethod
    def of(cls, m: Memory, block: Block, seen: Bools, plain: bool) -> Lane:
        """Views of a batch; of one watch without special days (`plain`) its numbers."""
        if len(seen) != 1 or not plain:
            views = {f.name: getattr(block, f.name).T for f in fields(Block)}
            return cls(m, SimpleNamespace(**views), seen.T, np)
        rows = {f.name: getattr(block, f.name)[0].tolist() for f in fields(Block)}
        numbers = {name: getattr(m, name).item() for name in SCALARS}
        memory = SimpleNamespace(step=m.step, **numbers)
        return cls(memory, SimpleNamespace(**rows), seen[0].tolist(), Scalars)

    def close(self, m: Memory, block: Block) -> None:
        """Write a single watch's numbers back into its arrays."""
        if self.op is np:
            return
        for f in fields(Block):
            getattr(block, f.name)[0] = getattr(self.block, f.name)
        for name in SCALARS:
            setattr(m, name, np.array([getattr(self.memory, name)], dtype=np.float64))


class Day(NamedTuple):
    """One entry as `learn` sees it, every field (n,) or a number.

    `share`: how much it says about plain days: chance over chance and the doubt about what is
    special about it; 1 on a plain day.
    """

    y: Any
    e: Any
    g: Any
    f: Any
    mean: Any
    flat: Any
    doubt: Any
    sd: Any
    seen: Any
    share: Any


def learn(lane: Lane, j: int, seen: Any, x: Floats | None, zeros_count: bool = False) -> Any:
    """Take in entry j of the block; returns (n,) whose past must be revised after it.

    `y`, `e`, `g` of entry j are given. `x` (n, C): special-day covariates.
    `zeros_count`: windows keep the days of a suspected outage (a lull is made of them).
    Nothing of this entry enters its own expectation.
    """
    m, block, op = lane.memory, lane.block, lane.op
    if j > 0:  # what the last entry left behind: nothing has changed since
        phi, rate, doubt = block.spread[j - 1], block.rate[j - 1], block.doubt[j - 1]
        flat = block.flat[j - 1]
    else:
        phi = dispersion(m, op)
        rate, doubt = current(m, phi)
        flat = flat_rate(m, phi)
    doubt = doubt + slow_doubt(m.long_y / phi, m.seen * m.step, 1.0, m.step, op)
    e, g, f = block.e[j], block.g[j], block.f[j]
    special = x is not None and bool(x.any())
    share: Any = 1.0
    if x is not None and special:
        factor, extra = special_factor(m, x, phi)
        share = phi / (phi + extra * rate * g * factor)
        e, g, f, doubt = e * factor, g * factor, f * factor, doubt + extra
        block.special[j] = extra
    mean = rate * g
    sd = op.sqrt(phi * mean + doubt * mean * mean)
    day = Day(block.y[j], e, g, f, mean, flat * f, doubt, sd, seen, share)
    if x is not None and special:
        _learn_special(m, day, x, phi)
    fresh = _learn_day(lane, j, day, phi, zeros_count)
    _snapshot(lane, j)
    return fresh


def special_factor(m: Memory, x: Floats, phi: Floats) -> tuple[Floats, Floats]:
    """Multiplier of a special day and its squared relative error; x (n, C), phi (n,)."""
    factor = np.exp((x * np.log(_ratio(m, phi))).sum(1))
    return factor, (x**2 / (CALENDAR_WEIGHT + m.special_m / phi[:, None])).sum(1)


def _ratio(m: Memory, phi: Floats) -> Floats:
    """What a day with covariate 1 is worth beside a plain one, (n, C). Legs of a regular route
    say more than chance would."""
    y, mean = m.special_y / phi[:, None], m.special_m / phi[:, None]
    return (CALENDAR_WEIGHT + y) / (CALENDAR_WEIGHT + mean)


def _learn_special(m: Memory, day: Day, x: Floats, phi: Floats) -> None:
    """Looser winsorising than on plain days: a holiday peak must be learnt in a year or two.

    Each covariate is held against the day without it: against an expectation that holds it
    already, a doubling would be learnt as its square root.
    """
    use = np.maximum(x, 0.0) * day.seen[:, None]
    top = day.mean + SPREAD_SD * day.sd + SPREAD_ADD
    without = day.mean[:, None] / _ratio(m, phi) ** x
    m.special_y += use * np.minimum(day.y, top)[:, None]
    m.special_m += use * without


def _learn_day(lane: Lane, j: int, day: Day, phi: Any, zeros_count: bool) -> Any:
    m, block = lane.memory, lane.block
    free = m.seen * m.step + m.rate0 < OPEN_DAYS
    hot, cold = _suspect(lane, day, free)
    dark, fresh = _zero_run(lane, day, phi)
    # what a special day strays is its own effect first, and chance only after that
    plain_day = day.seen & (dark == 0) & (cold == 0) & (day.share == 1)
    _learn_spread(lane, j, day, plain_day, hot)
    _learn_rate(lane, j, day, day.seen & (hot == 0) & (cold == 0) & (dark == 0), free, phi)
    m.seen = m.seen + day.seen
    m.adopted = m.adopted + 1
    m.fallen = m.fallen + m.step
    plain = day.seen if zeros_count else day.seen & (dark == 0)
    block.mean[j] = day.mean
    block.e[j], block.g[j], block.f[j] = day.e * plain, day.g * plain, day.f * plain
    block.proof[j] = m.proof
    return fresh | lasting(m)


def _suspect(lane: Lane, day: Day, free: Any) -> tuple[Any, Any]:
    """Is a surge (hot) or a hole (cold) in progress? From the excess of the last days."""
    m, op = lane.memory, lane.op
    fade = 2.0 ** (-m.step / HALF_LIFE_DRIFT)
    m.drift = op.where(day.seen, fade * m.drift + day.y - day.mean, m.drift)
    m.drift_var = op.where(day.seen, fade**2 * m.drift_var + day.sd * day.sd, m.drift_var)
    m.drift = op.where(free, 0.0, m.drift)
    limit = SUSPECT_SD * op.sqrt(m.drift_var) + SUSPECT_ADD
    hot, cold = m.drift > limit, m.drift < -limit
    m.hot = op.where(hot, m.hot + day.seen, 0.0)
    m.cold = op.where(cold, m.cold + day.seen, 0.0)
    return hot & day.seen, cold & day.seen


def _zero_run(lane: Lane, day: Day, phi: Any) -> tuple[Any, Any]:
    """Zeros too rare to be chance are an unreported outage: (dark now, since today)."""
    m, op = lane.memory, lane.op
    broken = day.seen & (day.y > 0)
    zero = day.seen & (day.y == 0)
    before = op.where(broken, 0.0, m.zero_mean)
    # -log P(0) of a negative binomial: a clumped route is quiet for long by nature.
    clump = op.maximum(phi - 1, 1e-9)
    m.zero_mean = before + zero * day.mean * op.log1p(clump) / clump
    m.zero_run = op.where(broken, 0.0, m.zero_run + 1)
    dark = zero & (m.zero_mean > OUTAGE_LOG)
    return dark, dark & (before <= OUTAGE_LOG)


def _learn_spread(lane: Lane, j: int, day: Day, use: Any, hot: Any) -> None:
    m, block, op = lane.memory, lane.block, lane.op
    fade = 2.0 ** (-m.step / half_lives(m.step)[2])
    part = use * op.where(hot, HOT_SPREAD, 1.0)
    off = op.minimum(day.y, day.mean + SPREAD_SD * day.sd + SPREAD_ADD) - day.mean
    block.kept_r[j] = part * (off * off - day.doubt * day.mean * day.mean)
    block.kept_m[j] = part * day.mean
    m.spread_y = op.maximum(fade * m.spread_y + block.kept_r[j], 0.0)
    m.spread_m = fade * m.spread_m + block.kept_m[j]


def _learn_rate(lane: Lane, j: int, day: Day, use: Any, free: Any, phi: Any) -> None:
    m, block, op = lane.memory, lane.block, lane.op
    low = op.where(day.mean > 4, day.mean - LOW_SD * day.sd, 0.0)
    clipped = op.minimum(op.maximum(day.y, low), day.mean + TOP_SD * day.sd + TOP_ADD)
    kept = op.where(use, op.where(free, day.y, clipped), 0.0) * day.share
    block.kept_y[j] = kept
    block.kept_e[j] = use * day.e * day.share
    g, f = use * day.g * day.share, use * day.f * day.share
    _weigh_season(lane, day, kept, use, phi)
    long, level, _ = half_lives(m.step)
    fade = 2.0 ** (-m.step / long)
    m.long_y, m.long_m = fade * m.long_y + kept, fade * m.long_m + g
    m.long_f = fade * m.long_f + f
    fade = 2.0 ** (-m.step / level)
    m.level_y, m.level_m = fade * m.level_y + kept, fade * m.level_m + g
    m.level_f = fade * m.level_f + f


def _weigh_season(lane: Lane, day: Day, kept: Any, use: Any, phi: Any) -> None:
    """What this day says for the season, or for a level without one."""
    m, op = lane.memory, lane.op
    with_it, without = op.maximum(day.mean, 1e-12), op.maximum(day.flat, 1e-12)
    gain = kept * op.log(with_it / without) - (with_it - without)
    kept_proof = 2.0 ** (-m.step / PROOF_HALF_LIFE) * m.proof
    proof = kept_proof + use * gain / op.maximum(phi, 1.0)
    m.proof = op.maximum(op.minimum(proof, PROOF_MOST), PROOF_LEAST)


def _settle(lane: Lane, j: int) -> None:
    """Which level of the past would be no surge now."""
    m, block = lane.memory, lane.block
    block.former[j] = former_rate(m, lane.op)
    block.former_f[j] = m.former_f


def _snapshot(lane: Lane, j: int) -> None:
    m, block = lane.memory, lane.block
    phi = dispersion(m, lane.op)
    block.spread[j] = phi
    block.rate[j], block.doubt[j] = current(m, phi)
    block.flat[j] = flat_rate(m, phi)
    _settle(lane, j)
    block.info[j] = m.long_y / phi
    block.age[j] = m.seen * m.step
    block.adopted[j] = m.adopted * m.step
