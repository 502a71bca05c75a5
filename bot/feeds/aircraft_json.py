"""The readsb family's JSON -> columns: one parser for every feed that speaks it.

Understands the local `aircraft.json` of readsb, tar1090, dump1090-fa and the old
dump1090-mutability (`altitude`, `speed`, `vert_rate`), and the "v2" envelope of the public
aggregators (`ac`, `now` in milliseconds). Promises: one bad record never loses the others; what is
left out is counted by reason; a value that makes no sense becomes 'unknown', never a zero.
Refuses (Garbled): what is not JSON, has no aircraft list or no clock, or says it is an error.

Speed matters here: a world snapshot has 17,000 records of some 45 keys every minute. msgspec's
typed structs skip undeclared keys without allocating, so no record costs more than the fields
we use. Only when that strict reading fails are the records read one by one, leniently.
"""

import json
import re
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from bot.errors import Garbled
from bot.feeds.clean import (
    BAD_FIELD,
    NO_POSITION,
    UNREADABLE,
    VEHICLE,
    Floats,
    Parsed,
    Skips,
    addressed,
    callsign,
    sound,
    within,
)
from bot.model.air import SOURCES, Positions

Number = float | None  # msgspec reads a JSON integer as a float here

_MILLISECONDS = 1e11  # an epoch above this is in ms: as seconds it would be the year 5138
_SOURCE = {name: i for i, name in enumerate(SOURCES)}
_OTHER = _SOURCE["other"]


class _Aircraft(msgspec.Struct, gc=False):
    """The fields we use; the rest of a record is skipped unread."""

    hex: str | None = None
    type: str | None = None
    category: str | None = None
    flight: str | None = None
    r: str | None = None
    t: str | None = None
    dbFlags: int | None = None  # noqa: N815 - the wire's spelling
    lat: Number = None
    lon: Number = None
    seen_pos: Number = None
    seen: Number = None
    alt_baro: float | str | None = None
    altitude: float | str | None = None
    gs: Number = None
    speed: Number = None
    track: Number = None
    baro_rate: Number = None
    geom_rate: Number = None
    vert_rate: Number = None


class _Untyped(_Aircraft, gc=False):
    """Of a decoder that does not send `type`: the source of a position shows in these lists.

    Apart, because two lists a record cost a third of the reading.
    """

    mlat: list[str] | None = None
    tisb: list[str] | None = None


Craft = TypeVar("Craft", bound=_Aircraft)


class _Reply(msgspec.Struct, Generic[Craft], gc=False):
    ac: list[Craft] | None = None
    aircraft: list[Craft] | None = None
    now: Number = None
    msg: str | None = None
    total: int | None = None


_TYPED = msgspec.json.Decoder(_Reply[_Aircraft])
_UNTYPED = msgspec.json.Decoder(_Reply[_Untyped])
_FIELDS = {f.name: f.type for f in msgspec.structs.fields(_Untyped)}


def parse(body: bytes, what: str) -> Parsed:
    """Read one reply (plain JSON bytes). `what` names it in errors. Raises Garbled.

    A fix's time is the reply's clock less `seen_pos` (else `seen`, else 0: decoders withdraw a
    position 60 s old, so the error stays below that). Units are the wire's: feet, knots, ft/min.
    """
    counts = Skips()
    reply = _read(body, what, counts)
    if reply.msg is not None and reply.msg.strip().lower() != "no error":
        raise Garbled(f"{what}: the provider reports {reply.msg.strip()[:120]!r}")
    records = reply.ac if reply.ac is not None else reply.aircraft
    if records is None:
        if reply.total != 0:  # an old provider writes `"ac": null, "total": 0` for an empty sky
            raise Garbled(f"{what}: no aircraft list in the reply")
        records = []
    time_s = _clock(reply.now, what)
    listed = len(records) + counts[UNREADABLE]
    if not listed and reply.total:
        raise Garbled(f"{what}: an empty list, although the reply counts {reply.total} aircraft")
    positions = _columns(_kept(records, counts), time_s, counts)
    return Parsed.of(time_s, positions, listed, counts)


def _read(body: bytes, what: str, counts: Skips) -> _Reply[Any]:
    try:
        reply = _TYPED.decode(body)
        if any(a.type is None for a in reply.ac or reply.aircraft or ()):
            return _UNTYPED.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _lenient(body, what, counts)
    return reply


def _clock(now: Number, what: str) -> float:
    if now is None or not 0 < now < 1e14:  # also NaN
        raise Garbled(f"{what}: no usable clock in the reply (now = {now})")
    return float(now) / 1000 if now > _MILLISECONDS else float(now)


