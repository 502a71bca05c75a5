"""Airfields as the stop inference wants them: candidates for a stop, quickly."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from bot.airfields import Airfields, around, chord
from bot.geo import KM_PER_NM, unit_vectors
from bot.legs.evidence import (
    DOWN_FT_PER_NM,
    LARGE_FT,
    MEDIUM_FT,
    SIZES,
    UP_FT_PER_NM,
    Candidates,
)
from bot.legs.side import Side

NEAR_KM = 45.0  # every field this close to a low report may be the stop of a light aircraft,
LANDING_KM = 30.0  # this close that of others, which fly low only to land
LOW_FLYERS = "LRSU"
PAD_USERS = "RS"
HIGH_FT = 12_000.0  # above, only fields with a runway for the like count
PARKED_KM = 9.0  # a report from the ground names a field this close: long runways, coarse tables
SAME_FIELD_KM = 4.0
AWAY_NM = 700.0  # beyond the last and first report nobody flies unseen on one guess
ONE_SIDED_NM = 300.0
APPROACH_FT, CERTAIN_FPM = 15_000.0, 500.0  # landing or taking off for certain
CROWD_NM = 160.0
CROWD_KM, CROWD_N = 150.0, 12.0  # Benghazi has 4 such fields round it, Frankfurt 30
LOW_KM, LOW_FT = 18.52, 5000.0  # 10 NM: within these a nearest-field rule is 99.4 % right
Rows = npt.NDArray[np.intp]
Sides = tuple[Side | None, Side | None]
Column = Sequence[float]


class Places:
    """Candidate fields round a stop. `named`: fields the owner watches, never held small."""

    def __init__(self, airfields: Airfields, named: frozenset[str] = frozenset()) -> None:
        self.airfields = a = airfields
        self._place = unit_vectors(a.lat_deg, a.lon_deg).T.copy()
        self.elevation_ft = _filled(a)
        size = np.full(len(a), SIZES.index("unknown"))
        size[a.soft_ft > 0] = SIZES.index("soft")
        size[a.runway_ft < MEDIUM_FT] = SIZES.index("small")
        size[a.runway_ft >= MEDIUM_FT] = SIZES.index("medium")
        size[a.runway_ft >= LARGE_FT] = SIZES.index("large")
        size[a.heliport] = SIZES.index("heliport")
        watched = [a.row_of[i] for i in named if i in a.row_of]
        size[watched] = SIZES.index("large")
        self.size = size
        unsure = np.isnan(a.runway_ft) & np.array([k.startswith(("med", "lar")) for k in a.kinds])
        self.big = np.flatnonzero((size <= 1) | a.scheduled | unsure)
        self._tree = cKDTree(unit_vectors(a.lat_deg[self.big], a.lon_deg[self.big]))
        self._hub = np.array([k == "large_airport" for k in a.kinds], bool)
        self._shadowed = _shadowed(a, size, self.big)
        self._headings = _headings(a)
        self._crowd = self._crowds(a)
        self._ground_ft: dict[tuple[float, float], float] = {}

    def candidates(self, sides: Sequence[Sides], crafts: Sequence[str]) -> Candidates:
        """Fields that may lie between the two sides of each stop (one may be None)."""
        of, rows = self._reachable(sides)
        low = [(i, side, NEAR_KM if crafts[i] in LOW_FLYERS else LANDING_KM)
               for i, pair in enumerate(sides) for side in pair
               if side is not None and not side.alt > HIGH_FT]  # fmt: skip
        if low:
            stops, seen, km = zip(*low, strict=True)
            at, near = self.airfields.rows_around([s.lat for s in seen], [s.lon for s in seen], km)
            of, rows = np.append(of, np.array(stops)[at]), np.append(rows, near)
        return self._picked(of, rows, crafts)

    def parked(self, lat: Column, lon: Column, crafts: Sequence[str]) -> Candidates:
        """Fields that reports from the ground may mean."""
        of, rows = self.airfields.rows_around(lat, lon, [PARKED_KM] * len(crafts))
        return self._picked(of, rows, crafts)

    def _picked(self, of: Rows, rows: Rows, crafts: Sequence[str]) -> Candidates:
        """Each field once a stop, as columns: without second names of a larger field and, unless
        it may be a helicopter, helipads."""
        of, rows = np.divmod(np.unique(of * len(self.size) + rows), len(self.size))
        pads = np.array([craft in PAD_USERS for craft in crafts])
        fit = ~self._shadowed[rows] & (pads[of] | ~self.airfields.heliport[rows])
        of, rows = of[fit], rows[fit]
        return Candidates(of, rows, self._place[:, rows], self.elevation_ft[rows], self.size[rows],
                          self.airfields.scheduled[rows], self._hub[rows], self._headings[rows],
                          self._crowd[rows])  # fmt: skip

    def crowd(self, side: Side) -> int:
        """How many fields with a runway for the large lie within `CROWD_NM`, 300 km."""
        here, far = unit_vectors(side.lat, side.lon), chord(CROWD_NM * KM_PER_NM)
        return int(self._tree.query_ball_point(here, far, return_length=True))

    def _crowds(self, a: Airfields) -> npt.NDArray[np.float64]:
        """0..1: how many fields with a runway for the large lie round each of these."""
        places = unit_vectors(a.lat_deg[self.big], a.lon_deg[self.big])
        count = self._tree.query_ball_point(places, chord(CROWD_KM), return_length=True)
        out = np.zeros(len(a))
        out[self.big] = np.minimum(np.asarray(count) / CROWD_N, 1.0)
        return out

    def ground_ft(self, lat: float, lon: float) -> float:
        """Elevation of the nearest field within `NEAR_KM`, to a tenth of a degree; 0 if none."""
        key = (round(lat, 1), round(lon, 1))
        known = self._ground_ft.get(key)
        if known is None:
            km, rows = self.airfields.nearest(*key, 1, NEAR_KM)
            known = float(self.elevation_ft[rows[0, 0]]) if math.isfinite(km[0, 0]) else 0.0
            self._ground_ft[key] = known = 0.0 if math.isnan(known) else known
        return known

    def _reachable(self, sides: Sequence[Sides]) -> tuple[Rows, Rows]:
        """Of each stop the larger fields that both sides could reach: those round the side with
        the shorter reach, held against the other."""
        balls = [sorted(_reaches(*pair), key=lambda ball: ball[1]) for pair in sides]
        near, far = [b[0] for b in balls], [b[-1] for b in balls]
        here, there = (unit_vectors([s.lat for s, _ in b], [s.lon for s, _ in b])
                       for b in (near, far))  # fmt: skip
        of, at = around(self._tree, here, [chord(nm * KM_PER_NM) for _, nm in near])
        away = ((self._place[:, self.big[at]].T - there[of]) ** 2).sum(axis=1)
        reach = np.array([chord(nm * KM_PER_NM) for _, nm in far])
        both = away <= reach[of] ** 2
        return of[both], self.big[at[both]]


def _reaches(before: Side | None, after: Side | None) -> list[tuple[Side, float]]:
    """How far from each side, in NM, the stop may be."""
    if before is not None and after is not None:
        speed = max(60.0, before.cruise, after.cruise)  # in this order NaN drops out
        budget_nm = (after.t - before.t) / 3600 * speed * 1.1 + 10
        return [(before, min(budget_nm, _reach_nm(before, -1))),
                (after, min(budget_nm, _reach_nm(after, 1)))]  # fmt: skip
    side = before or after
    assert side is not None
    height = side.alt if side.alt == side.alt else 10_000.0
    slope = DOWN_FT_PER_NM if before is not None else UP_FT_PER_NM
    return [(side, min(40 + 2 * max(height, 0) / slope, ONE_SIDED_NM))]


def _reach_nm(side: Side, way: int) -> float:
    """How far from one of two sides it may be: near, if it was landing (taking off) there."""
    if side.alt < APPROACH_FT and side.rate * way > CERTAIN_FPM:
        slope = DOWN_FT_PER_NM if way < 0 else UP_FT_PER_NM
        return 40 + 2 * max(side.alt, 0.0) / slope
    return AWAY_NM


def _filled(a: Airfields) -> npt.NDArray[np.float64]:
    """Elevations, the unknown ones borrowed from the nearest field that has one within 60 km."""
    elevation = a.elevation_ft.copy()
    unknown = np.flatnonzero(np.isnan(elevation))
    known = np.flatnonzero(~np.isnan(elevation))
    if len(unknown) and len(known):
        tree = cKDTree(unit_vectors(a.lat_deg[known], a.lon_deg[known]))
        places = unit_vectors(a.lat_deg[unknown], a.lon_deg[unknown])
        found, rows = tree.query(places, distance_upper_bound=chord(60.0))
        near = np.isfinite(found)
        elevation[unknown[near]] = elevation[known[rows[near]]]
    return elevation


def _shadowed(a: Airfields, size: Rows, big: Rows) -> npt.NDArray[np.bool_]:
    """Fields without a runway of their own beside a large one: its other name (Melsbroek)."""
    out = np.zeros(len(a), bool)
    bare = np.flatnonzero(size == SIZES.index("unknown"))
    hard = big[a.runway_ft[big] >= MEDIUM_FT]
    if len(bare) and len(hard):
        tree = cKDTree(unit_vectors(a.lat_deg[hard], a.lon_deg[hard]))
        places = unit_vectors(a.lat_deg[bare], a.lon_deg[bare])
        found, _ = tree.query(places, distance_upper_bound=chord(SAME_FIELD_KM))
        out[bare[np.isfinite(found)]] = True
    return out


def _headings(a: Airfields) -> npt.NDArray[np.float32]:
    """(n, 4) degrees of the main runways, NaN beyond."""
    out = np.full((len(a), 4), np.nan, np.float32)
    for row, text in enumerate(a.headings):
        if text:
            known = [float(h) for h in text.split()[:4]]
            out[row, : len(known)] = known
    return out
