"""Unusual make-up: the right number of legs, but not the usual ones.

`leg_features` turns legs into surprises under the route's own past, single and joint
(type x hour, operator x destination, ...). `walk_forward` judges each day's flight-weighted
means over one and seven days against a model of earlier days that knows how wild a mean of so
few legs may be. Its p-values (of what the other features foretell of each, of the nearest kind of
day, of the isolation trees, of the sum of squares, of the largest) and the evidence of the legs
one by one (`detectors.legwise`), where given, are joined by a weighted power mean;
`detectors.rarity` says how often quiet routes get that far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from detectors import crowds
from detectors.forest import Forest
from detectors.inputs import Bools, Floats, Ints
from detectors.legwise import LEGWISE
from detectors.legwise import leg_features as leg_features
from detectors.rarity import MIN_RANKED as MIN_RANKED
from detectors.rarity import false_a_year

WINDOWS = (1, 7)  # days; detection.md, section 5
# Entries at which everything is learnt anew, then every REFIT_LATE: on 400 days two thirds of
# the fits that a month between them would take.
REFITS, REFIT_LATE = (28, 42, 56, 84), 56
MIN_FIT = 20  # active days that a model needs
POWER = 0.8  # exponent of the power mean; section 3
# Days rarer than this (-log10 p) teach nothing, as far as they are no more than LOUD_SHARE.
LOUD, LOUD_SHARE = 2.5, 0.02
CLIP = 12.0  # what is learnt is learnt from features no further out
WEEK_WEIGHT = 0.2  # of seven days against one, in the power mean
# What a score of trees on K uncorrelated axes means: log10 p = -(1 + slope x (score - tenth)),
# where a tenth of new rows score more than `tenth`. Tenth and slope of normal rows (K = 1 to 25),
# the slope held to that of six: days of legs, ten features, scatter wider than normal ones.
TREE_TENTH, TREE_SLOPE, TREE_STEEPEST = (0.6, -0.12), (1.15, 0.6), 3.3
# Weights in the power mean (tuned on the worlds of bench/detect/makeup.py).
# Legs one by one, where they are given, know more than the means.
PARTS: dict[str, float] = {
    "alone": 0.7, "distance": 0.2, "forest": 0.1, "sum": 0.5, "max": 0.5, "legs": 4.8,
}  # fmt: skip
# -log10 p of a day whose legs are as likely strange as not: quiet days reach that once in 140.
LEGWISE_ZERO = 2.15
DEFAULT_PARTS = ("alone", "distance", "forest", "legs")


@dataclass(frozen=True)
class Makeup:
    """Judged make-up, each (T,).

    score: -log10 of false alarms a year, NaN = not judged (no legs, or too few before).
    alarm: the score reaches the budget. top (T, 3): indices of the oddest features of the
    louder window, -1 where not judged; `window_days`: that window. names: of those features.
    """

    score: Floats
    alarm: Bools
    top: Ints
    window_days: Ints
    names: tuple[str, ...]

    def reasons(self, t: int) -> tuple[str, ...]:
        """Names of the oddest features of entry t, oddest first."""
        return tuple(self.names[i] for i in self.top[t] if i >= 0)


def walk_forward(
    features: npt.ArrayLike,
    n: npt.ArrayLike,
    names: Sequence[str],
    budget: float = 0.2,
    *,
    parts: Sequence[str] = DEFAULT_PARTS,
) -> Makeup:
    """Judge the make-up of each day by earlier days only.

    features (T, K): means over the day's legs (NaN on days without); the one named `LEGWISE`, if
    any, is the day's evidence. n (T,): legs. names: K names for messages. budget: false alarms
    a year (a fifth of a watch's, section 5).
    parts: which of `PARTS` to use (docs/detection.md has the ablation). Raises `ValueError`
    on shapes that do not fit.
    """
    x, legs, evidence = checked(features, n, names, budget, parts)
    seen = views(x, legs, evidence, with_forest="forest" in parts)
    p, louder = joined([scores for _, scores in seen], parts)
    top = _top(np.stack([z for z, _ in seen])[louder, np.arange(len(legs))], np.isfinite(p))
    score = false_a_year(p, legs, legwise=LEGWISE in names)
    alarm = np.nan_to_num(score, nan=-np.inf) >= -np.log10(budget)
    means = tuple(name for name in names if name != LEGWISE)
    return Makeup(score, alarm, top, np.array(WINDOWS)[louder], means)


def views(
    x: Floats, legs: Floats, evidence: Floats, *, with_forest: bool
) -> list[tuple[Floats, dict[str, Floats]]]:
    """What `window` says of each of `WINDOWS`, and the evidence (T,) of days as a p-value."""
    out = [window(x, legs, days, with_forest=with_forest) for days in WINDOWS]
    _, found = out[0]
    judged = np.isfinite(found["distance"])
    found["legs"] = np.where(judged, np.minimum(-(LEGWISE_ZERO + evidence), 0.0), np.nan)
    return out


def joined(scores: Sequence[Mapping[str, Floats]], parts: Sequence[str]) -> tuple[Floats, Ints]:
    """log10 p (T,) of each entry over windows and `parts`, and the window that speaks loudest."""
    logs = np.array([[s[part] for part in parts] for s in scores])
    weights = np.outer((1.0, WEEK_WEIGHT), [PARTS[part] for part in parts])
    p = _power_mean(logs, weights)
    return p, np.nan_to_num(logs).min(axis=1).argmin(axis=0)


def checked(features: Any, n: Any, names: Sequence[str], budget: float, parts: Sequence[str]
            ) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Means (T, K), legs (T,) and evidence (T,), NaN where there is none; or a `ValueError`."""
    x, legs = np.array(features, dtype=np.float64), np.array(n, dtype=np.float64)
    if x.ndim != 2 or legs.shape != x.shape[:1] or len(names) != x.shape[1]:
        raise ValueError(f"features {x.shape}, n {legs.shape} and {len(names)} names do not fit")
    if not (np.isfinite(budget) and budget > 0):
        raise ValueError(f"budget must be a positive number of false alarms a year: {budget!r}")
    if not parts or any(p not in PARTS for p in parts):
        raise ValueError(f"parts must be some of {tuple(PARTS)}, not {tuple(parts)}")
    means = [i for i, name in enumerate(names) if name != LEGWISE]
    if not means or len(means) < x.shape[1] - 1:
        raise ValueError(f"names {tuple(names)}: one {LEGWISE!r} at most, and features besides it")
    legs = np.where(np.isfinite(legs) & (legs > 0), legs, 0.0)
    legs[~np.isfinite(x).all(axis=1)] = 0.0
    x = np.where(legs[:, None] > 0, x, 0.0)
    evidence = [x[:, i] for i, name in enumerate(names) if name == LEGWISE]
    return x[:, means], legs, evidence[0] if evidence else np.full(len(x), np.nan)


def _trailing(x: Floats, w: int) -> Floats:
    total = np.cumsum(x, axis=0)
    total[w:] = total[w:] - total[:-w].copy() if w < len(x) else total[w:]
    return total


def _robust(x: Floats, legs: Floats) -> tuple[Floats, Floats]:
    """Leg-weighted centre and scale per leg, (K,) each.

    Root mean squares of sqrt(n) (x - centre), days beyond 10 of them counting as at 10: a median
    would call a feature constant that strays once a month. Never zero, or a constant feature
    would make every later value infinitely odd.
    """
    root = np.sqrt(legs)[:, None]
    centre = (x * root**2).sum(axis=0) / legs.sum()
    for _ in range(2):
        off = root * (x - centre)
        limit = 10 * np.sqrt((off**2).mean(axis=0)) + 1e-9
        off = np.clip(off, -limit, limit)
        centre = centre + (off * root).sum(axis=0) / legs.sum()
    off = np.clip(root * (x - centre), -limit, limit)
    return centre, np.maximum(np.sqrt((off**2).mean(axis=0)), _floor(centre))


def _floor(centre: Floats) -> Floats:
    """The least width a feature about this centre is held to have."""
    return np.asarray(0.05 * np.abs(centre) + 1e-2)


def window(
    x: Floats, legs: Floats, days: int, *, with_forest: bool
) -> tuple[Floats, dict[str, Floats]]:
    """Normal scores (T, K) of the means over `days`, and log10 p (T,) of each part; NaN = not
    judged. Everything is learnt from earlier entries of this very window; trees judge days only."""
    active = legs > 0
    count = _trailing(legs[:, None], days)[:, 0]
    mean = _trailing(x * legs[:, None], days) / np.maximum(count, 1.0)[:, None]
    z = np.full(x.shape, np.nan)
    out = {name: np.full(len(x), np.nan) for name in PARTS}
    for start, stop in pairwise([*_refits(len(x)), len(x)]):
        past = np.flatnonzero(active[:start] & ~_loud(out["distance"][:start]))
        span = start + np.flatnonzero(active[start:stop])
        if len(past) < MIN_FIT or not len(span):
            continue
        learnt = _Learnt(mean[past], count[past], days)
        # trees of overlapping weeks are too sure of themselves, and found nothing more
        z[span], found = learnt.judge(mean[span], count[span], with_forest and days == 1)
        for name, values in found.items():
            out[name][span] = values
    return z, out


def _loud(log_p: Floats) -> Bools:
    """Entries that teach nothing, so that one oddity does not make the next a habit."""
    known = np.isfinite(log_p)
    if not known.any():
        return known
    return np.nan_to_num(log_p) <= min(-LOUD, float(np.quantile(log_p[known], LOUD_SHARE)))


class _Learnt:
    """What the past of one window says about its next days."""

    def __init__(self, x: Floats, legs: Floats, days: int) -> None:
        self._centre, self._scale = _robust(x, legs)
        self._legs, self._days = legs, days
        limit = CLIP / np.sqrt(legs)[:, None]
        self._past = np.clip((x - self._centre) / self._scale, -limit, limit)
        floor = _floor(self._centre) / self._scale
        # the means of a week are of one kind: days of several are blended in them
        kinds = crowds.KINDS if days == 1 else (1,)
        self._one, self._all = crowds.fit(self._past, legs, floor, kinds)

    def judge(self, x: Floats, legs: Floats, with_forest: bool) -> tuple[Floats, dict[str, Floats]]:
        """Normal scores (m, K) of days x, and log10 p (m,) of each part."""
        y = (x - self._centre) / self._scale
        z, _ = self._one.normal(y, legs)
        width, freedom = z.shape[1], self._one.freedom
        apart = stats.t.logsf(np.abs(z).max(axis=1), freedom) + np.log(2 * width)
        found = {
            "distance": self._all.log10_p(y, legs, self._days),
            "alone": self._all.log10_p_alone(y, legs, self._days),
            "sum": stats.f.logsf((z**2).mean(axis=1), width, freedom) / np.log(10),
            "max": np.minimum(apart, 0.0) / np.log(10),
        }
        if with_forest:
            trees = Forest(self._one.axes(self._past, self._legs))
            score = trees.score(self._one.axes(y, legs))
            tenth = TREE_TENTH[0] * width ** TREE_TENTH[1]
            slope = min(TREE_SLOPE[0] * width ** TREE_SLOPE[1], TREE_STEEPEST)
            found["forest"] = np.minimum(-1 - slope * (score - tenth), 0.0)
        return z, found


def _refits(size: int) -> list[int]:
    """Entries at which everything is learnt anew, ever more seldom."""
    return [t for t in (*REFITS, *range(REFITS[-1] + REFIT_LATE, size, REFIT_LATE)) if t < size]


def _power_mean(logs: Floats, weights: Floats) -> Floats:
    """log10 of the weighted power mean of p-values (windows, parts, T), (T,); NaN where
    nothing was judged. weights (windows, parts)."""
    weight = weights[..., None] * np.isfinite(logs)
    terms = -POWER * np.nan_to_num(logs)
    top = np.max(terms, axis=(0, 1), where=weight > 0, initial=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * 10 ** (terms - top)).sum(axis=(0, 1)) / weight.sum(axis=(0, 1))
        return np.asarray(np.minimum(-(top + np.log10(mean)) / POWER, 0.0))


def _top(z: Floats, judged: Bools) -> Ints:
    order = np.argsort(-np.abs(np.nan_to_num(z)), axis=1)[:, :3]
    if order.shape[1] < 3:
        order = np.pad(order, ((0, 0), (0, 3 - order.shape[1])), constant_values=-1)
    return np.where(judged[:, None], order, -1)
