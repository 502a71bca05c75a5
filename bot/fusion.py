"""Several feeds, one sky: whose fix counts.

Positions pass a filter on their way in: a fix that is not newer than the one held, that a better
source has just told, or that contradicts it, is refused and counted. What one feed knows of an
airframe (registration, type, military flag) completes the rows of the others; what lists know
completes them all.

Promises: of two feeds that tell the same fix one row goes on; an aircraft in two places at once
stays where the better source, then the first, saw it, until the other place is confirmed; memory
is bounded by the aircraft of the last ten minutes. Refuses nothing silently: see the counts.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.model.air import SOURCES, Aircraft, Icao24, Positions, hex_of

KNOWN = "already known"
OUTRANKED = "a better source has it"
CONFLICT = "in two places at once"

_TIER_OF = {"adsb_icao": 0, "adsb_icao_nt": 0, "adsr_icao": 0, "adsc": 1, "mlat": 1}
TIERS = np.array([_TIER_OF.get(name, 2) for name in SOURCES], np.int8)
"""Own report of the aircraft; computed or relayed by satellite; the rest. Lower is better."""
HOLD_S = 20.0  # a worse source waits so long: the better one is heard every few seconds
FASTEST_KM_S, NOISE_KM = 0.4, 5.0  # 780 kt over ground; what MLAT may be off
CONFIRMED_BY = 3  # fixes in a row at the other place move the aircraft there
FORGET_S = 600.0

_DTYPE = np.dtype([
    ("icao24", np.uint32), ("time_s", np.float64), ("lat", np.float64), ("lon", np.float64),
    ("tier", np.int8), ("strikes", np.int8), ("odd_s", np.float64), ("odd_lat", np.float64),
    ("odd_lon", np.float64), ("registration", "S12"), ("type_code", "S4"), ("military", np.bool_),
])  # fmt: skip
_FACTS = np.dtype([("icao24", np.uint32), ("type_code", "S4"), ("military", np.bool_)])
_FACTS_KEPT = 200_000  # airframes; more than fly in a week
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.void]


class Fusion:
    """The filter and what it remembers: one for the whole bot, used under its owner's lock."""

    def __init__(self) -> None:
        self._held = np.zeros(0, _DTYPE)  # sorted by address

    def __len__(self) -> int:
        return len(self._held)

    def admit(self, positions: Positions) -> tuple[Positions, dict[str, int]]:
        """The rows that tell something new, completed with what is known of the airframes, and
        how many were refused, by reason. At most one row an aircraft, as feeds give them."""
        if not len(positions):
            return positions, {}
        held, known = self._lookup(positions)
        tier = TIERS[positions.source]
        stale = known & (positions.time_s <= held["time_s"])
        outranked = known & ~stale & (tier > held["tier"])
        outranked &= positions.time_s - held["time_s"] < HOLD_S
        far = known & ~stale & ~outranked & (tier >= held["tier"])
        far &= ~_reachable(held["time_s"], held["lat"], held["lon"], positions)
        moved = far & self._confirmed(held, positions)
        refused = far & ~moved
        admitted = ~(stale | outranked | refused)
        completed = _completed(positions, held)
        self._remember(completed, held, admitted, refused, tier)
        counts = {KNOWN: stale, OUTRANKED: outranked, CONFLICT: refused}
        told = {why: int(mask.sum()) for why, mask in counts.items() if mask.any()}
        return completed.take(admitted), told

    def _lookup(self, positions: Positions) -> tuple[Rows, Bools]:
        """What is held of each row's aircraft (zeros where nothing), and whether anything is."""
        out = np.zeros(len(positions), _DTYPE)
        if not len(self._held):
            return out, np.zeros(len(positions), bool)
        at = np.searchsorted(self._held["icao24"], positions.icao24)
        at = np.minimum(at, len(self._held) - 1)
        known = self._held["icao24"][at] == positions.icao24
        out[known] = self._held[at[known]]
        return out, known

    def _confirmed(self, held: Rows, positions: Positions) -> Bools:
        """Whether the other place has been told often enough, each time near the time before."""
        near = _reachable(held["odd_s"], held["odd_lat"], held["odd_lon"], positions)
        return np.asarray((held["strikes"] >= CONFIRMED_BY - 1) & near)

    def _remember(self, rows: Positions, held: Rows, admitted: Bools, refused: Bools,
                  tier: npt.NDArray[np.int8]) -> None:  # fmt: skip
        new = held.copy()
        new["icao24"] = rows.icao24
        for name in ("registration", "type_code", "military"):
            new[name] = getattr(rows, name)
        for name, column in (("time_s", rows.time_s), ("lat", rows.lat_deg), ("lon", rows.lon_deg),
                             ("tier", tier)):  # fmt: skip
            new[name] = np.where(admitted, column, held[name])
        near = _reachable(held["odd_s"], held["odd_lat"], held["odd_lon"], rows)
        strikes = np.where(near, held["strikes"], 0) + 1
        new["strikes"] = np.where(admitted, 0, np.where(refused, strikes, held["strikes"]))
        for name, column in (("odd_s", rows.time_s), ("odd_lat", rows.lat_deg),
                             ("odd_lon", rows.lon_deg)):  # fmt: skip
            new[name] = np.where(refused, column, held[name])
        latest = float(rows.time_s.max())
        kept = self._held[~np.isin(self._held["icao24"], rows.icao24)]
        kept = kept[kept["time_s"] > latest - FORGET_S]
        joined = np.concatenate([kept, new])
        self._held = joined[np.argsort(joined["icao24"], kind="stable")]


