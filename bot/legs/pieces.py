"""An unbroken stretch of reports of one aircraft, as one record.

A piece ends where the aircraft leaves or reaches the ground, where it becomes or ceases to be
slow, or where nothing is heard for more than `GAP_S`. Records merge exactly: cutting a stream of
reports anywhere and joining the halves gives the record of the whole, bit for bit; this is what
makes live legs and legs of history the same. Shapes: all functions take and give arrays (n,).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from bot.geo import EARTH_KM
from bot.model.air import Positions

GAP_S = 240.0  # polls of 15 s to 2 min survive a lost answer; no aircraft turns round in 4 min
QUIET_S = 6 * 3600.0  # after so long in silence it has ended where it was heard, parked or not
MARK_S = 30.0  # marks for the trend of altitude and path: the first report of each half minute
SLOW_KT = 40.0  # below this only helicopters and the lightest aircraft fly
SAME_PLACE_KM = 3.0  # a parked aircraft stays one piece however long it is silent

AIR, GROUND, SLOW = 0, 1, 2

_FIX = (("t", "f8"), ("lat", "f8"), ("lon", "f8"), ("alt", "f4"))
_MORE = (("gs", "f4"), ("trk", "f4"), ("vr", "f4"))
PIECE = np.dtype(
    [("icao24", "u4"), ("kind", "u1"), ("n", "i4"), ("jump", "?")]
    + [(f"{k}0", t) for k, t in _FIX + _MORE]  # first report; first known alt, gs, trk, vr
    + [(f"{k}1", t) for k, t in _FIX + _MORE]  # last report; last known alt, gs, trk, vr
    # the first two marks after the first report, the last two up to the last report
    + [(f"{k}{m}", t) for m in ("h", "i", "y", "z") for k, t in _FIX]
    + [("altf", "f4")]  # altitude of the first report as it was told, maybe unknown
    + [("max_gs", "f4"), ("min_gs", "f4"), ("max_alt", "f4"), ("min_alt", "f4")]
    + [("cs0", "S8"), ("cs1", "S8"), ("reg", "S12"), ("type", "S4"), ("military", "?")],
    align=True,
)
Records = npt.NDArray[np.void]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]


def take(records: Records, at: Ints) -> Records:
    """The records at these rows. numpy copies records field by field: as blocks, 40x faster."""
    return records.view(_block(records)).take(at).view(records.dtype)


def where(records: Records, good: Bools) -> Records:
    """The records of which this is true, the same way."""
    return take(records, np.flatnonzero(good))


def put(records: Records, at: Ints, new: Records) -> None:
    """Write `new` to these rows, in place."""
    records.view(_block(records))[at] = new.view(_block(new))


def _block(records: Records) -> np.dtype[np.void]:
    return np.dtype((np.void, records.dtype.itemsize))


def kinds(positions: Positions) -> npt.NDArray[np.uint8]:
    """AIR, GROUND, or SLOW (in the air by its word, yet too slow to fly) of each report."""
    slow = (positions.ground_speed_kt < SLOW_KT) & ~positions.on_ground
    return np.where(positions.on_ground, GROUND, np.where(slow, SLOW, AIR)).astype(np.uint8)


def km_apart(lat1: npt.ArrayLike, lon1: npt.ArrayLike, lat2: npt.ArrayLike,
             lon2: npt.ArrayLike) -> npt.NDArray[np.float64]:  # fmt: skip
    """Great-circle km on arrays; the haversine, which is exact for small distances."""
    p1, p2 = np.radians(lat1), np.radians(lat2)
    half = np.radians(np.asarray(lon2) - np.asarray(lon1)) / 2
    a = np.sin((p2 - p1) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin(half) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(a, 1))))


def belongs(kind1: npt.NDArray[np.uint8], kind2: npt.NDArray[np.uint8],
            gap_s: npt.NDArray[np.float64], km: npt.NDArray[np.float64]) -> Bools:  # fmt: skip
    """Whether a report (2) continues the piece that ends in another (1)."""
    parked = (kind1 == GROUND) & (km < SAME_PLACE_KM) & (gap_s <= QUIET_S)
    return np.asarray((kind1 == kind2) & ((gap_s <= GAP_S) | parked))


def cut(positions: Positions, jump: Bools) -> Records:
    """Sifted reports, sorted by aircraft and time, to pieces in the same order."""
    n = len(positions)
    if n == 0:
        return np.empty(0, PIECE)
    p, kind = positions, kinds(positions)
    gap = np.diff(p.time_s)
    same = p.icao24[1:] == p.icao24[:-1]
    long = same & (gap > GAP_S) & (kind[1:] == GROUND) & (kind[:-1] == GROUND)
    km = np.full(n - 1, np.inf)
    km[long] = km_apart(p.lat_deg[:-1][long], p.lon_deg[:-1][long],
                        p.lat_deg[1:][long], p.lon_deg[1:][long])  # fmt: skip
    joined = same & belongs(kind[:-1], kind[1:], gap, km) & ~jump[1:]
    first = np.flatnonzero(np.concatenate([[True], ~joined]))
    return _records(p, kind, jump, first)


def _records(p: Positions, kind: npt.NDArray[np.uint8], jump: Bools, first: Ints) -> Records:
    n = len(p)
    last = np.append(first[1:], n) - 1
    out = np.zeros(len(first), PIECE)
    out["icao24"], out["kind"], out["n"] = p.icao24[first], kind[first], last - first + 1
    out["jump"], out["altf"] = jump[first], p.altitude_ft[first]
    out["t0"], out["lat0"], out["lon0"] = p.time_s[first], p.lat_deg[first], p.lon_deg[first]
    out["t1"], out["lat1"], out["lon1"] = p.time_s[last], p.lat_deg[last], p.lon_deg[last]
    single = len(first) == n  # polls bring one report an aircraft: nothing to gather
    for name, column in (("alt", p.altitude_ft), ("gs", p.ground_speed_kt), ("trk", p.track_deg),
                         ("vr", p.vertical_rate_fpm)):  # fmt: skip
        out[f"{name}0"], out[f"{name}1"] = (column,) * 2 if single else _known(column, first, last)
    for name, column in (("gs", p.ground_speed_kt), ("alt", p.altitude_ft)):
        out[f"max_{name}"] = column if single else np.fmax.reduceat(column, first)
        out[f"min_{name}"] = column if single else np.fmin.reduceat(column, first)
    out["cs0"], out["cs1"] = (p.callsign,) * 2 if single else _heard(p.callsign, first, last)
    for name, text in (("reg", p.registration), ("type", p.type_code)):
        out[name] = text if single else _heard(text, first, last)[1]
    out["military"] = p.military if single else np.logical_or.reduceat(p.military, first)
    _mark(out, p, first, last)
    return out


def _known(column: npt.NDArray[np.float32], first: Ints,
           last: Ints) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:  # fmt: skip
    """First and last number of each piece; the ends themselves nearly always have one."""
    head, tail = column[first], column[last]
    if np.isnan(head).any() or np.isnan(tail).any():
        known = ~np.isnan(column)
        head, tail = (column[i] for i in _chosen(known, first, last))
    return head, tail


def _heard(column: npt.NDArray[np.bytes_], first: Ints,
           last: Ints) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.bytes_]]:  # fmt: skip
    """First and last text of each piece that is not blank."""
    head, tail = column[first], column[last]
    if not ((head != b"").all() and (tail != b"").all()):
        head, tail = (column[i] for i in _chosen(column != b"", first, last))
    return head, tail


def _chosen(good: Bools, first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Index of the first and of the last good row of each piece; its ends where none is good."""
    rows = np.arange(len(good))
    tail = np.maximum.reduceat(np.where(good, rows, -1), first)
    head = np.minimum.reduceat(np.where(good, rows, len(good)), first)
    return np.where(head > last, first, head), np.where(tail < first, last, tail)


