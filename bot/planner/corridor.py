"""The way between two ends: which of it no query shows, and which circles would show most of it."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.model.query import Everything, Hexes, Military, Near, Query, Type
from bot.model.watch import AircraftClass, Place, Watch
from bot.planner.circles import Disc, discs_of

Stretch = tuple[float, float, float, float]
"""(lat, lon) to (lat, lon), degrees."""
BESIDE_NM = 60.0  # aircraft keep within this of the great circle on most routes
_POINTS = 200  # of a way when it is judged
_STEP_NM = 40.0  # between the points of a way when circles are chosen
_MOST_POINTS = 6000  # of all ways together; more are thinned: 200 watches in a second


def blind(watch: Watch, queries: Sequence[Query]) -> list[Stretch]:
    """Stretches of the watch's corridor that no query shows; the legs are joined from both ends
    there. Aircraft that are asked for by list, flag or type are seen all the way: no stretch."""
    if watch.origin is None or watch.destination is None or _shown_anywhere(watch, queries):
        return []
    path = _way(watch.origin, watch.destination, _POINTS)
    seen = _seen(path, queries)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~seen, [False]]).astype(int)))
    return [(*path[i].tolist(), *path[j - 1].tolist())
            for i, j in zip(edges[::2], edges[1::2], strict=True)]  # fmt: skip


def ways(watches: Sequence[Watch], queries: Sequence[Query], radius_nm: float,
         most: int) -> list[Near]:  # fmt: skip
    """Up to `most` circles over what the queries leave blind, the most telling first: each shows
    the longest way, summed over the watches, that none before it shows."""
    if most <= 0:
        return []
    parts = [_unseen(watch, queries) for watch in watches]
    points = np.concatenate([part for part in parts if len(part)] or [np.empty((0, 2))])
    points = points[:: math.ceil(len(points) / _MOST_POINTS) or 1]
    if not len(points):
        return []
    candidates = np.unique(points[:: math.ceil(len(points) / 1000)].round(1), axis=0)
    reach = math.cos((radius_nm - BESIDE_NM) * geo.KM_PER_NM / geo.EARTH_KM)
    shows = (
        geo.unit_vectors(candidates[:, 0], candidates[:, 1])
        @ geo.unit_vectors(points[:, 0], points[:, 1]).T
    ) >= reach
    found: list[Near] = []
    while len(found) < most and shows.any():
        best = int(np.argmax(shows.sum(axis=1)))
        lat, lon = candidates[best].tolist()
        found.append(Near(lat, lon, radius_nm))
        shows &= ~shows[best]
    return found


def _unseen(watch: Watch, queries: Sequence[Query]) -> npt.NDArray[np.float64]:
    """Points of the watch's way, shape (n, 2), that no query shows."""
    if watch.origin is None or watch.destination is None or _shown_anywhere(watch, queries):
        return np.empty((0, 2))
    a, b = _middle(watch.origin), _middle(watch.destination)
    far_nm = geo.distance_nm(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
    path = _way(watch.origin, watch.destination, max(2, math.ceil(far_nm / _STEP_NM)))
    return path[~_seen(path, queries)]


def _way(start: Place, end: Place, points: int) -> npt.NDArray[np.float64]:
    a, b = _middle(start), _middle(end)
    return geo.great_circle(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg, points)


def _middle(place: Place) -> Disc:
    """The first thing that the place names."""
    return next(iter(discs_of(place, math.inf)))


def _seen(path: npt.NDArray[np.float64], queries: Sequence[Query]) -> npt.NDArray[np.bool_]:
    circles = np.array([(q.lat_deg, q.lon_deg, q.radius_nm) for q in queries
                        if isinstance(q, Near)]).reshape(-1, 3)  # fmt: skip
    cosines = np.cos(circles[:, 2] * geo.KM_PER_NM / geo.EARTH_KM)
    near = geo.unit_vectors(path[:, 0], path[:, 1]) @ geo.unit_vectors(*circles[:, :2].T).T
    return np.asarray((near >= cosines - 1e-12).any(axis=1))


def _shown_anywhere(watch: Watch, queries: Sequence[Query]) -> bool:
    """Whether the watch's aircraft are seen wherever they fly."""
    if any(isinstance(query, Everything) for query in queries):
        return True
    listed = {h for query in queries if isinstance(query, Hexes) for h in query.icao24}
    types = {query.code for query in queries if isinstance(query, Type)}
    military = any(isinstance(query, Military) for query in queries)

    def shown(kind: AircraftClass) -> bool:
        out = kind.excluded.hexes if kind.excluded is not None else frozenset()
        named = kind.hexes or kind.types or kind.military
        more = kind.registrations or kind.callsigns or (kind.military and not military)
        return bool(named) and not more and kind.types <= types and kind.hexes - out <= listed

    return bool(watch.aircraft) and all(map(shown, watch.aircraft))
