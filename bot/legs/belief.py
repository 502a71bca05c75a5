"""How sure: evidence to calibrated probabilities over the candidate fields of a stop.

Two steps. A conditional logit on what was seen of the stop itself: each candidate gets a weighted
sum of its evidence, 'somewhere else' a constant that depends on how the stop was seen, and the
softmax of all is the `odds`. Then the habits and the calibration (`habits.py`). Weights and tables
are fitted by `bench/legs/fit.py` on simulated flights with known ends and shipped as
`bot/data/legs-belief.json`; light aircraft and helicopters have their own. Refuses: naming a field
from one report at cruise (`ONE_SIDED_FT`).
"""

import json
import math
from collections.abc import Mapping
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
LIGHT = "LRS"  # from a thousand strips and pads, with short climbs and descents
STEADY_FPM, LEFT_FT = 600.0, 2000.0  # below its cruise for good ...
HIGHEST_FT = 25_000.0  # ... and no further from the field than eighty miles
LEVEL_FT, LIGHT_LEVEL_FT = 8000.0, 3000.0  # above the ground: level there is cruise
CRUISE_FT, LEVEL_FPM = 20_000.0, 300.0
CONTEXTS = ("both", "before", "after", "parked")
BAND_FT = (2500.0, 8000.0, 20_000.0)
KEPT, KEPT_SHARE = 12, 0.004  # candidates worth keeping for the second step
TOLD_SHARE = 0.01  # and in the end
DOUBTS = 3
LEAST = 1e-6  # 'elsewhere' is never impossible
HABITS = ("next_stop", "next_but_one", "further_stop")  # by how many stops away, either way
Columns = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """One stop: what was seen before and after it, and by whom. Ground: reports at the stop."""

    before: Side | None
    after: Side | None
    ground: tuple[float, float] | None = None  # (lat, lon)
    craft: str = "U"

    @property
    def context(self) -> str:
        """How it was seen."""
        if self.ground:
            return "parked"
        if self.before is not None and self.after is not None:
            return "both"
        return "before" if self.before is not None else "after"

    @property
    def table(self) -> str:
        """Which set of weights applies."""
        return f"{self.context}_light" if self.craft in LIGHT else self.context


TABLES = tuple(f"{c}{light}" for c in CONTEXTS for light in ("", "_light"))


@dataclass(frozen=True, slots=True)
class Belief:
    """Rows of the airfield table with probabilities, best first; what is missing: elsewhere."""

    rows: tuple[int, ...] = ()
    share: tuple[float, ...] = ()


NOTHING = Belief()


def names(context: str) -> tuple[str, ...]:
    """The columns of a context's evidence, in order."""
    one, two = evidence.SIDE_NAMES, evidence.TOGETHER_NAMES
    first: tuple[str, ...] = {
        "both": (*(f"before_{n}" for n in one), *(f"after_{n}" for n in one), *two),
        "before": one,
        "after": one,
        "parked": evidence.PARKED_NAMES,
    }[context.removesuffix("_light")]
    return (*first, *evidence.FITNESS_NAMES)


def weigh(places: Places, q: Question) -> tuple[evidence.Candidates, Columns]:
    """Candidates of a question and their evidence, shape (n, len(names(context)))."""
    c, columns = _seen(places, q)
    columns = [*columns, *evidence.fitness(c, q.craft)]
    return c, np.column_stack(columns) if len(c.rows) else np.empty((0, len(columns)))


def _seen(places: Places, q: Question) -> tuple[evidence.Candidates, list[Columns]]:
    """Candidates, and what was seen of the stop; the fitness of the fields is left out."""
    if q.ground:
        c = places.parked(*q.ground, q.craft)
        return c, evidence.parked(c, *q.ground)
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
    """What `weigh` times the weights would give, without building the many columns of fitness."""
    c, columns = _seen(places, q)
    if not len(c.rows):
        return c, np.empty(0)
    seen = len(columns)
    score = w.evidence[:seen] @ np.array(columns)
    return c, score + evidence.fitness_score(c, q.craft, w.evidence[seen:])


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
    """What else speaks for 'elsewhere': how long nobody saw it, among how many fields, and how
    long from cruise to cruise."""
    both = q.before is not None and q.after is not None
    hours = (q.after.t - q.before.t) / 3600 if q.before and q.after else 0.0
    high = q.before and q.after and min(q.before.alt, q.after.alt) > CRUISE_FT
    wait = math.log1p(max(hours, 0.0))
    return np.array([wait, both * math.log1p(candidates), wait if high else 0.0])


