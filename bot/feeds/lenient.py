"""The readsb family's JSON when strict reading has failed: record by record, then field by field.

Promises: a record that is of the form costs no more here than there, because one odd value among
17,000 aircraft, with every poll, is what some feeds send; of an odd record every field that can be
read is kept, numbers also from text. Accepts NaN, Infinity and bytes that are not UTF-8. Refuses
(Garbled): what is no JSON object at all.
"""

import json
import math
import re
from typing import Any, Generic, TypeVar

import msgspec

from bot.errors import Garbled
from bot.feeds.clean import BAD_FIELD, UNREADABLE, Skips

Number = float | None  # msgspec reads a JSON integer as a float here


class Other(msgspec.Struct, gc=False):
    """The fields of every dialect. Without `type` the source of a position shows in two lists."""

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
    mlat: list[str] | None = None
    tisb: list[str] | None = None


Craft = TypeVar("Craft")


class Reply(msgspec.Struct, Generic[Craft], gc=False):
    """What surrounds the aircraft, in either envelope."""

    ac: list[Craft] | None = None
    aircraft: list[Craft] | None = None
    now: Number = None
    msg: str | None = None
    total: int | None = None


UNREAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is not of the form (the last: lists in lists in lists)."""
FIELDS = {f.name: f.type for f in msgspec.structs.fields(Other)}
_PARTS = msgspec.json.Decoder(Reply[msgspec.Raw])
_RECORD = msgspec.json.Decoder(Other)


def lenient(body: bytes, what: str, counts: Skips) -> Reply[Other]:
    """The reply with whatever of it can be read; counts what cannot. Raises Garbled."""
    try:
        parts = _PARTS.decode(body)
    except UNREAD:
        return _from_tree(body, what, counts)
    lists = {name: _each(getattr(parts, name), counts) for name in ("ac", "aircraft")}
    return Reply(now=parts.now, msg=parts.msg, total=parts.total, **lists)


def _each(parts: list[msgspec.Raw] | None, counts: Skips) -> list[Other] | None:
    if parts is None:
        return None
    records = []
    for part in parts:
        try:
            records.append(_RECORD.decode(part))
        except UNREAD:
            records.extend(_records([_item(bytes(part))], counts))
    return records


def _item(part: bytes) -> Any:
    try:
        return json.loads(part.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return part[:200]  # what it was, for the log


def _from_tree(body: bytes, what: str, counts: Skips) -> Reply[Other]:
    """When the whole is not even JSON to the letter, or its envelope is odd."""
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
    return Reply(
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


def _records(items: list[Any], counts: Skips) -> list[Other]:
    records = []
    for item in items:
        if isinstance(item, dict):
            records.append(_record(item, counts))
        else:
            counts.note(UNREADABLE, item)
    return records


def _record(item: dict[str, Any], counts: Skips) -> Other:
    """The record with every field that can be read; the others are unknown, and counted."""
    record = Other()
    for name, kind in FIELDS.items():
        if item.get(name) is not None:
            value = _coerce(item[name], kind)
            if value is None:
                counts.note(BAD_FIELD, {name: item[name]})
            setattr(record, name, value)
    return record


def _coerce(value: object, kind: Any) -> Any:
    """The value as `kind`, numbers also from text; None if it cannot be. NaN was said, so it is
    an impossible number, not a missing one."""
    try:
        found = msgspec.convert(value, kind, strict=False)
    except (msgspec.MsgspecError, OverflowError, ValueError):
        return None
    return found if found == found else math.inf