def _kept(records: list[_Aircraft], counts: Skips) -> list[_Aircraft]:
    """The records that can give a row; counts why the others cannot."""
    kept = []
    for a in records:
        if not addressed(a.hex, counts):
            continue
        if a.category and a.category[0] in "Cc":
            counts[VEHICLE] += 1
        elif a.lat is None or a.lon is None:
            counts[NO_POSITION] += 1
        else:
            kept.append(a)
    return kept


def _columns(kept: list[_Aircraft], time_s: float, counts: Skips) -> Positions:
    if not kept:
        return Positions.empty()
    rows = [
        (a.lat, a.lon, a.seen_pos if a.seen_pos is not None else (a.seen or 0.0),
         a.gs if a.gs is not None else a.speed, a.track, _rate(a))
        for a in kept
    ]  # fmt: skip
    lat, lon, age, speed, track, rate = np.array(rows, float).T
    altitude, ground = _altitudes(kept)
    positions = Positions.of(
        [int(a.hex or "", 16) for a in kept],
        time_s - np.maximum(age, 0.0),
        lat,
        lon,
        altitude_ft=within(altitude, "altitude"),
        on_ground=ground,
        ground_speed_kt=within(speed, "speed"),
        track_deg=within(track, "track"),
        vertical_rate_fpm=within(rate, "rate"),
        source=[_source(a) for a in kept],
        callsign=[callsign(a.flight) for a in kept],
        registration=[_text(a.r, 12) for a in kept],
        type_code=[_text(a.t, 4) for a in kept],
        military=[bool(a.dbFlags and a.dbFlags & 1) for a in kept],
    )
    return sound(positions, age, counts)


def _rate(a: _Aircraft) -> Number:
    if a.baro_rate is not None:
        return a.baro_rate
    return a.geom_rate if a.geom_rate is not None else a.vert_rate


def _altitudes(kept: list[_Aircraft]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    values = [a.alt_baro if a.alt_baro is not None else a.altitude for a in kept]
    ground = np.array([v == "ground" for v in values], bool)
    return np.array([_number(v) if isinstance(v, str) else v for v in values], float), ground


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # 'ground', or nonsense: the altitude is unknown
        return None


def _source(a: _Aircraft) -> int:
    if a.type is not None:
        return _SOURCE.get(a.type, _OTHER)
    if isinstance(a, _Untyped):
        if a.mlat and "lat" in a.mlat:
            return _SOURCE["mlat"]
        if a.tisb and "lat" in a.tisb:
            return _SOURCE["tisb_icao"]
    return 0  # decoders without `type` pass on what they received themselves: ADS-B


@lru_cache(maxsize=65_536)
def _text(text: str | None, size: int) -> bytes:
    return text.strip().upper().encode("ascii", "ignore")[:size] if text else b""


# ------------------------------------------------------------ when the strict reading has failed


def _lenient(body: bytes, what: str, counts: Skips) -> _Reply[_Untyped]:
    """Record by record, field by field; also accepts NaN and bytes that are not UTF-8."""
    try:
        tree = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as exc:
        raise Garbled(f"{what}: {describe(body)}") from exc
    if not isinstance(tree, dict):
        raise Garbled(f"{what}: a JSON {type(tree).__name__} where an object was expected")
    lists = {
        k: _records(tree[k], counts) for k in ("ac", "aircraft") if isinstance(tree.get(k), list)
    }
    msg, now, total = tree.get("msg"), _coerce(tree.get("now"), Number), tree.get("total")
    return _Reply(
        now=now,
        msg=None if msg is None else str(msg),
        total=total if isinstance(total, int) else None,
        **lists,
    )


def describe(body: bytes) -> str:
    """What a reply that is not JSON was, for an error."""
    head = body[:400].lstrip().lower()
    if not head:
        return "an empty reply"
    if head.startswith(b"<"):
        title = re.search(rb"<title>([^<]{1,80})", body[:4000], re.IGNORECASE)
        name = f" ({title[1].decode('utf-8', 'replace').strip()})" if title else ""
        return f"a web page in place of JSON{name}"
    if head.startswith((b"{", b"[")):
        return f"broken or truncated JSON ({len(body)} bytes)"
    return f"not JSON: {body[:60]!r}"


def _records(items: list[Any], counts: Skips) -> list[_Untyped]:
    records = []
    for item in items:
        if isinstance(item, dict):
            records.append(_record(item, counts))
        else:
            counts.note(UNREADABLE, item)
    return records


def _record(item: dict[str, Any], counts: Skips) -> _Untyped:
    """The record with every field that can be read; the others are unknown, and counted."""
    record = _Untyped()
    for name, kind in _FIELDS.items():
        if item.get(name) is not None:
            value = _coerce(item[name], kind)
            if value is None:
                counts.note(BAD_FIELD, {name: item[name]})
            setattr(record, name, value)
    return record


def _coerce(value: object, kind: Any) -> Any:
    """The value as `kind`, numbers also from text; None if it cannot be."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.MsgspecError, OverflowError, ValueError):
        return None