def bands(context: str) -> int:
    """How many classes `band` can give."""
    one = len(BAND_FT) + 2
    return {"parked": 1, "both": one**2}.get(context.removesuffix("_light"), one)


def _height_band(alt: float) -> int:
    if alt != alt:
        return len(BAND_FT) + 1
    return sum(alt >= b for b in BAND_FT)


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted table of one context."""

    evidence: Columns
    elsewhere: Columns  # one a band, and one for each of the `doubts`
    trust: float  # in the odds, when habits are added
    habits: Columns  # one for each of HABITS
    stranger: Columns  # for 'elsewhere': its odds, always, where the other stops are well known
    # share of the best candidate to how often it was right: far off, and low and close
    raw: tuple[Columns, Columns]
    right: tuple[Columns, Columns]


@cache
def shipped() -> dict[str, Weights]:
    """The table that comes with the program."""
    text = resources.files("bot").joinpath("data", "legs-belief.json").read_text("ascii")
    return {context: weights_of(context, told) for context, told in json.loads(text).items()}


def weights_of(context: str, told: Mapping[str, Any]) -> Weights:
    """A fitted table as arrays."""
    weights = told["evidence"]
    (a, b), (c, d) = told["raw"], told["right"]
    return Weights(
        np.array([weights.get(n, 0.0) for n in names(context)]), np.array(told["elsewhere"], float),
        float(told["trust"]), np.array([told["habits"][n] for n in HABITS]),
        np.array(told["stranger"], float), (np.array(a), np.array(b)), (np.array(c), np.array(d)),
    )  # fmt: skip


def odds(places: Places, q: Question, table: Mapping[str, Weights]) -> Belief:
    """What was seen of the stop itself says so much for each field; not calibrated."""
    w = table[q.table]
    c, score = _scores(places, q, w)
    if not len(c.rows):
        return NOTHING
    elsewhere = float(w.elsewhere[band(q)] + w.elsewhere[-DOUBTS:] @ doubts(q, len(c.rows)))
    top = max(float(score.max()), elsewhere)
    share = np.exp(score - top)
    share /= share.sum() + math.exp(elsewhere - top)
    best = np.argsort(-share, kind="stable")[:KEPT]
    best = best[share[best] >= KEPT_SHARE]
    return Belief(tuple(c.rows[best].tolist()), tuple(share[best].tolist()))


def may_name(q: Question, floor_ft: float = 0.0) -> bool:
    """Whether a field may be named at all: never from one side at cruise.

    `floor_ft`: the elevation of the land there. What counts as cruise depends on the aircraft.
    """
    if q.ground or (q.before is not None and q.after is not None):
        return True
    side, way = (q.before, -1) if q.before is not None else (q.after, 1)
    if side is None:
        return False
    if side.alt <= ONE_SIDED_FT:
        level = not side.rate * way > LEVEL_FPM
        high = side.alt - floor_ft > (LIGHT_LEVEL_FT if q.craft in LIGHT else LEVEL_FT)
        return not (level and high) and not side.rate * way < -WRONG_WAY_FPM
    return left_cruise(side, way)


def left_cruise(side: Side, way: int) -> bool:
    """Far below its cruise and descending (`way` 1: climbing) for certain, yet not low."""
    steady = side.rate * way > STEADY_FPM and side.top - side.alt > LEFT_FT
    return steady and ONE_SIDED_FT < side.alt <= HIGHEST_FT


def only_a_direction(q: Question) -> bool:
    """One report in level flight at cruise: it may be going anywhere."""
    if q.ground or (q.before is not None and q.after is not None):
        return False
    side = q.before or q.after
    return side is not None and side.alt > CRUISE_FT and not abs(side.rate) > LEVEL_FPM
