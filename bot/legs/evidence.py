"""What speaks for an airfield: one row of numbers for each candidate of one stop.

The stop between two flights is one unknown seen from two sides; every candidate is held against
the last report before it and the first after it together. The numbers are plain physics (does the
height fit the distance, does the nose point there, does the time suffice) and habit (size of the
field against kind of aircraft, fields this airframe used before); how much each weighs is learnt
(`belief`). Shapes: n candidates; every function returns columns of shape (n,).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.geo import EARTH_KM, KM_PER_NM
from bot.legs.side import Side

DOWN_FT_PER_NM = 318.0  # a three-degree path
UP_FT_PER_NM = 420.0  # an airliner's climb; light aircraft climb slower and less far
LEVEL_FPM = 600.0  # climbing or descending for certain
PATTERN_FT = 5000.0  # below this the nearest field is nearly always right
CLASSES = "JMBTLRU"
GROUPS = ("J", "M", "BT", "LR", "U")  # kinds that weigh a scheduled service alike
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


def toward(c: Candidates, side: Side, reverse: bool) -> tuple[Columns, Columns]:
    """Distance in NM, and the angle in degrees between the track and the way to (from) the field.

    An unknown track gives 45 degrees: neither for nor against.
    """
    p, q = math.radians(side.lat), math.radians(side.lon)
    dlon = c.lon - q
    cos_lat = np.cos(c.lat)
    a = np.sin((c.lat - p) / 2) ** 2 + math.cos(p) * cos_lat * np.sin(dlon / 2) ** 2
    nm: Columns = 2 * EARTH_KM / KM_PER_NM * np.arcsin(np.sqrt(np.minimum(a, 1)))
    if side.trk != side.trk:
        return nm, np.full(len(nm), 45.0)
    y = np.sin(dlon) * cos_lat
    x = math.cos(p) * np.sin(c.lat) - math.sin(p) * cos_lat * np.cos(dlon)
    course = side.trk + (180 if reverse else 0)
    off = np.abs((np.degrees(np.arctan2(y, x)) - course + 180) % 360 - 180)
    return nm, off


def approach(c: Candidates, side: Side, reverse: bool) -> tuple[Columns, list[Columns]]:
    """Distance in NM to each candidate, and what this side says for it."""
    nm, off = toward(c, side, reverse)
    elevation = np.nan_to_num(c.elevation_ft)
    known = side.alt == side.alt
    height = np.maximum(side.alt - elevation, 0) if known else np.full(len(nm), 8000.0)
    expected = height / (UP_FT_PER_NM if reverse else DOWN_FT_PER_NM) + 2
    rate = -side.rate if not reverse else side.rate
    # 1: on the way down to (up from) the field, -1: the other way
    sure = min(max(rate / LEVEL_FPM, -1), 1) if rate == rate and known else 0.0
    going = np.full(len(nm), max(sure, 0.0))
    ratio = np.log((nm + 4) / (expected + 4))
    square = np.minimum(ratio**2, 4)
    low = np.maximum(1 - height / PATTERN_FT, 0) if known else np.full(len(nm), 0.2)
    tolerance = np.where(nm < 12, 75, np.where(nm < 30, 40, np.where(nm < 80, 20, 10)))
    z = np.minimum((off / tolerance) ** 2, 9)
    far = nm > 40
    across = nm * np.abs(np.sin(np.radians(np.minimum(off, 90))))
    behind = (off > 90) & (nm > 8)
    return nm, [
        going * square * (ratio > 0),
        going * square * (ratio < 0),
        (1 - going) * square * (ratio < 0),
        (1 - going) * np.clip(ratio, 0, 3),
        nm / 100,
        low * np.log1p((nm / 3) ** 2),
        low * np.minimum(nm, 30) / 10,
        np.log1p(z),
        z,
        z * far,
        max(-sure, 0.0) * nm / 100,
        np.log1p((across / 8) ** 2) * (nm > 12),
        behind * (1.0 - low),
        _aligned(c, side, nm, height),
        low * (nm < 4),
        np.log1p((off / 3) ** 2) * far,
        np.log1p((across / 25) ** 2) * far,
        # lost over land full of airfields, hence of listeners: this recording has few of them,
        # and a field further on is as likely unheard as a near one
        nm / 100 * min(float((nm < 160).sum()) / 40, 3.0),
    ]  # fmt: skip


SIDE_NAMES = ("far_for_descent", "near_for_descent", "near_for_level", "far_for_level", "nm",
              "low_log_nm", "low_nm", "log_angle", "angle", "angle_far", "wrong_way_nm",
              "across", "behind", "aligned", "low_close", "aim", "far_across",
              "nm_crowded")  # fmt: skip


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
        np.clip((20 - spare) / 20, 0, 1),
        np.log1p(np.maximum(spare, 0) / 30),
        (d1 + d2) / 100,
        np.log1p((d1 + d2) / 60),
    ]


TOGETHER_NAMES = ("late", "hurried", "dwell", "dark_nm", "log_dark_nm")


def _speed(side: Side) -> float:
    return side.gs if side.gs == side.gs else 0.0


def habits(c: Candidates, craft: str, recent: Sequence[Mapping[int, float]]) -> list[Columns]:
    """Field size against kind of aircraft, schedule, and where this airframe has been.

    `recent`: belief over rows at its earlier stops, the latest first.
    """
    columns = []
    for k in CLASSES:
        columns += [((c.size == s) & (k == craft)).astype(float) for s in range(len(SIZES))]
    columns += [c.scheduled * float(craft in group) for group in GROUPS]
    columns.append(c.hub * float(craft in HUB_USERS))
    been = np.zeros((3, len(c.rows)))
    for age, belief in enumerate(recent[:8]):
        mass = np.array([belief.get(r, 0.0) for r in c.rows.tolist()])
        np.maximum(been[min(age, 2)], mass, out=been[min(age, 2)])
    return [*columns, *been]


def habit_score(c: Candidates, craft: str, recent: Sequence[Mapping[int, float]],
                weights: Columns) -> Columns:  # fmt: skip
    """The columns of `habits` times their weights, straight from the table."""
    first = CLASSES.index(craft) * len(SIZES)
    group = len(CLASSES) * len(SIZES) + next(i for i, g in enumerate(GROUPS) if craft in g)
    score = weights[first : first + len(SIZES)][c.size] + weights[group] * c.scheduled
    if craft in HUB_USERS:
        score = score + weights[len(CLASSES) * len(SIZES) + len(GROUPS)] * c.hub
    if recent:
        at = {row: i for i, row in enumerate(c.rows.tolist())}
        been = np.zeros((3, len(c.rows)))
        for age, belief in enumerate(recent[:8]):
            for row, mass in belief.items():
                i = at.get(row)
                if i is not None:
                    been[min(age, 2), i] = max(been[min(age, 2), i], mass)
        score = score + weights[-3:] @ been
    return np.asarray(score)


HABIT_NAMES = (
    *(f"{k}_{s}" for k in CLASSES for s in SIZES),
    *(f"scheduled_{group}" for group in GROUPS), "hub",
    "last_stop", "stop_before", "older_stop",
)  # fmt: skip


def parked(c: Candidates, lat: float, lon: float) -> list[Columns]:
    """What a place on the ground says for each candidate."""
    nan = math.nan
    nm, _ = toward(c, Side(0, lat, lon, nan, nan, nan, nan, nan, nan), False)
    return [nm, np.log1p(nm**2), (nm > 3).astype(float)]


PARKED_NAMES = ("nm", "log_nm", "over_3_nm")
