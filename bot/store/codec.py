"""Nouns as JSON text and back: messages, findings, the ends of legs.

Promises: what is read equals what was written, NaN and infinity included; pictures are named by
the SHA-256 of their bytes and kept apart. A field that a newer program adds must have a default,
so that rows written before it stay readable for ever: the outbox never drops an old message.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import astuple, fields
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any

from bot.model.air import NOWHERE, End, How
from bot.model.alert import Finding, Kind, Message, Moved, Picture, Reason, Section, Span


def dumps(value: Any) -> str:
    """Compact, readable in any database browser, never `NaN` (no JSON)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


# ------------------------------------------------------------------------------------ messages


def message_out(message: Message) -> tuple[str, dict[str, bytes]]:
    """The text to store, and the pictures by their SHA-256."""
    pngs = {sha256(picture.png).hexdigest(): picture.png for picture in message.pictures}
    whole = {
        "title": message.title,
        "sections": [_section_out(section) for section in message.sections],
        "pictures": [
            {"name": p.name, "sha256": sha256(p.png).hexdigest(), "alt": p.alt}
            for p in message.pictures
        ],
        "reason": message.reason,
        "kind": message.kind,
        "silent": message.silent,
        "label": message.label,
    }
    return dumps(whole), pngs


def message_in(text: str, pngs: Mapping[str, bytes]) -> Message:
    """The other way; `pngs` holds at least the pictures that the text names."""
    whole = json.loads(text)
    return Message(
        title=whole["title"],
        sections=tuple(_section_in(section) for section in whole["sections"]),
        pictures=tuple(Picture(p["name"], pngs[p["sha256"]], p["alt"]) for p in whole["pictures"]),
        reason=Reason(whole["reason"]),
        kind=Kind(whole["kind"]),
        silent=whole["silent"],
        label=whole["label"],
    )


def _section_out(section: Section) -> dict[str, Any]:
    lines = [[[span.text, span.style, span.href] for span in line] for line in section.lines]
    return {"heading": section.heading, "lines": lines, "essential": section.essential}


def _section_in(whole: Mapping[str, Any]) -> Section:
    lines = tuple(tuple(Span(*span) for span in line) for line in whole["lines"])
    return Section(lines, heading=whole["heading"], essential=whole["essential"])


# ------------------------------------------------------------------------------------ findings


def finding_out(finding: Finding) -> str:
    """All fields by name."""
    whole = {f.name: _plain(getattr(finding, f.name)) for f in fields(Finding)}
    moved = [[_plain(value) for value in astuple(end)] for end in finding.moved]
    return dumps(whole | {"moved": moved})


def finding_in(text: str) -> Finding:
    """The other way."""
    whole = json.loads(text)
    for name in _FLOATS & whole.keys():
        whole[name] = _number(whole[name])
    for name in ("day", "since", "last_before"):
        whole[name] = date.fromisoformat(whole[name]) if whole.get(name) else None
    whole["kind"] = Kind(whole["kind"])
    whole["notes"] = tuple(whole.get("notes", ()))
    whole["moved"] = tuple(
        Moved(watch, _number(seen), _number(expected), days)
        for watch, seen, expected, days in whole.get("moved", ())
    )
    return Finding(**whole)


_FLOATS = {f.name for f in fields(Finding) if f.type in (float, "float")}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)  # 'inf', '-inf'
    return value.isoformat() if isinstance(value, date) else value


def _number(value: float | str | None) -> float:
    return math.nan if value is None else float(value)


# --------------------------------------------------------------------------------- ends of legs


def end_out(end: End) -> str | None:
    """All of an end but its airfield, which has a column; None for an end of which nothing is
    known. By position and by hand: there are millions of them, and `json.dumps` takes as long as
    the database."""
    if end is NOWHERE:
        return None
    pairs = ",".join([f"[{_quoted(ident)},{_number_out(p)}]" for ident, p in end.candidates])
    area = "null" if end.area is None else _quoted(end.area)
    return (
        f'["{end.how}",{_number_out(end.confidence)},{area},[{pairs}],{_number_out(end.lat_deg)},'
        f"{_number_out(end.lon_deg)},{_number_out(end.altitude_ft)}]"
    )


def end_in(airfield: str | None, text: str | None) -> End:
    """The other way."""
    if text is None:
        return NOWHERE
    how, confidence, area, candidates, lat_deg, lon_deg, altitude_ft = json.loads(text)
    pairs = tuple([(ident, probability) for ident, probability in candidates])
    return End(airfield, How(how), confidence, area, pairs, lat_deg, lon_deg, altitude_ft)


@lru_cache(maxsize=100_000)  # idents and names of areas: some thousands, again and again
def _quoted(text: str) -> str:
    return dumps(text)


def _number_out(value: float | None) -> str:
    """NaN is a column's word for unknown; a noun says None."""
    return "null" if value is None or not math.isfinite(value) else repr(float(value))
