"""Order in the reports: sorted, once each, on Earth, and none that jumps.

A report that would need more than `JUMP_KT` over more than `JUMP_KM` since the last good one is
held back: jamming and spoofing throw positions about (often onto one airport), one bad decode is
enough. The new place is believed after `BELIEVE_N` reports in a row that move there as an
aircraft does; a position frozen in the air is never believed, not even when the aircraft then says
that it landed. The first report after a silence is given up when the second contradicts it and
agrees with what was before. Two aircraft that fly under one address at a time are told apart: the
second is given an address of its own (`TWIN`). A place where it stands still at flying speed is
given up (`still.py`). Refuses: guessing a position.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bot.geo import KM_PER_NM, distance_km
from bot.legs import pieces, still
from bot.legs.pieces import km_apart
from bot.model.air import Positions

JUMP_KT = 700.0  # no airliner's ground speed in the strongest jet stream
JUMP_KM = 25.0  # multilateration noise and clock skew of receivers stay below
BELIEVE_N = 40  # reports in a row at the new place, ...
BELIEVE_FEW = 5  # ... or, where polls are minutes apart, this many ...
SOON_S = 20.0  # between reports: clocks of receivers differ
BELIEVE_S = 600.0  # ... over this long
FROZEN_KT = 60.0  # slower than this over the ground in the air: a spoofed point, not a flight
TWIN_KM, TWIN_S = 500.0, 900.0  # nearer it is noise, more seldom mere outliers
TWIN = 1 << 24  # added to the address of the second of two; the address is what is below
NEAR_DEG = 0.2  # below this in both angles no two places are JUMP_KM apart

GATE = np.dtype(
    [("t", "f8"), ("lat", "f8"), ("lon", "f8"), ("t_", "f8"), ("lat_", "f8"), ("lon_", "f8"),
     ("bad_n", "i4"), ("bad_ground", "i4"), ("bad_t0", "f8"), ("bad_lat0", "f8"),
     ("bad_lon0", "f8"), ("bad_t", "f8"), ("bad_lat", "f8"), ("bad_lon", "f8"), ("twin", "i4"),
     ("two_n", "i4"), ("two_t0", "f8"), ("two_lat0", "f8"), ("two_lon0", "f8"), ("two_t", "f8"),
     ("two_lat", "f8"), ("two_lon", "f8"), *still.MARKS],
    align=True,
)  # fmt: skip
"""Per aircraft: the last good report, the one before it, the run of doubted ones since; of a second
aircraft under the address (`twin`: it is one) the first and last report, all else doubted; marks of
where it was for `still`."""
Records = npt.NDArray[np.void]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Sifted:
    """The good reports; `jump` marks the first at a place that was long doubted; new gates.

    `positions` holds twins under their own addresses, which are not in `icao24`.
    """

    positions: Positions
    jump: Bools
    gates: Records  # one an aircraft, in the order of `icao24`
    icao24: npt.NDArray[np.uint32]  # ascending


def tidy(p: Positions) -> Positions:
    """Sorted by aircraft and time, impossible rows dropped, one row a time (the best source)."""
    ok = (np.abs(p.lat_deg) <= 90) & (np.abs(p.lon_deg) <= 180) & np.isfinite(p.time_s)
    ok &= (p.lat_deg != 0) | (p.lon_deg != 0)  # what an empty decoder says
    ok &= (p.icao24 > 0) & (p.icao24 < 0xFFFFFF)  # all zeros and all ones are no addresses
    if not ok.all():
        p = p.take(ok)
    same, pause = p.icao24[1:] == p.icao24[:-1], np.diff(p.time_s)
    later = (p.icao24[1:] > p.icao24[:-1]) | (same & (pause > 0))
    if later.all():
        return p
    again = same & (pause == 0)
    if not (later | (again & (p.source[1:] >= p.source[:-1]))).all():  # else they are sorted
        p = p.take(np.lexsort((p.source, p.time_s, p.icao24)))
        again = (p.icao24[1:] == p.icao24[:-1]) & (p.time_s[1:] == p.time_s[:-1])
    return p.take(np.concatenate([[True], ~again])) if again.any() else p


def new_gates(n: int) -> Records:
    """Gates of aircraft never seen before."""
    gates = np.zeros(n, GATE)
    gates["t"] = gates["t_"] = -np.inf
    gates["lat"] = gates["lon"] = gates["lat_"] = gates["lon_"] = np.nan
    still.fresh(gates)
    return gates


def groups(icao24: npt.NDArray[np.uint32]) -> Ints:
    """Where each aircraft's rows begin, in sorted rows."""
    if len(icao24) == 0:
        return np.empty(0, np.intp)
    return np.flatnonzero(np.concatenate([[True], icao24[1:] != icao24[:-1]]))


