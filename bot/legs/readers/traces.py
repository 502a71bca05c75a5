"""readsb trace files (`trace_full_<hex>.json`): one aircraft and day each.

The rows go from bytes to typed structs to columns, one pass a column; no Python object lives per
position longer than that. Of a row only the leading nine fields are declared: older archives have
no more, and what is not declared is skipped without being built.
"""

from typing import Any

import msgspec
import numpy as np

from bot.errors import InputError
from bot.model.air import Positions

DAY_S = 86_400.0
Number = float | None


class _Detail(msgspec.Struct, gc=False):
    flight: str | None = None


class _Row(msgspec.Struct, array_like=True, gc=False):
    t: float
    lat: float
    lon: float
    alt: float | str | None = None
    gs: Number = None
    trk: Number = None
    flags: int = 0
    vr: Number = None
    detail: _Detail | None = None


class _Trace(msgspec.Struct, gc=False):
    icao: str
    timestamp: float
    trace: list[_Row]
    r: str | None = None
    t: str | None = None
    dbFlags: int = 0  # noqa: N815 - readsb's spelling


_decode = msgspec.json.Decoder(_Trace).decode


def parse(data: bytes, name: str) -> Positions:
    """Columns of one unpacked trace file; empty for an address that is not ICAO's ('~...').

    Raises InputError when the bytes are not a trace.
    """
    try:
        told = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise InputError(f"{name}: not a readsb trace: {exc}") from exc
    if told.icao.startswith("~") or not told.trace:
        return Positions.empty()
    try:
        address = int(told.icao, 16)
    except ValueError as exc:
        raise InputError(f"{name}: icao: {told.icao!r} is not an address") from exc
    return _columns(told, address)


def _columns(told: _Trace, address: int) -> Positions:
    rows, n = told.trace, len(told.trace)
    offset = np.array([r.t for r in rows])
    # a few points of the day before may leak into a day file, with a large negative offset
    begins_day = told.timestamp % DAY_S == 0
    keep = (offset >= (-1.0 if begins_day else -DAY_S)) & (offset < 2 * DAY_S)
    alt = [r.alt for r in rows]
    ground = np.array([a.__class__ is str for a in alt])
    if ground.any():
        alt = [None if a.__class__ is str else a for a in alt]
    track = np.array([r.trk for r in rows], np.float32)
    track[ground] = np.nan  # on the ground it is the heading
    p = Positions.of(
        np.full(n, address, np.uint32), told.timestamp + offset, [r.lat for r in rows],
        [r.lon for r in rows], altitude_ft=np.array(alt, np.float32), on_ground=ground,
        ground_speed_kt=np.array([r.gs for r in rows], np.float32), track_deg=track,
        vertical_rate_fpm=np.array([r.vr for r in rows], np.float32), callsign=_callsigns(rows),
        registration=np.full(n, (told.r or "")[:12].encode("ascii", "replace")),
        type_code=np.full(n, (told.t or "")[:4].encode("ascii", "replace")),
        military=np.full(n, bool(told.dbFlags & 1)),
    )  # fmt: skip
    return p if keep.all() else p.take(keep)


def _callsigns(rows: list[_Row]) -> np.ndarray[Any, np.dtype[np.bytes_]]:
    """Told only where it changes: carried forward."""
    out = np.zeros(len(rows), "S8")
    told = [(i, r.detail.flight) for i, r in enumerate(rows) if r.detail is not None]
    for i, flight in told:
        call = (flight or "").strip().upper()
        if call and call != "N/A":
            out[i:] = call.encode("ascii", "replace")[:8]
    return out
