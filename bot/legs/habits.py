"""What the airframe's other stops say of one: the second step of the belief.

A field where the same airframe probably was at the stops before and after gains: more where such
a stop is known by itself than where it was inferred from afar and shares this one's error. How well
those stops were heard says how many listeners there are. A monotone table maps the best candidate's
share to how often such a share was right.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import mul
from typing import Any, NamedTuple

from bot.legs.belief import HABITS, LEAST, REACH, Weights

FAINT = 0.03  # a belief this small at another stop begins to count


class Visit(NamedTuple):
    """Another stop of the airframe: how many stops away, whether it is known by itself, the odds
    of the fields there."""

    away: int
    itself: bool
    odds: Mapping[Any, float]


def columns(keys: Sequence[object], others: Sequence[Visit]) -> list[list[float]]:
    """What the other stops say for each of the fields: of each a number for each of HABITS."""
    out = [[0.0] * len(HABITS) for _ in keys]
    for away, itself, odds in others:
        k = min(abs(away), REACH) - 1
        column = k if itself else REACH + k
        for row, key in zip(out, keys, strict=True):
            found = odds.get(key, 0.0)
            # once there is once; further away every visit counts
            row[column] = row[column] + found if k == REACH - 1 else max(row[column], found)
    return [[math.log1p(told / FAINT) if told else 0.0 for told in row] for row in out]


def acquaintance(others: Sequence[Visit]) -> tuple[float, float]:
    """How well the airframe's other stops are known, and how many of them by themselves: 0..1."""
    known = max((max(v.odds.values(), default=0.0) for v in others), default=0.0)
    return known, sum(v.itself for v in others) / len(others) if others else 0.0


def settled(share: Sequence[float], column: Sequence[Sequence[float]],
            known: tuple[float, float], w: Weights,
            curve: Callable[[int], int]) -> list[float]:  # fmt: skip
    """Odds and habits to calibrated probabilities, in the order of the candidates.

    `curve`: which of CURVES holds for a candidate.
    """
    score = [w.trust * math.log(p) + sum(map(mul, told, w.habits))
             for p, told in zip(share, column, strict=True)]  # fmt: skip
    stranger = math.log(max(1 - sum(share), LEAST)), 1.0, *known
    elsewhere = sum(map(mul, stranger, w.stranger))
    top = max(*score, elsewhere)
    e = [math.exp(s - top) for s in score]
    total = sum(e) + math.exp(elsewhere - top)
    p = [x / total for x in e]
    return w.curves[curve(p.index(max(p)))].settled(p)
