"""readsb trace files (`trace_full_<hex>.json`): one aircraft and day each.

The rows go from bytes to typed structs to columns, one pass a column; no Python object lives per
position longer than that. Of a row only the leading nine fields are declared: older archives have
no more, and what is not declared is skipped without being built.
"""

import re
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

from bot import columns, scan
from bot.errors import InputError
from bot.legs.readers import clock, loose
from bot.model.air import Positions

DAY_S = 86_400.0
ROW_END = re.compile(rb"\]\s*,\s*\[")  # and the begin of the next: no detail looks like this
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


# The columns of `scan.Rows`, and the fields of a row that they are; of a trace `seen_pos` is the
# offset to its timestamp.
FIELDS = {"seen_pos": "t", "lat": "lat", "lon": "lon", "gs": "gs", "track": "trk",
          "baro_rate": "vr"}  # fmt: skip
_decode = msgspec.json.Decoder(_Trace).decode


class _Loose(msgspec.Struct, gc=False):
    """What is left of the types when some value has not the type it should have."""

    icao: str
    timestamp: Any
    trace: list[msgspec.Raw]
    r: Any = None
    t: Any = None
    dbFlags: Any = 0  # noqa: N815 - readsb's spelling


_decode_loose = msgspec.json.Decoder(_Loose).decode


def parse(data: bytes, name: str, tell: clock.Tell | None = None) -> Positions:
    """Columns of one unpacked trace file; empty for an address that is not ICAO's ('~...').

    A row without a time and place is left out, and `tell` gets a word about it. Raises InputError
    when the bytes are not a trace.
    """
    found = scan.rows(data)
    told = _read(data if found is None else found.rest, name, tell)
    if found is not None and [r.alt for r in told.trace] != [scan.MARK]:
        found, told = None, _read(data, name, tell)
    if told.icao.startswith("~") or not told.trace:
        return Positions.empty()
    address = columns.address(told.icao)
    if not address:
        raise InputError(f"{name}: icao: {told.icao!r} is not an address")
    rows = _listed(told.trace) if found is None else found
    if not len(rows.ground):
        return Positions.empty()
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


def _read(data: bytes, name: str, tell: clock.Tell | None) -> _Trace:
    try:
        return _decode(data)
    except msgspec.ValidationError as exc:
        wrong = exc
    except loose.UNREADABLE as exc:
        raise InputError(f"{name}: not a readsb trace: {exc}") from exc
    try:
        told = _decode_loose(data)
    except loose.UNREADABLE:
        raise InputError(f"{name}: not a readsb trace: {wrong}") from wrong
    rows = [row for row in map(_mended, told.trace) if row is not None]
    if not rows:
        raise InputError(f"{name}: not a readsb trace: {wrong}") from wrong
    if tell is not None and len(rows) < len(told.trace):
        tell(clock.left_out(name, len(told.trace) - len(rows), len(told.trace)))
    flags = told.dbFlags if isinstance(told.dbFlags, int) else 0
    return _Trace(told.icao, loose.time_s(told.timestamp), rows, loose.text(told.r),
                  loose.text(told.t), flags)  # fmt: skip


def _mended(raw: msgspec.Raw) -> _Row | None:
    """A row with what can be read of it; None without a time and a place."""
    told = loose.value(raw)
    if not isinstance(told, list):
        return None
    told += [None] * (9 - len(told))
    t, lat, lon, gs, trk, vr = (loose.number(told[i]) for i in (0, 1, 2, 4, 5, 7))
    if t is None or lat is None or lon is None:
        return None
    alt = told[3] if told[3] == columns.GROUND else loose.number(told[3])
    flight = loose.text(told[8].get("flight")) if isinstance(told[8], dict) else None
    return _Row(t, lat, lon, alt, gs, trk, 0, vr, _Detail(flight) if flight else None)


def _listed(rows: list[_Row]) -> scan.Rows:
    """One field after another, each list gone before the next."""

    def field(name: str) -> list[Any]:
        return list(map(attrgetter(name), rows))

    number = {name: columns.numbers(field(short)) for name, short in FIELDS.items()}
    number["alt_baro"], ground = columns.heights(field("alt"))
    return scan.Rows(b"", number, ground, tuple(_calls(field("detail"))))


def _calls(details: list[_Detail | None]) -> Iterator[tuple[int, str]]:
    """Callsigns are told only now and then: from which row on each is another."""
    last = None
    for i, detail in enumerate(details):
        if detail is not None and detail.flight != last:
            last = detail.flight
            if last is not None:
                yield i, last


def _positions(told: _Trace, address: int, rows: scan.Rows, name: str) -> Positions:
    day = clock.moment(told.timestamp, name, "timestamp")
    number = {name: columns.possible(column) for name, column in rows.number.items()}
    n = len(rows.ground)
    offset = number["seen_pos"]
    # a few points of the day before may leak into a day file, with a large negative offset
    begins_day = day % DAY_S == 0
    keep = (offset >= (-1.0 if begins_day else -DAY_S)) & (offset < 2 * DAY_S)
    p = Positions.of(
        np.full(n, address, np.uint32), day + offset, number["lat"], number["lon"],
        altitude_ft=number["alt_baro"], on_ground=rows.ground, ground_speed_kt=number["gs"],
        track_deg=np.where(rows.ground, np.nan, number["track"]),  # on the ground: the heading
        vertical_rate_fpm=number["baro_rate"], callsign=_callsigns(rows.calls, n),
        registration=np.full(n, columns.text(told.r, 12)),
        type_code=np.full(n, columns.text(told.t, 4)),
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