class Facts:
    """Type and military flag of airframes whose feed does not tell them, from the lists.

    What kind of aircraft it is decides where it can have landed, so it is filled in before legs
    are built. Registrations stay the feed's: a list's are looked up when they are needed.
    """

    def __init__(self, resolve: Callable[[Icao24], Aircraft]) -> None:
        """`resolve` is asked once for each airframe."""
        self._resolve = resolve
        self._known = np.zeros(0, _FACTS)  # sorted by address

    def complete(self, rows: Positions) -> Positions:
        """The rows, their gaps filled; what the feed said is kept."""
        if not len(rows):
            return rows
        new = np.setdiff1d(rows.icao24, self._known["icao24"])
        if len(new):
            kept = self._known if len(self._known) < _FACTS_KEPT else self._known[:0]
            new = np.setdiff1d(rows.icao24, kept["icao24"])
            told = (self._resolve(hex_of(address)) for address in new.tolist())
            facts = [(int(one.icao24, 16), one.type_code or "", bool(one.military)) for one in told]
            self._known = np.sort(np.concatenate([kept, np.array(facts, _FACTS)]), order="icao24")
        known = self._known[np.searchsorted(self._known["icao24"], rows.icao24)]
        return replace(
            rows,
            type_code=np.where(rows.type_code == b"", known["type_code"], rows.type_code),
            military=rows.military | known["military"],
        )


def _reachable(time_s: npt.NDArray[np.float64], lat: npt.NDArray[np.float64],
               lon: npt.NDArray[np.float64], rows: Positions) -> Bools:  # fmt: skip
    """Whether an aircraft can have flown from the held fix to the new one."""
    apart = geo.distances_km(lat, lon, rows.lat_deg, rows.lon_deg)
    return np.asarray(apart <= NOISE_KM + FASTEST_KM_S * np.abs(rows.time_s - time_s))


def _completed(rows: Positions, held: Rows) -> Positions:
    """Rows with registration, type and flag from whichever feed told them."""
    return replace(
        rows,
        registration=np.where(rows.registration == b"", held["registration"], rows.registration),
        type_code=np.where(rows.type_code == b"", held["type_code"], rows.type_code),
        military=rows.military | held["military"],
    )
