"""What a file is, told from its first bytes, and how it is read."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bot.errors import InputError
from bot.legs.readers import raw, sbs, snapshots, states, traces
from bot.legs.readers.clock import Tell
from bot.legs.readers.items import NoRecording
from bot.model.air import Positions

NOW = re.compile(rb'"(?:now|time)"\s*:\s*([0-9]+(?:\.[0-9]+)?)')
ICAO = re.compile(rb'"icao"\s*:\s*"(~?[0-9a-f]{6})"')
TARS = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
LINES = re.compile(rb"\{[^\n]*\}\s*\n\s*\{")  # an object a line: no shape that is read here
# what is named so is meant to be a recording, and broken when it is none
ENDINGS = (".json", ".csv", ".parquet", ".gz", ".log", ".sbs", *TARS)
STRUCTURED = {".json", ".parquet", ".tar", ".tgz"}  # text of words is none of these
NOT_TEXT = 0.05  # of the first bytes undecodable: no text in any alphabet


def kind(path: Path) -> str:
    """One of tar, parquet, sbs, snapshot, trace, table, csv; empty or unknown."""
    start = raw.head(path)
    if start[257:262] == b"ustar" or path.name.endswith(TARS):
        return "tar"
    if start[:4] == b"PAR1":
        return "parquet"
    text = start.lstrip()
    if text[:4] == b"MSG," or re.match(rb"(?:AIR|ID|STA|CLK|SEL),", text):
        return "sbs"
    if LINES.match(text):
        return "unknown"
    if text[:1] == b"{":
        if re.search(rb'"(?:now|aircraft|ac|states)"\s*:', text):
            return "snapshot"
        return "trace" if b'"trace"' in text or b'"icao"' in text else "table"
    if text[:1] == b"[":
        return "table"
    return _textual(path, start)


def _textual(path: Path, start: bytes) -> str:
    if not start:
        try:
            return "empty" if path.stat().st_size == 0 else "csv"  # a damaged gzip says so itself
        except OSError:
            return "csv"
    odd = start.decode("utf-8", "replace").count("\ufffd")
    return "unknown" if b"\0" in start or odd > NOT_TEXT * len(start) else "csv"


def address(path: Path) -> str | None:
    """Of a trace that is not named after it."""
    match = ICAO.search(raw.head(path))
    return match[1].decode() if match else None


def begins(kind: str, path: Path) -> float:
    """About when a file begins, epoch s; 0 where that is not quickly told."""
    if kind == "snapshot":
        match = NOW.search(raw.head(path))
        return float(match[1]) if match else 0.0
    if kind == "sbs":
        return sbs.begins(raw.head(path))
    return states.begins(raw.head(path)) if kind == "csv" else 0.0


def read(kind: str, path: Path, start: datetime | None, tell: Tell) -> Iterator[Positions]:
    """The positions of a file of a kind, as many at a time as are bounded in memory. Raises
    InputError, and NoRecording for what is readable and no recording."""
    if kind in ("empty", "unknown"):
        word = "empty file" if kind == "empty" else "no known format"
        raise NoRecording(f"{path}: {word}", path.name.endswith(ENDINGS))
    try:
        yield from _read(kind, path, start, tell)
    except NoRecording as exc:
        meant = kind == "csv" and bool(STRUCTURED & set(path.suffixes))
        raise NoRecording(str(exc), meant) from exc


def _read(kind: str, path: Path, start: datetime | None, tell: Tell) -> Iterator[Positions]:
    if kind == "parquet":
        yield from states.read_parquet(path)
    elif kind == "csv":
        yield from states.read_csv(path)
    elif kind == "sbs":
        yield from sbs.read(path, start)
    else:
        data, name = raw.read(path), str(path)
        if kind == "snapshot":
            yield snapshots.parse(data, name, tell)
        elif kind == "trace":
            yield traces.parse(data, name, tell)
        elif kind == "table":
            yield states.parse_json(data, name)
        else:
            raise InputError(f"{name}: no known format")
