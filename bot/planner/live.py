"""The plan against the sky of the moment: what is urgent, and what no circle shows."""

import math
from collections.abc import Sequence

import numpy as np

from bot import geo
from bot.model.air import Everything, Near, Positions, Query
from bot.model.watch import AircraftClass, Place, Watch
from bot.planner.circles import Disc, discs_of

HOT, COLD = 3.0, 0.5  # how much more, or less, often a circle is asked
HEADING_DEG, AHEAD_S = 40.0, 3600.0  # flying towards a circle, and there within the hour
_FLYING_KT = 60.0


def urgency(queries: Sequence[Query], watched: Positions) -> dict[str, float]:
    """How often to ask each circle, by query key, given where the watched aircraft are now.

    Hot: one is in the air inside it or on its way there; cold: none is in the air anywhere.
    Otherwise 1, as for lists, which find the aircraft in the first place.
    """
    air = watched.take(~watched.on_ground & ~(watched.ground_speed_kt < _FLYING_KT))
    factors = {}
    for query in queries:
        if isinstance(query, Near):
            factors[query.key()] = HOT if _awaited(query, air) else COLD if not len(air) else 1.0
    return factors


def _awaited(query: Near, air: Positions) -> bool:
    """Whether any of the aircraft is inside or will be within `AHEAD_S`."""
    if not len(air):
        return False
    lat, lon = np.array(query.lat_deg), np.array(query.lon_deg)
    off_nm = geo.distances_km(air.lat_deg, air.lon_deg, lat, lon) / geo.KM_PER_NM - query.radius_nm
    p, q = np.radians(air.lat_deg), math.radians(query.lat_deg)
    turn = np.radians(query.lon_deg - air.lon_deg)
    bearing = np.degrees(np.arctan2(
        np.sin(turn) * math.cos(q), np.cos(p) * math.sin(q) - np.sin(p) * math.cos(q) * np.cos(turn)
    ))  # fmt: skip
    off_deg = np.abs((bearing - air.track_deg + 180) % 360 - 180)
    speed_kt = np.nan_to_num(air.ground_speed_kt, nan=450.0)
    # an unknown track may lead anywhere
    towards = ~(off_deg > HEADING_DEG) & (off_nm <= speed_kt * AHEAD_S / 3600)
    return bool(((off_nm <= 0) | towards).any())


def blind(watch: Watch, queries: Sequence[Query]) -> list[tuple[float, float, float, float]]:
    """Stretches of the watch's corridor that no circle shows, (lat, lon) to (lat, lon); the legs
    are joined from both ends there. Listed aircraft are seen all the way: no stretch for them."""
    listed = watch.aircraft and all(map(_only_listed, watch.aircraft))
    if listed or any(isinstance(query, Everything) for query in queries):
        return []
    if watch.origin is None or watch.destination is None:
        return []
    a, b = (_middle(place) for place in (watch.origin, watch.destination))
    path = geo.great_circle(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg, 200)
    seen = np.zeros(len(path), bool)
    for query in queries:
        if isinstance(query, Near):
            lat, lon = np.array(query.lat_deg), np.array(query.lon_deg)
            km = geo.distances_km(path[:, 0], path[:, 1], lat, lon)
            seen |= km <= query.radius_nm * geo.KM_PER_NM
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~seen, [False]]).astype(int)))
    return [(*path[i].tolist(), *path[j - 1].tolist())
            for i, j in zip(edges[::2], edges[1::2], strict=True)]  # fmt: skip


def _middle(place: Place) -> Disc:
    """The first thing that the place names."""
    return next(iter(discs_of(place, math.inf)))


def _only_listed(kind: AircraftClass) -> bool:
    """Whether the class holds nothing but the addresses it lists."""
    more = kind.types or kind.registrations or kind.callsigns or kind.military
    return bool(kind.hexes) and not more