def sift(p: Positions, gates: Records) -> Sifted:
    """Tidy rows through the gates of their aircraft (one a group of rows, same order)."""
    first = groups(p.icao24)
    last = np.append(first[1:], len(p))[: len(first)] - 1
    before = np.zeros(len(p), np.intp)
    before[1:] = np.arange(len(p) - 1)
    t, lat, lon = p.time_s[before], p.lat_deg[before], p.lon_deg[before]
    t[first], lat[first], lon[first] = gates["t"], gates["lat"], gates["lon"]
    old = p.time_s[first] <= gates["t"]
    doubt = _jumps(t, lat, lon, p)
    troubled = np.logical_or.reduceat(doubt, first) if len(first) else np.empty(0, bool)
    troubled = troubled | old | (gates["bad_n"] > 0) | (gates["twin"] > 0) | (gates["still_n"] > 0)
    out = pieces.take(gates, np.arange(len(gates)))
    troubled |= still.marked(p, first, gates, out)
    out["t"], out["lat"], out["lon"] = p.time_s[last], p.lat_deg[last], p.lon_deg[last]
    out["t_"], out["lat_"], out["lon_"] = t[last], lat[last], lon[last]
    keep, jump, twin = np.ones(len(p), bool), np.zeros(len(p), bool), np.zeros(len(p), bool)
    for g in np.flatnonzero(troubled):
        rows = slice(first[g], last[g] + 1)
        keep[rows], jump[rows], twin[rows], out[g] = _walk(p, rows, gates[g])
    kept = p if keep.all() else p.take(keep)
    if twin.any():
        return _apart(kept, jump[keep], twin[keep], out, p.icao24[first])
    return Sifted(kept, jump[keep], out, p.icao24[first])


def _apart(p: Positions, jump: Bools, twin: Bools, gates: Records,
           icao24: npt.NDArray[np.uint32]) -> Sifted:  # fmt: skip
    """The twins' reports under their own addresses, all sorted again."""
    own = np.where(twin, p.icao24 | TWIN, p.icao24).astype(np.uint32)
    order = np.lexsort((p.time_s, own))
    return Sifted(replace(p, icao24=own).take(order), jump[order], gates, icao24)


def _jumps(t: npt.NDArray[np.float64], lat: npt.NDArray[np.float64],
           lon: npt.NDArray[np.float64], p: Positions) -> Bools:  # fmt: skip
    """Whether each row cannot be reached from the place and time given for it."""
    # not 'far enough', so that an unknown place (NaN) is no jump
    far = (np.abs(p.lat_deg - lat) > NEAR_DEG) | (np.abs(p.lon_deg - lon) > NEAR_DEG)
    rows = np.flatnonzero(far)
    km = km_apart(lat[rows], lon[rows], p.lat_deg[rows], p.lon_deg[rows])
    reach = np.maximum(JUMP_KM, JUMP_KT * KM_PER_NM / 3600 * (p.time_s[rows] - t[rows]))
    far[rows] = km > reach
    return far


def _walk(
    p: Positions, rows: slice, gate: np.void
) -> tuple[list[bool], list[bool], list[bool], tuple[float, ...]]:
    """The rows of one aircraft, one after another: only those in trouble come here."""
    g = dict(zip(GATE.names or (), gate.item(), strict=True))
    keep, jump, twin = [], [], []
    moved = zip(p.time_s[rows].tolist(), p.lat_deg[rows].tolist(), p.lon_deg[rows].tolist(),
                p.ground_speed_kt[rows].tolist(), p.on_ground[rows].tolist(),
                strict=True)  # fmt: skip
    for t, lat, lon, gs, ground in moved:
        # away from where it stood still, faster than any aircraft: no piece spans that
        away = still.held(g) and _leaps(g["m_t"], g["a_lat"], g["a_lon"], t, lat, lon)
        if still.holds(g, t, lat, lon, gs, ground):
            good, leap, second = False, False, False
        elif g["twin"] and _of_twin(g, t, lat, lon):
            good, leap = t > g["two_t"], False
            second = good
        else:
            good, leap = _pass(g, t, lat, lon, ground)
            leap |= good and away
            second = not good and _second(g, t, lat, lon)
        keep.append(good or second)
        jump.append(leap)
        twin.append(second)
        if second and good:
            g.update(two_t=t, two_lat=lat, two_lon=lon)
        elif good:
            if not (leap and g["bad_n"] == 0):  # the last one stays, unless it was given up
                g.update(t_=g["t"], lat_=g["lat"], lon_=g["lon"])
            g.update(t=t, lat=lat, lon=lon, bad_n=0)
            still.mark(g, t, lat, lon, gs, ground)
    return keep, jump, twin, tuple(g.values())


