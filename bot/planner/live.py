"""The plan against the sky of the moment: what is urgent."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.model.air import Positions
from bot.model.query import Near, Query
from bot.model.watch import Watch
from bot.planner.circles import discs

HOT, COLD = 3.0, 0.5  # how much more, or less, often a circle is asked
HEADING_DEG, AHEAD_S = 40.0, 3600.0  # flying towards a circle, and there within the hour
_FLYING_KT = 60.0


def urgency(
    queries: Sequence[Query], watched: Positions, sure: npt.NDArray[np.bool_],
    watches: Sequence[Watch],
) -> dict[str, float]:  # fmt: skip
    """How often to ask each circle, by query key, given where the watched aircraft are now.

    Hot: one that is `sure` of a watched kind is in the air inside it or on its way there; cold:
    none that may be is in the air anywhere, and no watch of all traffic has an end there.
    Otherwise 1, as for lists, which find the aircraft in the first place.
    """
    flying = ~watched.on_ground & ~(watched.ground_speed_kt < _FLYING_KT)
    air = watched.take(flying & sure)
    always = discs([watch for watch in watches if not watch.aircraft], math.inf)
    factors = {}
    for query in queries:
        if not isinstance(query, Near):
            continue
        if _awaited(query, air):
            factors[query.key()] = HOT
        elif flying.any() or any(_within(query, d.lat_deg, d.lon_deg) for d in always):
            factors[query.key()] = 1.0
        else:
            factors[query.key()] = COLD
    return factors


def _within(query: Near, lat_deg: float, lon_deg: float) -> bool:
    return geo.distance_nm(query.lat_deg, query.lon_deg, lat_deg, lon_deg) <= query.radius_nm


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
