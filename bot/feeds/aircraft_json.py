"""The readsb family's JSON -> columns: one parser for every feed that speaks it.

Understands the local `aircraft.json` of readsb, tar1090, dump1090-fa and the old
dump1090-mutability (`altitude`, `speed`, `vert_rate`), and the "v2" envelope of the public
aggregators (`ac`, `now` in milliseconds). Promises: one bad record never loses the others; what is
left out is counted by reason; a value that makes no sense becomes 'unknown', never a zero.
Refuses (Garbled): what is not JSON, has no aircraft list or no clock, or says it is an error.

Speed matters here: a world snapshot has 17,000 records of some 45 keys every minute. msgspec's
typed structs skip undeclared keys without allocating, some hundred records at a time, and whole
fields of these become columns at once. What is not of today's plain form (no `type`, a null, an old
name) is read with more fields; only when that fails, too, are the records read one by one
(lenient.py).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
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
from bot.scan import parts

_MILLISECONDS = 1e11  # an epoch above this is in ms: as seconds it would be the year 5138
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


_PLAIN = msgspec.json.Decoder(list[_Aircraft])
_OTHER = msgspec.json.Decoder(list[Other])
_REPLY = msgspec.json.Decoder(Reply[Other])
_PLAIN_REPLY = msgspec.json.Decoder(Reply[_Aircraft])


def parse(body: bytes, what: str) -> Parsed:
    """Read one reply (plain JSON bytes). `what` names it in errors. Raises Garbled.

    A fix's time is the reply's clock less `seen_pos` (else `seen`, else 0: decoders withdraw a
    position 60 s old, so the error stays below that). Units are the wire's: feet, knots, ft/min.
    """
    told = _scanned(body) or _in_parts(body) or _whole(body, what)
    reply, raw, counts = told.reply, told.raw, told.counts
    if reply.msg is not None and reply.msg.strip().lower() != "no error":
        raise Garbled(f"{what}: the provider reports {reply.msg.strip()[:120]!r}")
    # an old provider writes `"ac": null, "total": 0` for an empty sky
    if reply.ac is None and reply.aircraft is None and reply.total != 0:
        raise Garbled(f"{what}: no aircraft list in the reply")
    time_s = _clock(reply.now, what)
    listed = (0 if raw is None else len(raw.address)) + counts[UNREADABLE]
    if not listed and reply.total:
        raise Garbled(f"{what}: an empty list, although the reply counts {reply.total} aircraft")
    positions = Positions.empty() if raw is None else _positions(raw, time_s, counts)
    return Parsed.of(time_s, positions, listed, counts)


def _clock(now: Number, what: str) -> float:
    if now is None or not 0 < now < 1e14:  # also NaN
        raise Garbled(f"{what}: no usable clock in the reply (now = {now})")
    return float(now) / 1000 if now > _MILLISECONDS else float(now)


@dataclass(frozen=True, slots=True)
class _Raw:
    """Aircraft in columns, as they were told; `address` 0 for what is none."""

    address: npt.NDArray[np.uint32]
    lat: Floats
    lon: Floats
    age: Floats
    altitude: Floats
    speed: Floats
    track: Floats
    rate: Floats
    ground: columns.Bools
    vehicle: columns.Bools
    source: npt.NDArray[np.uint8]
    callsign: columns.Texts
    registration: columns.Texts
    type_code: columns.Texts
    military: columns.Bools


@dataclass(frozen=True, slots=True)
class _Told:
    """A reply: what is around its list, and the list (None: there is none, or an empty one)."""

    reply: Reply[Other]
    raw: _Raw | None
    counts: Skips


def _scanned(body: bytes) -> _Told | None:
    """The reply with its list read by machine code, if that is at hand and the form is plain."""
    found, counts = scan.crafts(body), Skips()
    if found is None or scan.NO_SOURCE in found.source:
        return None
    reply = _around(found.rest)
    if reply is None:
        return None
    address, number = found.address, found.number
    for i, text in found.told.items():
        if addressed(text, counts):  # with blanks around it
            address[i] = int(text, 16)
    raw = _Raw(
        address, number["lat"], number["lon"], _first(number["seen_pos"], number["seen"]),
        number["alt_baro"], number["gs"], number["track"],
        _first(number["baro_rate"], number["geom_rate"]), found.ground, found.vehicle,
        found.source, found.callsign, found.registration, found.type_code, found.military,
    )  # fmt: skip
    return _Told(reply, raw, counts)


def _around(rest: bytes) -> Reply[Other] | None:
    """What is around a list that was read apart; None when it was another list."""
    try:
        reply = _REPLY.decode(rest)
    except UNREAD:
        return None
    records = reply.ac if reply.ac is not None else reply.aircraft
    mine = records is not None and [a.hex for a in records] == [scan.MARK]
    return reply if mine else None


def _in_parts(body: bytes) -> _Told | None:
    """The reply, if every record is of one form: of today's readsb, or of its relatives."""
    found = parts.parted(body, parts.AIRCRAFT)
    reply = None if found is None else _around(found.around)
    if found is None or reply is None:
        return None
    for decoder in (_PLAIN, _OTHER):
        counts = Skips()
        try:
            blocks = [_block(decoder.decode(part), counts) for part in found.lists()]
        except (*UNREAD, _NotPlain):
            continue
        return _Told(reply, _joined([b for b in blocks if b is not None]), counts)
    return None


