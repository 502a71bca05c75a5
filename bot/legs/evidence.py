"""What speaks for an airfield: one row of numbers for each candidate of a stop.

The stop between two flights is one unknown seen from two sides; every candidate is held against
the last report before it and the first after it together. The numbers are plain physics (does the
height fit the distance, does the nose point there, does the time suffice) and the size of the field
against the kind of aircraft; how much each weighs is learnt (`belief`). Shapes: m stops with n
candidates in all, those of a stop side by side; every function returns columns of shape (n,). A
candidate's numbers do not depend on the other stops that are asked for with it, to the last bit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from bot.geo import EARTH_KM, KM_PER_NM, unit_vectors
from bot.legs.side import Side

DOWN_FT_PER_NM = 318.0  # a three-degree path
UP_FT_PER_NM = 420.0  # an airliner's climb; light aircraft climb slower and less far
LEVEL_FPM = 600.0  # climbing or descending for certain
PATTERN_FT = 5000.0  # below this the nearest field is nearly always right
FINAL_FT = 3000.0  # below this the path itself points at the touchdown
FAR_ABOVE_FT = 20_000.0  # no field lies so high that this is low over it
FINAL_NM = 8.0  # no path is drawn out further than this
STEEPEST_FT_PER_NM = 1500.0  # helicopters; a steeper path is an altitude gone wrong
AXIS_DEG = 20.0  # flown this close to a runway's direction it may be on that runway's axis
TOLERANCE_NM = np.array([12.0, 30.0, 80.0])  # far out, the nose points at the field;
TOLERANCE_DEG = np.array([75.0, 40.0, 20.0, 10.0])  # close in, aircraft turn
CLASSES = "JMBTLRSU"
GROUPS = ("J", "M", "BT", "LRS", "U")  # kinds that weigh a scheduled service alike
HUB_USERS = "JB"
SIZES = ("large", "medium", "small", "soft", "unknown", "heliport")
LARGE_FT, MEDIUM_FT = 7000.0, 4500.0  # longest hard runway
Columns = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Fields that may be the stop, as columns; those of one stop side by side."""

    of: Rows  # which stop, ascending
    rows: Rows
    place: Columns  # (3, n) on the unit sphere
    elevation_ft: Columns  # NaN: unknown
    size: Rows  # index into SIZES
    scheduled: npt.NDArray[np.bool_]
    hub: npt.NDArray[np.bool_]  # much traffic by the table's word: a prior for airliners, no size
    headings: npt.NDArray[np.float32]  # (n, 4) degrees of the main runways, NaN beyond
    crowd: Columns  # fields round it, 0..1: where there are many there are many listeners

    def count(self, which: npt.NDArray[np.bool_]) -> Columns:
        """How many of a stop's candidates these are, at each of them."""
        counts = np.bincount(self.of[which], minlength=int(self.of.max(initial=0)) + 1)
        return counts[self.of].astype(float)


_FIELDS = tuple(Side.__dataclass_fields__)
_told = attrgetter(*_FIELDS)


class Sides:
    """One side of each stop: the fields of `Side` as columns (m,)."""

    def __init__(self, sides: Sequence[Side]) -> None:
        told = np.array([_told(s) for s in sides], float).reshape(-1, len(_FIELDS)).T
        self.t, self.lat, self.lon, self.alt, self.gs, self.trk, self.rate = told[:7]
        self.cruise = told[8]


@dataclass(frozen=True, slots=True)
class Way:
    """The way from a report to each candidate."""

    nm: Columns
    off: Columns  # degrees between the track and the way to (from) it; 45 for an unknown track
    bearing: Columns  # degrees, from the report to the candidate; counted from an unknown track


def toward(c: Candidates, lat: Columns, lon: Columns, course: Columns) -> Way:
    """From places (m,) with courses in degrees (NaN: unknown). On vectors: no sine a candidate."""
    up = unit_vectors(lat, lon)
    q, turn = np.radians(lon), np.radians(np.nan_to_num(course))
    east = np.stack([-np.sin(q), np.cos(q), np.zeros(len(q))], axis=-1)
    north = np.cross(up, east)
    ahead = north * np.cos(turn)[:, None] + east * np.sin(turn)[:, None]
    right = east * np.cos(turn)[:, None] - north * np.sin(turn)[:, None]
    x, y, z = c.place
    u, a, r = (v.T.take(c.of, axis=1) for v in (up, ahead, right))
    half = np.sqrt((x - u[0]) ** 2 + (y - u[1]) ** 2 + (z - u[2]) ** 2) / 2
    nm = 2 * EARTH_KM / KM_PER_NM * np.arcsin(np.minimum(half, 1))
    to_right = r[0] * x + r[1] * y + r[2] * z
    angle = np.degrees(np.arctan2(to_right, a[0] * x + a[1] * y + a[2] * z))
    known = ~np.isnan(course)[c.of]
    return Way(nm, np.where(known, np.abs(angle), 45.0), course[c.of] + angle)


