"""Legs into features: surprises of their kinds, and how strange they are one by one.

`leg_features` makes what `composition.walk_forward` judges. Its last feature, `evidence`, says how
much likelier a day's legs are if some of them are strange than if none is.

Every column of a leg (type, operator, hour ...) is foretold from each of its other columns by the
counts of earlier days: shrunk towards the column's own shares, and with now and then a slip (a
late leg), as far as the past shows slips. The forecasts are mixed by how well they have done.
A strange leg is held to have, in one column, either what other legs of the route have (a type at
another type's hour) or something rare or never seen. The mean of the ratios over columns and
over how many of the day's legs are strange is a likelihood ratio: a quiet day reaches x with a
chance of at most 1 / x (Markov), however few its legs. Means of surprises cannot say that: one
leg has no spread.

Only earlier days teach, days that were strange themselves do not, and an unknown (None) neither
teaches nor counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.inputs import Bools, Floats, Ints

# Legs that a column's own shares are worth in a forecast from another column.
WEIGHTS = (0.3, 3.0)
# Of legs a slip; either to the column's own shares or to any kind seen.
SLIP = 0.03
# Of strange legs: what is rare or new three times as often as what others have, and of that new.
STRANGE, NEW = 0.75, 0.6
PARTS = (0.3, 0.6, 1.0)  # of the day's legs that are strange
FEWEST = 20  # legs before, or nothing is said
LOUD = 2.0  # log10 ratio of a day that does not teach
LEGWISE = "legs one by one"  # the evidence's name among the features
LEAST, MOST = -20.0, 60.0  # log ratio of one leg


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of M legs, from earlier days: code, whether `known`, whether `new`; `fresh`: the
    chance of a new kind; `share`: of the leg's own kind, or `fresh`; `kinds` seen so far."""

    code: Ints
    known: Bools
    seen: Floats
    new: Bools
    fresh: Floats
    share: Floats
    kinds: Floats


def leg_features(
    day: npt.ArrayLike,
    columns: Mapping[str, Sequence[object]],
    joint: Sequence[tuple[str, str]],
    size: int,
) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Features (T, K), legs a day (T,) and names, from M legs.

    day (M,): entry 0..size-1 of each leg, in any order. columns: categories of each leg
    (type, operator, hour bin, airframe ...; None = unknown). joint: pairs whose combination is
    judged besides, as the surprise beyond that of its two parts. Surprise: -log2 of the smoothed
    share among legs of EARLIER days, averaged over the day's legs. The last feature, named
    `LEGWISE`, is no mean but the day's `evidence`: `composition.walk_forward` knows it by name.
    Raises ValueError.
    """
    when = np.asarray(day, dtype=np.int64)
    _check(when, columns, joint)
    order = np.argsort(when, kind="stable")
    if when.size and (when.min() < 0 or when.max() >= size):
        raise ValueError(f"day must lie in 0..{size - 1}")
    when = when[order]
    coded = {name: _codes([values[i] for i in order]) for name, values in columns.items()}
    single = {name: _surprise(when, code) for name, code in coded.items()}
    table = dict(single)
    for a, b in joint:
        both = (coded[a] + 1) * (coded[b].max(initial=0) + 2) + coded[b] + 1
        table[f"{a} x {b}"] = _surprise(when, both) - 0.5 * (single[a] + single[b])
    legs = np.bincount(when, minlength=size).astype(float)
    sums = [np.bincount(when, v, minlength=size) for v in table.values()]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.stack(sums, axis=1) / legs[:, None]
    found = np.where(legs > 0, _twice(when, list(coded.values()), size), np.nan)
    return np.column_stack([means, found]), legs, (*table, LEGWISE)


def _check(
    day: Ints, columns: Mapping[str, Sequence[object]], joint: Sequence[tuple[str, str]]
) -> None:
    if day.ndim != 1:
        raise ValueError(f"day must have one entry per leg, but has shape {day.shape}")
    if not columns:
        raise ValueError("columns: at least one is needed")
    for name, values in columns.items():
        if len(values) != len(day):
            raise ValueError(f"column {name!r} has {len(values)} values for {len(day)} legs")
    strange = [name for pair in joint for name in pair if name not in columns]
    if strange:
        raise ValueError(f"joint: there is no column {strange[0]!r}")


def _surprise(day: Ints, code: Ints) -> Floats:
    """-log2 smoothed frequency of each leg's category before its day, (M,); days sorted."""
    first = np.searchsorted(day, day)
    kinds = _before(first, _first_of_kind(code))
    # Krichevsky-Trofimov: half a leg for each kind, one kind held for the unknown.
    share = (_count(day, code, np.ones(len(day))) + 0.5) / (first + 0.5 * (kinds + 1))
    return np.asarray(-np.log2(share))


def evidence(day: Ints, columns: Sequence[Sequence[object]], size: int) -> Floats:
    """log10 likelihood ratio (size,) of each entry's legs, strange to quiet; 0 without legs.

    day (M,): entry of each leg, sorted, in 0..size-1. columns: M values each, None = unknown.
    """
    return _twice(day, [_codes(values) for values in columns], size)


def _twice(day: Ints, coded: Sequence[Ints], size: int) -> Floats:
    """The evidence, the second time without what strange days of the first would teach."""
    found = _evidence(day, coded, np.ones(len(day)), size)
    return _evidence(day, coded, (found[day] < LOUD).astype(float), size)


