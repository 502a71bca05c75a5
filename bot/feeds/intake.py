"""The last look at a reply before it counts as a look: is it about now, and can it be true?

Single records are the parser's; here is what only the whole reply shows, or the reply beside those
before it. Promises: a reply that cannot be a picture of the sky is Garbled or Unavailable, never an
empty sky; a field whose unit has changed, or that has vanished, is unknown and counted; of each
kind of junk a sample is logged, at most once an hour a feed.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from bot.errors import Garbled, Unavailable
from bot.feeds.base import check_clock
from bot.feeds.clean import (
    ANONYMOUS,
    BAD_UNITS,
    CLOCK_AHEAD,
    GONE,
    ORDINARY,
    UNREADABLE,
    VEHICLE,
    Parsed,
)
from bot.model.air import SOURCES, Positions
from bot.model.query import Everything, Near, Query

log = logging.getLogger(__name__)

# From this many aircraft to none between two replies: they cannot all land or leave within
# minutes, so the server has lost its sky (a restart, a dead upstream). After an hour of it the sky
# may have emptied as it does by night; looking badly shows in the others that are missing.
MANY, DOUBTED_S = 10, 3600.0
# So many listed and none with a position (or address) that can be read: the form has changed.
# Receivers of remote places list a few aircraft without one.
FORM_LOST = 20
TOLD_EVERY_S = 3600.0
# Decoders withdraw a fix after a minute. Half of a sky older than this: ages in another unit.
OLD_S = 300.0
AHEAD_S = 60.0  # a server's clock may be so far ahead of ours, the time of the request included
# Ten aircraft in flight have all moved after a minute; the same places are the same data.
FROZEN_S = 60.0
_TRACKED = ("altitude_ft", "ground_speed_kt", "track_deg", "vertical_rate_fpm")
# In a sky of fifty aircraft and more the highest twentieth cruise: above 25,000 ft, at 400 to
# 600 kt over ground. In metres they would be at 8,000 to 13,000; in m/s at 200 to 310.
_SKY, _TOP = 50, 95
_HIGH, _LOW = 25_000.0, 15_000.0
_FAST, _SLOW, _CRAWL = 400.0, 315.0, 200.0


class Intake:
    """One feed's replies, in the order of their coming."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: dict[str, tuple[datetime, int]] = {}  # by query: when it last listed any
        self._places: dict[str, tuple[float, int]] = {}  # by query: since when (its clock), which
        self._known: set[str] = set()  # columns that replies have had
        self._told: dict[str, datetime] = {}  # reasons of which a sample was logged

    def check(self, query: Query, parsed: Parsed, now: datetime) -> Parsed:
        """The reply as it may be believed. Raises Unavailable (not about now) or Garbled."""
        check_clock(parsed.time_s, now, self._name)
        self._doubt_emptiness(query.key(), parsed.listed, now)
        self._doubt_sameness(query.key(), parsed)
        return self.read(query, _no_future(parsed, now), now)

    def read(self, query: Query, parsed: Parsed, now: datetime) -> Parsed:
        """As `check`, for a recording: its clock and its gaps are its own."""
        if _lost(parsed):
            self._tell(parsed, now)
            raise Garbled(f"{self._name}: {parsed.listed} aircraft and not one with a position "
                          f"that can be read: has the form changed? ({drift(parsed)})")  # fmt: skip
        if _aged(parsed):
            raise Garbled(
                f"{self._name}: most positions are minutes old: are their ages in milliseconds, "
                "or is the data frozen behind a running clock?"
            )
        general = isinstance(query, Everything | Near)  # with airliners; not helicopters alone
        columns = dict(_wrong_units(parsed.positions)) if general else {}
        skipped = {**parsed.skipped,
                   **{f"{BAD_UNITS}: {name}": len(parsed.positions) for name in columns},
                   **{f"{GONE}: {name}": len(parsed.positions)
                      for name in self._vanished(parsed.positions)}}  # fmt: skip
        positions = parsed.positions
        for name, unknown in columns.items():
            positions = replace(positions, **{name: unknown})  # type: ignore[arg-type]  # by name
        parsed = replace(parsed, positions=positions, skipped=skipped)
        self._tell(parsed, now)
        return parsed

    def _doubt_emptiness(self, key: str, listed: int, now: datetime) -> None:
        if listed:
            self._seen[key] = now, listed
            return
        when, before = self._seen.get(key, (now, 0))
        gone_s = (now - when).total_seconds()
        if before >= MANY and gone_s < DOUBTED_S:
            raise Garbled(f"{self._name}: an empty reply, {gone_s / 60:.0f} min after one with "
                          f"{before} aircraft: not taken for an empty sky")  # fmt: skip

    def _doubt_sameness(self, key: str, parsed: Parsed) -> None:
        positions = parsed.positions
        flying = ~positions.on_ground
        if flying.sum() < MANY:
            return
        places = hash((positions.lat_deg[flying].tobytes(), positions.lon_deg[flying].tobytes()))
        since_s, before = self._places.get(key, (parsed.time_s, places))
        if places != before:
            since_s = parsed.time_s
        self._places[key] = since_s, places
        if parsed.time_s - since_s >= FROZEN_S:
            raise Unavailable(f"{self._name}: no aircraft has moved for "
                              f"{parsed.time_s - since_s:.0f} s: the data is frozen")  # fmt: skip

    def _vanished(self, positions: Positions) -> Iterator[str]:
        """Columns that earlier replies had and not one row of this one has."""
        if len(positions) < FORM_LOST:
            return
        airborne = ~positions.on_ground
        for name in _TRACKED:
            if np.isfinite(getattr(positions, name)).any():
                self._known.add(name)
            elif name in self._known and airborne.any():
                yield name

    def _tell(self, parsed: Parsed, now: datetime) -> None:
        for why, count in parsed.skipped.items():
            told = self._told.get(why)
            if why in ORDINARY or (told and (now - told).total_seconds() < TOLD_EVERY_S):
                continue
            self._told[why] = now
            sample = parsed.samples.get(why, "-")
            log.warning("junk feed=%s why=%s count=%d of=%d sample=%s", self._name,
                        why.replace(" ", "_"), count, parsed.listed, sample)  # fmt: skip


