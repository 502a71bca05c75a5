"""First leg in N days, or ever: an event of its own, with proof that somebody looked.

A quiet time counts only the days on which looking would have shown the leg. The budget
is held like the count half's: the return period of a quiet time is estimated from the
watch's own rate, so a busy route never reports a "first".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.inputs import EXPOSURE_SEEN, Bools, Floats, read

# Share of days that must have been looked at before a silence is called one.
PROOF = 0.8
# Watched days before "never seen before" means anything.
MIN_EVER_DAYS = 28.0


@dataclass(frozen=True)
class Novelty:
    """First legs, every attribute in the shape of `counts`.

    first: the day's leg ends a quiet time of `after_days` or more, or is the first ever.
    ever: no leg was seen before it. quiet_days: days since the leg before (or since the
    watch began), 0 without a leg. proven_days: how many of those were looked at.
    false_alarms_per_year: how often such a first comes by chance on this watch.
    """

    first: Bools
    ever: Bools
    quiet_days: Floats
    proven_days: Floats
    false_alarms_per_year: Floats


def first_legs(
    counts: Any, dates: Any, exposure: Any = None, *, after_days: float = 90.0, budget: float = 1.0
) -> Novelty:
    """Find the legs that end a long quiet time, in one series (T,) or a batch (N, T).

    `after_days`: quiet time asked for. `budget`: firsts a year that chance may bring; a
    first is reported only when its own chance rate is within it. Exposure 0 or NaN, or a
    missing count, proves nothing. Raises `ValueError` as `walk_forward` does.
    """
    if not (np.isfinite(after_days) and after_days > 0 and budget > 0):
        raise ValueError("after_days and budget must be positive")
    panel = read(counts, dates, exposure)
    looked = np.isfinite(panel.counts) & (np.nan_to_num(panel.exposure) >= EXPOSURE_SEEN)
    legs = np.where(looked, panel.counts, 0.0)
    n, size = legs.shape
    out = Novelty(
        np.zeros((n, size), bool), np.zeros((n, size), bool),
        np.zeros((n, size)), np.zeros((n, size)), np.full((n, size), np.nan),
    )  # fmt: skip
    state = _Quiet(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n))
    for t in range(size):
        state = _step(state, legs[:, t], looked[:, t], panel.step, (after_days, budget), out, t)
    parts = (getattr(out, name)[:, panel.keep] for name in Novelty.__dataclass_fields__)
    return Novelty(*((p[0] if panel.flat else p) for p in parts))


@dataclass(frozen=True)
class _Quiet:
    """Running state (N,): days of silence, days of it proven, legs and days seen in all."""

    silent: Floats
    proven: Floats
    events: Floats
    watched: Floats


def _step(
    q: _Quiet, legs: Floats, looked: Bools, step: int, limits: tuple[float, float],
    out: Novelty, t: int,
) -> _Quiet:  # fmt: skip
    after, budget = limits
    hit = legs > 0
    # A first after D quiet days comes by chance rate * exp(-rate * D) times a year; half
    # an event is added, so that one early leg does not make a watch look busy or dead.
    rate = (q.events + 0.5) / np.maximum(q.watched, 1.0)
    chance = 365.25 * rate * np.exp(-rate * q.proven)
    enough = q.proven >= np.maximum(PROOF * q.silent, 1.0)
    ever = hit & (q.events == 0) & (q.watched >= MIN_EVER_DAYS)
    long = hit & (q.events > 0) & (q.silent >= after) & (chance <= budget)
    out.ever[:, t] = ever & enough
    out.first[:, t] = (ever | long) & enough
    out.quiet_days[:, t] = np.where(hit, q.silent, 0.0)
    out.proven_days[:, t] = np.where(hit, q.proven, 0.0)
    out.false_alarms_per_year[:, t] = np.where(hit, chance, np.nan)
    return _Quiet(
        np.where(hit, 0.0, q.silent) + step,
        np.where(hit, 0.0, q.proven) + step * looked,
        q.events + hit,
        q.watched + step * looked,
    )
