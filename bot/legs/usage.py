"""Who else uses the fields that may be a stop: flights with sure ends as evidence for each.

Two far sides cross over a dozen fields of the desert, of which two are ever used. What is known of
other flights tells them apart: the airframe's own visits on other days, who flies there from the
stop before or on to the stop after, how many use the field at all, and where the same flight number
went. Weights are fitted by `bench/legs/fit.py`. Refuses: to say anything where nobody is known to
use any of the fields.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.airfields import Airfields
from bot.legs import belief
from bot.legs.pieces import where
from bot.model.air import Between

NAMES = ("own", "route", "used", "call")
KNOWN = [0, 1, 3]  # of these: somebody flew just there
NAME_AT = 0.5  # where somebody flew just there
LEAST = 1e-6
FACT = np.dtype([("t", "f8"), ("first", "f8"), ("icao24", "u4"), ("origin", "i4"),
                 ("destination", "i4"), ("light", "?"), ("call", "S8")])  # fmt: skip
Facts = npt.NDArray[np.void]
Columns = npt.NDArray[np.float64]


class Weights(NamedTuple):
    """As fitted: see `score`, and the calibration of the best share."""

    weights: tuple[float, ...]
    raw: Columns
    right: Columns


def columns(facts: Facts, fields: Airfields, icao24: int, b: Between) -> Columns:
    """What `facts` say for each of the fields in `b.odds`: (n, len(NAMES))."""
    rows = np.array([fields.row_of.get(ident, -1) for ident, _ in b.odds])
    near = np.zeros(len(facts), bool)
    for end in (np.ascontiguousarray(facts[name]) for name in ("origin", "destination")):
        near |= np.isin(end, rows, kind="table")
    facts = where(facts, near)
    mine = facts["icao24"] == icao24
    # what is known of the flights to and from this very stop says nothing new of it
    this = mine & ((np.abs(facts["first"] - b.first_s) < 1)
                   | (np.abs(facts["first"] - b.found.time_s) < 1))  # fmt: skip
    facts, mine = where(facts, ~this), mine[~this]
    left, right = (fields.row_of.get(ident, -2) for ident in b.ends)
    others = where(facts, ~mine & ~facts["light"]) if not b.light else facts[:0]
    own = where(facts, mine)
    out = np.zeros((len(rows), len(NAMES)))
    for i, row in enumerate(rows.tolist()):
        out[i, 0] = _flights(own[_visits(own, row)])
        there = where(others, _visits(others, row))
        far = np.where(there["origin"] == row, there["destination"], there["origin"])
        out[i, 1] = len(np.unique(there["icao24"][(far == left) | (far == right)]))
        out[i, 2] = _flights(there)
        out[i, 3] = _called(facts, row, b.calls)
    return np.log1p(out)


def _visits(facts: Facts, row: int) -> npt.NDArray[np.bool_]:
    return np.asarray((facts["origin"] == row) | (facts["destination"] == row))


def _called(facts: Facts, row: int, calls: tuple[str, str]) -> int:
    """How often the flight to the stop came to this field under its callsign, and the flight from
    it left there."""
    total = 0
    for call, side in zip(calls, ("destination", "origin"), strict=True):
        if call:
            total += _flights(facts[(facts["call"] == call.encode()) & (facts[side] == row)])
    return total


def _flights(facts: Facts) -> int:
    """How many flights: of one that was heard again, live polls may have told twice."""
    return len(set(zip(facts["icao24"].tolist(), facts["first"].tolist(), strict=True)))


@cache
def fitted() -> Weights:
    """The table that comes with the program."""
    told = belief.table()["usage"]
    return Weights(tuple(told["weights"]), np.array(told["raw"]), np.array(told["right"]))


def weighed(b: Between, column: Columns, w: Weights) -> list[float]:
    """The odds in the light of the columns, in their order."""
    p = score(b, column, w.weights)
    best = int(p.argmax())
    sure = float(np.interp(p[best], w.raw, w.right))
    rest = (1 - sure) / max(1 - float(p[best]), 1e-9)
    out = np.minimum(p * min(rest, 1.5), sure)
    out[best] = sure
    return (out / max(out.sum(), 1.0)).tolist()  # type: ignore[no-any-return]


def score(b: Between, column: Columns, weights: Sequence[float]) -> Columns:
    """Shares before the calibration. `weights`: one for the logarithm of the odds, one a column,
    and for 'elsewhere' its own logarithm and a constant."""
    p = np.array([p for _, p in b.odds])
    trust, *w, away, none = weights
    score = trust * np.log(np.maximum(p, LEAST)) + column @ np.array(w)
    elsewhere = away * math.log(max(1 - p.sum(), LEAST)) + none
    top = max(float(score.max()), elsewhere)
    e = np.exp(score - top)
    return np.asarray(e / (e.sum() + math.exp(elsewhere - top)))
