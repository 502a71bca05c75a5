"""Unusual make-up: the right number of legs, but not the usual ones.

`leg_features` turns legs into surprises under the route's own past, single and joint
(type x hour, operator x destination, ...). `walk_forward` judges each day's flight-weighted
means over one and seven days, standardised so that a mean over one leg is allowed to be
wild. Scores (distance in whitened axes, isolation forest, sum of squares, largest) become
p-values by rank with a tail beyond; those asked for are joined by a weighted power mean.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.forest import Forest, Whitening
from detectors.inputs import Bools, Floats, Ints

WINDOWS = (1, 7)  # days; detection.md, section 5
MIN_ACTIVE = 15  # scored entries before one has a rank; section 5
# Entries at which everything is learnt anew, then every REFIT_LATE: on 400 days two thirds of
# the fits that a month between them would take.
REFITS, REFIT_LATE = (28, 42, 56, 84), 56
MIN_FIT = 20  # active days that distance and trees need
POWER = 0.8  # exponent of the power mean; section 3
TAIL_SHARE = 0.1  # beyond the 90 % quantile the tail is extrapolated; section 5
Z_CAP = 50.0  # a feature this far out is no odder further out
# Weights in the power mean. Trees on the plain axes alone see the empty middle of two crowds
# and are blind to most else; at a tenth they cost nothing where they are blind (measured).
PARTS: dict[str, dict[str, float]] = {
    "distance": {"distance": 1.0},
    "forest": {"whitened": 0.5, "plain": 0.1},
    "sum": {"sum": 1.0},
    "max": {"max": 1.0},
}
# Scores inside everything seen are all but 0 in the trees; what is so near them is no oddity.
LEAST_EXCESS = 0.02
SHAPE, SHAPE_WEIGHT = 0.1, 40.0  # of the tail, and how many excesses this belief is worth
# log10 false alarms a year = level - slope x -log10 p, by how many entries were scored before:
# fitted to quiet routes of three worlds at 1 to 30 legs a day (bench/detect/makeup.py --fit).
AGES, LEVELS, SLOPES = (70.0, 164.0, 430.0), (1.02, 1.44, 2.16), (0.22, 0.46, 0.89)
MIN_RANKED = 45  # scored entries, before which no tail can be drawn to the budget
LOG_FLOOR = 250.0  # p-values below this are all the same
VIEWS = ("distance", "whitened", "plain", "sum", "max")
DEFAULT_PARTS = ("distance", "forest")


@dataclass(frozen=True)
class Makeup:
    """Judged make-up, each (T,).

    score: -log10 of false alarms a year, NaN = not judged (no legs, or too few before).
    alarm: the score reaches the budget. top (T, 3): indices of the oddest features of the
    louder window, -1 where not judged; `window_days`: that window.
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

    features (T, K): means over the day's legs (NaN on days without). n (T,): legs. names:
    K names for messages. budget: false alarms a year (a fifth of a watch's, section 5).
    parts: which of `PARTS` to use (docs/detection.md has the ablation). Raises `ValueError`
    on shapes that do not fit.
    """
    x, legs = _check(features, n, names, budget, parts)
    seen = [window(x, legs, days, with_forest="forest" in parts) for days in WINDOWS]
    p, louder = joined([scores for _, scores in seen], parts)
    top = _top(np.stack([z for z, _ in seen])[louder, np.arange(len(legs))], np.isfinite(p))
    score = calibrated(p)
    alarm = np.nan_to_num(score, nan=-np.inf) >= -np.log10(budget)
    return Makeup(score, alarm, top, np.array(WINDOWS)[louder], tuple(names))


def joined(scores: Sequence[Mapping[str, Floats]], parts: Sequence[str]) -> tuple[Floats, Ints]:
    """log10 p (T,) of each entry over windows and `parts`, and the window that speaks loudest."""
    weights = {view: w for part in parts for view, w in PARTS[part].items()}
    logs = np.stack([[_tail(s[view]) for view in weights] for s in scores])
    p = _power_mean(logs, np.array(list(weights.values())))
    return p, np.nan_to_num(logs).min(axis=1).argmin(axis=0)


def calibrated(p: Floats) -> Floats:
    """-log10 of false alarms a year from log10 p, NaN where the past is too short to say.

    A tail drawn from fifty days is worth less than one from three hundred: level and slope
    depend on how many entries were scored before.
    """
    known = np.isfinite(p)
    age = np.where(known, np.cumsum(known) - 1.0, np.nan)
    at = np.log10(np.maximum(age, 1.0))
    level, slope = (np.interp(at, np.log10(AGES), values) for values in (LEVELS, SLOPES))
    return np.where(age >= MIN_RANKED, slope * -p - level, np.nan)


def _check(features: Any, n: Any, names: Sequence[str], budget: float, parts: Sequence[str]
           ) -> tuple[Floats, Floats]:  # fmt: skip
    x, legs = np.array(features, dtype=np.float64), np.array(n, dtype=np.float64)
    if x.ndim != 2 or legs.shape != x.shape[:1] or len(names) != x.shape[1]:
        raise ValueError(f"features {x.shape}, n {legs.shape} and {len(names)} names do not fit")
    if not (np.isfinite(budget) and budget > 0):
        raise ValueError(f"budget must be a positive number of false alarms a year: {budget!r}")
    if not parts or any(p not in PARTS for p in parts):
        raise ValueError(f"parts must be some of {PARTS}, not {tuple(parts)}")
    legs = np.where(np.isfinite(legs) & (legs > 0), legs, 0.0)
    legs[~np.isfinite(x).all(axis=1)] = 0.0
    return np.where(legs[:, None] > 0, x, 0.0), legs


def _trailing(x: Floats, w: int) -> Floats:
    total = np.cumsum(x, axis=0)
    total[w:] = total[w:] - total[:-w].copy() if w < len(x) else total[w:]
    return total


def _robust(x: Floats, legs: Floats) -> tuple[Floats, Floats]:
    """Leg-weighted centre and scale per leg, (K,) each.

    Centre: mean of the middle (days beyond 4 robust sd count as at 4). Scale: root mean
    square of sqrt(n) (x - centre), so clipped; never zero, or a constant feature would
    make every later value infinitely odd.
    """
    middle = np.median(x, axis=0)
    off = np.sqrt(legs)[:, None] * (x - middle)
    width = 1.4826 * np.median(np.abs(off), axis=0)
    width = np.maximum(width, 0.25 * off.std(axis=0)) + 1e-3
    limit = 4 * width / np.sqrt(legs)[:, None]
    near = middle + np.clip(x - middle, -limit, limit)
    centre = (near * legs[:, None]).sum(0) / legs.sum()
    scale = np.sqrt((legs[:, None] * (near - centre) ** 2).mean(axis=0))
    floor = 0.05 * np.abs(centre) + 1e-2
    return centre, np.maximum(scale, floor)


def window(
    x: Floats, legs: Floats, days: int, *, with_forest: bool
) -> tuple[Floats, dict[str, Floats]]:
    """z (T, K) of the means over `days`, and every score (T,) of it; NaN = not judged.

    Centre, scale, whitening and trees are learnt from earlier entries of this very window
    (weekly means fill the middle that daily ones leave empty), and the past is held
    against one and the same centre, or two crowds would smear into one.
    """
    active = legs > 0
    count = _trailing(legs[:, None], days)
    mean = _trailing(x * legs[:, None], days) / np.maximum(count, 1.0)
    z = np.full(x.shape, np.nan)
    out = {name: np.full(len(x), np.nan) for name in VIEWS}
    for start, stop in pairwise([*_refits(len(x)), len(x)]):
        before = active[:start]
        if before.sum() < MIN_FIT:
            continue
        centre, scale = _robust(x[:start][before], legs[:start][before])
        known = (mean[:stop] - centre) * np.sqrt(count[:stop]) / scale
        # Never its own past: what trees were grown on lies inside them, and has no rank.
        span = start + np.flatnonzero(active[start:stop])
        z[span] = np.clip(known[span], -Z_CAP, Z_CAP)
        found = _views(np.clip(known[:start][before], -8.0, 8.0), z[span], with_forest)
        for name, values in found.items():
            out[name][span] = values
    return z, out


def _views(past: Floats, z: Floats, with_forest: bool) -> dict[str, Floats]:
    """Scores of rows z (m, K) learnt from `past` (n, K)."""
    turned = Whitening(past)
    far = turned.view(z)
    out = {
        "distance": (far**2).sum(axis=1),
        "sum": (z**2).sum(axis=1),
        "max": np.abs(z).max(axis=1),
    }
    if with_forest:
        out["whitened"] = Forest(turned.view(past)).score(far)
        out["plain"] = Forest(past).score(z)
    return out


def _refits(size: int) -> list[int]:
    """Entries at which everything is learnt anew, ever more seldom."""
    return [t for t in (*REFITS, *range(REFITS[-1] + REFIT_LATE, size, REFIT_LATE)) if t < size]


def _tail(score: Floats) -> Floats:
    """log10 of the p-value of each entry among earlier ones, NaN where not judged.

    By rank up to the 90 % quantile, generalised Pareto beyond. What is rarer than a third of a
    chance in the whole past counts in later tails as if it were just that rare: one oddity
    must not hide the next.
    """
    out = np.full(len(score), np.nan)
    past: list[float] = []
    for t in np.flatnonzero(np.isfinite(score)):
        value, done = float(score[t]), len(past)
        if done >= MIN_ACTIVE:
            first = done - max(int(TAIL_SHARE * done), 1)
            q = past[first - 1]
            if value <= q:
                at = bisect_left(past, value)
                out[t] = np.log10((1 + done - at) / (done + 1))
            else:
                mean, shape = _excess(past[first:], q)
                scale = mean * (1 - shape)
                beyond = np.log10(1 + shape * (value - q) / scale) / shape
                out[t] = np.log10(TAIL_SHARE) - min(beyond, LOG_FLOOR)
                least = (TAIL_SHARE * 3 * (done + 1)) ** shape
                value = min(value, q + scale / shape * (least - 1))
        insort(past, value)
    return out


def _excess(beyond: Sequence[float], q: float) -> tuple[float, float]:
    """Mean and shape of a generalised Pareto tail over q, by moments.

    Few values: the mean is drawn towards a tenth of q, the shape towards SHAPE.
    """
    n, over = len(beyond), [b - q for b in beyond]
    mean = (sum(over) + 0.1 * abs(q) + 1e-9) / (n + 1)
    # half the mean square over the squared mean is 1 for an exponential, more for a heavier tail
    ratio = 0.5 * sum(o * o for o in over) * n / max(sum(over), 1e-9) ** 2
    heavy = min(max((ratio - 1) / (2 * ratio - 1), 0.0), 0.5) if ratio > 1 else 0.0
    shape = (n * heavy + SHAPE_WEIGHT * SHAPE) / (n + SHAPE_WEIGHT)
    return max(mean, 0.02 * abs(q) + LEAST_EXCESS), shape


def _power_mean(logs: Floats, weights: Floats) -> Floats:
    """log10 of the weighted power mean of p-values (windows, views, T), (T,); NaN where
    nothing was judged."""
    flat = logs.reshape(-1, logs.shape[2])
    weight = np.tile(weights, len(logs))[:, None] * np.isfinite(flat)
    terms = -POWER * np.nan_to_num(flat)
    top = np.max(terms, axis=0, where=weight > 0, initial=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * 10 ** (terms - top)).sum(axis=0) / weight.sum(axis=0)
        return np.asarray(np.minimum(-(top + np.log10(mean)) / POWER, 0.0))


def _top(z: Floats, judged: Bools) -> Ints:
    order = np.argsort(-np.abs(np.nan_to_num(z)), axis=1)[:, :3]
    if order.shape[1] < 3:
        order = np.pad(order, ((0, 0), (0, 3 - order.shape[1])), constant_values=-1)
    return np.where(judged[:, None], order, -1)


def leg_features(
    day: npt.ArrayLike,
    columns: Mapping[str, Sequence[object]],
    joint: Sequence[tuple[str, str]],
    size: int,
) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Features (T, K), legs a day (T,) and names, from M legs.

    day (M,): entry 0..size-1 of each leg, in any order. columns: categories of each leg
    (type, operator, hour bin, airframe ...). joint: pairs whose combination is judged
    besides, as the surprise beyond that of its two parts. Surprise: -log2 of the smoothed
    share among legs of EARLIER days.
    """
    when = np.asarray(day, dtype=np.int64)
    order = np.argsort(when, kind="stable")
    if when.size and (when.min() < 0 or when.max() >= size):
        raise ValueError(f"day must lie in 0..{size - 1}")
    single = {k: _surprise(when[order], [v[i] for i in order]) for k, v in columns.items()}
    table = dict(single)
    for a, b in joint:
        both = [(columns[a][i], columns[b][i]) for i in order]
        table[f"{a} x {b}"] = _surprise(when[order], both) - 0.5 * (single[a] + single[b])
    legs = np.bincount(when, minlength=size).astype(float)
    sums = [np.bincount(when[order], v, minlength=size) for v in table.values()]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack(sums, axis=1) / legs[:, None], legs, tuple(table)


def _surprise(day: Ints, values: Sequence[object]) -> Floats:
    """-log2 smoothed frequency of each leg's category before its day, (M,); days sorted."""
    seen: dict[object, int] = {}
    total = 0
    out = np.zeros(len(values))
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(day)) + 1, [len(values)]])
    for start, stop in pairwise(bounds.tolist()):
        for i in range(start, stop):
            # Krichevsky-Trofimov: half a leg for each kind, one kind held for the unknown.
            share = (seen.get(values[i], 0) + 0.5) / (total + 0.5 * (len(seen) + 1))
            out[i] = -np.log2(share)
        for i in range(start, stop):
            seen[values[i]] = seen.get(values[i], 0) + 1
        total += stop - start
    return out
