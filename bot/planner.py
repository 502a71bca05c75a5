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
from itertools import pairwise

import numpy as np

from bot import geo
from bot.model.air import Everything, Flights, Hexes, Icao24, Near, Query
from bot.model.feed import FeedSettings
from bot.model.providers import cost, provider_of
from bot.model.watch import AircraftClass, Area, Place, Watch

APPROACH_NM = 100.0
"""Room around an airfield: a jet descends from cruise over about 100 nm, and the fixes on that
descent are what names the field."""
AREA_MARGIN_NM = 10.0  # an aircraft just outside the border is worth seeing before it enters
_KM_PER_DEG = math.pi * geo.EARTH_KM / 180


@dataclass(frozen=True, slots=True)
class Disc:
    """A circle that has to be seen whole."""

    lat_deg: float
    lon_deg: float
    radius_nm: float


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


# ------------------------------------------------------------------------------------- circles


def discs(watches: Iterable[Watch], limit_nm: float) -> list[Disc]:
    """What has to be seen around the watches' ends, without repeats, none above the limit."""
    found: dict[Disc, None] = {}
    for watch in watches:
        for place in (watch.origin, watch.destination):
            if place is not None:
                found.update(dict.fromkeys(_of_place(place, limit_nm)))
    return list(found)


def _of_place(place: Place, limit_nm: float) -> Iterable[Disc]:
    for spot in place.airfields:
        yield Disc(spot.lat_deg, spot.lon_deg, min(APPROACH_NM, limit_nm))
    for area in place.areas:
        yield from of_area(area, limit_nm)


def of_area(area: Area, limit_nm: float) -> list[Disc]:
    """The circle that holds the area, or a honeycomb of circles when one is not enough."""
    if area.centre is not None:
        whole = Disc(*area.centre, area.radius_nm + AREA_MARGIN_NM)
    else:
        whole = enclosing([Disc(lat, lon, AREA_MARGIN_NM) for lat, lon in _border(area)])
    return [whole] if whole.radius_nm <= limit_nm else _honeycomb(area, whole, limit_nm)


def _border(area: Area) -> Iterable[tuple[float, float]]:
    """Points along the polygon's edges: a parallel bulges out of the circle round its corners."""
    for (lat1, lon1), (lat2, lon2) in pairwise([*area.polygon, area.polygon[0]]):
        east = (lon2 - lon1 + 180) % 360 - 180
        for step in range(8):
            yield lat1 + (lat2 - lat1) * step / 8, lon1 + east * step / 8


def _honeycomb(area: Area, whole: Disc, limit_nm: float) -> list[Disc]:
    """Circles of the largest size on a hexagonal grid, those that touch the area.

    Circles of radius r with centres r*sqrt(3) apart in rows 1.5 r apart leave no gap on a plane;
    2 % of overlap pays for the curvature within one circle.
    """
    r_km = limit_nm * geo.KM_PER_NM * 0.98
    rows = math.ceil(whole.radius_nm * geo.KM_PER_NM / (1.5 * r_km)) + 1
    cells = []
    for row in range(-rows, rows + 1):
        lat = whole.lat_deg + row * 1.5 * r_km / _KM_PER_DEG
        if abs(lat) > 90:
            continue
        # the widest parallel of the row sets the spacing, so that no gap opens on its flat side
        widest = max(0.0, abs(lat) - r_km / _KM_PER_DEG)
        step = r_km * math.sqrt(3) / (_KM_PER_DEG * math.cos(math.radians(widest)))
        reach = min(180.0, whole.radius_nm * geo.KM_PER_NM / _KM_PER_DEG
                    / max(math.cos(math.radians(lat)), 0.01))  # fmt: skip
        columns = math.ceil(reach / step) + 1
        for column in range(-columns, columns + 1):
            lon = whole.lon_deg + (column + row % 2 / 2) * step
            if abs(lon - whole.lon_deg) <= 180 + step / 2:
                cells.append(Disc(lat, (lon + 180) % 360 - 180, limit_nm))
    return [cell for cell in cells if _touches(cell, area)]


