"""Watches -> what to ask a feed, within what the feed can be asked.

Promises: the same watches give the same plan in the same order; every airfield of a watch lies at
least `APPROACH_NM` inside one of the circles, every area lies inside them; addresses named by a
watch's classes are asked for by list, wherever they fly. Refuses to guess: a watch without a
bounded end and without listed aircraft gets no query from a feed of circles (`plan` says nothing
about it; the caller explains).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.model.air import Everything, Flights, Hexes, Icao24, Near, Query
from bot.model.feed import FeedSettings
from bot.model.providers import cost, provider_of, quota_per_day
from bot.model.watch import AircraftClass, Watch
from bot.planner.circles import APPROACH_NM, discs, merged
from bot.planner.live import blind, urgency

__all__ = ["Load", "batches", "blind", "hexes", "load", "nightly", "plan", "urgency"]


def plan(settings: FeedSettings, watches: Sequence[Watch]) -> tuple[Query, ...]:
    """One round of queries for this feed, in the order in which to ask them."""
    if settings.kind == "opensky":
        return _cheapest(settings, watches)
    if settings.kind != "v2":
        return (Everything(),)
    provider = provider_of(settings)
    circles = [
        Near(round(d.lat_deg, 3), round(d.lon_deg, 3), provider.max_radius_nm)
        for d in merged(discs(watches, provider.max_radius_nm), provider.max_radius_nm)
    ]
    return (*circles, *batches(hexes(watches), provider.max_hexes))


@dataclass(frozen=True, slots=True)
class Load:
    """What a plan asks of its provider."""

    round_s: float  # of one whole round, inside `every`, spacing and quota
    per_day: float  # requests (OpenSky: credits) a day
    limit_per_day: float | None  # None: the provider documents none


def load(settings: FeedSettings, queries: Sequence[Query]) -> Load:
    """How long a round takes, and what a day of rounds costs against the quota."""
    bill, quota = _bill(settings, queries), quota_per_day(settings)
    spread_s = bill * 86_400 / quota if quota else 0.0
    round_s = max(settings.every_s, len(queries) * settings.spacing_s, spread_s)
    return Load(round_s, bill * 86_400 / round_s if round_s else 0.0, quota)


def nightly(watches: Sequence[Watch], day: date) -> tuple[Flights, ...]:
    """Yesterday's completed flights that the watches ask for: departures from their origins,
    arrivals at their destinations."""
    ends = [("departure", w.origin) for w in watches] + [
        ("arrival", w.destination) for w in watches
    ]
    asked = {(kind, spot.ident) for kind, place in ends if place for spot in place.airfields}
    return tuple(Flights(kind, ident, day) for kind, ident in sorted(asked))


def _cheapest(settings: FeedSettings, watches: Sequence[Watch]) -> tuple[Query, ...]:
    """Boxes are priced by size, and the whole sky costs little more than a large one: take the
    smallest bill, and of two equal ones the one that shows more."""
    everything = (Everything(),)
    open_end = any(w.origin is None or w.destination is None for w in watches)
    if open_end or not watches:
        return everything
    best: tuple[Query, ...] = everything
    for radius in (1000.0, 500.0, 250.0, 180.0, 130.0, APPROACH_NM):
        parts = merged(discs(watches, radius), radius)
        boxes = tuple(Near(round(d.lat_deg, 3), round(d.lon_deg, 3), radius) for d in parts)
        if _bill(settings, boxes) < _bill(settings, best):
            best = boxes
    return best


def _bill(settings: FeedSettings, queries: Sequence[Query]) -> float:
    return sum(cost(settings, query.key()) for query in queries)


# ------------------------------------------------------------------------------------ addresses


def hexes(watches: Iterable[Watch]) -> list[Icao24]:
    """The addresses that the watches' classes list, less those that they exclude, in order."""
    return sorted({Icao24(h) for w in watches for c in w.aircraft for h in _listed(c)})


def _listed(kind: AircraftClass) -> frozenset[str]:
    out = kind.excluded.hexes if kind.excluded is not None else frozenset()
    return kind.hexes - out


def batches(addresses: Sequence[Icao24], size: int) -> list[Hexes]:
    """Lists no longer than the provider takes, of nearly equal length."""
    count = math.ceil(len(addresses) / size)
    if count == 0:
        return []
    even = math.ceil(len(addresses) / count)
    return [Hexes(tuple(addresses[i : i + even])) for i in range(0, len(addresses), even)]