def _mark(out: Records, p: Positions, first: Ints, last: Ints) -> None:
    columns: dict[str, npt.NDArray[Any]] = {
        "t": p.time_s, "lat": p.lat_deg, "lon": p.lon_deg, "alt": p.altitude_ft,
    }  # fmt: skip
    if len(first) == len(p):
        for field, column in columns.items():
            out[f"{field}z"] = column
            for mark in "hiy":
                out[f"{field}{mark}"] = np.nan
        return
    bucket = np.floor(p.time_s / MARK_S)
    new = np.concatenate([[True], bucket[1:] != bucket[:-1]])
    new[first] = True
    marks = np.flatnonzero(new)
    begin = np.searchsorted(marks, first)
    end = np.searchsorted(marks, last, side="right")
    for name, at in (("h", begin + 1), ("i", begin + 2), ("z", end - 1), ("y", end - 2)):
        inside = (at >= begin) & (at < end)
        rows = marks[np.where(inside, at, begin)]
        for field, column in columns.items():
            out[f"{field}{name}"] = np.where(inside, column[rows], np.nan)


def continues(a: Records, b: Records) -> Bools:
    """Whether piece b goes on where piece a (earlier, same aircraft) ended."""
    gap = b["t0"] - a["t1"]
    km = np.full(len(a), np.inf)
    long = (gap > GAP_S) & (a["kind"] == GROUND)
    if long.any():
        x, y = a[long], b[long]
        km[long] = km_apart(x["lat1"], x["lon1"], y["lat0"], y["lon0"])
    return np.asarray(belongs(a["kind"], b["kind"], gap, km) & ~b["jump"])