def drift(parsed: Parsed) -> str:
    """What was odd about a reply, for `status`: 'unreadable field 3, bad address 1'."""
    odd = (f"{why} {n}" for why, n in parsed.skipped.items() if why not in ORDINARY)
    return ", ".join(odd)


def _lost(parsed: Parsed) -> bool:
    """No row, and not because the aircraft are of a kind that we do not want."""
    if len(parsed.positions) or not parsed.listed:
        return False
    unwanted = sum(parsed.skipped.get(why, 0) for why in (ANONYMOUS, VEHICLE))
    unreadable = parsed.skipped.get(UNREADABLE, 0)
    return unreadable == parsed.listed or parsed.listed - unwanted >= FORM_LOST


def _aged(parsed: Parsed) -> bool:
    """Whether half of the fixes are older than receivers keep them (satellites do)."""
    heard = parsed.positions.source != SOURCES.index("adsc")
    age_s = parsed.time_s - parsed.positions.time_s[heard]
    return len(age_s) >= FORM_LOST and float(np.median(age_s)) > OLD_S


def _no_future(parsed: Parsed, now: datetime) -> Parsed:
    """With a server's clock that runs ahead set to ours: its fixes of the future would hold up
    those of every other feed. A request may take the better part of a minute."""
    ahead_s = parsed.time_s - now.timestamp()
    if ahead_s <= AHEAD_S:
        return parsed
    positions = replace(parsed.positions, time_s=parsed.positions.time_s - ahead_s)
    skipped = {**parsed.skipped, CLOCK_AHEAD: parsed.listed}
    return replace(parsed, time_s=now.timestamp(), positions=positions, skipped=skipped)


def _wrong_units(positions: Positions) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """The columns whose values are those of another unit, as unknown."""
    both = np.isfinite(positions.altitude_ft) & np.isfinite(positions.ground_speed_kt)
    if both.sum() < _SKY:
        return
    high = np.percentile(positions.altitude_ft[both], _TOP)
    fast = np.percentile(positions.ground_speed_kt[both], _TOP)
    unknown = np.full(len(positions), np.nan, np.float32)
    metric = high < _LOW and _CRAWL < fast < _SLOW
    if metric or (high < _LOW and fast > _FAST):
        yield "altitude_ft", unknown
    if metric or (high > _HIGH and fast < _SLOW):
        yield "ground_speed_kt", unknown
