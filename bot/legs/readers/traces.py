"""readsb trace files (`trace_full_<hex>.json`): one aircraft and day each.

The rows go from bytes to typed structs to columns, one pass a column; no Python object lives per
position longer than that. Of a row only the leading nine fields are declared: older archives have
no more, and what is not declared is skipped without being built.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

from bot import columns, scan
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


# The columns of `scan.Rows`, and the fields of a row that they are; of a trace `seen_pos` is the
# offset to its timestamp.
FIELDS = {"seen_pos": "t", "lat": "lat", "lon": "lon", "gs": "gs", "track": "trk",
          "baro_rate": "vr"}  # fmt: skip
_decode = msgspec.json.Decoder(_Trace).decode


def parse(data: bytes, name: str) -> Positions:
    """Columns of one unpacked trace file; empty for an address that is not ICAO's ('~...').

    Raises InputError when the bytes are not a trace.
    """
    found = scan.rows(data)
    told = _read(data if found is None else found.rest, name)
    if found is not None and [r.alt for r in told.trace] != [scan.MARK]:
        found, told = None, _read(data, name)
    if told.icao.startswith("~") or not told.trace:
        return Positions.empty()
    try:
        address = int(told.icao, 16)
    except ValueError as exc:
        raise InputError(f"{name}: icao: {told.icao!r} is not an address") from exc
    rows = _listed(told.trace) if found is None else found
    return _positions(told, address, rows) if len(rows.ground) else Positions.empty()


def _read(data: bytes, name: str) -> _Trace:
    try:
        return _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise InputError(f"{name}: not a readsb trace: {exc}") from exc


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


def _positions(told: _Trace, address: int, rows: scan.Rows) -> Positions:
    number = {name: columns.possible(column) for name, column in rows.number.items()}
    n = len(rows.ground)
    offset = number["seen_pos"]
    # a few points of the day before may leak into a day file, with a large negative offset
    begins_day = told.timestamp % DAY_S == 0
    keep = (offset >= (-1.0 if begins_day else -DAY_S)) & (offset < 2 * DAY_S)
    p = Positions.of(
        np.full(n, address, np.uint32), told.timestamp + offset, number["lat"], number["lon"],
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
