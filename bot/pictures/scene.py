"""What a map has to show, in latitudes and longitudes: evidence made ready, nothing drawn yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.geo import Floats
from bot.model.air import Leg, Track
from bot.model.alert import Evidence
from bot.model.watch import Area, Place

GAP_S = 300.0  # a silence longer than this was not observed
_MOST_CIRCLES = 6  # more would hide the map: those flown instead, or one between the middles
_SLACK_S = 900.0  # a thinned track may begin or end this far outside its leg
_OPPOSITE_KM = 19_990  # between opposite points every direction is the shortest: none is drawn
_TOUCH_KM = 15.0  # a path that ends this near its airfield has reached it


@dataclass(frozen=True, slots=True)
class Dot:
    """An airfield to mark."""

    ident: str
    name: str
    lat_deg: float
    lon_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """One observed path. `gap[i]` says that the way from point i to i+1 was not observed."""

    leg: Leg | None
    points: Floats  # shape (n, 2): lat, lon
    altitude_ft: npt.NDArray[np.float32]  # NaN unknown
    gap: npt.NDArray[np.bool_]  # shape (n - 1,)
    inferred: tuple[Floats, ...]  # ways to or from the leg's airfields that nobody saw
    arrived: bool  # its last point is at the leg's destination


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A watched area's edge, closed, shape (n, 2): lat, lon."""

    name: str
    points: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All there is to draw; trails oldest first."""

    trails: tuple[Trail, ...]
    circles: tuple[Floats, ...]
    dots: tuple[Dot, ...]
    outlines: tuple[Outline, ...]

    def points(self) -> Floats:
        """Every (lat, lon) that must be in view, shape (n, 2)."""
        parts = [np.empty((0, 2)), *self.circles, *(t.points for t in self.trails)]
        parts += [o.points for o in self.outlines]
        parts += [np.array([[d.lat_deg, d.lon_deg]]) for d in self.dots]
        return np.concatenate(parts)


def of(evidence: Evidence) -> Scene:
    """The scene of one finding: its watch's ends, its legs, their tracks."""
    legs = (*evidence.legs, *evidence.possible)
    trails = sorted(_trails(evidence, legs), key=lambda pair: pair[0])
    return Scene(
        tuple(trail for _, trail in trails),
        tuple(_circles(evidence, legs, {t.leg.id for _, t in trails if t.leg})),
        tuple(_dots(evidence, legs).values()),
        tuple(Outline(area.name, _edge(area)) for end in _ends(evidence) for area in end.areas),
    )


def _ends(evidence: Evidence) -> list[Place]:
    return [end for end in (evidence.watch.origin, evidence.watch.destination) if end]


# ---------------------------------------------------------------------------------------- paths


def _trails(evidence: Evidence, legs: tuple[Leg, ...]) -> Iterable[tuple[float, Trail]]:
    for track in evidence.tracks:
        good = np.isfinite(track.lat_deg) & np.isfinite(track.lon_deg) & (abs(track.lat_deg) <= 90)
        if not good.any():
            continue
        points = np.column_stack([track.lat_deg[good], track.lon_deg[good]])
        time_s = track.time_s[good]
        leg = _leg_of(track, legs)
        gap = ~(np.diff(time_s) <= GAP_S)  # an unknown time is not an observation
        spot = evidence.spots.get(leg.destination.airfield or "") if leg else None
        arrived = spot is not None and geo.distance_km(*spot, *points[-1]) <= _TOUCH_KM
        unseen = tuple(_inferred(leg, points, evidence))
        trail = Trail(leg, points, track.altitude_ft[good], gap, unseen, arrived)
        yield float(time_s[-1]), trail


def _leg_of(track: Track, legs: tuple[Leg, ...]) -> Leg | None:
    """The leg flown by this airframe at this time."""
    for leg in legs:
        starts, ends = leg.first_seen.timestamp() - _SLACK_S, leg.last_seen.timestamp() + _SLACK_S
        if leg.icao24 == track.icao24 and track.time_s[0] <= ends and track.time_s[-1] >= starts:
            return leg
    return None


