"""Spherical geometry: distances, bearings, great circles, containment.

A sphere of the mean Earth radius (IUGG R1, 6371.0088 km); against the ellipsoid the error is
below 0.6 %, far inside what a leg's end is known to.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

EARTH_KM = 6371.0088
KM_PER_NM = 1.852
Floats = npt.NDArray[np.float64]
Point = tuple[float, float]  # lat, lon in degrees


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in km; degrees in.

    >>> round(distance_km(35.4011, 35.9487, 31.9985, 21.1918))  # Hmeimim to al-Khadim
    1415
    """
    p1, p2 = math.radians(lat1), math.radians(lat2)
    dp, dl = p2 - p1, math.radians(lon2 - lon1)
    a = math.sin(dp / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(dl / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(a)))


def distance_nm(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in nautical miles; degrees in."""
    return distance_km(lat1, lon1, lat2, lon2) / KM_PER_NM


def distances_km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """`distance_km` on arrays; shapes broadcast."""
    p1, p2 = np.radians(lat1), np.radians(lat2)
    a = np.sin((p2 - p1) / 2) ** 2
    a = a + np.cos(p1) * np.cos(p2) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.minimum(1.0, np.sqrt(a))))


def bearing_deg(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Initial bearing from 1 to 2, degrees clockwise from north, 0 <= b < 360.

    >>> round(bearing_deg(35.4011, 35.9487, 31.9985, 21.1918))
    259
    """
    p1, p2, dl = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    y = math.sin(dl) * math.cos(p2)
    x = math.cos(p1) * math.sin(p2) - math.sin(p1) * math.cos(p2) * math.cos(dl)
    return math.degrees(math.atan2(y, x)) % 360


def unit_vectors(lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Floats:
    """Points on the unit sphere, shape (n, 3): no trouble at the poles or the date line."""
    p, q = np.radians(np.asarray(lat_deg, float)), np.radians(np.asarray(lon_deg, float))
    return np.stack([np.cos(p) * np.cos(q), np.cos(p) * np.sin(q), np.sin(p)], axis=-1)


def great_circle(lat1: float, lon1: float, lat2: float, lon2: float, n: int = 64) -> Floats:
    """n points (lat, lon) from 1 to 2 along the great circle, shape (n, 2)."""
    a, b = unit_vectors([lat1, lat2], [lon1, lon2])
    angle = math.acos(float(np.clip(a @ b, -1, 1)))
    f = np.linspace(0, 1, n)[:, None]
    if angle < 1e-9:
        return np.tile([lat1, lon1], (n, 1))
    v = (np.sin((1 - f) * angle) * a + np.sin(f * angle) * b) / math.sin(angle)
    lat = np.degrees(np.arcsin(np.clip(v[:, 2], -1, 1)))
    return np.stack([lat, np.degrees(np.arctan2(v[:, 1], v[:, 0]))], axis=-1)


def in_polygon(lat_deg: float, lon_deg: float, corners: Sequence[tuple[float, float]]) -> bool:
    """Even-odd rule on plain latitude and longitude; an edge runs the short way round, so a
    polygon may cross the date line. Corners are (lat, lon); not meant to enclose a pole.

    >>> in_polygon(0, 179.5, [(-1, 179), (-1, -179), (1, -179), (1, 179)])
    True
    >>> in_polygon(0, -0.5, [(-1, 179), (-1, -179), (1, -179), (1, 179)])  # its antipode
    False
    """
    x = [(corners[0][1] - lon_deg + 180) % 360 - 180]
    for (_, before), (_, lon) in pairwise(corners):
        x.append(x[-1] + (lon - before + 180) % 360 - 180)
    y = [lat for lat, _ in corners]
    west, east = min(x), max(x)
    return any(
        west <= -turn <= east and _encloses(y, [v + turn for v in x], lat_deg)
        for turn in (-360.0, 0.0, 360.0)
    )


def to_outline_nm(lat_deg: float, lon_deg: float, corners: Sequence[tuple[float, float]]) -> float:
    """Distance in nautical miles to the nearest edge of a polygon of (lat, lon) corners, inside or
    out. The edges are straight on plain latitude and longitude, as for `in_polygon`.

    >>> round(to_outline_nm(41, 35, [(30, 30), (30, 40), (40, 40), (40, 30)]))
    60
    """
    narrow = math.cos(math.radians(lat_deg))  # a degree of longitude against one of latitude
    nearest = math.inf
    for (lat1, lon1), (lat2, lon2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        west = (lon1 - lon_deg + 180) % 360 - 180
        dx, dy = (lon2 - lon1 + 180) % 360 - 180, lat2 - lat1
        along = -(west * dx * narrow**2 + (lat1 - lat_deg) * dy)
        part = min(1.0, max(0.0, along / ((dx * narrow) ** 2 + dy**2 or 1.0)))
        foot = lat1 + part * dy, lon_deg + west + part * dx
        nearest = min(nearest, distance_nm(lat_deg, lon_deg, *foot))
    return nearest


def outlines_cross(a: Sequence[tuple[float, float]], b: Sequence[tuple[float, float]]) -> bool:
    """Whether an edge of one polygon crosses one of the other; a common border is no crossing.

    >>> outlines_cross([(0, 0), (0, 9), (1, 9), (1, 0)], [(-4, 4), (-4, 5), (5, 5), (5, 4)])
    True
    """
    return any(
        _crosses(p, q, (r[0], r[1] + turn), (s[0], s[1] + turn))
        for p, q in _edges(a)
        for r, s in _edges(b)
        for turn in (-360.0, 0.0, 360.0)
    )


def _edges(corners: Sequence[tuple[float, float]]) -> list[tuple[Point, Point]]:
    """Edges of (lat, lon) that run the short way round, if need be past 180 degrees."""
    return [
        ((lat1, lon1), (lat2, lon1 + (lon2 - lon1 + 180) % 360 - 180))
        for (lat1, lon1), (lat2, lon2) in zip(corners, (*corners[1:], corners[0]), strict=True)
    ]


def _crosses(p: Point, q: Point, r: Point, s: Point) -> bool:
    apart = _side(p, q, r) * _side(p, q, s) < 0
    return apart and _side(r, s, p) * _side(r, s, q) < 0


def _side(p: Point, q: Point, r: Point) -> float:
    """Above 0 where r lies to one side of the line from p to q, below on the other."""
    return (q[1] - p[1]) * (r[0] - p[0]) - (q[0] - p[0]) * (r[1] - p[1])


def _encloses(y: list[float], x: list[float], lat_deg: float) -> bool:
    """Whether a ray east from (lat_deg, 0) leaves the unrolled polygon an odd number of times."""
    inside = False
    for i in range(len(y)):
        y1, x1, y2, x2 = y[i - 1], x[i - 1], y[i], x[i]
        if (y1 > lat_deg) != (y2 > lat_deg) and x1 + (lat_deg - y1) * (x2 - x1) / (y2 - y1) > 0:
            inside = not inside
    return inside
