"""Snapshots of the sky: readsb's `aircraft.json` and its relatives, and OpenSky's `/states/all`."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

from bot.errors import InputError
from bot.legs.readers import table
from bot.model.air import SOURCES, Positions

OTHER = SOURCES.index("other")
Texts = np.ndarray[Any, Any]
_SOURCE: dict[str | None, int] = {name: i for i, name in enumerate(SOURCES)}
STATES = ("icao24", "callsign", "origin_country", "time_position", "last_contact", "longitude",
          "latitude", "baro_altitude", "on_ground", "velocity", "true_track", "vertical_rate",
          "sensors", "geo_altitude", "squawk", "spi", "position_source")  # fmt: skip
VEHICLE = "C"  # emitter category of surface vehicles and obstacles: C0 to C7


class _Plane(msgspec.Struct, gc=False):
    hex: str
    lat: float | None = None
    lon: float | None = None
    alt_baro: int | float | str | None = None
    gs: float | None = None
    track: float | None = None
    baro_rate: float | None = None
    seen_pos: float | None = None
    flight: str | None = None
    r: str | None = None
    t: str | None = None
    dbFlags: int = 0  # noqa: N815 - readsb's spelling
    type: str | None = None
    category: str | None = None


class _Snapshot(msgspec.Struct, gc=False):
    now: float = 0.0
    aircraft: list[_Plane] | None = None
    ac: list[_Plane] | None = None
    states: list[list[Any]] | None = None
    time: float = 0.0


_decode = msgspec.json.Decoder(_Snapshot, strict=False).decode


def parse(data: bytes, name: str) -> Positions:
    """Positions of one snapshot. Raises InputError when it is none."""
    try:
        told = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise InputError(f"{name}: not a snapshot: {exc}") from exc
    if told.states is not None:
        columns = {n: [row[i] if i < len(row) else None for row in told.states]
                   for i, n in enumerate(STATES)}  # fmt: skip
        return table.positions(columns, name)
    planes = told.aircraft if told.aircraft is not None else told.ac
    if planes is None or not told.now:
        raise InputError(f"{name}: no list of aircraft with a time in it")
    return _columns(planes, told.now / 1000 if told.now > 1e11 else told.now)


# A column at a time, without a tuple per aircraft: those would wake the garbage collector.
_FIELDS = [attrgetter(name) for name in (
    "hex", "lat", "lon", "alt_baro", "gs", "track", "baro_rate", "seen_pos", "flight", "r", "t",
    "dbFlags", "type", "category")]  # fmt: skip


def _columns(planes: list[_Plane], now: float) -> Positions:
    (hexes, lat, lon, alt, gs, track, rate, seen, flight, registration, kind, flags, source,
     category) = (list(map(field, planes)) for field in _FIELDS)  # fmt: skip
    ground = np.array([a == "ground" for a in alt], bool)
    height = np.array([None if a.__class__ is str else a for a in alt], np.float64)
    course = np.array(track, np.float64)
    course[ground] = np.nan
    address = np.array([_address(h) for h in hexes], np.uint32)
    p = Positions.of(
        address, now - np.nan_to_num(np.array(seen, np.float64)), np.array(lat, np.float64),
        np.array(lon, np.float64), altitude_ft=height, on_ground=ground,
        ground_speed_kt=np.array(gs, np.float64), track_deg=course,
        vertical_rate_fpm=np.array(rate, np.float64), callsign=_calls(flight),
        registration=_texts(registration, "S12"), type_code=_texts(kind, "S4"),
        military=np.array(flags, np.int64) & 1 > 0,
        source=np.array([_SOURCE.get(s, OTHER) for s in source], np.uint8),
    )  # fmt: skip
    vehicle = np.array([c is not None and c[:1] == VEHICLE for c in category], bool)
    good = ~(np.isnan(p.lat_deg) | np.isnan(p.lon_deg) | vehicle) & (address > 0)
    return p if good.all() else p.take(good)


def _address(text: str) -> int:
    """The address; 0 where there is none or it is not ICAO's ('~...')."""
    try:
        return int(text, 16) if len(text) <= 6 else 0
    except ValueError:
        return 0


def _calls(column: Sequence[str | None]) -> Texts:
    told: Texts = np.strings.upper(np.strings.strip(_texts(column, "S8")))
    told[told == b"N/A"] = b""
    return told


def _texts(column: Sequence[str | None], kind: str) -> Texts:
    try:
        return np.array([c or "" for c in column], kind)
    except UnicodeEncodeError:  # decoded from noise
        return np.array([(c or "").encode("ascii", "replace") for c in column], kind)
