"""Unusual make-up: the right number of legs, but not the usual ones.

`leg_features` turns legs into surprises under the route's own past, single and joint
(type x hour, operator x destination, ...). `walk_forward` judges each day's flight-weighted
means over one and seven days, standardised so that a mean over one leg is allowed to be
wild. Three scores (isolation forest, sum of squares, largest) become p-values by rank
with an exponential tail; those asked for are joined by their power mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.forest import Forest
from detectors.inputs import Bools, Floats, Ints

WINDOWS = (1, 7)  # days; detection.md, section 5
MIN_ACTIVE = 15  # active days before anything is judged; section 5
REFIT_EVERY = 28  # days between refits; section 5
POWER = 0.8  # exponent of the power mean; section 3
TAIL_SHARE = 0.1  # beyond the 90 % quantile the tail is taken for exponential; section 5
Z_CAP = 50.0  # a feature this far out is no odder further out
PARTS = ("forest", "sum", "max")
# Measured (bench/detect/makeup.py): judged days times p overstates the false alarms of the
# forest tenfold, because a window lasts seven days and the tail is not quite exponential.
EPISODE = 1.0
EPISODE_PLAIN = 0.45  # the same without a forest


@dataclass(frozen=True)
class Makeup:
    """Judged make-up, each (T,) but `parts`.

    score: -log10 of false alarms a year, NaN = not judged (no legs, or too few before).
    alarm: the score reaches the budget. top (T, 3): indices of the oddest features of the
    louder window, -1 where not judged; `window_days`: that window. parts: the p-value of
    each part, in the order of `PARTS`, (T, 3): for ablation and for `why`.
    """

    score: Floats
    alarm: Bools
    top: Ints
    window_days: Ints
    parts: Floats
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
    parts: Sequence[str] = ("forest",),
) -> Makeup:
    """Judge the make-up of each day by earlier days only.

    features (T, K): means over the day's legs (NaN on days without). n (T,): legs. names:
    K names for messages. budget: false alarms a year (a fifth of a watch's, section 5).
    parts: which of `PARTS` to use; alone the forest won (docs/detection.md). Until there is
    one, "sum" and "max" stand in. Raises `ValueError` on shapes that do not fit.
    """
    x, legs = _check(features, n, names, budget, parts)
    rows = [_standardised(x, legs, w) for w in WINDOWS]
    size = len(legs)
    logs = np.full((len(WINDOWS), size, len(PARTS)), np.nan)
    scores = _scores(rows, legs, "forest" in parts)
    for w in range(len(WINDOWS)):
        for k in range(len(PARTS)):
            logs[w, :, k] = _tail_p(scores[w][:, k])
    use = [PARTS.index(p) for p in parts]
    chosen = np.where(np.isnan(logs[:, :, use]).all(axis=(0, 2))[None, :, None], logs, np.nan)
    chosen[:, :, use] = logs[:, :, use]
    p = _power_mean(np.concatenate(list(chosen), axis=1))
    louder = _ones(chosen).min(axis=2).argmin(axis=0)
    top = _top(np.stack(rows)[louder, np.arange(size)], np.isfinite(p))
    active = np.cumsum(legs > 0) / np.maximum(np.arange(1, size + 1), 1)
    # Judged days a year times p, once an episode: the constant is measured (bench).
    trees = "forest" in parts and np.isfinite(logs[:, :, 0]).any(axis=0)
    episode = np.where(trees, EPISODE, EPISODE_PLAIN)
    with np.errstate(divide="ignore"):
        score = -np.log10(p) - np.log10(np.maximum(365.25 * active, 1.0)) + episode
    alarm = np.nan_to_num(score, nan=-np.inf) >= -np.log10(budget)
    return Makeup(
        score, alarm, top, np.array(WINDOWS)[louder], np.nanmin(_ones(logs), axis=0), tuple(names)
    )


def _ones(logs: Floats) -> Floats:
    return np.where(np.isnan(logs), 1.0, logs)


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


def _standardised(x: Floats, legs: Floats, w: int) -> Floats:
    """z (T, K) of w-day means, by the median and scale of earlier days; NaN = not judged."""
    size, k = x.shape
    total = _trailing(x * legs[:, None], w)
    count = _trailing(legs[:, None], w)[:, 0]
    z = np.full((size, k), np.nan)
    for start in range(0, size, REFIT_EVERY):
        past = legs[:start] > 0
        if past.sum() < MIN_ACTIVE:
            continue
        centre, scale = _robust(x[:start][past], legs[:start][past])
        span = slice(start, min(start + REFIT_EVERY, size))
        m = count[span][:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            raw = (total[span] / m - centre) / (scale / np.sqrt(m))
        z[span] = np.where(legs[span][:, None] > 0, np.clip(raw, -Z_CAP, Z_CAP), np.nan)
    return z


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


def _scores(rows: list[Floats], legs: Floats, with_forest: bool) -> list[Floats]:
    """The three scores (T, 3) of each window; one forest serves both, refitted monthly."""
    out = []
    for z in rows:
        safe = np.nan_to_num(z)
        part = np.stack([np.zeros(len(z)), (safe**2).sum(1), np.abs(safe).max(1)], axis=1)
        part[np.isnan(z).any(axis=1)] = np.nan
        out.append(part)
    for start in range(REFIT_EVERY, len(legs), REFIT_EVERY) if with_forest else ():
        past = np.concatenate([z[:start][np.isfinite(z[:start]).all(axis=1)] for z in rows])
        if len(past) < 2 * MIN_ACTIVE:
            continue
        forest = Forest(np.clip(past, -8.0, 8.0))
        _apply(forest, rows, out, start)
    return out


def _apply(forest: Forest, rows: list[Floats], out: list[Floats], start: int) -> None:
    """Score the next month; the first forest also scores its own past, to have ranks."""
    first = not any((o[:start, 0] > 0).any() for o in out)
    begin = 0 if first else start
    for z, scores in zip(rows, out, strict=True):
        span = np.arange(begin, min(start + REFIT_EVERY, len(z)))
        span = span[np.isfinite(z[span]).all(axis=1)]
        if span.size:
            scores[span, 0] = forest.score(np.clip(z[span], -Z_CAP, Z_CAP))


def _tail_p(score: Floats) -> Floats:
    """p-value of each entry among earlier ones: rank, and exponential beyond 90 %."""
    p = np.full(len(score), np.nan)
    judged = np.flatnonzero(np.isfinite(score))
    for done, t in enumerate(judged):
        if done < MIN_ACTIVE:
            continue
        past = score[judged[:done]]
        q = float(np.quantile(past, 1 - TAIL_SHARE))
        if score[t] <= q:
            p[t] = (1 + (past >= score[t]).sum()) / (done + 1)
            continue
        beyond = past[past > q] - q
        mean = float(beyond.sum() + 0.1 * abs(q) + 1e-9) / (len(beyond) + 1)
        mean = max(mean, 0.02 * abs(q) + 1e-9)
        p[t] = TAIL_SHARE * np.exp(-min((score[t] - q) / mean, 500.0))
    return p


def _power_mean(p: Floats) -> Floats:
    """(mean p^-0.8)^(-1/0.8) over the last axis, NaN where nothing was judged."""
    known = np.isfinite(p)
    logs = np.where(known, -POWER * np.log(np.maximum(np.where(known, p, 1.0), 1e-250)), -np.inf)
    count = known.sum(axis=1)
    top = np.max(np.where(known, logs, 0.0), axis=1, initial=0.0)
    total = np.exp(logs - top[:, None]).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.exp(-(top + np.log(total) - np.log(np.maximum(count, 1))) / POWER)
    return np.where(count > 0, np.minimum(mean, 1.0), np.nan)


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