def _evidence(day: Ints, coded: Sequence[Ints], teach: Floats, size: int) -> Floats:
    first = np.searchsorted(day, day)
    table = [_column(day, first, code, teach) for code in coded]
    heard = _before(first, teach) >= FEWEST
    rows, weight = [], []
    for j, column in enumerate(table):
        others = table[:j] + table[j + 1 :]
        for ratio, part in zip(
            _ratios(day, first, column, others, teach), (1 - STRANGE, STRANGE), strict=True
        ):
            odds = np.expm1(np.where(heard & column.known, np.clip(ratio, LEAST, MOST), 0.0))
            rows += [np.bincount(day, np.log1p(p * odds), size) for p in PARTS]
            weight += [part / len(PARTS) / len(table)] * len(PARTS)
    if not rows:
        return np.zeros(size)
    total = np.logaddexp.reduce(np.array(rows) + np.log(weight)[:, None], axis=0)
    return np.asarray(total / np.log(10))


def _ratios(
    day: Ints, first: Ints, column: _Column, others: Sequence[_Column], teach: Floats
) -> tuple[Floats, Floats]:
    """Log ratio (M,) of each leg's kind if taken from other legs, and if rare or new."""
    quiet = _forecast(day, first, column, others, teach)
    share = np.log(column.share / (1 - column.fresh))
    # what is new comes from no other leg
    taken = np.where(column.new, 0.0, share - quiet)
    rare = np.where(column.new, np.log(NEW), np.log((1 - NEW) / np.maximum(column.kinds, 1)))
    return taken, rare - quiet


def _forecast(
    day: Ints, first: Ints, column: _Column, others: Sequence[_Column], teach: Floats
) -> Floats:
    """Log chance (M,) of each leg's kind, given its other columns."""
    share = column.share
    slipped = np.where(column.new, share, (1 - column.fresh) / np.maximum(column.kinds, 1))
    chance, awake = [share], [np.ones(len(day), bool)]
    for other in others:
        both, context = _together(day, column, other, teach)
        for weight in WEIGHTS:
            usual = (both + weight * share) / (context + weight)
            chance += [usual, *((1 - SLIP) * usual + SLIP * to for to in (share, slipped))]
        # a kind first seen now foretells nothing
        awake += [other.known & ~other.new] * (len(chance) - len(awake))
    p, up = np.array(chance), np.array(awake)
    # who is asleep is held to have done as the others did on average
    gain = np.log(np.where(up, p, (p * up).sum(axis=0) / up.sum(axis=0)))
    total = np.cumsum(gain * (teach * column.known), axis=1)
    trust = np.concatenate([np.zeros((len(p), 1)), total], axis=1)[:, first]
    trust = np.where(up, trust, -np.inf)
    weight = np.exp(trust - trust.max(axis=0))
    return np.asarray(np.log((weight * p).sum(axis=0) / weight.sum(axis=0)))


def _together(day: Ints, column: _Column, other: _Column, teach: Floats) -> tuple[Floats, Floats]:
    """Earlier legs (M,) with both kinds of each leg, and with the other's. For a kind never seen:
    earlier legs that brought a new one where the other was not new."""
    teach = teach * column.known * other.known
    both = _count(day, other.code * (column.code.max(initial=0) + 1) + column.code, teach)
    brought = np.flatnonzero(column.new & ~other.new)
    both[column.new] = 0.0
    both[brought] = _count(day[brought], other.code[brought], teach[brought])
    return both, _count(day, other.code, teach)


def _column(day: Ints, first: Ints, code: Ints, teach: Floats) -> _Column:
    known = code >= 0
    code, teach = np.where(known, code, code.max(initial=0) + 1), teach * known
    seen, legs = _count(day, code, teach), _before(first, teach)
    new = known & (seen == 0)
    # New kinds grow rarer: how many the latter half of the past brought is what to expect.
    half = first // 2
    late = [_before(first, row) - _before(half, row) for row in (new * teach, teach)]
    fresh = (late[0] + 0.5) / (late[1] + 1.0)
    share = np.where(new, fresh, (1 - fresh) * np.maximum(seen, 0.5) / np.maximum(legs, 1))
    # counted when first seen: an upper bound within a day
    opened = _first_of_kind(code) & known & (teach > 0)
    return _Column(code, known, seen, new, fresh, share, _before(first, opened))


def _first_of_kind(code: Ints) -> Bools:
    out = np.zeros(len(code), bool)
    out[np.unique(code, return_index=True)[1]] = True
    return out


def _codes(values: Sequence[object]) -> Ints:
    """A number for each value, -1 for None."""
    known: dict[object, int] = {}
    return np.array(
        [-1 if v is None else known.setdefault(v, len(known)) for v in values], np.int64
    )


def _before(first: Ints, x: Floats | Bools) -> Floats:
    """Sum of x over the legs before each `first`."""
    return np.asarray(np.concatenate([[0.0], np.cumsum(x)])[first])


def _count(day: Ints, code: Ints, weight: Floats) -> Floats:
    """Weight (M,) of the legs of earlier days that have each leg's code; days sorted."""
    if not len(code):
        return np.zeros(0)
    order = np.argsort(code, kind="stable")
    turn = np.diff(code[order], prepend=-1) != 0
    at = np.arange(len(code))
    start, today = (
        np.maximum.accumulate(np.where(new, at, 0))
        for new in (turn, turn | (np.diff(day[order], prepend=-1) != 0))
    )
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    out = np.empty(len(code))
    out[order] = total[today] - total[start]
    return out
