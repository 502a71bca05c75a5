"""What the airframe's other stops say of one: the second step of the belief.

A field where the same airframe probably was at the stops before and after gains, and a monotone
table maps the best candidate's share to how often such a share was right.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bot.legs.belief import HABITS, LEAST, Columns, Weights

FAINT = 0.03  # a belief this small at another stop begins to count


def columns(keys: Sequence[object], others: Sequence[tuple[int, Mapping[Any, float]]]) -> Columns:
    """Columns (n, 3) of HABITS. `others`: how many stops away, and the odds there."""
    out = np.zeros((len(keys), len(HABITS)))
    for away, mass in others:
        k = min(abs(away), len(HABITS)) - 1
        for i, key in enumerate(keys):
            found = mass.get(key, 0.0)
            # once there is once; further away every visit counts
            out[i, k] = out[i, k] + found if k == len(HABITS) - 1 else max(out[i, k], found)
    return np.log1p(out / FAINT)


def acquaintance(others: Sequence[tuple[int, Mapping[Any, float]]]) -> float:
    """How well the airframe's other stops are known, 0..1."""
    return max((max(m.values(), default=0.0) for _, m in others), default=0.0)


def settled(share: Sequence[float], column: Columns, known: float, w: Weights,
            low: Sequence[bool]) -> Sequence[float]:  # fmt: skip
    """Odds and habits to calibrated probabilities, in the order of the candidates.

    `low`: whether a candidate is one over which the aircraft was seen low and close.
    """
    p = np.array(share)
    score = w.trust * np.log(p) + column @ w.habits
    elsewhere = w.stranger @ (math.log(max(1 - p.sum(), LEAST)), 1.0, known)
    top = max(float(score.max()), float(elsewhere))
    p = np.exp(score - top)
    p /= p.sum() + math.exp(elsewhere - top)
    best = int(p.argmax())
    curve = int(low[best])
    sure = float(np.interp(p[best], w.raw[curve], w.right[curve]))
    rest = (1 - sure) / max(1 - float(p[best]), 1e-9) if p[best] < 1 else 0.0
    out = np.minimum(p * min(rest, 1.5), sure)
    out[best] = sure
    return (out / max(out.sum(), 1.0)).tolist()  # type: ignore[no-any-return]
