"""How often quiet routes look so odd: from a p-value of make-up to false alarms a year.

A model of fifty days is worth less than one of three hundred, and a day of one leg has a rougher
p-value than one of thirty. What is left of that after `detectors.crowds` was measured on simulated
quiet routes; the table is fitted and shipped by `bench/detect/makeup.py --fit --write`, and
nothing else knows its form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from detectors.inputs import Floats

MIN_RANKED = 45  # scored entries, before which the calibration was not measured
LEAST_STEP = 0.1  # -log10 p between two knots: a fit may cross them, the truth cannot


@dataclass(frozen=True)
class Table:
    """-log10 p at which quiet routes have so many false alarms a year.

    false_a_year (F,), falling. ages (A,): entries scored before. rare (A, F): on routes of any
    number of legs. legs (L,): a day with any. shift {with evidence leg by leg: (L, F)}: what is
    added on routes of so many legs a day. Straight between the knots in the logs of ages and legs.
    """

    false_a_year: Floats
    ages: Floats
    rare: Floats
    legs: Floats
    shift: dict[bool, Floats]

    def knots(self, age: Floats, legs: Floats, legwise: bool) -> Floats:
        """-log10 p (F, T) for entries of this age (T,) on routes of so many legs a day (T,)."""
        rare = _between(self.ages, self.rare, age) + _between(self.legs, self.shift[legwise], legs)
        rising = np.arange(len(rare))[:, None] * LEAST_STEP
        return np.asarray(np.maximum.accumulate(rare - rising) + rising)


def _between(knots: Floats, table: Floats, at: Floats) -> Floats:
    """Rows of a table (N, F) at `at` (T,), straight between the logs of its knots (N,): (F, T)."""
    where = np.log10(np.maximum(at, 1.0))
    return np.stack([np.interp(where, np.log10(knots), column) for column in table.T])


@cache
def table() -> Table:
    """The shipped table."""
    parts = json.loads(files("detectors").joinpath("data/makeup.json").read_text("utf-8"))
    return from_json(parts)


def from_json(parts: dict[str, Any]) -> Table:
    """The table from what its script writes."""
    own = {name: np.array(value) for name, value in parts.items()}
    shift = {False: own.pop("shift of means"), True: own.pop("shift of legs")}
    return Table(**own, shift=shift)


def history(p: Floats, legs: Floats) -> tuple[Floats, Floats]:
    """Entries scored before each one (T,), NaN where it is not scored; legs a day with any, up to
    then (T,)."""
    known = np.isfinite(p)
    age = np.where(known, np.cumsum(known) - 1.0, np.nan)
    flown = np.maximum(np.cumsum(legs > 0), 1)
    return age, np.cumsum(legs) / flown


def false_a_year(p: Floats, legs: Floats, *, legwise: bool, by: Table | None = None) -> Floats:
    """-log10 of false alarms a year from log10 p (T,), NaN where the past is too short to say."""
    by = by or table()
    age, usual = history(p, legs)
    rare = by.knots(age, usual, legwise)
    scores = -np.log10(by.false_a_year)
    # straight between the knots, and on beyond the first and the last
    part = (-p >= rare[1:-1]).sum(axis=0)
    low, high = (np.take_along_axis(rare, part[None] + k, 0)[0] for k in (0, 1))
    score = scores[part] + (-p - low) / (high - low) * (scores[part + 1] - scores[part])
    return np.where(age >= MIN_RANKED, score, np.nan)
