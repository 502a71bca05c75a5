"""How sure: evidence to calibrated probabilities over the candidate fields of a stop.

A conditional logit: each candidate gets a weighted sum of its evidence, 'somewhere else' gets a
constant that depends on how the stop was seen, and the softmax of all is the belief; a monotone
table then maps the best candidate's share to how often such a share was right. Weights and tables
are fitted by `bench/legs/fit.py` on simulated flights with known ends and shipped as
`bot/data/legs-belief.json`. Refuses: naming a field from one report at cruise (`ONE_SIDED_FT`).
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.legs import evidence
from bot.legs.places import Places
from bot.legs.side import Side

ONE_SIDED_FT = 12_000.0  # above it one side alone only tells a direction
WRONG_WAY_FPM = 300.0  # lost in a climb, found in a descent: the stop was not there
LIGHT = "LR"  # from a thousand strips and pads: calibrated apart
CRUISE_FT, LEVEL_FPM = 20_000.0, 300.0
CONTEXTS = ("both", "before", "after", "parked")
BAND_FT = (2500.0, 8000.0, 20_000.0)
KEPT = 8  # candidates worth keeping
KEPT_SHARE = 0.01
Columns = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """One stop: what was seen before and after it, and by whom. Ground: reports at the stop."""

    before: Side | None
    after: Side | None
    ground: tuple[tuple[float, float], ...] = ()  # (lat, lon)
    craft: str = "U"
    recent: tuple[dict[int, float], ...] = ()  # beliefs at earlier stops, the latest first

    @property
    def context(self) -> str:
        """Which set of weights applies."""
        if self.ground:
            return "parked"
        if self.before is not None and self.after is not None:
            return "both"
        return "before" if self.before is not None else "after"


@dataclass(frozen=True, slots=True)
class Belief:
    """Rows of the airfield table with calibrated probabilities, best first; rest: elsewhere."""

    context: str
    rows: tuple[int, ...] = ()
    share: tuple[float, ...] = ()


def names(context: str) -> tuple[str, ...]:
    """The columns of a context's evidence, in order."""
    one, two = evidence.SIDE_NAMES, evidence.TOGETHER_NAMES
    first: tuple[str, ...] = {
        "both": (*(f"before_{n}" for n in one), *(f"after_{n}" for n in one), *two),
        "before": one,
        "after": one,
        "parked": evidence.PARKED_NAMES,
    }[context]
    return (*first, *evidence.HABIT_NAMES)


def weigh(places: Places, q: Question) -> tuple[evidence.Candidates, Columns]:
    """Candidates of a question and their evidence, shape (n, len(names(context)))."""
    c, columns = _seen(places, q)
    columns = [*columns, *evidence.habits(c, q.craft, q.recent)]
    return c, np.column_stack(columns) if len(c.rows) else np.empty((0, len(columns)))


def _seen(places: Places, q: Question) -> tuple[evidence.Candidates, list[Columns]]:
    """Candidates, and what was seen of the stop; the habits are left out."""
    if q.ground:
        c = places.parked(*q.ground[-1], q.craft)
        return c, evidence.parked(c, *q.ground[-1])
    c = places.candidates(q.before, q.after, q.craft)
    columns, distances = [], []
    for side, reverse in ((q.before, False), (q.after, True)):
        if side is not None:
            nm, more = evidence.approach(c, side, reverse)
            distances.append(nm)
            columns += more
    if q.before is not None and q.after is not None:
        columns += evidence.together(q.before, q.after, *distances)
    return c, columns


def _scores(places: Places, q: Question, w: "Weights") -> tuple[evidence.Candidates, Columns]:
    """What `weigh` times the weights would give, without building the habits' many columns."""
    c, columns = _seen(places, q)
    if not len(c.rows):
        return c, np.empty(0)
    seen = len(columns)
    score = w.evidence[:seen] @ np.array(columns)
    return c, score + evidence.habit_score(c, q.craft, q.recent, w.evidence[seen:])


