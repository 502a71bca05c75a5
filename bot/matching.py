"""Which legs a watch counts, which it only shows.

A leg counts when its aircraft is of the watch and each end lies in the watched set with at least
the watch's `min_confidence`: the same rule for history and today. A leg that might be one (an end
or an aircraft that cannot be told) is *possible*: shown, never counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.model.air import Aircraft, End, Leg
from bot.model.watch import Place, Watch

Locate = Callable[[str], tuple[float, float] | None]
"""Airfield ident -> (lat, lon) in degrees, or None where the table does not know it."""

Identify = Callable[[Leg], Aircraft]
"""What is known of the airframe behind a leg."""

# Below this an end is a guess among many, and showing it would be noise, not caution.
POSSIBLE_FROM = 0.2


class Fit(StrEnum):
    """How a leg stands to a watch."""

    COUNTS = "counts"
    POSSIBLE = "possible"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Match:
    """A leg that a watch counts or shows."""

    leg: Leg
    fit: Fit
    origin_confidence: float
    destination_confidence: float


def end_confidence(end: End, place: Place | None, locate: Locate) -> float:
    """The probability that `end` lies in `place`, 0..1; 'anywhere' is certain."""
    if place is None:
        return 1.0
    beliefs = end.candidates or (((end.airfield, end.confidence),) if end.airfield else ())
    inside = sum(p for ident, p in beliefs if _holds(place, ident, locate))
    if not beliefs and any(area.name == end.area for area in place.areas):
        return end.confidence
    return min(1.0, inside)


def _holds(place: Place, ident: str, locate: Locate) -> bool:
    if any(spot.ident == ident for spot in place.airfields):
        return True
    where = locate(ident) if place.areas else None
    return where is not None and any(area.contains(*where) for area in place.areas)


def aircraft_fits(watch: Watch, craft: Aircraft) -> bool | None:
    """Whether the airframe is of the watch: the union of its classes; None: cannot be told."""
    if not watch.aircraft:
        return True
    answers = [kind.matches(craft) for kind in watch.aircraft]
    if any(answer is True for answer in answers):
        return True
    return None if any(answer is None for answer in answers) else False


def fit(watch: Watch, leg: Leg, identify: Identify, locate: Locate) -> Match:
    """How `leg` stands to `watch`."""
    start = end_confidence(leg.origin, watch.origin, locate)
    if start < POSSIBLE_FROM:  # nearly every leg of the sky ends here
        return Match(leg, Fit.NO, start, 0.0)
    stop = end_confidence(leg.destination, watch.destination, locate)
    weakest = min(start, stop)
    kind = aircraft_fits(watch, identify(leg)) if weakest >= POSSIBLE_FROM else False
    if kind is False:
        verdict = Fit.NO
    elif kind is True and weakest >= watch.min_confidence:
        verdict = Fit.COUNTS
    else:
        verdict = Fit.POSSIBLE
    return Match(leg, verdict, start, stop)


def _may_begin_in(place: Place | None) -> Callable[[End], bool]:
    """Whether an end can have anything to do with the place: a quick no for nearly every leg."""
    if place is None or place.areas:
        return lambda _: True
    idents = frozenset(spot.ident for spot in place.airfields)
    return lambda end: end.airfield in idents or any(i in idents for i, _ in end.candidates)


def matches(
    watch: Watch, legs: Iterable[Leg], identify: Identify, locate: Locate
) -> tuple[Match, ...]:
    """The legs that `watch` counts or shows, in the order given."""
    may = _may_begin_in(watch.origin)
    found = (fit(watch, leg, identify, locate) for leg in legs if may(leg.origin))
    return tuple(match for match in found if match.fit is not Fit.NO)
