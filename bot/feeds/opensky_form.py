"""OpenSky's JSON -> columns, legs, tracks. Units are turned here: metres to feet, m/s to knots.

Promises as the readsb parser: one bad row never loses the others; what is left out is counted.
Refuses (Garbled): what is not the documented form.
"""

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import numpy as np

from bot.errors import Garbled
from bot.feeds.clean import (
    NO_POSITION,
    UNREADABLE,
    VEHICLE,
    Parsed,
    Skips,
    addressed,
    callsign,
    sound,
    within,
)
from bot.feeds.lenient import describe
from bot.model.air import SOURCES, Callsign, End, How, Icao24, Leg, Positions

FT_PER_M, KT_PER_MPS, FPM_PER_MPS = 1 / 0.3048, 3600 / 1852, 60 / 0.3048
_SOURCE_OF = {0: "adsb_icao", 2: "mlat"}  # ASTERIX (1) and FLARM (3) are 'other'
_OTHER = SOURCES.index("other")
_VEHICLES = range(16, 21)  # surface vehicles and obstacles
# An estimate whose fix lies within 10 NM and 5,000 ft of the field was right in 99.4 % of published
# ground-truth comparisons, the others in about 42 %: they stay below every sane threshold.
_NEAR_M, _LOW_M = 18_520.0, 1_524.0
_SURE, _UNSURE = 0.97, 0.42

Number = float | None
Row = TypeVar("Row")


class _State(msgspec.Struct, array_like=True, gc=False):
    """One row; older rows end after `position_source`, later columns are ignored."""

    icao24: str | None = None
    callsign: str | None = None
    origin_country: str | None = None
    time_position: Number = None
    last_contact: Number = None
    longitude: Number = None
    latitude: Number = None
    baro_altitude: Number = None
    on_ground: bool | None = None
    velocity: Number = None
    true_track: Number = None
    vertical_rate: Number = None
    sensors: list[int] | None = None
    geo_altitude: Number = None
    squawk: str | None = None
    spi: bool | None = None
    position_source: int | None = None
    category: int | None = None


class _Flight(msgspec.Struct, gc=False):
    icao24: str
    firstSeen: float  # noqa: N815 - the wire's spelling, here and below
    lastSeen: float  # noqa: N815
    callsign: str | None = None
    estDepartureAirport: str | None = None  # noqa: N815
    estDepartureAirportHorizDistance: Number = None  # noqa: N815
    estDepartureAirportVertDistance: Number = None  # noqa: N815
    estArrivalAirport: str | None = None  # noqa: N815
    estArrivalAirportHorizDistance: Number = None  # noqa: N815
    estArrivalAirportVertDistance: Number = None  # noqa: N815


def states(body: bytes, what: str) -> Parsed:
    """A reply of `/states/all`. `states: null` is an empty sky. Raises Garbled."""
    tree = _tree(body, what)
    if not isinstance(tree, dict) or "states" not in tree:
        raise Garbled(f"{what}: no states in the reply")
    time_s = tree.get("time")
    if not isinstance(time_s, int | float) or not 0 < time_s < 1e11:
        raise Garbled(f"{what}: no usable clock in the reply (time = {time_s})")
    counts = Skips()
    rows = [] if tree["states"] is None else _rows(tree["states"], _State, counts, what)
    kept = [row for row in rows if _wanted(row, counts)]
    listed = len(rows) + counts[UNREADABLE]
    positions = _columns(kept, float(time_s), counts)
    return Parsed.of(float(time_s), positions, listed, counts)


