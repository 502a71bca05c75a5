"""What the airframe's other stops say of one: the second step of the belief.

A field where the same airframe probably was at the stops before and after gains: more where such
a stop is known by itself than where it was inferred from afar and shares this one's error. How well
those stops were heard says how many listeners there are. A monotone table maps the best candidate's
share to how often such a share was right.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bot.legs.belief import HABITS, LEAST, REACH, Columns, Weights

FAINT = 0.03  # a belief this small at another stop begins to count


class Visit(NamedTuple):
    """Another stop of the airframe: how many stops away, whether it is known by itself, the odds
    of the fields there."""

    away: int
    itself: bool
    odds: Mapping[Any, float]


def columns(keys: Sequence[object], others: Sequence[Visit]) -> Columns:
    """Columns (n, len(HABITS)): what the other stops say for each of the fields."""
    out = np.zeros((len(keys), len(HABITS)))
    for away, itself, odds in others:
        k = min(abs(away), REACH) - 1
        column = k if itself else REACH + k
        for i, key in enumerate(keys):
            found = odds.get(key, 0.0)
            # once there is once; further away every visit counts
            more = out[i, column] + found if k == REACH - 1 else max(out[i, column], found)
            out[i, column] = more
    return np.log1p(out / FAINT)


def acquaintance(others: Sequence[Visit]) -> tuple[float, float]:
    """How well the airframe's other stops are known, and how many of them by themselves: 0..1."""
    known = max((max(v.odds.values(), default=0.0) for v in others), default=0.0)
    return known, sum(v.itself for v in others) / len(others) if others else 0.0


def settled(share: Sequence[float], column: Columns, known: tuple[float, float], w: Weights,
            curve: Callable[[int], int]) -> Sequence[float]:  # fmt: skip
    """Odds and habits to calibrated probabilities, in the order of the candidates.

    `curve`: which of CURVES holds for a candidate.
    """
    p = np.array(share)
    score = w.trust * np.log(p) + column @ w.habits
    elsewhere = w.stranger @ (math.log(max(1 - p.sum(), LEAST)), 1.0, *known)
    top = max(float(score.max()), float(elsewhere))
    p = np.exp(score - top)
    p /= p.sum() + math.exp(elsewhere - top)
    best = int(p.argmax())
    k = curve(best)
    sure = float(np.interp(p[best], w.raw[k], w.right[k]))
    rest = (1 - sure) / max(1 - float(p[best]), 1e-9) if p[best] < 1 else 0.0
    out = np.minimum(p * min(rest, 1.5), sure)
    out[best] = sure
    return (out / max(out.sum(), 1.0)).tolist()  # type: ignore[no-any-return]
