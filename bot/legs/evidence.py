"""What speaks for an airfield: one row of numbers for each candidate of one stop.

The stop between two flights is one unknown seen from two sides; every candidate is held against
the last report before it and the first after it together. The numbers are plain physics (does the
height fit the distance, does the nose point there, does the time suffice) and the size of the field
against the kind of aircraft; how much each weighs is learnt (`belief`). Shapes: n candidates; every
function returns columns of shape (n,).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.geo import EARTH_KM, KM_PER_NM
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


@dataclass(frozen=True, slots=True)
class Candidates:
    """Fields that may be the stop, as columns."""

    rows: npt.NDArray[np.intp]
    lat: Columns  # radians
    lon: Columns
    elevation_ft: Columns  # NaN: unknown
    size: npt.NDArray[np.intp]  # index into SIZES
    scheduled: npt.NDArray[np.bool_]
    hub: npt.NDArray[np.bool_]  # much traffic by the table's word: a prior for airliners, no size
    headings: npt.NDArray[np.float32]  # (n, 4) degrees of the main runways, NaN beyond
    crowd: Columns  # fields round it, 0..1: where there are many there are many listeners


def toward(c: Candidates, side: Side, reverse: bool) -> tuple[Columns, Columns, Columns]:
    """Distance in NM, bearing to the field, and the angle between the track and the way to (from)
    it, in degrees. An unknown track gives an angle of 45: neither for nor against.
    """
    p, q = math.radians(side.lat), math.radians(side.lon)
    dlon = c.lon - q
    cos_lat = np.cos(c.lat)
    a = np.sin((c.lat - p) / 2) ** 2 + math.cos(p) * cos_lat * np.sin(dlon / 2) ** 2
    nm: Columns = 2 * EARTH_KM / KM_PER_NM * np.arcsin(np.sqrt(np.minimum(a, 1)))
    y = np.sin(dlon) * cos_lat
    x = math.cos(p) * np.sin(c.lat) - math.sin(p) * cos_lat * np.cos(dlon)
    bearing = np.degrees(np.arctan2(y, x))
    if side.trk != side.trk:
        return nm, bearing, np.full(len(nm), 45.0)
    course = side.trk + (180 if reverse else 0)
    off = np.abs((bearing - course + 180) % 360 - 180)
    return nm, bearing, off


def approach(c: Candidates, side: Side, reverse: bool) -> tuple[Columns, list[Columns]]:
    """Distance in NM to each candidate, and what this side says for it."""
    nm, bearing, off = toward(c, side, reverse)
    nothing = np.zeros(len(nm))
    known = side.alt == side.alt
    elevation = np.where(np.isnan(c.elevation_ft), 0.0, c.elevation_ft)
    height = np.maximum(side.alt - elevation, 0) if known else np.full(len(nm), 8000.0)
    expected = height / (UP_FT_PER_NM if reverse else DOWN_FT_PER_NM) + 2
    rate = -side.rate if not reverse else side.rate
    # 1: on the way down to (up from) the field, -1: the other way
    sure = min(max(rate / LEVEL_FPM, -1), 1) if rate == rate and known else 0.0
    going = max(sure, 0.0)
    ratio = np.log((nm + 4) / (expected + 4))
    square = np.minimum(ratio**2, 4)
    longer, shorter = going * square * (ratio > 0) if going else nothing, square * (ratio < 0)
    tolerance = TOLERANCE_DEG[np.searchsorted(TOLERANCE_NM, nm, side="right")]
    z = np.minimum((off / tolerance) ** 2, 9)
    far = nm > 40
    across = nm * np.abs(np.sin(np.radians(np.minimum(off, 90))))
    behind = (off > 90) & (nm > 8)
    high = known and bool((height >= PATTERN_FT).all())  # what counts only low down is nothing
    low = nothing if high else np.maximum(1 - height / PATTERN_FT, 0)
    low = low if known else np.full(len(nm), 0.2)
    return nm, [
        longer,
        going * shorter,
        (1 - going) * shorter,
        (1 - going) * np.minimum(np.maximum(ratio, 0), 3),
        nm / 100,
        nothing if high else low * np.log1p((nm / 3) ** 2),
        nothing if high else low * np.minimum(nm, 30) / 10,
        np.log1p(z),
        z,
        z * far,
        max(-sure, 0.0) * nm / 100,
        np.log1p((across / 8) ** 2) * (nm > 12),
        behind * (1.0 - low),
        nothing if high else _aligned(c, side, nm, height),
        nothing if high else low * (nm < 4),
        np.log1p((off / 3) ** 2) * far,
        np.log1p((across / 25) ** 2) * far,
        # lost over land full of airfields, hence of listeners: this recording has few of them,
        # and a field further on is as likely unheard as a near one
        nm / 100 * min(float((nm < 160).sum()) / 40, 3.0),
        # a field in well covered land would have been seen nearer
        np.log1p(nm / 30) * c.crowd,
        *([nothing] * 5 if high else
          _final(c, side, nm, bearing, off, height, rate if known else math.nan)),
    ]  # fmt: skip


SIDE_NAMES = ("far_for_descent", "near_for_descent", "near_for_level", "far_for_level", "nm",
              "low_log_nm", "low_nm", "log_angle", "angle", "angle_far", "wrong_way_nm",
              "across", "behind", "aligned", "low_close", "aim", "far_across",
              "nm_crowded", "log_nm_crowd", "low_beside", "low_touchdown", "low_across",
              "off_axis", "no_axis")  # fmt: skip


def _final(c: Candidates, side: Side, nm: Columns, bearing: Columns, off: Columns,
           height: Columns, rate: float) -> list[Columns]:  # fmt: skip
    """The last (first) moments low: where the path meets the ground, and on which axis it lies."""
    if not len(nm) or side.alt > FAR_ABOVE_FT:
        return [np.zeros(len(nm))] * 5
    low = np.maximum(1 - height / FINAL_FT, 0) if side.alt == side.alt else np.full(len(nm), 0.3)
    turn = np.radians(off) if side.trk == side.trk else np.full(len(nm), math.pi / 2)
    along, across = nm * np.cos(turn), nm * np.sin(turn)
    steep = rate / side.gs * 60 if rate == rate and side.gs > 20 else math.nan
    usual = DOWN_FT_PER_NM
    slope = min(max(steep, usual / 2), STEEPEST_FT_PER_NM) if steep == steep else usual
    miss = np.hypot(along - np.minimum(height / slope, FINAL_NM), across)
    beside, touchdown = np.log1p((nm / 0.4) ** 2), np.log1p((miss / 0.5) ** 2)
    columns = [low * beside, low * touchdown, low * np.log1p((across / 0.4) ** 2)]
    near = (nm < 15) & (nm > 1) & (height < PATTERN_FT)
    if side.trk != side.trk or not near.any():
        return [*columns, np.zeros(len(nm)), np.zeros(len(nm))]
    turned = np.abs((c.headings - side.trk + 90) % 180 - 90)
    beyond = nm[:, None] * np.abs(np.sin(np.radians(bearing[:, None] - c.headings)))
    axis = np.fmin.reduce(np.where(turned < AXIS_DEG, beyond, np.nan), axis=1)
    on = near & ~np.isnan(axis)
    return [*columns, np.where(on, np.log1p((np.nan_to_num(axis) / 0.4) ** 2), 0.0),
            (near & ~on).astype(float)]  # fmt: skip


def _aligned(c: Candidates, side: Side, nm: Columns, height: Columns) -> Columns:
    """How far the track is from the nearest runway's axis, 0..1, close in and low only."""
    close = (nm < 12) & (height < 4000)
    if side.trk != side.trk or not close.any():
        return np.where(close, 0.5, 0.0)
    off = np.abs((c.headings - side.trk + 90) % 180 - 90)
    best: Columns = np.fmin.reduce(off, axis=1).astype(float)
    return np.where(close, np.where(np.isnan(best), 0.5, np.minimum(best, 45) / 45), 0.0)


