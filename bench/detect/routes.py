"""Make-up to be judged: three worlds of routes, with odd days and without.

`crowd`: features as they are, in two correlated pairs and two alone. `two_crowds`: days of two
kinds (night freighters, weekend traffic), each with its own level in four features; a joint
oddity lies in the empty middle or has parts of either. `legs`: a route leg by leg (two to four
groups of operators with their fleets, hours, destinations and weekdays), through
`composition.leg_features` with the categories and pairs the bot hands in. Odd days are equally
hard at every rate: what is odd a leg is divided by the root of the legs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import told

from detectors import composition
from detectors.inputs import Floats
from detectors.legwise import LEGWISE

SIZE, FIRST_ODD, EVERY = 760, 375, 40
KINDS = ("single", "joint")
MARGINS = tuple("abcdef")  # of the crowds
CATEGORIES = ("type", "operator", "hour", "aircraft", "destination")
PAIRS = (
    ("type", "hour"), ("operator", "hour"), ("operator", "destination"), ("operator", "type"),
    ("aircraft", "hour"),
)  # fmt: skip


@dataclass(frozen=True)
class Route:
    """Features (T, K) with their names, legs (T,), the odd days with their kind, and what one who
    was told the truth would score (T,)."""

    x: Floats
    names: tuple[str, ...]
    legs: Floats
    odd: dict[int, str]
    told: Floats

    @property
    def legwise(self) -> bool:
        """Whether the legs are known one by one."""
        return LEGWISE in self.names


def _odd_days(rng: np.random.Generator, odd: bool) -> dict[int, str]:
    days = range(FIRST_ODD, SIZE - 15, EVERY) if odd else ()
    return {t: str(rng.choice(KINDS)) for t in days}


def crowd(seed: int, rate: float, odd: bool) -> Route:
    """Two correlated pairs and two features alone."""
    rng = np.random.default_rng(seed)
    days, legs = _odd_days(rng, odd), rng.poisson(rate, SIZE).astype(float)
    x = np.full((SIZE, 6), np.nan)
    for t in range(SIZE):
        legs[t] = max(legs[t], 1) if t in days else legs[t]
        if legs[t]:
            x[t] = _leg_of_crowd(rng, int(legs[t]), days.get(t)).mean(0)
    return Route(x, MARGINS, legs, days, told.crowd(x, legs))


def _leg_of_crowd(rng: np.random.Generator, m: int, kind: str | None) -> Floats:
    v = rng.normal(size=(m, 6))
    v[:, 1] = 0.8 * v[:, 0] + 0.6 * v[:, 1]
    v[:, 3] = -0.8 * v[:, 2] + 0.6 * v[:, 3]
    push = rng.choice([-1, 1]) * rng.uniform(4, 8) / np.sqrt(m)
    if kind == "single":
        v[:, rng.integers(6)] += push
    if kind == "joint":  # each within its range, against their correlation
        a, b, sign = (0, 1, -1) if rng.random() < 0.5 else (2, 3, 1)
        v[:, a] += 0.32 * push
        v[:, b] += sign * 0.32 * push
    return np.asarray(v)


def two_crowds(seed: int, rate: float, odd: bool) -> Route:
    """Days of two kinds; the middle between them is empty."""
    rng = np.random.default_rng(seed)
    days, legs = _odd_days(rng, odd), rng.poisson(rate, SIZE).astype(float)
    apart = rng.uniform(1.5, 3, 6) * rng.choice([-1, 1], 6)
    apart[4:] = 0
    share = rng.uniform(0.25, 0.5)
    x = np.full((SIZE, 6), np.nan)
    for t in range(SIZE):
        legs[t] = max(legs[t], 1) if t in days else legs[t]
        if not legs[t]:
            continue
        v = rng.normal(size=(int(legs[t]), 6)).mean(0)
        side = np.full(6, 1.0 if rng.random() < share else -1.0)
        if days.get(t) == "single":
            v[rng.integers(6)] += rng.choice([-1, 1]) * rng.uniform(4, 8) / np.sqrt(legs[t])
        if days.get(t) == "joint" and rng.random() < 0.5:
            side[:] = rng.uniform(-0.25, 0.25)
        elif days.get(t) == "joint":
            side[rng.permutation(4)[:2]] *= -1
        x[t] = v + apart * side
    return Route(x, MARGINS, legs, days, told.two_crowds(x, legs, apart, share))


@dataclass(frozen=True)
class Group:
    """Operators with their share, fleets of (type, airframe), two hours and destinations."""

    operators: list[str]
    share: Floats
    fleet: dict[str, list[tuple[str, str]]]
    hours: Any
    places: list[str]


def _group(rng: np.random.Generator, g: int) -> Group:
    operators = [f"operator {g}{i}" for i in range(rng.integers(1, 4))]
    fleet = {
        o: [(f"type {g}{rng.integers(3)}", f"{o}-{i}") for i in range(rng.integers(3, 15))]
        for o in operators
    }
    places = [f"place {i}" for i in rng.permutation(5)[: rng.integers(1, 3)]]
    share = rng.dirichlet(np.full(len(operators), 2.0))
    return Group(operators, share, fleet, rng.permutation(6)[:2], places)


def _leg(rng: np.random.Generator, group: Group) -> dict[str, object]:
    operator = str(rng.choice(group.operators, p=group.share))
    fleet = group.fleet[operator]
    kind, frame = fleet[min(int(rng.exponential(len(fleet) / 3)), len(fleet) - 1)]
    hour = int(group.hours[0] if rng.random() < 0.7 else group.hours[1])
    if rng.random() < 0.03:  # late, or early
        hour = int(rng.integers(6))
    where = str(rng.choice(group.places))
    return dict(zip(CATEGORIES, (kind, operator, hour, frame, where), strict=True))


def _make_odd(rng: np.random.Generator, leg: dict[str, object], kind: str, what: int,
              own: Group, other: Group) -> None:  # fmt: skip
    if kind == "single":
        stranger = f"never seen {rng.integers(1_000_000)}"
        leg["aircraft"] = stranger
        leg[("type", "operator", "type")[what]] = "never seen"
        return
    leg |= _leg(rng, own)
    else_where = _leg(rng, other)
    for name in (("hour",), ("destination", "hour"), ("type",))[what]:
        leg[name] = else_where[name]


def legs(seed: int, rate: float, odd: bool) -> Route:
    """A route leg by leg, as the bot sees it."""
    rng = np.random.default_rng(seed)
    groups = [_group(rng, g) for g in range(int(rng.integers(2, 5)))]
    week = rng.dirichlet(np.full(len(groups), 2.0), 7)
    days = _odd_days(rng, odd)
    count = rng.poisson(rate * rng.uniform(0.8, 1.25), SIZE)
    rows: list[tuple[int, dict[str, object]]] = []
    for t in range(SIZE):
        m = max(int(count[t]), 1 if t in days else 0)
        flown = [_leg(rng, groups[int(rng.choice(len(groups), p=week[t % 7]))]) for _ in range(m)]
        if t in days:
            what, g = int(rng.integers(3)), int(rng.integers(len(groups)))
            pair = groups[g], groups[(g + 1) % len(groups)]
            for leg in flown[: max(1, round(m * rng.uniform(0.3, 0.7)))]:
                _make_odd(rng, leg, days[t], what, *pair)
        rows += [(t, leg) for leg in flown]
    columns = {name: [leg[name] for _, leg in rows] for name in CATEGORIES}
    x, n, names = composition.leg_features([t for t, _ in rows], columns, PAIRS, SIZE)
    return Route(x, names, n, days, told.legs(groups, week, rows, SIZE))


WORLDS: dict[str, Callable[[int, float, bool], Route]] = {
    "crowd": crowd, "two crowds": two_crowds, "legs": legs,
}  # fmt: skip