def band(q: Question) -> int:
    """How the stop was seen: the class whose constant stands for 'somewhere else'."""
    if q.ground:
        return 0
    total = 0
    for side in (q.before, q.after):
        if side is not None:
            total = total * (len(BAND_FT) + 2) + _height_band(side.alt)
    return total


def doubts(q: Question, candidates: int) -> Columns:
    """What else speaks for 'elsewhere': how long nobody saw it, and among how many fields."""
    both = q.before is not None and q.after is not None
    hours = (q.after.t - q.before.t) / 3600 if q.before and q.after else 0.0
    return np.array([math.log1p(max(hours, 0.0)), both * math.log1p(candidates)])


def bands(context: str) -> int:
    """How many classes `band` can give."""
    return {"parked": 1, "both": (len(BAND_FT) + 2) ** 2}.get(context, len(BAND_FT) + 2)


def _height_band(alt: float) -> int:
    if alt != alt:
        return len(BAND_FT) + 1
    return sum(alt >= b for b in BAND_FT)


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted table of one context."""

    evidence: Columns
    elsewhere: Columns  # one a band, and one for each of the `doubts`
    # share of the best candidate to how often it was right: large aircraft, light ones
    raw: tuple[Columns, Columns]
    right: tuple[Columns, Columns]


@cache
def shipped() -> dict[str, Weights]:
    """The table that comes with the program."""
    text = resources.files("bot").joinpath("data", "legs-belief.json").read_text("ascii")
    return {context: weights_of(context, told) for context, told in json.loads(text).items()}


def weights_of(context: str, told: dict[str, Any]) -> Weights:
    """A fitted table as arrays."""
    weights = told["evidence"]
    (a, b), (c, d) = told["raw"], told["right"]
    return Weights(
        np.array([weights.get(n, 0.0) for n in names(context)]),
        np.array(told["elsewhere"], float), (np.array(a), np.array(b)), (np.array(c), np.array(d)),
    )  # fmt: skip


def believe(places: Places, q: Question, table: dict[str, Weights]) -> Belief:
    """The calibrated belief where a stop was."""
    w = table[q.context]
    c, score = _scores(places, q, w)
    if not len(c.rows):
        return Belief(q.context)
    elsewhere = float(w.elsewhere[band(q)] + w.elsewhere[-2:] @ doubts(q, len(c.rows)))
    top = max(float(score.max()), elsewhere)
    share = np.exp(score - top)
    share /= share.sum() + math.exp(elsewhere - top)
    best = np.argsort(-share, kind="stable")[:KEPT]
    best = best[(share[best] >= KEPT_SHARE)]
    if not len(best):
        return Belief(q.context)
    p = share[best]
    light = int(q.craft in LIGHT)
    sure = float(np.interp(p[0], w.raw[light], w.right[light]))
    rest = (1 - sure) / max(1 - p[0], 1e-9) if p[0] < 1 else 0.0
    p = np.concatenate([[sure], np.minimum(p[1:] * min(rest, 1.5), sure)])
    p /= max(p.sum(), 1.0)
    return Belief(q.context, tuple(c.rows[best].tolist()), tuple(round(float(v), 4) for v in p))


def may_name(q: Question) -> bool:
    """Whether a field may be named at all: never from one side at cruise."""
    if q.ground or (q.before is not None and q.after is not None):
        return True
    if q.before is not None:
        return q.before.alt <= ONE_SIDED_FT and not q.before.rate > WRONG_WAY_FPM
    return q.after is not None and q.after.alt <= ONE_SIDED_FT and not q.after.rate < -WRONG_WAY_FPM


def only_a_direction(q: Question) -> bool:
    """One report in level flight at cruise: it may be going anywhere."""
    if q.ground or (q.before is not None and q.after is not None):
        return False
    side = q.before or q.after
    return side is not None and side.alt > CRUISE_FT and not abs(side.rate) > LEVEL_FPM
