"""The readsb family's JSON -> columns: one parser for every feed that speaks it.

Understands the local `aircraft.json` of readsb, tar1090, dump1090-fa and the old
dump1090-mutability (`altitude`, `speed`, `vert_rate`), and the "v2" envelope of the public
aggregators (`ac`, `now` in milliseconds). Promises: one bad record never loses the others; what is
left out is counted by reason; a value that makes no sense becomes 'unknown', never a zero.
Refuses (Garbled): what is not JSON, has no aircraft list or no clock, or says it is an error.

Speed matters here: a world snapshot has 17,000 records of some 45 keys every minute. msgspec's
typed structs skip undeclared keys without allocating, and whole fields become columns at once. What
is not of today's plain form (no `type`, a null, an old name) is read with more fields; only when
that fails, too, are the records read one by one (lenient.py).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from bot import columns, scan
from bot.errors import Garbled
from bot.feeds.clean import (
    NO_POSITION,
    UNREADABLE,
    VEHICLE,
    Floats,
    Parsed,
    Skips,
    addressed,
    sound,
    within,
)
from bot.feeds.lenient import UNREAD, Number, Other, Reply, lenient
from bot.model.air import SOURCES, Positions

_MILLISECONDS = 1e11  # an epoch above this is in ms: as seconds it would be the year 5138
_BLOCK = 3000  # aircraft: their objects, touched field by field, stay in the processor's cache
_NONE = math.nan


class _Aircraft(msgspec.Struct, gc=False):
    """The fields we use of today's readsb, in its order; the rest of a record is skipped unread.

    What is not told is its column's own 'unknown', so that a field is one array at once.
    """

    hex: str = ""
    type: str = ""
    flight: str = ""
    r: str = ""
    t: str = ""
    dbFlags: int = 0  # noqa: N815 - the wire's spelling
    alt_baro: float | str = _NONE
    gs: float = _NONE
    track: float = _NONE
    baro_rate: float = _NONE
    geom_rate: float = _NONE
    category: str = ""
    lat: float = _NONE
    lon: float = _NONE
    seen_pos: float = _NONE
    seen: float = _NONE


_PLAIN = msgspec.json.Decoder(Reply[_Aircraft])
_ANY = msgspec.json.Decoder(Reply[Other])


def parse(body: bytes, what: str) -> Parsed:
    """Read one reply (plain JSON bytes). `what` names it in errors. Raises Garbled.

    A fix's time is the reply's clock less `seen_pos` (else `seen`, else 0: decoders withdraw a
    position 60 s old, so the error stays below that). Units are the wire's: feet, knots, ft/min.
    """
    counts = Skips()
    found, reply = _fast(body)
    if found is None:
        reply = _read(body, what, counts)
    if reply.msg is not None and reply.msg.strip().lower() != "no error":
        raise Garbled(f"{what}: the provider reports {reply.msg.strip()[:120]!r}")
    records = reply.ac if reply.ac is not None else reply.aircraft
    if records is None:
        if reply.total != 0:  # an old provider writes `"ac": null, "total": 0` for an empty sky
            raise Garbled(f"{what}: no aircraft list in the reply")
        records = []
    time_s = _clock(reply.now, what)
    listed = len(records) + counts[UNREADABLE] if found is None else len(found.address)
    if not listed and reply.total:
        raise Garbled(f"{what}: an empty list, although the reply counts {reply.total} aircraft")
    raw = _listed(records, counts) if found is None else [_scanned(found, counts)]
    return Parsed.of(time_s, _positions(raw, time_s, counts), listed, counts)


def _fast(body: bytes) -> tuple[scan.Crafts | None, Reply[Any]]:
    """The reply with its list read by machine code, if that is at hand and the form is plain."""
    found, reply = scan.crafts(body), Reply[Any]()
    if found is None or scan.NO_SOURCE in found.source:
        return None, reply
    try:
        reply = _ANY.decode(found.rest)
    except UNREAD:
        return None, reply
    records = reply.ac if reply.ac is not None else reply.aircraft
    mine = records is not None and [a.hex for a in records] == [scan.MARK]
    return found if mine else None, reply


def _read(body: bytes, what: str, counts: Skips) -> Reply[Any]:
    try:
        reply = _PLAIN.decode(body)
        if "" not in map(attrgetter("type"), reply.ac or reply.aircraft or ()):
            return reply
    except msgspec.ValidationError:
        pass  # perhaps a null
    except UNREAD:
        return lenient(body, what, counts)
    try:
        return _ANY.decode(body)
    except UNREAD:
        return lenient(body, what, counts)


def _clock(now: Number, what: str) -> float:
    if now is None or not 0 < now < 1e14:  # also NaN
        raise Garbled(f"{what}: no usable clock in the reply (now = {now})")
    return float(now) / 1000 if now > _MILLISECONDS else float(now)


@dataclass(frozen=True, slots=True)
class _Raw:
    """Some of the aircraft in columns, as they were told; `address` 0 for what is none."""

    address: npt.NDArray[np.uint32]
    number: Callable[..., Floats]  # by the names of a field, in order of preference
    altitude: Floats
    ground: columns.Bools
    vehicle: columns.Bools
    source: npt.NDArray[np.uint8]
    callsign: columns.Texts
    registration: columns.Texts
    type_code: columns.Texts
    military: columns.Bools


def _listed(records: list[Any], counts: Skips) -> Iterator[_Raw]:
    for i in range(0, len(records), _BLOCK):
        yield _block(records[i : i + _BLOCK], counts)


def _block(records: list[Any], counts: Skips) -> _Raw:
    """One field after another, each list gone before the next."""

    def told(name: str) -> list[Any]:
        return list(map(attrgetter(name), records))

    def number(*names: str) -> Floats:
        return _first([columns.numbers(told(n)) for n in names if hasattr(records[0], n)])

    altitude, ground = columns.heights(_altitudes(records))
    return _Raw(
        _addresses(told("hex"), counts), number, altitude, ground,
        columns.vehicles(told("category")), _sources(records), columns.callsigns(told("flight")),
        columns.texts(told("r"), 12), columns.texts(told("t"), 4),
        columns.flagged(told("dbFlags"), 1),
    )  # fmt: skip


def _scanned(found: scan.Crafts, counts: Skips) -> _Raw:
    def number(*names: str) -> Floats:
        return _first([found.number[n] for n in names if n in found.number])

    address = found.address
    for i, text in found.told.items():
        if addressed(text, counts):  # with blanks around it
            address[i] = int(text, 16)
    return _Raw(address, number, found.number["alt_baro"], found.ground, found.vehicle,
                found.source, found.callsign, found.registration, found.type_code,
                found.military)  # fmt: skip


def _first(told: list[Floats]) -> Floats:
    """The first column, its gaps filled from the next."""
    column = told[0]
    for other in told[1:]:
        column = np.where(np.isnan(column), other, column)
    return column


def _positions(raws: Iterable[_Raw], time_s: float, counts: Skips) -> Positions:
    blocks = [_placed(raw, time_s, counts) for raw in raws]
    if not blocks:
        return Positions.empty()
    positions, ages = zip(*blocks, strict=True)
    return sound(columns.joined(positions), np.concatenate(ages), counts)


def _placed(raw: _Raw, time_s: float, counts: Skips) -> tuple[Positions, Floats]:
    """The aircraft that can give a row, and how old each fix was; counts why others cannot."""
    number = raw.number
    lat, lon, age = number("lat"), number("lon"), number("seen_pos", "seen")
    age = np.where(np.isnan(age), 0.0, age)
    positions = Positions.of(
        raw.address, time_s - np.maximum(age, 0.0), lat, lon,
        altitude_ft=within(raw.altitude, "altitude"), on_ground=raw.ground,
        ground_speed_kt=within(number("gs", "speed"), "speed"),
        track_deg=within(number("track"), "track"),
        vertical_rate_fpm=within(number("baro_rate", "geom_rate", "vert_rate"), "rate"),
        source=raw.source, callsign=raw.callsign, registration=raw.registration,
        type_code=raw.type_code, military=raw.military,
    )  # fmt: skip
    kept = (raw.address > 0) & ~raw.vehicle
    counts[VEHICLE] += int(np.sum((raw.address > 0) & raw.vehicle))
    placed = ~(np.isnan(lat) | np.isnan(lon))
    counts[NO_POSITION] += int(np.sum(kept & ~placed))
    kept &= placed
    return (positions, age) if kept.all() else (positions.take(kept), age[kept])


def _addresses(told: Sequence[str | None], counts: Skips) -> npt.NDArray[np.uint32]:
    """Of each; 0 for what is no aircraft's own, counted by reason."""
    address = columns.addresses(told)
    for i in np.flatnonzero(address == 0).tolist():
        text = told[i]
        if addressed(text, counts):  # with blanks around it
            address[i] = int(text or "", 16)
    return address


def _altitudes(records: list[Any]) -> list[Any]:
    if isinstance(records[0], _Aircraft):
        return [a.alt_baro for a in records]
    return [a.alt_baro if a.alt_baro is not None else a.altitude for a in records]


def _sources(records: list[Any]) -> npt.NDArray[np.uint8]:
    if isinstance(records[0], _Aircraft):
        return columns.sources([a.type for a in records])
    return np.array([_source(a) for a in records], np.uint8)


def _source(a: Other) -> int:
    if a.type is not None:
        return int(columns.sources([a.type or "?"])[0])
    if a.mlat and "lat" in a.mlat:
        return SOURCES.index("mlat")
    if a.tisb and "lat" in a.tisb:
        return SOURCES.index("tisb_icao")
    return 0  # decoders without `type` pass on what they received themselves: ADS-B
