"""BaseStation (SBS, port 30003) logs: one message a line, each with a part of the truth.

Positions take speed, track and callsign from the aircraft's other messages. Some loggers leave
the date and time empty: such a log is refused unless a start time is given; its clock is then
read off the aircraft themselves, whose speed and way tell how much time a line takes.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

import numpy as np

from bot import columns
from bot.errors import InputError
from bot.geo import KM_PER_NM, distance_km
from bot.legs.readers import raw
from bot.legs.readers.clock import END_S, moment
from bot.model.air import Positions

FRESH_S = 60.0  # speed and track older than this are not those of a position
FRESH_LINES = 3000  # the same where only lines are counted
CHUNK = 100_000  # positions held as objects, 300 bytes each
FEW_S = 0.01  # a line when nothing moves: a busy receiver hears some hundred a second


@dataclass(slots=True)
class _Plane:
    """The latest of each kind of message of one aircraft."""

    call: bytes = b""
    gs: float = math.nan
    trk: float = math.nan
    vr: float = math.nan
    at: float = -math.inf


@dataclass(frozen=True, slots=True)
class _Fix:
    icao24: int
    clock: float  # epoch s, or the line's number
    lat: float
    lon: float
    alt: float
    ground: bool
    gs: float
    trk: float
    vr: float
    call: bytes


def parse(data: bytes, name: str, start: datetime | None = None) -> Positions:
    """Positions of a log. Raises InputError when it has no times and no `start` is given."""
    lines = data.decode("ascii", "replace").splitlines()
    return columns.joined(list(_parts(iter(lines), name, start)))


def read(path: Path, start: datetime | None = None) -> Iterator[Positions]:
    """The same of a file, a bounded number of rows at a time where its lines have times."""
    try:
        with raw.text(raw.Lined(path), "ascii") as lines:
            yield from _parts(lines, str(path), start)
    except raw.DAMAGED as exc:
        raise InputError(f"{path}: damaged gzip: {exc}") from exc


def _parts(lines: Iterator[str], name: str, start: datetime | None) -> Iterator[Positions]:
    first = list(islice(lines, 2000))
    timed = [f for f in (line.split(",") for line in first) if len(f) > 9 and f[0] == "MSG"]
    if not timed:
        raise InputError(f"{name}: no BaseStation messages in it")
    dated = sum(_when(f) is not None for f in timed) > len(timed) / 2
    if not dated and start is None:
        raise InputError(f"{name}: the log has no times; give the time of its first line with "
                         "--start")  # fmt: skip
    fixes = _fixes(chain(first, lines), dated)
    if not dated and start is not None:
        held = list(fixes)
        pace, begin = _pace(held), moment(start.timestamp(), name, "--start")
        yield _columns(held, np.array([begin + f.clock * pace for f in held]))
        return
    while part := list(islice(fixes, CHUNK)):
        yield _columns(part, np.array([f.clock for f in part]))


def begins(head: bytes) -> float:
    """The time of the first line that has one, epoch s; 0 where none has."""
    lines = (line.split(",") for line in head.decode("ascii", "replace").splitlines())
    return next((t for t in map(_when, lines) if t is not None), 0.0)


def _fixes(lines: Iterable[str], dated: bool) -> Iterator[_Fix]:
    planes: dict[int, _Plane] = {}
    for number, line in enumerate(lines):
        f = line.split(",")
        if len(f) < 22 or f[0] != "MSG":
            continue
        clock = _when(f) if dated else float(number)
        address = columns.address(f[4].strip())
        if clock is None or not address:
            continue
        plane = planes.setdefault(address, _Plane())
        if f[10].strip():
            plane.call = f[10].strip().upper().encode("ascii", "replace")[:8]
        if f[12].strip() and f[13].strip():
            plane.gs, plane.trk, plane.vr = _number(f[12]), _number(f[13]), _number(f[16])
            plane.at = clock
        lat, lon = _number(f[14]), _number(f[15])
        if lat == lat and lon == lon:
            yield _fix(address, clock, lat, lon, f, plane, FRESH_S if dated else FRESH_LINES)


def _fix(address: int, clock: float, lat: float, lon: float, f: list[str], plane: _Plane,
         fresh: float) -> _Fix:  # fmt: skip
    ground = f[21].strip() in ("-1", "1") or f[1] == "2"
    new = clock - plane.at <= fresh
    speed = (plane.gs, plane.trk, plane.vr) if new else (math.nan, math.nan, math.nan)
    alt = math.nan if ground else _number(f[11])
    return _Fix(address, clock, lat, lon, alt, ground, *speed, plane.call)


def _columns(fixes: list[_Fix], time_s: np.ndarray) -> Positions:
    table = np.array([(f.lat, f.lon, f.alt, f.ground, f.gs, f.trk, f.vr) for f in fixes],
                     float).reshape(-1, 7)  # fmt: skip
    return Positions.of(
        [f.icao24 for f in fixes], time_s, table[:, 0], table[:, 1], altitude_ft=table[:, 2],
        on_ground=table[:, 3] > 0, ground_speed_kt=table[:, 4], track_deg=table[:, 5],
        vertical_rate_fpm=table[:, 6], callsign=np.array([f.call for f in fixes], "S8"),
    )  # fmt: skip


def _pace(fixes: list[_Fix]) -> float:
    """Seconds a line, from how far aircraft of known speed got between two of theirs."""
    last: dict[int, _Fix] = {}
    found = []
    for fix in fixes:
        before = last.get(fix.icao24)
        last[fix.icao24] = fix
        if before is None or not fix.gs > 80 or fix.clock - before.clock < 50:
            continue
        km = distance_km(before.lat, before.lon, fix.lat, fix.lon)
        if 0.05 < km < 50:
            found.append(km / KM_PER_NM / fix.gs * 3600 / (fix.clock - before.clock))
    return float(np.median(found)) if found else FEW_S


def _when(f: list[str]) -> float | None:
    try:
        year, month, date = (int(x) for x in f[6].replace("-", "/").split("/"))
        hours, minutes, seconds = f[7].split(":")
        day = datetime(year, month, date, tzinfo=UTC)
        told = day.timestamp() + int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except (ValueError, OverflowError, IndexError):
        return None
    return told if 0 <= told < END_S else None


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if abs(number) < 1e9 else math.nan  # what no instrument tells
