"""The ground on which looking is measured: around one end of a watch, and half of the way."""

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.model.query import Everything, Near, Query
from bot.model.watch import Place, Watch

AROUND_NM = 150.0  # an end's surroundings: an airliner at cruise is heard that far out
CORRIDOR_NM = 60.0


class Ground:
    """The ground of one end of a watch: around it, and half of the way towards the other end.

    Each end must be looked at by itself: a busy far end must not stand in for a dark near one.
    `key` names the ground by where it is, so that watches share it and a redefined watch does
    not inherit another place's proof.
    """

    def __init__(self, place: Place, towards: Place | None) -> None:
        self.label = place.label()
        self.centres = _centres(place)
        points = [(lat, lon, AROUND_NM + radius) for lat, lon, radius in self.centres]
        if towards is not None:
            a, b = self.centres[0], _centres(towards)[0]
            way = geo.great_circle(a[0], a[1], b[0], b[1], 25)[:13]
            points += [(lat, lon, CORRIDOR_NM) for lat, lon in way.tolist()]
        text = ";".join(f"{lat:.3f},{lon:.3f},{radius:.0f}" for lat, lon, radius in points)
        self.key = "ground:" + hashlib.sha256(text.encode()).hexdigest()[:16]
        lat, lon, radius_nm = np.array(points).T
        self._vectors = geo.unit_vectors(lat, lon)
        self._cosines = np.cos(radius_nm * geo.KM_PER_NM / geo.EARTH_KM)

    def holds(self, vectors: geo.Floats) -> npt.NDArray[np.bool_]:
        """Which unit vectors, shape (n, 3), lie on it: shape (n,)."""
        return np.asarray((vectors @ self._vectors.T >= self._cosines).any(axis=1))

    def shown_by(self, query: Query) -> tuple[int, ...]:
        """The centres that an answer to `query` shows."""
        if isinstance(query, Everything):
            return tuple(range(len(self.centres)))
        if not isinstance(query, Near):
            return ()  # a list of named airframes shows no other traffic
        return tuple(
            i for i, (lat, lon, _) in enumerate(self.centres)
            if geo.distance_nm(lat, lon, query.lat_deg, query.lon_deg) <= query.radius_nm
        )  # fmt: skip


def grounds(watch: Watch) -> tuple[Ground, ...]:
    """One for each bounded end."""
    ends = ((watch.origin, watch.destination), (watch.destination, watch.origin))
    return tuple(Ground(place, other) for place, other in ends if place is not None)


def _centres(place: Place) -> list[tuple[float, float, float]]:
    """(lat, lon, radius in nm) of what a place is made of."""
    found = [(spot.lat_deg, spot.lon_deg, 0.0) for spot in place.airfields]
    for area in place.areas:
        if area.centre is not None:
            found.append((*area.centre, area.radius_nm))
            continue
        lat, lon = (sum(axis) / len(area.polygon) for axis in zip(*area.polygon, strict=True))
        reach = max(geo.distance_nm(lat, lon, y, x) for y, x in area.polygon)
        found.append((lat, lon, reach))
    return found


@lru_cache(maxsize=4096)
def grounds_of(watch: Watch) -> tuple[Ground, ...]:
    """`grounds`, remembered: watches are frozen."""
    return grounds(watch)