def _whole(body: bytes, what: str) -> _Told:
    """The reply, whatever it is, as far as it can be read. Raises Garbled."""
    for decoder in (_PLAIN_REPLY, _REPLY):
        counts = Skips()
        try:
            reply: Any = decoder.decode(body)
            return _Told(reply, _block(_records(reply), counts), counts)
        except (*UNREAD, _NotPlain):
            continue
    counts = Skips()
    reply = lenient(body, what, counts)
    return _Told(reply, _block(_records(reply), counts), counts)


def _records(reply: Reply[Any]) -> list[Any]:
    return (reply.ac if reply.ac is not None else reply.aircraft) or []


class _NotPlain(Exception):
    """A record without `type`: the other decoders tell the source in another way."""


def _block(records: list[Any], counts: Skips) -> _Raw | None:
    """One field after another, each list gone before the next. Raises _NotPlain."""
    if not records:
        return None

    def told(name: str) -> list[Any]:
        return list(map(attrgetter(name), records))

    def number(*names: str) -> Floats:
        return _first(*(columns.numbers(told(n)) for n in names if hasattr(records[0], n)))

    source = _sources(records)
    altitude, ground = columns.heights(_altitudes(records))
    return _Raw(
        _addresses(told("hex"), counts), number("lat"), number("lon"), number("seen_pos", "seen"),
        altitude, number("gs", "speed"), number("track"),
        number("baro_rate", "geom_rate", "vert_rate"), ground, columns.vehicles(told("category")),
        source, columns.callsigns(told("flight")), columns.texts(told("r"), 12),
        columns.texts(told("t"), 4), columns.flagged(told("dbFlags"), 1),
    )  # fmt: skip


def _joined(raws: list[_Raw]) -> _Raw | None:
    if len(raws) < 2:
        return raws[0] if raws else None
    return _Raw(*(np.concatenate([getattr(r, f.name) for r in raws]) for f in fields(_Raw)))


def _first(column: Floats, *others: Floats) -> Floats:
    """The first column, its gaps filled from the next."""
    for other in others:
        column = np.where(np.isnan(column), other, column)
    return column


def _positions(raw: _Raw, time_s: float, counts: Skips) -> Positions:
    """The aircraft that can give a row; counts why others cannot."""
    age = np.where(np.isnan(raw.age), 0.0, raw.age)
    positions = Positions.of(
        raw.address, time_s - np.maximum(age, 0.0), raw.lat, raw.lon,
        altitude_ft=within(raw.altitude, "altitude"), on_ground=raw.ground,
        ground_speed_kt=within(raw.speed, "speed"), track_deg=within(raw.track, "track"),
        vertical_rate_fpm=within(raw.rate, "rate"), source=raw.source, callsign=raw.callsign,
        registration=raw.registration, type_code=raw.type_code, military=raw.military,
    )  # fmt: skip
    kept = (raw.address > 0) & ~raw.vehicle
    counts[VEHICLE] += int(np.sum((raw.address > 0) & raw.vehicle))
    placed = ~(np.isnan(raw.lat) | np.isnan(raw.lon))
    counts[NO_POSITION] += int(np.sum(kept & ~placed))
    kept &= placed
    if not kept.all():
        positions, age = positions.take(kept), age[kept]
    return sound(positions, age, counts)


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
        told = [a.type for a in records]
        if "" in told:
            raise _NotPlain
        return columns.sources(told)
    return np.array([_source(a) for a in records], np.uint8)


def _source(a: Other) -> int:
    if a.type is not None:
        return int(columns.sources([a.type or "?"])[0])
    if a.mlat and "lat" in a.mlat:
        return SOURCES.index("mlat")
    if a.tisb and "lat" in a.tisb:
        return SOURCES.index("tisb_icao")
    return 0  # decoders without `type` pass on what they received themselves: ADS-B