def approach(c: Candidates, sides: Sides, reverse: bool) -> tuple[Columns, list[Columns]]:
    """Distance in NM to each candidate, and what this side of its stop says for it."""
    way = toward(c, sides.lat, sides.lon, sides.trk + 180.0 * reverse)
    nm, off = way.nm, way.off
    alt = sides.alt[c.of]
    known = ~np.isnan(alt)
    height = np.where(known, np.maximum(alt - np.nan_to_num(c.elevation_ft), 0), 8000.0)
    expected = height / (UP_FT_PER_NM if reverse else DOWN_FT_PER_NM) + 2
    rate = sides.rate if reverse else -sides.rate
    # 1: on the way down to (up from) the field, -1: the other way
    unsure = np.isnan(rate) | np.isnan(sides.alt)
    sure = np.where(unsure, 0.0, np.clip(rate / LEVEL_FPM, -1, 1))[c.of]
    going = np.maximum(sure, 0.0)
    ratio = np.log((nm + 4) / (expected + 4))
    square = np.minimum(ratio**2, 4)
    shorter = square * (ratio < 0)
    tolerance = TOLERANCE_DEG[np.searchsorted(TOLERANCE_NM, nm, side="right")]
    z = np.minimum((off / tolerance) ** 2, 9)
    far = nm > 40
    across = nm * np.sin(np.radians(np.minimum(off, 90)))
    behind = (off > 90) & (nm > 8)
    low = np.where(known, np.maximum(1 - height / PATTERN_FT, 0), 0.2)
    near = _near(c, sides, way, height, np.where(unsure, np.nan, rate), low)
    return nm, [
        going * square * (ratio > 0),
        going * shorter,
        (1 - going) * shorter,
        (1 - going) * np.minimum(np.maximum(ratio, 0), 3),
        nm / 100,
        *near[:2],
        np.log1p(z),
        z,
        z * far,
        np.maximum(-sure, 0.0) * nm / 100,
        np.log1p((across / 8) ** 2) * (nm > 12),
        behind * (1.0 - low),
        *near[2:4],
        np.log1p((off / 3) ** 2) * far,
        np.log1p((across / 25) ** 2) * far,
        # lost over land full of airfields, hence of listeners: this recording has few of them,
        # and a field further on is as likely unheard as a near one
        nm / 100 * np.minimum(c.count(nm < 160) / 40, 3.0),
        # a field in well covered land would have been seen nearer
        np.log1p(nm / 30) * c.crowd,
        *near[4:],
    ]


SIDE_NAMES = ("far_for_descent", "near_for_descent", "near_for_level", "far_for_level", "nm",
              "low_log_nm", "low_nm", "log_angle", "angle", "angle_far", "wrong_way_nm",
              "across", "behind", "aligned", "low_close", "aim", "far_across",
              "nm_crowded", "log_nm_crowd", "low_beside", "low_touchdown", "low_across",
              "off_axis", "no_axis")  # fmt: skip


def _near(c: Candidates, sides: Sides, way: Way, height: Columns, rate: Columns,
          low: Columns) -> Columns:  # fmt: skip
    """What counts only low down, (9, n): 0 wherever it is not."""
    out = np.zeros((9, len(low)))
    at = np.flatnonzero(low)
    if not len(at):
        return out
    of, nm, low = c.of[at], way.nm[at], low[at]
    trk, headings = sides.trk[of], c.headings[at]
    turned = np.abs((headings - trk[:, None] + 90) % 180 - 90)
    seen = _Low(sides.alt[of], height[at], nm, way.off[at], trk)
    out[:, at] = [
        low * np.log1p((nm / 3) ** 2),
        low * np.minimum(nm, 30) / 10,
        _aligned(seen, turned),
        low * (nm < 4),
        *_final(seen, sides.gs[of], rate[of]),
        *_on_axis(seen, turned, way.bearing[at][:, None] - headings),
    ]
    return out


@dataclass(frozen=True, slots=True)
class _Low:
    """The candidates over which it may be low."""

    alt: Columns
    height: Columns
    nm: Columns
    off: Columns
    trk: Columns


