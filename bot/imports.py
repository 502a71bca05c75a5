"""History from a CSV: ready legs, or daily counts of a watch.

    icao24,callsign,registration,type_code,origin,destination,takeoff,landing,first_seen,...
    date,watch,count,exposure

The header says which. Every mistake names file, line and field; a file with a mistake changes
nothing. An empty count is a missing day, an empty exposure an unknown one: neither is a zero.
"""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from bot.errors import InputError
from bot.model.air import Callsign, End, How, Icao24, Leg

LEG_COLUMNS = ("icao24", "origin", "destination", "first_seen", "last_seen")  # the least
COUNT_COLUMNS = ("date", "watch", "count")
MOST_A_DAY = 100_000  # more flights than the whole world has on one route: a slipped column
EARLIEST = date(1990, 1, 1)  # nobody recorded ADS-B before; a slip of the year, then
MISTAKES_SHOWN = 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DayCount:
    """One imported day of a watch. NaN: missing count, unknown exposure."""

    watch: str
    day: date
    count: float
    exposure: float


@dataclass(frozen=True, slots=True)
class History:
    """What a file held: legs or counts, never both."""

    legs: tuple[Leg, ...] = ()
    counts: tuple[DayCount, ...] = ()


def read(path: Path, watches: frozenset[str]) -> History:
    """Read `path`. Raises InputError listing its mistakes, one a line."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: found a byte that is not UTF-8, expected UTF-8") from exc
    rows = csv.DictReader(text.splitlines(), restkey="")
    header = tuple(name.strip() for name in rows.fieldnames or ())
    rows.fieldnames = header
    if set(COUNT_COLUMNS) <= set(header):
        return History(counts=tuple(_all(path, rows, lambda row: _count(row, watches))))
    if set(LEG_COLUMNS) <= set(header):
        return History(legs=tuple(_all(path, rows, _leg)))
    raise InputError(
        f"{path}:1: header is {', '.join(header) or 'empty'}; expected at least "
        f"{','.join(COUNT_COLUMNS)} (daily counts) or {','.join(LEG_COLUMNS)} (legs)"
    )


def _all(
    path: Path, rows: "csv.DictReader[str]", parse: Callable[[Mapping[str, str]], T]
) -> Iterator[T]:
    """Every row parsed, or every mistake told."""
    found: list[T] = []
    mistakes: list[str] = []
    for row in rows:
        if "" in row or None in row.values():
            mistakes.append(f"{path}:{rows.line_num}: as many fields as the header has, expected")
            continue
        try:
            found.append(parse({key: (value or "").strip() for key, value in row.items()}))
        except _Wrong as wrong:
            mistakes.append(f"{path}:{rows.line_num}: {wrong}")
    if mistakes:
        more = len(mistakes) - MISTAKES_SHOWN
        tail = [f"... and {more} more"] if more > 0 else []
        raise InputError("\n".join([*mistakes[:MISTAKES_SHOWN], *tail]))
    yield from found


class _Wrong(ValueError):
    """One field of one row."""


def _field(row: Mapping[str, str], name: str, parse: Callable[[str], T], expected: str) -> T:
    try:
        return parse(row.get(name, ""))
    except ValueError as exc:
        raise _Wrong(f"{name}: found “{row.get(name, '')}”, expected {expected}") from exc


def _count(row: Mapping[str, str], watches: frozenset[str]) -> DayCount:
    if row["watch"] not in watches:
        known = ", ".join(sorted(watches))
        raise _Wrong(f"watch: no watch is named “{row['watch']}”; there are: {known}")
    return DayCount(
        watch=row["watch"],
        day=_field(row, "date", _day, "a day such as 2024-12-26, 1990 or later"),
        count=_field(row, "count", _number(MOST_A_DAY), f"a number 0..{MOST_A_DAY} or nothing"),
        exposure=_field(row, "exposure", _number(5.0), "a number 0..5 or nothing"),
    )


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day < EARLIEST:
        raise ValueError(text)
    return day


def _number(most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text) if text else math.nan
        if text and not 0 <= value <= most:
            raise ValueError(text)
        return value

    return parse


def _leg(row: Mapping[str, str]) -> Leg:
    icao24 = _field(row, "icao24", _address, "six hex digits")
    moment = "a time such as 2024-12-26T18:10:00Z"
    first = _field(row, "first_seen", _instant, moment)
    last = _field(row, "last_seen", _instant, moment)
    if last < first:
        raise _Wrong(f"last_seen: {row['last_seen']} is before first_seen {row['first_seen']}")
    return Leg(
        id=f"{icao24}-{int(first.timestamp())}",
        icao24=icao24,
        first_seen=first,
        last_seen=last,
        takeoff=_field(row, "takeoff", _maybe(_instant), moment + " or nothing"),
        landing=_field(row, "landing", _maybe(_instant), moment + " or nothing"),
        origin=_end(row, "origin"),
        destination=_end(row, "destination"),
        callsign=Callsign(row["callsign"].upper()) if row.get("callsign") else None,
        registration=row.get("registration") or None,
        type_code=row.get("type_code") or None,
        source="import",
        final=True,
    )


def _end(row: Mapping[str, str], name: str) -> End:
    ident = row[name] or None
    area = row.get(f"{name}_area") or None
    known = ident is not None or area is not None
    how = _field(row, f"{name}_how", lambda t: How(t) if t else None, f"one of {', '.join(How)}")
    confidence = _field(row, f"{name}_confidence", _number(1.0), "a number 0..1 or nothing")
    if math.isnan(confidence):
        # a file that names an end without grading it is taken at its word
        confidence = 1.0 if known else 0.0
    return End(
        airfield=ident,
        how=how or (How.PROJECTED if known else How.UNKNOWN),
        confidence=confidence if known else 0.0,
        area=area,
        candidates=((ident, confidence),) if ident else (),
    )


def _address(text: str) -> Icao24:
    if len(text) != 6:
        raise ValueError(text)
    int(text, 16)
    return Icao24(text.lower())


def _instant(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.date() < EARLIEST:
        raise ValueError(text)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _maybe(parse: Callable[[str], T]) -> Callable[[str], T | None]:
    return lambda text: parse(text) if text else None
