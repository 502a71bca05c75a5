"""What one who was told the truth would score: the yardstick of `makeup.py`.

For every day of the worlds in `routes.py`, the log of how much likelier its legs are on an odd
day than on a quiet one, averaged over the ways in which a day can be odd. No detector can find
more at the same number of false alarms (Neyman & Pearson), and none can know as much: this one
is told the means, correlations, kinds of day, fleets, hours and the sizes of the oddities.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammaln

from detectors.inputs import Floats

if TYPE_CHECKING:
    from routes import Group

PUSHES = np.linspace(4, 8, 17)  # the sizes `routes.py` draws from, in standard deviations
JOINT_PUSH = 0.32  # the share of it that each of two correlated features gets
IMPOSSIBLE = 300.0  # log ratio of a day on which something flew that never flies


def _log_mean(x: Floats, axis: int) -> Floats:
    return np.asarray(np.logaddexp.reduce(x, axis=axis) - np.log(x.shape[axis]))


def crowd(x: Floats, legs: Floats) -> Floats:
    """Log ratio (T,) of days x (T, 6) of `routes.crowd`; NaN without legs."""
    cov = np.eye(6)
    cov[0, 1] = cov[1, 0] = 0.8
    cov[2, 3] = cov[3, 2] = -0.8
    sized = np.concatenate([PUSHES, -PUSHES])
    single = [u * np.eye(6)[j] for u in sized for j in range(6)]
    joint = [
        JOINT_PUSH * u * (np.eye(6)[a] + sign * np.eye(6)[b])
        for u in sized
        for a, b, sign in ((0, 1, -1), (2, 3, 1))
    ]
    out, known = np.full(len(x), np.nan), legs > 0
    z = x[known] * np.sqrt(legs[known])[:, None]
    kinds = []
    for shifts in (np.array(single), np.array(joint)):
        turned = shifts @ np.linalg.inv(cov)
        kinds.append(_log_mean(z @ turned.T - 0.5 * (turned * shifts).sum(axis=1), 1))
    out[known] = _log_mean(np.array(kinds), 0)
    return out


def two_crowds(x: Floats, legs: Floats, apart: Floats, share: float) -> Floats:
    """Log ratio (T,) of days of `routes.two_crowds`; `share` of them lie at +apart."""
    out, known = np.full(len(x), np.nan), legs > 0
    x, n = x[known], legs[known][:, None]
    sides, weight = np.stack([apart, -apart]), np.log([share, 1 - share])

    def level(means: Any) -> Floats:
        """Log density (T, M), but for a constant, of days about means (M, 6) or (T, M, 6)."""
        return np.asarray(-0.5 * n * ((x[:, None] - means) ** 2).sum(axis=-1))

    quiet = np.logaddexp.reduce(level(sides) + weight, axis=1)
    single = [
        np.logaddexp.reduce(level(sides + (u * np.eye(6)[j] / np.sqrt(n))[:, None]) + weight, 1)
        for u in np.concatenate([PUSHES, -PUSHES])
        for j in range(6)
    ]
    middle = _log_mean(level(np.linspace(-0.25, 0.25, 21)[:, None] * apart), 1)
    turned = [np.where(np.isin(np.arange(6), ab), -1, 1) for ab in combinations(range(4), 2)]
    mixed = _log_mean(
        np.stack([np.logaddexp.reduce(level(sides * t) + weight, axis=1) for t in turned]), 0
    )
    odd = _log_mean(np.stack([_log_mean(np.stack(single), 0)] * 2 + [middle, mixed]), 0)
    out[known] = odd - quiet
    return out


class _Odds:
    """How likely a leg is to come from one group."""

    def __init__(self, group: Group) -> None:
        self._operator = dict(zip(group.operators, group.share, strict=True))
        self._place = {p: 1 / len(group.places) for p in group.places}
        self._hour = np.full(6, 0.03 / 6)
        self._hour[group.hours[0]] += 0.97 * 0.7
        self._hour[group.hours[1]] += 0.97 * 0.3
        self._frame: dict[tuple[str, str], tuple[float, str]] = {}
        self._type: dict[object, float] = {}
        for operator, fleet in group.fleet.items():
            edge = np.exp(-3 * np.arange(len(fleet) + 1) / len(fleet))
            edge[-1] = 0.0
            for p, (kind, frame) in zip(edge[:-1] - edge[1:], fleet, strict=True):
                self._frame[operator, frame] = (p * self._operator[operator], kind)
                self._type[kind] = self._type.get(kind, 0.0) + p * self._operator[operator]

    def aircraft(self, leg: Mapping[str, Any]) -> tuple[float, bool]:
        """Chance of operator and airframe, and whether the type is the airframe's own."""
        p, kind = self._frame.get((leg["operator"], leg["aircraft"]), (0.0, ""))
        return p, kind == leg["type"]

    def type(self, leg: Mapping[str, Any]) -> float:
        return self._type.get(leg["type"], 0.0)

    def hour(self, leg: Mapping[str, Any]) -> float:
        return float(self._hour[leg["hour"]])

    def place(self, leg: Mapping[str, Any]) -> float:
        return self._place.get(leg["destination"], 0.0)


def legs(groups: list[Group], week: Floats, rows: Iterable[tuple[int, dict[str, Any]]], size: int
         ) -> Floats:  # fmt: skip
    """Log ratio (size,) of the days of `routes.legs`."""
    days: dict[int, list[dict[str, Any]]] = {}
    for t, leg in rows:
        days.setdefault(t, []).append(leg)
    odds = [_Odds(g) for g in groups]
    out = np.full(size, np.nan)
    for t, flown in days.items():
        if any(str(leg["aircraft"]).startswith("never seen") for leg in flown):
            out[t] = IMPOSSIBLE
            continue
        ratios = np.array([_ratios(odds, week[t % 7], leg) for leg in flown]).T
        out[t] = _log_mean(_some_odd(np.log(np.clip(ratios, 1e-30, 1e6))), 0) - np.log(2)
    return out


def _ratios(odds: list[_Odds], week: Floats, leg: dict[str, Any]) -> list[float]:
    """By group and kind of joint oddity: how much likelier this leg is if odd that way."""
    quiet, odd = 1e-9, []
    for k, own in enumerate(odds):
        other = odds[(k + 1) % len(odds)]
        p, same = own.aircraft(leg)
        hour, place = own.hour(leg), own.place(leg)
        quiet += week[k] * p * same * hour * place
        odd += [
            p * same * other.hour(leg) * place,
            p * same * other.hour(leg) * other.place(leg),
            p * other.type(leg) * hour * place,
        ]
    return [float(o / quiet) for o in odd]


def _some_odd(ratio: Floats) -> Floats:
    """Log mean ratio (C,) of a day with log ratios (C, m), 0.3 to 0.7 of the m legs being odd.

    Which of them are is unknown: the mean over all subsets is an elementary symmetric polynomial.
    """
    m = ratio.shape[1]
    subsets = np.full((len(ratio), m + 1), -np.inf)
    subsets[:, 0] = 0.0
    for i in range(m):
        subsets[:, 1:] = np.logaddexp(subsets[:, 1:], subsets[:, :-1] + ratio[:, [i]])
    odd = np.maximum(1, np.round(m * np.linspace(0.3, 0.7, 21)).astype(int))
    ways = gammaln(m + 1) - gammaln(odd + 1) - gammaln(m - odd + 1)
    return _log_mean(subsets[:, odd] - ways, 1)