def together(before: Side, after: Side, d1: Columns, d2: Columns) -> list[Columns]:
    """What both sides together say: does the time suffice, and how much is left on the ground."""
    speed = max(60.0, before.cruise, after.cruise)  # in this order an unknown one drops out
    fast = max(_speed(before), speed * 0.7) / 60
    slow = max(_speed(after), speed * 0.7) / 60
    spare = (after.t - before.t) / 60 - d1 / fast - d2 / slow
    late = np.minimum((np.maximum(-spare, 0) / 10) ** 2, 9)
    return [
        late,
        np.minimum(np.maximum((20 - spare) / 20, 0), 1),
        np.log1p(np.maximum(spare, 0) / 30),
        np.log1p(np.maximum(spare, 0) / 30) ** 2,
        (d1 + d2) / 100,
        np.log1p((d1 + d2) / 60),
    ]


TOGETHER_NAMES = ("late", "hurried", "dwell", "dwell_squared", "dark_nm", "log_dark_nm")


def _speed(side: Side) -> float:
    return side.gs if side.gs == side.gs else 0.0


def fitness(c: Candidates, craft: str) -> list[Columns]:
    """Field size against kind of aircraft, and schedule: one column a pair of kind and size."""
    columns = []
    for k in CLASSES:
        columns += [((c.size == s) & (k == craft)).astype(float) for s in range(len(SIZES))]
    columns += [c.scheduled * float(craft in group) for group in GROUPS]
    return [*columns, c.hub * float(craft in HUB_USERS)]


def fitness_score(c: Candidates, craft: str, weights: Columns) -> Columns:
    """The columns of `fitness` times their weights, straight from the table."""
    first = CLASSES.index(craft) * len(SIZES)
    group = len(CLASSES) * len(SIZES) + next(i for i, g in enumerate(GROUPS) if craft in g)
    score = weights[first : first + len(SIZES)][c.size] + weights[group] * c.scheduled
    return np.asarray(score + weights[-1] * c.hub if craft in HUB_USERS else score)


FITNESS_NAMES = (
    *(f"{k}_{s}" for k in CLASSES for s in SIZES),
    *(f"scheduled_{group}" for group in GROUPS), "hub",
)  # fmt: skip


def parked(c: Candidates, lat: float, lon: float) -> list[Columns]:
    """What a place on the ground says for each candidate."""
    nan = math.nan
    nm, _, _ = toward(c, Side(0, lat, lon, nan, nan, nan, nan, nan, nan), False)
    return [nm, np.log1p(nm**2), np.log1p((nm / 0.2) ** 2), (nm > 3).astype(float)]


PARKED_NAMES = ("nm", "log_nm", "close_log_nm", "over_3_nm")
