"""readsb trace files (`trace_full_<hex>.json`): one aircraft and day each.

The rows go from bytes to typed structs to columns, one pass a column; no Python object lives per
position longer than that. Of a row only the leading nine fields are declared: older archives have
no more, and what is not declared is skipped without being built.
"""

from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

from bot import columns
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

    def field(name: str) -> list[Any]:
        return list(map(attrgetter(name), rows))

    offset, lat, lon, gs, track, rate = (
        columns.numbers(field(name)) for name in ("t", "lat", "lon", "gs", "trk", "vr")
    )
    alt, ground = columns.heights(field("alt"))
    track[ground] = np.nan  # on the ground it is the heading
    # a few points of the day before may leak into a day file, with a large negative offset
    begins_day = told.timestamp % DAY_S == 0
    keep = (offset >= (-1.0 if begins_day else -DAY_S)) & (offset < 2 * DAY_S)
    p = Positions.of(
        np.full(n, address, np.uint32), told.timestamp + offset, lat, lon, altitude_ft=alt,
        on_ground=ground, ground_speed_kt=gs, track_deg=track, vertical_rate_fpm=rate,
        callsign=_callsigns(field("detail")),
        registration=np.full(n, columns.text(told.r, 12)),
        type_code=np.full(n, columns.text(told.t, 4)),
        military=np.full(n, bool(told.dbFlags & 1)),
    )  # fmt: skip
    return p if keep.all() else p.take(keep)


def _callsigns(details: list[_Detail | None]) -> columns.Texts:
    """Told only now and then: carried forward."""
    begins, calls, last = [0], [b""], None
    for i, detail in enumerate(details):
        if detail is None or detail.flight == last:
            continue
        last = detail.flight
        call = columns.callsign(last)
        if call and call != calls[-1]:
            begins.append(i)
            calls.append(call)
    return np.repeat(np.array(calls, "S8"), np.diff([*begins, len(details)]))
