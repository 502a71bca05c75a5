"""The slow shape of traffic: weekday, season and trend, fitted by penalised Poisson.

Shapes: n series, u days of history, P columns. All series share the dates, so `X'WX`
of the whole batch is one matrix product (detection.md, section 2).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from detectors.inputs import Floats, Ints

YEAR = 365.25
# Prior standard deviations in log scale. Far tighter than section 2 of detection.md (1.2, 0.4,
# 0.35): on a rare route those let noise pass for weekdays and seasons, which cost 0.01 of the
# oracle's POD. Series that show more get more: see `strengths`.
SD_INTERCEPT = 10.0
SD_WEEKDAY = 0.3
SD_HARMONIC = 0.2
SD_TREND = 0.15
STRENGTH_WEIGHT = 4.0  # coefficients that the typical strengths above are worth
# A Newton step longer than this in log scale is a divergence, not news.
MAX_STEP = 2.0
MAX_LOG = 30.0


@lru_cache(maxsize=64)
def _columns_cached(first: int, size: int, step: int) -> Floats:
    days = first + step * np.arange(size)
    angle = 2 * np.pi * days / YEAR
    waves = [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    # 1970-01-01 was a Thursday: any fixed labelling of weekdays serves.
    week = [(days % 7 == k) * 1.0 for k in range(7)] if step == 1 else []
    out = np.stack([*waves, *week], axis=1)
    out.setflags(write=False)
    return out


def columns(days: Ints, step: int, now: int) -> Floats:
    """Design (u, P): intercept, trend in years since `now`, two harmonics, weekdays."""
    fixed = _columns_cached(int(days[0]), len(days), step)
    trend = (days - now) / YEAR
    return np.column_stack([np.ones(len(days)), trend, fixed])


def penalties(history_days: Floats, step: int, sd_wave: Floats, sd_week: Floats) -> Floats:
    """Ridge weights 1/sd^2, (n, P): season and trend open up as a year goes by.

    `sd_wave`, `sd_week` (n,): how strong season and weekday are on this series.
    """
    f = np.clip(history_days / YEAR, 0.02, 1.0)
    weeks = 7 if step == 1 else 0
    out = np.empty((len(f), 6 + weeks))
    out[:, 0] = SD_INTERCEPT**-2
    out[:, 1] = SD_TREND**-2 * f**-2
    for k, j in enumerate((1, 1, 2, 2)):
        out[:, 2 + k] = (sd_wave / j) ** -2 * f**-4
    out[:, 6:] = sd_week[:, None] ** -2
    return out


def strengths(
    beta: Floats, error: Floats, history_days: Floats, sd_wave: Floats
) -> tuple[Floats, Floats]:
    """One EM step towards the series' own strength of season and weekday, each (n,).

    `beta`, `error` (n, P): estimates and their squared errors. What the data cannot tell
    stays where it was.
    """
    square = (beta**2 + error)[:, 1:]
    wave = (STRENGTH_WEIGHT * SD_HARMONIC**2 + square[:, 1:5] @ np.array([1.0, 1.0, 4.0, 4.0])) / (
        STRENGTH_WEIGHT + 4
    )
    week = (STRENGTH_WEIGHT * SD_WEEKDAY**2 + square[:, 5:].sum(1)) / (
        STRENGTH_WEIGHT + beta.shape[1] - 6
    )
    return np.where(history_days >= YEAR, np.sqrt(wave), sd_wave), np.sqrt(week)


def fit(
    x: Floats, y: Floats, e: Floats, weight: Floats, ridge: Floats, beta: Floats, steps: int
) -> tuple[Floats, Floats]:
    """Newton steps towards the penalised quasi-likelihood optimum: new `beta` and its
    squared errors, each (n, P).

    `y`, `e`, `weight` (n, u): counts, exposure, information weight. A fixed number of
    steps: a convergence test over the batch would let one series change another.
    """
    p = x.shape[1]
    rows, cols = np.triu_indices(p)
    pairs = x[:, rows] * x[:, cols]
    for _ in range(steps):
        mean = e * np.exp(np.clip(beta @ x.T, -MAX_LOG, MAX_LOG))
        hess = np.empty((len(y), p, p))
        packed = (weight * mean) @ pairs
        hess[:, rows, cols] = packed
        hess[:, cols, rows] = packed
        hess[:, np.arange(p), np.arange(p)] += ridge
        grad = (weight * (y - mean)) @ x - ridge * beta
        move = np.linalg.solve(hess, grad[..., None])[..., 0]
        beta = beta + np.clip(move, -MAX_STEP, MAX_STEP)
    return beta, np.diagonal(np.linalg.inv(hess), axis1=1, axis2=2)


def week(x: Floats, beta: Floats) -> Floats:
    """What the weekday alone makes of a day, (n, u)."""
    flat = x[:, 6:] @ beta[:, 6:].T
    return np.exp(np.clip(flat, -MAX_LOG, MAX_LOG)).T


def shape(x: Floats, beta: Floats) -> Floats:
    """exp(x'beta) without the intercept, (n, u): what a day is worth beside a plain one."""
    flat = x[:, 1:] @ beta[:, 1:].T
    return np.exp(np.clip(flat, -MAX_LOG, MAX_LOG)).T
