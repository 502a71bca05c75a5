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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.legs import evidence
from bot.legs.curve import Curve
from bot.legs.evidence import Candidates
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
TOGETHER = 64  # stops at a time: some thousand candidates, which the processor's cache holds
LEAST = 1e-6  # 'elsewhere' is never impossible
REACH = 3  # by how many stops away, either way; further counts as this
HABITS = tuple(f"{way}_{how}" for how in ("itself", "inferred")
               for way in ("next_stop", "next_but_one", "further_stop"))  # fmt: skip
CURVES = ("far", "low", "near")  # calibrated apart: flown low over, heard near on both sides
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
    heard: float = 0.0  # share of the airframe's other stops that are known by themselves


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


def weigh(places: Places, q: Question) -> tuple[Candidates, Columns]:
    """Candidates of a question and their evidence, shape (n, len(names(context)))."""
    c, columns = _seen(places, [q])
    columns = [*columns, *evidence.fitness(c, q.craft)]
    return c, np.column_stack(columns) if len(c.rows) else np.empty((0, len(columns)))


def _seen(places: Places, asked: Sequence[Question]) -> tuple[Candidates, list[Columns]]:
    """Candidates of questions of one context, and what was seen of each stop; the fitness of the
    fields is left out."""
    crafts = [q.craft for q in asked]
    ground = [q.ground for q in asked if q.ground]
    if ground:
        lat, lon = np.array(ground).T
        c = places.parked(lat, lon, crafts)
        return c, evidence.parked(c, lat, lon)
    c = places.candidates([(q.before, q.after) for q in asked], crafts)
    before = evidence.Sides([q.before for q in asked if q.before is not None])
    after = evidence.Sides([q.after for q in asked if q.after is not None])
    columns, distances = [], []
    for sides, reverse in ((before, False), (after, True)):
        if len(sides.t):
            nm, more = evidence.approach(c, sides, reverse)
            distances.append(nm)
            columns += more
    if len(distances) > 1:
        columns += evidence.together(c, before, after, *distances)
    return c, columns


def _scores(places: Places, asked: Sequence[Question], w: "Weights") -> tuple[Candidates, Columns]:
    """What `weigh` times the weights would give, without building the many columns of fitness."""
    c, columns = _seen(places, asked)
    score = evidence.fitness_score(c, [q.craft for q in asked], w.evidence[len(columns) :])
    # in this order whoever else is asked for; a matrix product's last bit depends on its size
    for weight, column in zip(w.evidence, columns, strict=False):
        score += weight * column
    return c, score


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
    # what follows is used a dozen fields at a time, where numpy is slower than plain numbers
    trust: float  # in the odds, when habits are added
    habits: tuple[float, ...]  # one for each of HABITS
    # for 'elsewhere': its odds, always, the better the other stops are known, and by themselves
    stranger: tuple[float, ...]
    curves: tuple[Curve, ...]  # one for each of CURVES


@cache
def shipped() -> dict[str, Weights]:
    """The table that comes with the program."""
    return {context: weights_of(context, table()[context]) for context in TABLES}


@cache
def table() -> dict[str, Any]:
    """All that `bench/legs/fit.py` fitted, as it is told."""
    text = resources.files("bot").joinpath("data", "legs-belief.json").read_text("ascii")
    return json.loads(text)  # type: ignore[no-any-return]


def weights_of(context: str, told: Mapping[str, Any]) -> Weights:
    """A fitted table as arrays."""
    weights = told["evidence"]
    curves = zip(told["raw"], told["right"], strict=True)
    return Weights(
        np.array([weights.get(n, 0.0) for n in names(context)]), np.array(told["elsewhere"], float),
        float(told["trust"]), tuple(told["habits"][n] for n in HABITS), tuple(told["stranger"]),
        tuple(Curve(tuple(raw), tuple(right)) for raw, right in curves),
    )  # fmt: skip


def odds(places: Places, asked: Sequence[Question], table: Mapping[str, Weights]) -> list[Belief]:
    """What was seen of each stop itself says so much for each field; not calibrated."""
    out = [NOTHING] * len(asked)
    of: dict[str, list[int]] = {}
    for i, q in enumerate(asked):
        of.setdefault(q.table, []).append(i)
    for name, which in of.items():
        for k in range(0, len(which), TOGETHER):
            some = which[k : k + TOGETHER]
            found = _odds(places, [asked[i] for i in some], table[name])
            for i, one in zip(some, found, strict=True):
                out[i] = one
    return out


def _odds(places: Places, asked: Sequence[Question], w: Weights) -> list[Belief]:
    """Of questions with one table of weights."""
    c, score = _scores(places, asked, w)
    counts = np.bincount(c.of, minlength=len(asked))
    some = np.flatnonzero(counts)  # a stop may have no candidate
    if not len(some):
        return [NOTHING] * len(asked)
    group, starts = np.searchsorted(some, c.of), np.searchsorted(c.of, some)
    held = [(asked[i], int(counts[i])) for i in some.tolist()]
    doubt = np.array([doubts(q, n) @ w.elsewhere[-DOUBTS:] for q, n in held])
    elsewhere = w.elsewhere[[band(q) for q, _ in held]] + doubt
    top = np.maximum(np.maximum.reduceat(score, starts), elsewhere)
    share = np.exp(score - top[group])
    share /= (np.add.reduceat(share, starts) + np.exp(elsewhere - top))[group]
    kept = np.flatnonzero(share >= KEPT_SHARE)
    kept = kept[np.lexsort((-share[kept], c.of[kept]))]
    ends = np.searchsorted(c.of[kept], np.arange(len(asked) + 1)).tolist()
    rows, shares = c.rows[kept].tolist(), share[kept].tolist()
    best = [slice(a, min(b, a + KEPT)) for a, b in pairwise(ends)]
    return [Belief(tuple(rows[b]), tuple(shares[b])) for b in best]


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
