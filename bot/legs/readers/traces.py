"""readsb trace files (`trace_full_<hex>.json`): one aircraft and day each.

The rows go from bytes to typed structs to columns some hundred at a time (`packed`); no Python
object lives per position longer than that. Rows that are not all of the form are read one by one.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from bot import columns, scan
from bot.errors import InputError
from bot.legs.readers import clock, loose, packed, raw
from bot.legs.readers.packed import Detail, Row
from bot.model.air import Positions
from bot.scan import parts

DAY_S = 86_400.0
# Of a file. A row a second is 86,400 a day, each with one list more inside; rows that must be read
# one by one take 1 kB each, so that the most of them stay well below a gigabyte.
ROWS_MOST = 500_000
ROW_LEAST, ROW_MOST = 8, 16 << 10  # bytes: '[0,1,1],'; any row has under 1 kB
ROW_END = re.compile(rb"\]\s*,\s*\[")  # and the begin of the next: no detail looks like this


class _Trace(msgspec.Struct, gc=False):
    icao: str
    timestamp: float
    trace: list[Row]
    r: str | None = None
    t: str | None = None
    dbFlags: int = 0  # noqa: N815 - readsb's spelling


_decode = msgspec.json.Decoder(_Trace).decode
_decode_rows = msgspec.json.Decoder(list[Row]).decode


class _Loose(msgspec.Struct, gc=False):
    """What is left of the types when some value has not the type it should have."""

    icao: str
    timestamp: Any
    trace: list[msgspec.Raw]
    r: Any = None
    t: Any = None
    dbFlags: Any = 0  # noqa: N815 - readsb's spelling


_decode_loose = msgspec.json.Decoder(_Loose).decode
_Told = tuple[_Trace, scan.Rows]


def parse(data: bytes, name: str, tell: clock.Tell | None = None) -> Positions:
    """Columns of one unpacked trace file; empty for an address that is not ICAO's ('~...').

    A row without a time and place is left out, and `tell` gets a word about it. Raises InputError
    when the bytes are not a trace, TooMuch when it has more than `ROWS_MOST` rows.
    """
    if len(data) > ROWS_MOST * ROW_LEAST and data.count(b"[") > ROWS_MOST:
        raise raw.TooMuch(f"{name}: more than {ROWS_MOST:,} rows, the most that are read of a day")
    told, rows = _scanned(data) or _in_parts(data) or _whole(data, name, tell)
    if told.icao.startswith("~") or not len(rows.ground):
        return Positions.empty()
    address = columns.address(told.icao)
    if not address:
        raise InputError(f"{name}: icao: {told.icao!r} is not an address")
    p = _positions(told, address, rows, name)
    earthly = (np.abs(p.lat_deg) <= 90) & (np.abs(p.lon_deg) <= 180)
    if earthly.all():
        return p
    if tell is not None and earthly.any():
        tell(clock.left_out(name, int((~earthly).sum()), len(p)))
    if not earthly.any():
        raise InputError(f"{name}: no row has a place on Earth")
    return p.take(earthly)


def rescued(data: bytes, name: str) -> Positions | None:
    """The whole rows of a trace that was cut short; None when it was not just that."""
    ends = [match.start() for match in ROW_END.finditer(data)]
    try:
        return parse(data[: ends[-1] + 1] + b"]}", name) if ends else None
    except InputError:
        return None


def _scanned(data: bytes) -> _Told | None:
    """With the rows read by machine code, if that is at hand and the form is plain."""
    found = scan.rows(data)
    told = None if found is None else _around(found.rest)
    if found is None or told is None:
        return None
    number = {name: columns.possible(column) for name, column in found.number.items()}
    return told, replace(found, number=number)


def _around(rest: bytes) -> _Trace | None:
    """What is around rows that were read apart; None when they were others."""
    try:
        told = _decode(rest)
    except loose.UNREADABLE:
        return None
    return told if [row.alt for row in told.trace] == [scan.MARK] else None


def _in_parts(data: bytes) -> _Told | None:
    """With the rows read some hundred at a time, if all are of the form."""
    found = parts.parted(data, parts.TRACE)
    told = None if found is None else _around(found.around)
    if found is None or told is None:
        return None
    try:
        return told, packed.rows(map(_decode_rows, found.lists()))
    except (*loose.UNREADABLE, packed.Odd):
        return None


def _whole(data: bytes, name: str, tell: clock.Tell | None) -> _Told:
    """With whatever of the rows can be read. Raises InputError."""
    wrong: Exception
    try:
        told = _decode(data)
        return told, packed.rows([told.trace])
    except (msgspec.ValidationError, packed.Odd) as exc:
        wrong = exc
    except loose.UNREADABLE as exc:
        raise InputError(f"{name}: not a readsb trace: {exc}") from exc
    try:
        eased = _decode_loose(data)
    except loose.UNREADABLE:
        raise InputError(f"{name}: not a readsb trace: {wrong}") from wrong
    rows = [row for row in map(_mended, eased.trace) if row is not None]
    if not rows:
        raise InputError(f"{name}: not a readsb trace: {wrong}") from wrong
    if tell is not None and len(rows) < len(eased.trace):
        tell(clock.left_out(name, len(eased.trace) - len(rows), len(eased.trace)))
    flags = eased.dbFlags if isinstance(eased.dbFlags, int) else 0
    told = _Trace(eased.icao, loose.time_s(eased.timestamp), [], loose.text(eased.r),
                  loose.text(eased.t), flags)  # fmt: skip
    return told, packed.rows([rows])


def _mended(row: msgspec.Raw) -> Row | None:
    """A row with what can be read of it; None without a time and a place."""
    told = loose.value(row) if len(memoryview(row)) <= ROW_MOST else None
    if not isinstance(told, list):
        return None
    told += [None] * (9 - len(told))
    t, lat, lon, gs, trk, vr = (loose.number(told[i]) for i in (0, 1, 2, 4, 5, 7))
    if t is None or lat is None or lon is None:
        return None
    alt = told[3] if told[3] == columns.GROUND else loose.number(told[3])
    flight = loose.text(told[8].get("flight")) if isinstance(told[8], dict) else None
    call = columns.callsign(flight).decode()
    return Row(t, lat, lon, alt, gs, trk, 0, vr, Detail(call) if call else None)


def _positions(told: _Trace, address: int, rows: scan.Rows, name: str) -> Positions:
    day = clock.moment(told.timestamp, name, "timestamp")
    n, number = len(rows.ground), rows.number
    offset = number["seen_pos"]
    # a few points of the day before may leak into a day file, with a large negative offset
    begins_day = day % DAY_S == 0
    keep = (offset >= (-1.0 if begins_day else -DAY_S)) & (offset < 2 * DAY_S)
    lat, lon = number["lat"].copy(), number["lon"].copy()  # or all the numbers are kept for them
    p = Positions.of(
        np.full(n, address, np.uint32), day + offset, lat, lon,
        altitude_ft=number["alt_baro"], on_ground=rows.ground, ground_speed_kt=number["gs"],
        track_deg=np.where(rows.ground, np.nan, number["track"]),  # on the ground: the heading
        vertical_rate_fpm=number["baro_rate"], callsign=_callsigns(rows.calls, n),
        registration=columns.same(columns.text(told.r, 12), 12, n),
        type_code=columns.same(columns.text(told.t, 4), 4, n),
        military=np.full(n, bool(told.dbFlags & 1)),
    )  # fmt: skip
    return p if keep.all() else p.take(keep)


def _callsigns(told: Sequence[tuple[int, str]], n: int) -> columns.Texts:
    """Carried forward."""
    begins, calls = [0], [b""]
    for i, text in told:
        call = columns.callsign(text)
        if call and call != calls[-1]:
            begins.append(i)
            calls.append(call)
    return np.repeat(np.array(calls, "S8"), np.diff([*begins, n]))
