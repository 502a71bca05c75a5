"""Watches -> what to ask a feed, within what the feed can be asked.

Promises: the same watches give the same plan in the same order, ends first; every airfield of a
watch lies at least `APPROACH_NM` inside one of the circles, every area lies inside them; addresses
named by a watch's classes are asked for by list, wherever they fly; the way between two ends is
asked for only where a round has room. Refuses to guess: a watch without a bounded end, whose
aircraft cannot be asked for by list, flag or type, gets no query from a feed of circles (`plan`
says nothing about it; the caller explains).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.model.air import Icao24
from bot.model.feed import FeedSettings
from bot.model.providers import Provider, cost, provider_of, quota_per_day
from bot.model.query import Everything, Hexes, Military, Near, Query, Type
from bot.model.watch import AircraftClass, Watch
from bot.planner.circles import APPROACH_NM, discs, merged
from bot.planner.corridor import blind, ways
from bot.planner.live import urgency
from bot.planner.night import TRACKS, nightly, reserve

__all__ = ["TRACKS", "Load", "batches", "blind", "hexes", "live_quota", "load", "nightly", "plan",
           "reserve", "urgency"]  # fmt: skip

FEW_TYPES = 8  # of a watch; a type is a request of its own
# A fifth of a round stays free: for what is urgent, and for a provider that answers slowly.
ROOM = 0.8
MOST_WAYS = 64  # circles over corridors: past that, a feed of circles is the wrong one
WAY_NM = 130.0  # a box round a circle of that size costs one credit up to 45 degrees of latitude


def plan(settings: FeedSettings, watches: Sequence[Watch]) -> tuple[Query, ...]:
    """One round of queries for this feed, in the order in which to ask them."""
    if settings.kind == "opensky":
        return _boxes(settings, watches)
    if settings.kind != "v2":
        return (Everything(),)
    provider = provider_of(settings)
    ends = (*_circles(tuple(watches), provider.max_radius_nm), *_anywhere(watches, provider),
            *batches(hexes(watches), provider.max_hexes))  # fmt: skip
    room = _room(settings, watches, ends)
    return (*ends, *ways(watches, ends, provider.max_radius_nm, room))


@lru_cache(maxsize=8)  # providers with the same largest circle share the work
def _circles(watches: tuple[Watch, ...], radius_nm: float) -> tuple[Near, ...]:
    """Over the watches' ends, of the provider's largest size: they cost no more than small ones."""
    return tuple(
        Near(round(d.lat_deg, 3), round(d.lon_deg, 3), radius_nm)
        for d in merged(discs(watches, radius_nm), radius_nm)
    )


@dataclass(frozen=True, slots=True)
class Load:
    """What a plan asks of its provider."""

    round_s: float  # of one whole round, inside `every`, spacing and quota
    per_day: float  # requests (OpenSky: credits) a day
    limit_per_day: float | None  # None: the provider documents none


def live_quota(settings: FeedSettings, watches: Sequence[Watch]) -> float | None:
    """The day's requests or credits for looking at the present; the rest is the night's."""
    quota = quota_per_day(settings)
    return None if quota is None else quota - reserve(settings, watches)


def load(settings: FeedSettings, watches: Sequence[Watch], queries: Sequence[Query]) -> Load:
    """How long a round takes, and what a day of rounds costs against the quota."""
    bill, quota = _bill(settings, queries), live_quota(settings, watches)
    spread_s = bill * 86_400 / quota if quota else 0.0
    round_s = max(settings.every_s, len(queries) * settings.spacing_s, spread_s)
    return Load(round_s, bill * 86_400 / round_s if round_s else 0.0, quota)


def _room(settings: FeedSettings, watches: Sequence[Watch], queries: Sequence[Query]) -> int:
    """How many more queries, of one credit each, a round takes without getting longer."""
    time_s = ROOM * settings.every_s - len(queries) * settings.spacing_s
    found = time_s / settings.spacing_s if settings.spacing_s else math.inf
    quota = live_quota(settings, watches)
    if quota:
        found = min(found, ROOM * quota * settings.every_s / 86_400 - _bill(settings, queries))
    return int(max(0.0, min(found, MOST_WAYS)))


def _boxes(settings: FeedSettings, watches: Sequence[Watch]) -> tuple[Query, ...]:
    """The cheapest boxes over the ends, and over the way between them where credits are left; the
    whole sky as soon as it costs no more."""
    everything = (Everything(),)
    best = _cheapest(settings, watches)
    if best == everything:
        return best
    found = (*best, *ways(watches, best, WAY_NM, _room(settings, watches, best)))
    dear = _bill(settings, everything)
    if _bill(settings, found) >= dear:
        if load(settings, watches, everything).round_s <= settings.every_s:
            return everything
        while len(found) > len(best) and _bill(settings, found) >= dear:
            found = found[:-1]
    return found


def _cheapest(settings: FeedSettings, watches: Sequence[Watch]) -> tuple[Query, ...]:
    """Boxes are priced by size, and the whole sky costs little more than a large one: take the
    smallest bill, and of two equal ones the one that shows more."""
    everything = (Everything(),)
    if not watches or any(map(_is_open, watches)):
        return everything
    best: tuple[Query, ...] = everything
    dear = _bill(settings, everything)
    for radius in (1000.0, 500.0, 250.0, 180.0, 130.0, APPROACH_NM):
        parts = merged(discs(watches, radius), radius, most=dear)  # a box costs one at least
        boxes = tuple(Near(round(d.lat_deg, 3), round(d.lon_deg, 3), radius) for d in parts)
        if _bill(settings, boxes) < _bill(settings, best):
            best = boxes
    return best


def _bill(settings: FeedSettings, queries: Sequence[Query]) -> float:
    return sum(cost(settings, query.key()) for query in queries)


# ------------------------------------------------------------------ aircraft, wherever they fly


def _is_open(watch: Watch) -> bool:
    return watch.origin is None or watch.destination is None


def _anywhere(watches: Iterable[Watch], provider: Provider) -> list[Query]:
    """For watches with an open end: the flagged military, and their few types, world-wide."""
    kinds = [kind for watch in watches if _is_open(watch) for kind in watch.aircraft]
    found: list[Query] = []
    if provider.military and any(kind.military for kind in kinds):
        found.append(Military())
    if provider.of_type:
        codes = {code for kind in kinds if len(kind.types) <= FEW_TYPES for code in kind.types}
        found += [Type(code) for code in sorted(codes)]
    return found


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