def _tree(body: bytes, what: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise Garbled(f"{what}: {describe(body)}") from exc


def _rows(items: Any, kind: type[Row], counts: Skips, what: str) -> list[Row]:
    """Every row that has the documented form; the others are counted."""
    if not isinstance(items, list):
        raise Garbled(f"{what}: a list was expected, {type(items).__name__} found")
    rows = []
    for item in items:
        try:
            rows.append(msgspec.convert(item, kind, strict=False))
        except (msgspec.MsgspecError, OverflowError, ValueError):
            counts.note(UNREADABLE, item)
    return rows


def _wanted(row: _State, counts: Skips) -> bool:
    if not addressed(row.icao24, counts):
        return False
    if row.category in _VEHICLES:
        counts[VEHICLE] += 1
        return False
    # without a time of position the coordinates are older than 15 s by an unknown time
    if row.latitude is None or row.longitude is None or row.time_position is None:
        counts[NO_POSITION] += 1
        return False
    return True


def _columns(kept: list[_State], time_s: float, counts: Skips) -> Positions:
    if not kept:
        return Positions.empty()
    rows = [(r.latitude, r.longitude, r.time_position, r.baro_altitude, r.velocity, r.true_track,
             r.vertical_rate) for r in kept]  # fmt: skip
    lat, lon, at_s, altitude_m, speed_mps, heading, rate_mps = np.array(rows, float).T
    ground = np.array([bool(r.on_ground) for r in kept])
    altitude_ft = within(altitude_m * FT_PER_M, "altitude")
    positions = Positions.of(
        [int(r.icao24 or "", 16) for r in kept],
        at_s,
        lat,
        lon,
        altitude_ft=np.where(ground, np.nan, altitude_ft),
        on_ground=ground,
        ground_speed_kt=within(speed_mps * KT_PER_MPS, "speed"),
        track_deg=within(heading, "track"),
        vertical_rate_fpm=within(rate_mps * FPM_PER_MPS, "rate"),
        source=[_source(r) for r in kept],
        callsign=[callsign(r.callsign) for r in kept],
    )
    return sound(positions, time_s - at_s, counts)


def _source(row: _State) -> int:
    name = _SOURCE_OF.get(row.position_source or 0)
    return SOURCES.index(name) if name else _OTHER


# ------------------------------------------------------------------------- flights and tracks


def flights(body: bytes, what: str) -> tuple[tuple[Leg, ...], dict[str, int]]:
    """A reply of `/flights/...` as legs, and what was skipped. Raises Garbled.

    Its airports are guesses from the first and last reception; a null stays unknown.
    """
    counts = Skips()
    legs = []
    for row in _rows(_tree(body, what), _Flight, counts, what):
        if not addressed(row.icao24, counts):
            continue
        if not 0 < row.firstSeen <= row.lastSeen < 1e11:
            counts[UNREADABLE] += 1
            continue
        legs.append(_leg(row, what))
    return tuple(legs), dict(counts)


def _leg(row: _Flight, feed: str) -> Leg:
    heard = callsign(row.callsign).decode()
    icao24 = Icao24(row.icao24.strip().lower())
    return Leg(
        id=f"{feed}-{icao24}-{int(row.firstSeen)}",
        icao24=icao24,
        first_seen=datetime.fromtimestamp(row.firstSeen, UTC),
        last_seen=datetime.fromtimestamp(row.lastSeen, UTC),
        origin=_end(row.estDepartureAirport, row.estDepartureAirportHorizDistance,
                    row.estDepartureAirportVertDistance),
        destination=_end(row.estArrivalAirport, row.estArrivalAirportHorizDistance,
                         row.estArrivalAirportVertDistance),
        callsign=Callsign(heard) if heard else None,
        source=feed,
        final=True,
    )  # fmt: skip


def _end(ident: str | None, off_m: Number, above_m: Number) -> End:
    if not ident or not ident.strip():
        return End()
    name = ident.strip().upper()
    close = off_m is not None and above_m is not None and off_m <= _NEAR_M and above_m <= _LOW_M
    sure = _SURE if close else _UNSURE
    how = How.LOW if close else How.PROJECTED
    return End(airfield=name, how=how, confidence=sure, candidates=((name, sure),))


def track(body: bytes, what: str) -> Positions:
    """A reply of `/tracks/all`, in time order. Rows: time, lat, lon, altitude in m, track, on
    ground; no speed. Raises Garbled."""
    tree = _tree(body, what)
    if not isinstance(tree, dict) or not isinstance(tree.get("path"), list):
        raise Garbled(f"{what}: no path in the reply")
    counts = Skips()
    if not addressed(str(tree.get("icao24") or ""), counts):
        raise Garbled(f"{what}: a track without an address")
    rows = _rows(tree["path"], _Waypoint, counts, what)
    table = np.array([(r.time, r.lat, r.lon, r.altitude_m, r.track, bool(r.on_ground))
                      for r in rows], float).reshape(-1, 6)  # fmt: skip
    table = table[np.isfinite(table[:, :3]).all(axis=1)]
    time_s, lat, lon, altitude_m, heading, down = table[np.argsort(table[:, 0], kind="stable")].T
    altitude_ft = within(altitude_m * FT_PER_M, "altitude")
    return Positions.of(
        np.full(len(table), int(str(tree["icao24"]).strip(), 16)), time_s, lat, lon,
        altitude_ft=np.where(down > 0, np.nan, altitude_ft), on_ground=down > 0,
        track_deg=within(heading, "track"),
    )  # fmt: skip


class _Waypoint(msgspec.Struct, array_like=True, gc=False):
    time: Number = None
    lat: Number = None
    lon: Number = None
    altitude_m: Number = None
    track: Number = None
    on_ground: bool | None = None