def _touches(cell: Disc, area: Area) -> bool:
    """Whether any of the area lies in the cell: probed at its centre and on rings within it."""
    if area.centre is not None:
        apart = geo.distance_nm(cell.lat_deg, cell.lon_deg, *area.centre)
        return apart <= cell.radius_nm + area.radius_nm + AREA_MARGIN_NM
    if any(
        geo.distance_nm(cell.lat_deg, cell.lon_deg, *point) <= cell.radius_nm + AREA_MARGIN_NM
        for point in _border(area)
    ):
        return True
    return any(area.contains(lat, lon) for lat, lon in _probes(cell))


def _probes(cell: Disc) -> Iterable[tuple[float, float]]:
    yield cell.lat_deg, cell.lon_deg
    for share in (0.25, 0.5, 0.75, 1.0):
        for turn in range(24):
            angle, arc = math.tau * turn / 24, cell.radius_nm * share / 60
            lat = max(-90.0, min(90.0, cell.lat_deg + arc * math.cos(angle)))
            east = arc * math.sin(angle) / max(math.cos(math.radians(lat)), 0.01)
            yield lat, (cell.lon_deg + east + 180) % 360 - 180


def merged(parts: Sequence[Disc], limit_nm: float) -> list[Disc]:
    """Fewer circles, none above the limit, that hold all the parts.

    Greedy, largest first and then from north-west to south-east, each part joining the group that
    it widens least; the result depends on the set of parts only, not on their order.
    """
    groups: list[Disc] = []
    for part in sorted(set(parts), key=lambda d: (-d.radius_nm, -d.lat_deg, d.lon_deg)):
        joined = [(_joined(group, part), i) for i, group in enumerate(groups)]
        fits = [(hull.radius_nm - groups[i].radius_nm, i, hull) for hull, i in joined
                if hull.radius_nm <= limit_nm]  # fmt: skip
        if fits:
            _, i, hull = min(fits, key=lambda fit: fit[:2])
            groups[i] = hull
        else:
            groups.append(part)
    return groups


def _joined(a: Disc, b: Disc) -> Disc:
    """The smallest circle that holds two."""
    apart = geo.distance_nm(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
    if apart + b.radius_nm <= a.radius_nm:
        return a
    if apart + a.radius_nm <= b.radius_nm:
        return b
    radius = (apart + a.radius_nm + b.radius_nm) / 2
    share = (radius - a.radius_nm) / apart
    p, q = geo.unit_vectors([a.lat_deg, b.lat_deg], [a.lon_deg, b.lon_deg])
    angle = apart * geo.KM_PER_NM / geo.EARTH_KM
    return _disc_at(math.sin((1 - share) * angle) * p + math.sin(share * angle) * q, radius)


def enclosing(parts: Sequence[Disc]) -> Disc:
    """A circle that holds them all, within about 1 % of the smallest.

    Badoiu and Clarkson's walk: step towards the farthest part, by 1/(i+1) in round i.
    """
    points = geo.unit_vectors([p.lat_deg for p in parts], [p.lon_deg for p in parts])
    radii = np.array([p.radius_nm * geo.KM_PER_NM / geo.EARTH_KM for p in parts])
    centre = points[0]
    for i in range(100):
        reach = np.arccos(np.clip(points @ centre, -1, 1)) + radii
        centre = centre + (points[int(np.argmax(reach))] - centre) / (i + 2)
        centre = centre / np.linalg.norm(centre)
    reach = np.arccos(np.clip(points @ centre, -1, 1)) + radii
    return _disc_at(centre, float(reach.max()) * geo.EARTH_KM / geo.KM_PER_NM)


def _disc_at(vector: geo.Floats, radius_nm: float) -> Disc:
    x, y, z = (float(v) for v in vector / np.linalg.norm(vector))
    return Disc(math.degrees(math.asin(z)), math.degrees(math.atan2(y, x)), radius_nm)


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
