"""Snapshots of the sky: readsb's `aircraft.json` and its relatives, and OpenSky's `/states/all`."""

import math
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from bot import columns, scan
from bot.errors import InputError
from bot.legs.readers import clock, loose, states, table
from bot.model.air import Positions

NUMBERS = ("lat", "lon", "gs", "track", "baro_rate", "geom_rate", "seen_pos")
BLOCK = 3000  # aircraft: their objects, touched field by field, stay in the processor's cache

FIELDS: dict[str, Any] = {  # in the order of the wire, which spares the decoder searching
    "hex": str, "type": str, "flight": str, "r": str, "t": str, "dbFlags": int,
    "alt_baro": float | str, "gs": float, "track": float, "baro_rate": float, "geom_rate": float,
    "category": str, "lat": float, "lon": float, "seen_pos": float,
}  # fmt: skip
_UNTOLD: dict[Any, Any] = {str: "", int: 0}
# What is not told is the column's own 'unknown', so that a field is one array at once. A decoder
# that spells out `null` is read by the second form.
_Plane: Any = msgspec.defstruct(
    "_Plane", [(n, t, _UNTOLD.get(t, math.nan)) for n, t in FIELDS.items()], gc=False
)
_Nullable: Any = msgspec.defstruct(
    "_Nullable", [(n, t | None, None) for n, t in FIELDS.items()], gc=False
)
Plane = TypeVar("Plane")


class _Snapshot(msgspec.Struct, Generic[Plane], gc=False):
    now: float = 0.0
    aircraft: list[Plane] | None = None
    ac: list[Plane] | None = None
    states: list[list[Any]] | None = None
    time: float = 0.0


class _Loose(msgspec.Struct, gc=False):
    """What is left of the types when some value has not the type it should have."""

    now: Any = None
    aircraft: list[msgspec.Raw] | None = None
    ac: list[msgspec.Raw] | None = None
    states: list[Any] | None = None
    time: Any = None


_decode_loose = msgspec.json.Decoder(_Loose).decode
_decode = msgspec.json.Decoder(_Snapshot[_Plane], strict=False).decode
_decode_nulls = msgspec.json.Decoder(_Snapshot[_Nullable], strict=False).decode


def parse(data: bytes, name: str, tell: clock.Tell | None = None) -> Positions:
    """Positions of one snapshot. An aircraft that cannot be read is left out, and `tell` gets a
    word about it. Raises InputError when it is no snapshot."""
    found = scan.crafts(data)
    if found is not None:
        told = _read(found.rest, name, tell)
        if told.states is None and [a.hex for a in told.aircraft or told.ac or ()] == [scan.MARK]:
            return _scanned(found, _clock(told, name))
    told = _read(data, name, tell)
    if told.states is not None:
        return table.positions(states.vectors(told.states), name)
    planes = told.aircraft if told.aircraft is not None else told.ac
    if planes is None:
        raise InputError(f"{name}: no list of aircraft with a time in it")
    return _columns(planes, _clock(told, name))


def _clock(told: _Snapshot[Any], name: str) -> float:
    if not told.now:
        raise InputError(f"{name}: no list of aircraft with a time in it")
    return clock.moment(told.now, name, "now")


def _read(data: bytes, name: str, tell: clock.Tell | None) -> _Snapshot[Any]:
    try:
        return _decode(data)
    except msgspec.ValidationError:
        pass  # perhaps a null
    except loose.UNREADABLE as exc:
        raise InputError(f"{name}: not a snapshot: {exc}") from exc
    try:
        return _decode_nulls(data)
    except msgspec.ValidationError as exc:
        wrong = exc
    except loose.UNREADABLE as exc:
        raise InputError(f"{name}: not a snapshot: {exc}") from exc
    try:
        told = _decode_loose(data)
    except loose.UNREADABLE:
        raise InputError(f"{name}: not a snapshot: {wrong}") from wrong
    return _eased(told, name, tell)


def _eased(told: _Loose, name: str, tell: clock.Tell | None) -> _Snapshot[Any]:
    """Aircraft by aircraft, with what can be read of each."""
    raw = told.aircraft if told.aircraft is not None else told.ac
    planes = None if raw is None else [p for p in map(_mended, raw) if p is not None]
    if tell is not None and raw is not None and planes is not None and len(planes) < len(raw):
        tell(clock.left_out(name, len(raw) - len(planes), len(raw)))
    vectors = None if told.states is None else [s for s in told.states if isinstance(s, list)]
    now = loose.time_s(told.now)
    return _Snapshot(now if now == now else 0.0, planes, None, vectors)


def _mended(raw: msgspec.Raw) -> Any:
    told = loose.value(raw)
    if not isinstance(told, dict) or not isinstance(told.get("hex"), str):
        return None
    plane: dict[str, Any] = {
        n: loose.text(told.get(n)) if kind is str else loose.number(told.get(n))
        for n, kind in FIELDS.items()
    }
    if told.get("alt_baro") == columns.GROUND:
        plane["alt_baro"] = columns.GROUND
    flags = loose.number(told.get("dbFlags")) or 0.0
    plane["dbFlags"] = int(flags) if abs(flags) < 1e9 else None  # larger is no flags
    return _Nullable(**plane)


def _columns(planes: list[Any], now: float) -> Positions:
    blocks = [planes[i : i + BLOCK] for i in range(0, len(planes), BLOCK)]
    return columns.joined([_block(block, now) for block in blocks])


def _block(planes: list[Any], now: float) -> Positions:
    """One field after another, each list gone before the next."""

    def told(name: str) -> list[Any]:
        return list(map(attrgetter(name), planes))

    height, ground = columns.heights(told("alt_baro"))
    return _placed(
        scan.Crafts(
            b"", columns.addresses(told("hex")), {},
            {n: columns.numbers(told(n)) for n in NUMBERS} | {"alt_baro": height}, ground,
            columns.flagged(told("dbFlags"), 1), columns.vehicles(told("category")),
            columns.sources(told("type")), columns.callsigns(told("flight")),
            columns.texts(told("r"), 12), columns.texts(told("t"), 4),
        ), now,
    )  # fmt: skip


def _scanned(found: scan.Crafts, now: float) -> Positions:
    source = found.source
    source[source == scan.NO_SOURCE] = 0  # what a receiver heard itself
    return _placed(found, now)


def _placed(told: scan.Crafts, now: float) -> Positions:
    """The aircraft that can give a row."""
    number = {name: columns.possible(column) for name, column in told.number.items()}
    rate = np.where(np.isnan(number["baro_rate"]), number["geom_rate"], number["baro_rate"])
    p = Positions.of(
        told.address, now - np.nan_to_num(number["seen_pos"]), number["lat"], number["lon"],
        altitude_ft=number["alt_baro"], on_ground=told.ground, ground_speed_kt=number["gs"],
        track_deg=np.where(told.ground, np.nan, number["track"]), vertical_rate_fpm=rate,
        callsign=told.callsign, registration=told.registration, type_code=told.type_code,
        source=told.source, military=told.military,
    )  # fmt: skip
    good = ~(np.isnan(p.lat_deg) | np.isnan(p.lon_deg)) & (told.address > 0)
    good &= ~told.vehicle & ~np.isnan(clock.epoch_s(p.time_s))
    return p if good.all() else p.take(good)
