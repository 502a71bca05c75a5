"""Positions that stand still while the aircraft says that it flies: spoofing that was believed.

A spoofed position need not leap: after some minutes of silence Beirut is within reach, and the
aircraft then 'descends' and 'taxies' there while it lands elsewhere. What gives it away is that it
says 250 kt and stays where it is. Marks half a minute apart are compared: no aircraft turns so
tightly at `FAST_KT` that it is found within `LAG` of its way `STILL_N` times in a row, within
`STAY_KM`; jets that turn over their own field do, but from step to step they cover the way. From
then on nothing said there is believed, on the ground neither, until it is heard `LEAVE_KM` away,
or flies again as it says, or is on the ground for `PARKED_S`, or was silent for `QUIET_S`; and the
last good place is the one before. Without a ground speed there is no verdict. Taxiing is no proof:
seen seldom, a spoofed place moves about as fast.

Promises: what is remembered between reports (`MARKS`) is the same however they are cut up.
"""

import math

import numpy as np
import numpy.typing as npt

from bot.geo import KM_PER_NM, distance_km
from bot.legs.pieces import MARK_S, km_apart
from bot.model.air import Positions

FAST_KT = 150.0  # below this light aircraft turn as tightly
LAG = 0.4  # of the way: in 45 s a turn of 250 degrees, at 150 kt a bank of 40
LEAST_S, MOST_S = 10.0, 45.0  # between marks
STEP_S, STEPS = 10.0, 0.6  # of the way: in a circle of 30 s steps of 10 s cover 0.83
STILL_N = 4
STAY_KM = 8.0
LEAVE_KM, QUIET_S = 25.0, 900.0
MOVES, MOVES_S, MOVES_KT = 0.6, 180.0, 100.0  # so much of the way for so long is flight again
PARKED_S = 3600.0  # no approach takes as long: it has landed, and has its place again

MARKS = [("m_t", "f8"), ("m_lat", "f8"), ("m_lon", "f8"), ("b_t", "f8"), ("b_lat", "f8"),
         ("b_lon", "f8"), ("a_lat", "f8"), ("a_lon", "f8"), ("p_t", "f8"), ("p_lat", "f8"),
         ("p_lon", "f8"), ("p_km", "f8"), ("still_n", "i4")]  # fmt: skip
"""The last mark; the one before (of a still run: before it; later the start of a movement); the
place where a run began; the last step of a run (held: when last in the air) and the sum of steps
since the mark; how many marks of the run lagged."""
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Gate = dict[str, float]


def fresh(gates: npt.NDArray[np.void]) -> None:
    """Marks of aircraft never seen before."""
    gates["m_t"] = gates["b_t"] = -math.inf
    for name in ("m_lat", "m_lon", "b_lat", "b_lon", "a_lat", "a_lon", "p_t", "p_lat", "p_lon",
                 "p_km"):  # fmt: skip
        gates[name] = math.nan