def _inferred(leg: Leg | None, points: Floats, evidence: Evidence) -> Iterable[Floats]:
    """The unseen ways between the path and the airfields that its leg was given."""
    if leg is None:
        return
    for end, seen in ((leg.origin, points[0]), (leg.destination, points[-1])):
        spot = evidence.spots.get(end.airfield or "")
        if spot and geo.distance_km(*spot, *seen) > _TOUCH_KM:
            yield geo.great_circle(*spot, *seen)


# ------------------------------------------------------------------------------- circles, places


def _circles(evidence: Evidence, legs: tuple[Leg, ...], drawn: set[str]) -> Iterable[Floats]:
    """Great circles between the watch's ends, and of legs that left no track."""
    ends = [_spots(end) for end in (evidence.watch.origin, evidence.watch.destination)]
    pairs = list(product(*ends))
    flown = [(leg.id in drawn, evidence.spots.get(leg.origin.airfield or ""),
              evidence.spots.get(leg.destination.airfield or "")) for leg in legs]  # fmt: skip
    if len(pairs) > _MOST_CIRCLES:
        pairs = sorted({(a, b) for _, a, b in flown if a in ends[0] and b in ends[1] and a and b})
        pairs = pairs or [(_middle(ends[0]), _middle(ends[1]))]
    pairs += sorted({(a, b) for seen, a, b in flown if a and b and not seen} - set(pairs))
    return [geo.great_circle(*a, *b, n=96) for a, b in pairs[: 2 * _MOST_CIRCLES]
            if 1 < geo.distance_km(*a, *b) < _OPPOSITE_KM]  # fmt: skip


def _spots(end: Place | None) -> list[tuple[float, float]]:
    """The end's airfields, or the middles of its areas if it names no airfield."""
    if end is None:
        return []
    fields = [(s.lat_deg, s.lon_deg) for s in end.airfields]
    return fields or [a.centre or _middle(list(a.polygon)) for a in end.areas]


def _middle(points: list[tuple[float, float]]) -> tuple[float, float]:
    x, y, z = geo.unit_vectors([p[0] for p in points], [p[1] for p in points]).mean(axis=0)
    return float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x)))


def _dots(evidence: Evidence, legs: tuple[Leg, ...]) -> dict[str, Dot]:
    """The watch's airfields first, then those its legs used."""
    dots = {s.ident: Dot(s.ident, evidence.names.get(s.ident, s.name), s.lat_deg, s.lon_deg)
            for end in _ends(evidence) for s in end.airfields}  # fmt: skip
    for leg in legs:
        for end in (leg.origin, leg.destination):
            ident = end.airfield
            if ident and ident in evidence.spots and ident not in dots:
                dots[ident] = Dot(ident, evidence.names.get(ident, ""), *evidence.spots[ident])
    return dots


def _edge(area: Area) -> Floats:
    if area.centre is not None:
        return _ring_around(*area.centre, area.radius_nm * geo.KM_PER_NM)
    corners = np.array([*area.polygon, area.polygon[0]], float)
    corners[:, 1] = np.unwrap(corners[:, 1], period=360)
    at = np.linspace(0, len(corners) - 1, 24 * (len(corners) - 1) + 1)
    return np.column_stack([np.interp(at, np.arange(len(corners)), axis) for axis in corners.T])


def _ring_around(lat_deg: float, lon_deg: float, radius_km: float) -> Floats:
    up = geo.unit_vectors(lat_deg, lon_deg)
    east = np.array([-np.sin(np.radians(lon_deg)), np.cos(np.radians(lon_deg)), 0.0])
    turn = np.linspace(0, 2 * np.pi, 121)[:, None]
    angle = radius_km / geo.EARTH_KM
    ring = np.cos(angle) * up + np.sin(angle) * (
        np.cos(turn) * np.cross(up, east) + np.sin(turn) * east
    )
    return np.column_stack([np.degrees(np.arcsin(np.clip(ring[:, 2], -1, 1))),
                            np.degrees(np.arctan2(ring[:, 1], ring[:, 0]))])  # fmt: skip