def _of_twin(g: dict[str, float], t: float, lat: float, lon: float) -> bool:
    """Whether a report fits the second aircraft, and better than the first."""
    if _leaps(g["two_t"], g["two_lat"], g["two_lon"], t, lat, lon):
        return False
    one = distance_km(g["lat"], g["lon"], lat, lon) / max(t - g["t"], SOON_S)
    two = distance_km(g["two_lat"], g["two_lon"], lat, lon) / max(t - g["two_t"], SOON_S)
    return two < one


def _second(g: dict[str, float], t: float, lat: float, lon: float) -> bool:
    """Take a doubted report for a second aircraft's; whether that is established by now: it moved
    as an aircraft does, for long enough, while the first was heard elsewhere."""
    if t <= g["two_t"] and g["two_n"]:
        return False
    new = not g["two_n"] or t - g["two_t"] > TWIN_S
    far = distance_km(g["lat"], g["lon"], lat, lon) > TWIN_KM
    if new or not far or _leaps(g["two_t"], g["two_lat"], g["two_lon"], t, lat, lon):
        g.update(two_n=1, two_t0=t, two_lat0=lat, two_lon0=lon, two_t=t, two_lat=lat, two_lon=lon)
        return False
    g.update(two_n=g["two_n"] + 1, two_t=t, two_lat=lat, two_lon=lon)
    span, km = t - g["two_t0"], distance_km(g["two_lat0"], g["two_lon0"], lat, lon)
    enough = g["two_n"] >= BELIEVE_N or (g["two_n"] >= BELIEVE_FEW and span >= BELIEVE_S)
    moved = km > max(JUMP_KM, FROZEN_KT * KM_PER_NM * span / 3600)
    g["twin"] = int(enough and moved and g["t"] > g["two_t0"])
    return bool(g["twin"])


def _pass(g: dict[str, float], t: float, lat: float, lon: float,
          ground: bool) -> tuple[bool, bool]:  # fmt: skip
    """Whether a report is good, and whether it is the first at a place doubted till now."""
    if t <= g["t"] or (g["bad_n"] and t <= g["bad_t"]):
        return False, False
    leap = _leaps(g["t"], g["lat"], g["lon"], t, lat, lon)
    if not g["bad_n"]:
        if not leap:
            return True, False
        silent = g["t"] - g["t_"] > pieces.GAP_S
        if silent and not _leaps(g["t_"], g["lat_"], g["lon_"], t, lat, lon):
            return True, True
        _doubt(g, t, lat, lon, ground)
        return False, False
    if _leaps(g["bad_t"], g["bad_lat"], g["bad_lon"], t, lat, lon):
        if not leap:
            return True, False
        _doubt(g, t, lat, lon, ground)  # yet another place: start counting anew
        return False, False
    km = distance_km(g["bad_lat0"], g["bad_lon0"], lat, lon)
    span = t - g["bad_t0"]
    frozen = not g["bad_ground"] and km < FROZEN_KT * KM_PER_NM * span / 3600
    if frozen and km < JUMP_KM:
        # also reachable from the last good place? Then the doubted ones were right, unless frozen
        near = distance_km(g["lat"], g["lon"], lat, lon) <= JUMP_KM
        if near:
            return True, False
    elif not leap:
        return True, False
    g.update(bad_n=g["bad_n"] + 1, bad_t=t, bad_lat=lat, bad_lon=lon)
    enough = g["bad_n"] >= BELIEVE_N or (g["bad_n"] >= BELIEVE_FEW and span >= BELIEVE_S)
    believed = enough and not frozen
    return believed, believed


def _doubt(g: dict[str, float], t: float, lat: float, lon: float, ground: bool) -> None:
    g.update(bad_n=1, bad_ground=ground, bad_t0=t, bad_lat0=lat, bad_lon0=lon, bad_t=t,
             bad_lat=lat, bad_lon=lon)  # fmt: skip


def _leaps(t1: float, lat1: float, lon1: float, t2: float, lat2: float, lon2: float) -> bool:
    if lat1 != lat1:  # never seen before
        return False
    km = distance_km(lat1, lon1, lat2, lon2)
    return km > max(JUMP_KM, JUMP_KT * KM_PER_NM / 3600 * (t2 - t1))