def _final(s: _Low, gs: Columns, rate: Columns) -> list[Columns]:
    """The last (first) moments low: where the path meets the ground."""
    low = np.where(np.isnan(s.alt), 0.3, np.maximum(1 - s.height / FINAL_FT, 0))
    low[s.alt > FAR_ABOVE_FT] = 0.0
    turn = np.where(np.isnan(s.trk), math.pi / 2, np.radians(s.off))
    along, across = s.nm * np.cos(turn), s.nm * np.sin(turn)
    steep = rate / np.where(gs > 20, gs, np.nan) * 60
    slope = np.clip(steep, DOWN_FT_PER_NM / 2, STEEPEST_FT_PER_NM)
    slope = np.where(np.isnan(slope), DOWN_FT_PER_NM, slope)
    miss = np.hypot(along - np.minimum(s.height / slope, FINAL_NM), across)
    beside, touchdown = np.log1p((s.nm / 0.4) ** 2), np.log1p((miss / 0.5) ** 2)
    return [low * beside, low * touchdown, low * np.log1p((across / 0.4) ** 2)]


def _on_axis(s: _Low, turned: Columns, bearing: Columns) -> list[Columns]:
    """How far off the axis of a runway that lies along the track; and whether there is none."""
    near = (s.nm < 15) & (s.nm > 1) & (s.height < PATTERN_FT) & ~(s.alt > FAR_ABOVE_FT)
    near &= ~np.isnan(s.trk)
    beyond = s.nm[:, None] * np.abs(np.sin(np.radians(bearing)))
    axis = np.fmin.reduce(np.where(turned < AXIS_DEG, beyond, np.nan), axis=1)
    on = near & ~np.isnan(axis)
    return [np.where(on, np.log1p((np.nan_to_num(axis) / 0.4) ** 2), 0.0), near & ~on]


def _aligned(s: _Low, turned: Columns) -> Columns:
    """How far the track is from the nearest runway's axis, 0..1, close in and low only."""
    close = (s.nm < 12) & (s.height < 4000)
    best: Columns = np.fmin.reduce(turned, axis=1).astype(float)
    return np.where(close, np.where(np.isnan(best), 0.5, np.minimum(best, 45) / 45), 0.0)


def together(c: Candidates, before: Sides, after: Sides, d1: Columns,
             d2: Columns) -> list[Columns]:  # fmt: skip
    """What both sides together say: does the time suffice, and how much is left on the ground."""
    speed = np.fmax(60.0, np.fmax(before.cruise, after.cruise))  # an unknown one drops out
    fast = np.fmax(before.gs, speed * 0.7) / 60
    slow = np.fmax(after.gs, speed * 0.7) / 60
    spare = ((after.t - before.t) / 60)[c.of] - d1 / fast[c.of] - d2 / slow[c.of]
    left = np.log1p(np.maximum(spare, 0) / 30)
    return [
        np.minimum((np.maximum(-spare, 0) / 10) ** 2, 9),
        np.minimum(np.maximum((20 - spare) / 20, 0), 1),
        left,
        left**2,
        (d1 + d2) / 100,
        np.log1p((d1 + d2) / 60),
    ]


TOGETHER_NAMES = ("late", "hurried", "dwell", "dwell_squared", "dark_nm", "log_dark_nm")


def fitness(c: Candidates, craft: str) -> list[Columns]:
    """Field size against kind of aircraft, and schedule: one column a pair of kind and size."""
    columns = []
    for k in CLASSES:
        columns += [((c.size == s) & (k == craft)).astype(float) for s in range(len(SIZES))]
    columns += [c.scheduled * float(craft in group) for group in GROUPS]
    return [*columns, c.hub * float(craft in HUB_USERS)]


def fitness_score(c: Candidates, crafts: Sequence[str], weights: Columns) -> Columns:
    """The columns of `fitness` times their weights, straight from the table; a kind each stop."""
    group = len(CLASSES) * len(SIZES)
    first = np.array([CLASSES.index(k) * len(SIZES) for k in crafts])
    service = np.array([weights[group + _GROUP_OF[k]] for k in crafts])
    user = np.array([weights[-1] * (k in HUB_USERS) for k in crafts])
    score = weights[first[c.of] + c.size] + service[c.of] * c.scheduled
    return np.asarray(score + user[c.of] * c.hub)


_GROUP_OF = {k: i for i, group in enumerate(GROUPS) for k in group}
FITNESS_NAMES = (
    *(f"{k}_{s}" for k in CLASSES for s in SIZES),
    *(f"scheduled_{group}" for group in GROUPS), "hub",
)  # fmt: skip


def parked(c: Candidates, lat: Columns, lon: Columns) -> list[Columns]:
    """What places (m,) on the ground say for their candidates."""
    nm = toward(c, lat, lon, np.full(len(lat), math.nan)).nm
    return [nm, np.log1p(nm**2), np.log1p((nm / 0.2) ** 2), (nm > 3).astype(float)]


PARKED_NAMES = ("nm", "log_nm", "close_log_nm", "over_3_nm")
