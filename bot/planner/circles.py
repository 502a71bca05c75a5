"""Circles over what has to be seen: round airfields, over areas, merged where they fit.

Promises: every airfield lies at least `APPROACH_NM` inside a circle, every area inside its own;
none is above the limit; the result depends on the set of places only, not on their order.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bot import geo
from bot.model.watch import Area, Place, Watch

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


def discs(watches: Iterable[Watch], limit_nm: float) -> list[Disc]:
    """What has to be seen around the watches' ends, without repeats, none above the limit."""
    found: dict[Disc, None] = {}
    for watch in watches:
        for place in (watch.origin, watch.destination):
            if place is not None:
                found.update(dict.fromkeys(discs_of(place, limit_nm)))
    return list(found)


def discs_of(place: Place, limit_nm: float) -> Iterable[Disc]:
    """What has to be seen of one end."""
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


def merged(parts: Sequence[Disc], limit_nm: float, most: float = math.inf) -> list[Disc]:
    """Fewer circles, none above the limit, that hold all the parts; or `most` of them, when it
    takes as many and the caller has no use for more.

    Greedy, largest first and then from north-west to south-east, each part joining the group that
    it widens least; the result depends on the set of parts only, not on their order.
    """
    groups: list[Disc] = []
    for part in sorted(set(parts), key=lambda d: (-d.radius_nm, -d.lat_deg, d.lon_deg)):
        if len(groups) >= most:
            break
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
