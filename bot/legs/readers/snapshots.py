"""Snapshots of the sky: readsb's `aircraft.json` and its relatives, and OpenSky's `/states/all`."""

from typing import Any

import msgspec
import numpy as np

from bot.errors import InputError
from bot.legs.readers import table
from bot.model.air import SOURCES, Positions

_SOURCE = {name: i for i, name in enumerate(SOURCES)}
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


def _columns(planes: list[_Plane], now: float) -> Positions:
    good = [a for a in planes if a.lat is not None and a.lon is not None and a.hex[:1] != "~"
            and (a.category is None or a.category[:1] != VEHICLE)]  # fmt: skip
    alt = [a.alt_baro for a in good]
    ground = np.array([a == "ground" for a in alt], bool)
    height = np.array([None if a.__class__ is str else a for a in alt], np.float32)
    seen = np.array([a.seen_pos for a in good], np.float64)
    track = np.array([a.track for a in good], np.float32)
    return Positions.of(
        np.array([_address(a.hex) for a in good], np.uint32), now - np.nan_to_num(seen),
        np.array([a.lat for a in good], np.float64), np.array([a.lon for a in good], np.float64),
        altitude_ft=height, on_ground=ground,
        ground_speed_kt=np.array([a.gs for a in good], np.float32),
        track_deg=np.where(ground, np.nan, track),
        vertical_rate_fpm=np.array([a.baro_rate for a in good], np.float32),
        callsign=_texts([a.flight for a in good], "S8"),
        registration=_texts([a.r for a in good], "S12"),
        type_code=_texts([a.t for a in good], "S4"),
        military=np.array([a.dbFlags for a in good], np.int64) & 1 > 0,
        source=np.array([_SOURCE.get(a.type or "", 6) for a in good], np.uint8),
    )  # fmt: skip


def _address(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _texts(column: list[str | None], kind: str) -> np.ndarray[Any, np.dtype[np.bytes_]]:
    try:
        told: np.ndarray[Any, Any] = np.array([c or "" for c in column], kind)
    except UnicodeEncodeError:  # a callsign decoded from noise
        told = np.array([(c or "").encode("ascii", "replace") for c in column], kind)
    upper: np.ndarray[Any, Any] = np.strings.upper(np.strings.strip(told))
    upper[upper == b"N/A"] = b""
    return upper