def merge(a: Records, b: Records) -> Records:
    """The record of a and b together, b going on where a ended."""
    out = take(b, np.arange(len(b)))
    out["n"] = a["n"] + b["n"]
    for name in ("kind", "jump", "t0", "lat0", "lon0", "altf"):
        out[name] = a[name]
    for name in ("alt", "gs", "trk", "vr"):
        out[f"{name}0"] = _first_number(a[f"{name}0"], b[f"{name}0"])
        out[f"{name}1"] = _first_number(b[f"{name}1"], a[f"{name}1"])
    for name in ("gs", "alt"):
        out[f"max_{name}"] = np.fmax(a[f"max_{name}"], b[f"max_{name}"])
        out[f"min_{name}"] = np.fmin(a[f"min_{name}"], b[f"min_{name}"])
    for name, one, two in (("cs0", a, b), ("cs1", b, a), ("reg", b, a), ("type", b, a)):
        out[name] = np.where(one[name] != b"", one[name], two[name])
    out["military"] = a["military"] | b["military"]
    _merge_marks(out, a, b)
    return out


def _first_number(one: npt.NDArray[np.float32],
                  two: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:  # fmt: skip
    return np.asarray(np.where(np.isnan(one), two, one))


def _merge_marks(out: Records, a: Records, b: Records) -> None:
    """The first report of b is a mark only when it lies in another half minute than a's last."""
    new = np.floor(b["t0"] / MARK_S) != np.floor(a["t1"] / MARK_S)
    a_two, a_three = ~np.isnan(a["th"]), ~np.isnan(a["ti"])
    b_two, b_three = ~np.isnan(b["th"]), ~np.isnan(b["ti"])
    one = b_two | new  # b adds a mark of its own,
    two = b_three | (b_two & new)  # even two
    for f, _ in _FIX:
        first = "altf" if f == "alt" else f"{f}0"
        b_first = np.where(new, b[first], b[f"{f}h"])
        b_second = np.where(new, b[f"{f}h"], b[f"{f}i"])
        out[f"{f}h"] = np.where(a_two, a[f"{f}h"], b_first)
        out[f"{f}i"] = np.where(a_three, a[f"{f}i"], np.where(a_two, b_first, b_second))
        out[f"{f}z"] = np.where(one, b[f"{f}z"], a[f"{f}z"])
        out[f"{f}y"] = np.where(two, b[f"{f}y"], np.where(one, a[f"{f}z"], a[f"{f}y"]))
