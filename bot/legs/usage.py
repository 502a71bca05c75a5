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
from bot.legs.curve import Curve
from bot.legs.recall import NONE, Recall, Rows
from bot.model.air import Between

NAMES = ("own", "route", "used", "call")
KNOWN = [0, 1, 3]  # of these: somebody flew just there
NAME_AT = 0.5  # where somebody flew just there
LEAST = 1e-6
MANY = 1 << 32  # more than there are addresses, or flights
Columns = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Asked = tuple[int, Between]  # the address, and a stop of its


class Weights(NamedTuple):
    """As fitted: see `score`, and the calibration of the best share."""

    weights: tuple[float, ...]
    curve: Curve


class _Visits(NamedTuple):
    """Flights from or to fields, as columns. `at`: number of the field; `far`: row of the field at
    the other end; `left`: from it; `called`: as the flight to the stop, or from it."""

    at: Rows
    icao24: Rows
    first: Columns
    light: Bools
    far: Rows
    called: Bools
    left: Bools


def columns(recall: Recall, fields: Airfields, asked: Sequence[Asked]) -> list[Columns]:
    """What is remembered says for each of the fields in `odds` of each stop: (n, len(NAMES))."""
    count = [len(b.odds) for _, b in asked]
    of = np.repeat(np.arange(len(asked)), count)
    rows = np.array([fields.row_of.get(ident, NONE) for _, b in asked for ident, _ in b.odds])
    craft = np.array([icao24 for icao24, _ in asked])
    light = np.array([b.light for _, b in asked])
    ends = np.array([[fields.row_of.get(ident, NONE) for ident in b.ends] for _, b in asked])
    v = _visits(recall, rows, of, asked)
    stop = of[v.at]
    mine = v.icao24 == craft[stop]
    theirs = ~(mine | v.light | light[stop])
    # what is known of the flights to and from this very stop says nothing new of it
    this = np.array([[b.first_s, b.found.time_s] for _, b in asked])[stop]
    news = ~(mine & (np.abs(v.first[:, None] - this) < 1).any(axis=1))
    route = theirs & (v.far != NONE) & (v.far[:, None] == ends[stop]).any(axis=1)
    flight, n = _numbered(v), len(rows)
    called = [_distinct(v.at, flight, v.called & news & side, n) for side in (v.left, ~v.left)]
    told = (_distinct(v.at, flight, mine & news, n), _distinct(v.at, v.icao24, route, n),
            _distinct(v.at, flight, theirs, n), called[0] + called[1])  # fmt: skip
    return np.split(np.log1p(np.column_stack(told)), np.cumsum(count)[:-1])


def _visits(recall: Recall, rows: Rows, of: Rows, asked: Sequence[Asked]) -> _Visits:
    """Flights from and to each of the fields, as they count for the stop that it is of."""
    t = np.array([b.lost.time_s for _, b in asked])[of]
    parts = []
    for here, there, k in (("destination", "origin", 0), ("origin", "destination", 1)):
        at, facts = recall.about(here, rows, t)
        calls = np.array([b.calls[k].encode() for _, b in asked], "S8")[of[at]]
        called = (facts["call"] == calls) & (calls != b"")
        parts.append(_Visits(at, facts["icao24"], facts["first"], facts["light"], facts[there],
                             called, np.full(len(at), k == 1)))  # fmt: skip
    return _Visits(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _numbered(v: _Visits) -> Rows:
    """A number a flight: of one that was heard again, live polls may have told twice."""
    order = np.lexsort((v.first, v.icao24))
    new = np.diff(v.first[order], prepend=0) != 0
    new |= np.diff(v.icao24[order].astype(np.int64), prepend=-1) != 0
    out = np.empty(len(order), np.intp)
    out[order] = np.cumsum(new)
    return out


def _distinct(at: Rows, what: Rows, good: Bools, n: int) -> Rows:
    """How many different of these each of the n fields has."""
    pairs = np.unique(at[good] * MANY + what[good])
    return np.bincount(pairs // MANY, minlength=n)


@cache
def fitted() -> Weights:
    """The table that comes with the program."""
    told = belief.table()["usage"]
    return Weights(tuple(told["weights"]), Curve(tuple(told["raw"]), tuple(told["right"])))


def weighed(b: Between, column: Columns, w: Weights) -> list[float]:
    """The odds in the light of the columns, in their order."""
    return w.curve.settled(score(b, column, w.weights).tolist())


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