def marked(p: Positions, first: Ints, gates: npt.NDArray[np.void],
           out: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Set the marks of sorted rows, all of them good, in `out`; which aircraft may stand still.

    first (m,): where each aircraft's rows begin; gates, out (m,): theirs before and after. A single
    lag (an outlier, a sharp corner) with a mark after it leaves nothing to remember.
    """
    bucket = np.floor(p.time_s / MARK_S)
    new = np.empty(len(p), bool)
    new[1:] = bucket[1:] != bucket[:-1]
    new[first] = bucket[first] != np.floor(gates["m_t"] / MARK_S)
    rows = np.flatnonzero(new)
    polled = len(first) == len(p)  # one row an aircraft
    begin = np.cumsum(new) - new if polled else np.searchsorted(rows, first)
    end = np.append(begin[1:], len(rows))
    some = np.flatnonzero(end > begin)
    at, tail = begin[some], end[some] - 1
    t, lat, lon = p.time_s[rows], p.lat_deg[rows], p.lon_deg[rows]
    before = []
    for name, column in (("t", t), ("lat", lat), ("lon", lon)):
        last = np.empty(len(rows))
        last[1:], last[at] = column[:-1], gates[f"m_{name}"][some]
        out[f"m_{name}"][some], out[f"b_{name}"][some] = column[tail], last[tail]
        before.append(last)
    since = np.minimum(t - before[0], QUIET_S)  # finite, also for the first report of all
    late = _lags(p, rows, since, before[1], before[2])
    found = np.zeros(len(first), bool)
    of = np.searchsorted(first, rows[late], side="right") - 1
    found[of[(np.diff(late, append=-1) == 1) | (late == end[of] - 1)]] = True
    return found


def _lags(p: Positions, rows: Ints, dt: Floats, lat: Floats, lon: Floats) -> Ints:
    """Which of the marks lag behind the ones before."""
    km = LAG * KM_PER_NM / 3600 * p.ground_speed_kt[rows] * dt
    near = np.abs(p.lat_deg[rows] - lat) * 111.0 < km
    near &= (dt >= LEAST_S) & (dt <= MOST_S) & ~p.on_ground[rows]
    near &= p.ground_speed_kt[rows] >= FAST_KT
    at = np.flatnonzero(near)
    here = rows[at]
    return at[km_apart(lat[at], lon[at], p.lat_deg[here], p.lon_deg[here]) < km[at]]


def mark(g: Gate, t: float, lat: float, lon: float, gs: float, ground: bool) -> None:
    """Set the marks by one good report."""
    if g["still_n"] and t // STEP_S != g["p_t"] // STEP_S:
        step_km = distance_km(g["p_lat"], g["p_lon"], lat, lon)
        g.update(p_t=t, p_lat=lat, p_lon=lon, p_km=g["p_km"] + step_km)
    if t // MARK_S == g["m_t"] // MARK_S:
        return
    if _lagged(g, t, lat, lon, gs, ground):
        if not g["still_n"]:
            g.update(a_lat=g["m_lat"], a_lon=g["m_lon"])
        g["still_n"] += 1
        if distance_km(g["a_lat"], g["a_lon"], lat, lon) > STAY_KM:
            g["still_n"] = 0
    else:
        g["still_n"] = 0
    if not g["still_n"]:
        g.update(b_t=g["m_t"], b_lat=g["m_lat"], b_lon=g["m_lon"])
    g.update(m_t=t, m_lat=lat, m_lon=lon, p_t=t, p_lat=lat, p_lon=lon, p_km=0.0)
    if g["still_n"] == STILL_N:  # back to what was good before, and the run counts for nothing
        g.update(t=g["b_t"], lat=g["b_lat"], lon=g["b_lon"], bad_n=0)
        g.update(t_=g["b_t"], lat_=g["b_lat"], lon_=g["b_lon"], b_t=t, b_lat=lat, b_lon=lon)


def _lagged(g: Gate, t: float, lat: float, lon: float, gs: float, ground: bool) -> bool:
    """Whether a mark lags behind the one before. The steps to the first of a run are not known."""
    dt = t - g["m_t"]
    if not LEAST_S <= dt <= MOST_S or gs < FAST_KT or ground:
        return False
    if g["still_n"] and g["p_km"] >= _way(gs, dt, STEPS):
        return False
    return distance_km(g["m_lat"], g["m_lon"], lat, lon) < _way(gs, dt, LAG)


def held(g: Gate) -> bool:
    """Whether the aircraft is known not to be where it was last heard."""
    return g["still_n"] >= STILL_N


def holds(g: Gate, t: float, lat: float, lon: float, gs: float, ground: bool) -> bool:
    """Whether a report still comes from a place where the aircraft is known not to be."""
    if not held(g):
        return False
    if t <= g["m_t"]:
        return True
    if not ground:
        g["p_t"] = t
    parked, quiet = t - g["p_t"] > PARKED_S, t - g["m_t"] > QUIET_S
    if _moves(g, t, lat, lon, gs, ground) or parked or quiet or (
        distance_km(g["a_lat"], g["a_lon"], lat, lon) > LEAVE_KM
    ):  # fmt: skip
        g.update(still_n=0, m_t=-math.inf, m_lat=math.nan, m_lon=math.nan)
        return False
    g["m_t"] = t
    return True


def _moves(g: Gate, t: float, lat: float, lon: float, gs: float, ground: bool) -> bool:
    """Whether it has long flown as it says; else the count begins anew from here."""
    span = t - g["b_t"]
    if span < LEAST_S:
        return False
    km = distance_km(g["b_lat"], g["b_lon"], lat, lon)
    if gs >= MOVES_KT and not ground and km >= _way(gs, span, MOVES):
        return span >= MOVES_S
    g.update(b_t=t, b_lat=lat, b_lon=lon)
    return False


def _way(gs: float, seconds: float, share: float) -> float:
    return share * gs * KM_PER_NM / 3600 * seconds
