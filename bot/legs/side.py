"""What is known of an airframe on each side of a stop: the last report before, the first after."""

import csv
import io
import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

from bot.geo import KM_PER_NM, bearing_deg, distance_km
from bot.legs.pieces import PIECE

NAN = math.nan
TREND_S = (20.0, 300.0)  # a slope of altitude is taken over at least, at most this long
ASTRAY_KM = 3.0  # no runway is longer than 5.5 km; taxiing ends near where it began
JET_KT, JET_FT = 330.0, 28_500.0  # faster or higher than a turboprop
LIGHT_KT = 165.0  # an aircraft that was never seen faster
INBOUND = 0.8  # of the speed last seen is kept, on average, until the wheels touch


class Piece(NamedTuple):
    """One row of `pieces.PIECE` as Python numbers; field for field."""

    icao24: int
    kind: int
    n: int
    jump: bool
    t0: float
    lat0: float
    lon0: float
    alt0: float
    gs0: float
    trk0: float
    vr0: float
    t1: float
    lat1: float
    lon1: float
    alt1: float
    gs1: float
    trk1: float
    vr1: float
    th: float
    lath: float
    lonh: float
    alth: float
    ti: float
    lati: float
    loni: float
    alti: float
    ty: float
    laty: float
    lony: float
    alty: float
    tz: float
    latz: float
    lonz: float
    altz: float
    altf: float
    max_gs: float
    min_gs: float
    max_alt: float
    min_alt: float
    cs0: bytes
    cs1: bytes
    reg: bytes
    type: bytes
    military: bool


if Piece._fields != PIECE.names:  # the two are one layout; a slip must not shift columns
    raise AssertionError("Piece and PIECE differ")


@dataclass(frozen=True, slots=True)
class Side:
    """One report next to a stop with the trend around it. NaN is unknown."""

    t: float
    lat: float
    lon: float
    alt: float  # ft
    gs: float  # kt
    trk: float  # degrees
    rate: float  # ft/min, of the minute before (after) the report
    top: float  # highest altitude seen on this flight, ft
    cruise: float  # fastest ground speed seen on this flight, kt


def arrival(piece: Piece, top: float, cruise: float) -> Side:
    """The last report of a flight's last piece."""
    p = piece
    rate = _rate(p.vr1, p.ty, p.alty, p.t1, p.alt1)
    trk = p.trk1 if p.trk1 == p.trk1 else _course(p.ty, p.laty, p.lony, p.t1, p.lat1, p.lon1)
    gs = p.gs1 if p.gs1 == p.gs1 else _speed(p.ty, p.laty, p.lony, p.t1, p.lat1, p.lon1)
    return Side(p.t1, p.lat1, p.lon1, p.alt1, gs, trk, rate, top, cruise)


def departure(piece: Piece, cruise: float) -> Side:
    """The first report of a flight's first piece."""
    p = piece
    t, lat, lon, alt = (p.ti, p.lati, p.loni, p.alti) if p.ti == p.ti else (
        p.th, p.lath, p.lonh, p.alth)  # fmt: skip
    rate = _rate(p.vr0, p.t0, p.alt0, t, alt)
    trk = p.trk0 if p.trk0 == p.trk0 else _course(p.t0, p.lat0, p.lon0, t, lat, lon)
    gs = p.gs0 if p.gs0 == p.gs0 else _speed(p.t0, p.lat0, p.lon0, t, lat, lon)
    return Side(p.t0, p.lat0, p.lon0, p.alt0, gs, trk, rate, p.max_alt, cruise)


def standing(p: Piece) -> tuple[float, float]:
    """Where a piece on the ground was: its end, or the middle of its marks if that lies off."""
    if distance_km(p.lat0, p.lon0, p.lat1, p.lon1) < ASTRAY_KM:
        return p.lat1, p.lon1
    marks = [(p.lat0, p.lon0), (p.lath, p.lonh), (p.lati, p.loni), (p.laty, p.lony),
             (p.latz, p.lonz), (p.lat1, p.lon1)]  # fmt: skip
    known = [m for m in marks if m[0] == m[0]]
    return min(known, key=lambda m: sum(distance_km(m[0], m[1], lat, lon) for lat, lon in known))


def _rate(told: float, t1: float, alt1: float, t2: float, alt2: float) -> float:
    """The slope where two altitudes give one, tempered by the rate the aircraft told."""
    slope = (alt2 - alt1) / (t2 - t1) * 60 if TREND_S[0] <= t2 - t1 <= TREND_S[1] else NAN
    if slope != slope or abs(slope) > 8000:  # an altitude spike
        return told
    return slope if told != told else (slope + told) / 2


def _course(t1: float, lat1: float, lon1: float, t2: float, lat2: float, lon2: float) -> float:
    if not (0 < t2 - t1 <= TREND_S[1]) or distance_km(lat1, lon1, lat2, lon2) < 1:
        return NAN
    return bearing_deg(lat1, lon1, lat2, lon2)


def _speed(t1: float, lat1: float, lon1: float, t2: float, lat2: float, lon2: float) -> float:
    if not (0 < t2 - t1 <= TREND_S[1]):
        return NAN
    return distance_km(lat1, lon1, lat2, lon2) / KM_PER_NM / (t2 - t1) * 3600


@cache
def _types() -> dict[str, str]:
    text = resources.files("bot").joinpath("data", "legs-types.csv").read_text("ascii")
    return {row["type"]: row["class"] for row in csv.DictReader(io.StringIO(text))}


@cache
def _blocks() -> tuple[list[int], list[bool]]:
    text = resources.files("bot").joinpath("data", "aircraft_blocks.csv").read_text("ascii")
    rows = list(csv.DictReader(io.StringIO(text)))
    return [int(r["start"], 16) for r in rows], [r["military"] == "1" for r in rows]


def of_the_forces(icao24: int) -> bool:
    """Whether the address lies in a block that its state gave to its forces."""
    starts, military = _blocks()
    return military[bisect_right(starts, icao24) - 1]


def craft_class(type_code: str, military: bool, max_gs: float, max_alt: float) -> str:
    """R rotorcraft, L light, S either of them, T turboprop, B small jet, J large jet, M of the
    forces, U unknown. From the type when it is known, else from how fast and high it was seen.
    """
    kind = _types().get(type_code, "")
    if not kind:
        if max_gs >= JET_KT or max_alt >= JET_FT:
            kind = "J"
        else:
            kind = "S" if max_gs < LIGHT_KT and not max_alt >= 15_000 else "U"
    return "M" if military and kind in "JTBU" else kind
