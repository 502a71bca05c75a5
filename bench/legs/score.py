"""Legs against truth: which flights were found, which ends are right, how honest the confidence is.

A leg is matched to the flight of its airframe that it overlaps most in time. A flight is
observable with three airborne reports or more over at least two minutes. Rates follow the targets:
recall counts every observable flight of the class, precision every leg that names both ends.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.legs.sim import Flight
from bot.model.air import Leg

SEEN, SPAN_S = 3, 120.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A leg and the flight it was matched to."""

    leg: Leg
    flight: Flight | None


@dataclass(frozen=True, slots=True)
class Match:
    """All legs with their flights, and the observable flights that no leg was matched to."""

    pairs: list[Pair]
    observable: list[Flight]
    missed: list[Flight]


def observable(f: Flight) -> bool:
    """Whether enough was reported for a leg."""
    return f.seen >= SEEN and f.last - f.first >= SPAN_S


def match(legs: list[Leg], flights: list[Flight]) -> Match:
    """Each leg to the flight it overlaps most; each flight to one leg at most."""
    by_craft = defaultdict(list)
    for f in flights:
        by_craft[f"{f.icao24:06x}"].append(f)
    taken: set[int] = set()
    pairs: list[Pair] = []
    order = sorted(legs, key=lambda g: g.first_seen - g.last_seen)  # the longest first
    for leg in order:
        begin, end = leg.first_seen.timestamp(), leg.last_seen.timestamp()
        best, most = None, 0.0
        for f in by_craft[leg.icao24]:
            common = min(end, f.landing + 60) - max(begin, f.takeoff - 60)
            if common > most and id(f) not in taken:
                best, most = f, common
        if best is not None:
            taken.add(id(best))
        pairs.append(Pair(leg, best))
    seen = [f for f in flights if observable(f)]
    return Match(pairs, seen, [f for f in seen if id(f) not in taken])


def rates(
    m: Match, keep: Callable[[Flight], bool], least: float = 0.0
) -> tuple[float, float, int, int]:
    """(recall, precision, flights, named pairs) of both ends right, for the flights kept.

    Precision counts the legs that name both ends with confidence `least` or more.
    """
    flights = [f for f in m.observable if keep(f)]
    wanted = {id(f) for f in flights}
    named = right = 0
    for p in m.pairs:
        a, b = p.leg.origin, p.leg.destination
        if a.airfield is None or b.airfield is None or min(a.confidence, b.confidence) < least:
            continue
        if p.flight is not None and id(p.flight) not in wanted:
            continue
        if p.flight is None and keep is not every:
            continue
        named += 1
        if p.flight is not None:
            right += (a.airfield, b.airfield) == (p.flight.origin, p.flight.destination)
    return right / max(len(flights), 1), right / max(named, 1), len(flights), named


def every(_: Flight) -> bool:
    """All flights; also counts legs that match none."""
    return True


def found(m: Match) -> tuple[float, float]:
    """Recall of observable flights, precision of legs."""
    real = sum(p.flight is not None for p in m.pairs)
    return 1 - len(m.missed) / max(len(m.observable), 1), real / max(len(m.pairs), 1)


def ends(m: Match) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Of every named end of a matched leg: confidence, right or not, and how it is known."""
    sure, right, how = [], [], []
    for p in m.pairs:
        if p.flight is None:
            continue
        for end, truth in ((p.leg.origin, p.flight.origin),
                           (p.leg.destination, p.flight.destination)):  # fmt: skip
            if end.airfield is not None:
                sure.append(end.confidence)
                right.append(end.airfield == truth)
                how.append(end.how.value)
    return np.array(sure), np.array(right, float), how


def calibration_error(sure: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over equally wide bins."""
    if not len(sure):
        return float("nan")
    at = np.minimum((sure * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        mine = at == b
        if mine.any():
            total += mine.mean() * abs(sure[mine].mean() - right[mine].mean())
    return float(total)
