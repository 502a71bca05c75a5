"""Legs, each once: revised under its id, replaced when a day is read again, asked by time.

Every change carries a revision, counted up one transaction after another, so that "what changed
since" is a query and a reader that stops half way loses nothing.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import delete, func, select

from bot.model.air import Callsign, Icao24, Leg
from bot.store.codec import end_in, end_out
from bot.store.keeper import Keeper, Tx, bulk, insert
from bot.store.schema import counters, leg_moves, legs
from bot.store.when import moment, seconds

# Two readings of one flight (other feeds, other polls) disagree about its start by a few minutes;
# one airframe needs longer than this to land, turn and leave again.
SAME_START_S = 600.0
# How far a leg's start may lie from its first sight and still be found again.
REACH_S = 36 * 3600.0
DAY_S = 86400.0
CHUNK = 500  # parameters of one IN (...); SQLite before 3.32 takes 999


class Row(NamedTuple):
    """A row of the table but its revision, as plain values: equal rows are equal legs."""

    id: str
    icao24: str
    start_s: float
    first_seen_s: float
    last_seen_s: float
    takeoff_s: float | None
    landing_s: float | None
    origin: str | None
    destination: str | None
    origin_end: str | None
    destination_end: str | None
    callsign: str | None
    registration: str | None
    type_code: str | None
    military: bool | None
    source: str
    final: bool


T = TypeVar("T")
COLUMNS = [legs.c[name] for name in Row._fields]


class LegKeeper(Keeper):
    """The part of the store that keeps legs."""

    def put_legs(self, tx: Tx, given: Sequence[Leg]) -> int:
        """Store legs, new or revised; returns how many changed anything.

        A leg with a known id replaces it. Nobody flies twice at once: a leg of the same airframe
        that starts within `SAME_START_S` of a new one, or is seen mostly while the given one
        flies, is another reading of it and gives way; its day is remembered as changed. Legs of
        one call never replace each other. What is stored already, to the last field, keeps its
        revision.
        """
        rows = {leg.id: _row(leg) for leg in given}
        ordered = sorted(rows.values(), key=attrgetter("start_s"))
        stored: dict[str, Row] = {}
        for chunk in _chunks(ordered):
            stored |= _related(tx, chunk)
        changed = [row for row in ordered if stored.get(row.id) != row]
        if not changed:
            return 0
        twins = _twins(changed, stored, [row for row in stored.values() if row.id not in rows])
        rev = _next_revision(tx)
        self.forget_legs(tx, [row.id for row in twins])
        left = [stored[row.id] for row in changed if row.id in stored] + twins
        _note_moves(tx, rev, left, changed)
        _write(tx, rev, changed)
        return len(changed)

    def legs(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        icao24: str | None = None,
        ids: Collection[str] | None = None,
    ) -> tuple[Leg, ...]:
        """Legs that start in [since, until), oldest first; all conditions given must hold."""
        query = select(*COLUMNS).order_by(legs.c.start_s, legs.c.id)
        if since is not None:
            query = query.where(legs.c.start_s >= seconds(since))
        if until is not None:
            query = query.where(legs.c.start_s < seconds(until))
        if icao24 is not None:
            query = query.where(legs.c.icao24 == icao24)
        if ids is None:
            return self._legs(query)
        found = [leg for chunk in _chunks(sorted(ids)) for leg in self._legs(_among(query, chunk))]
        return tuple(sorted(found, key=lambda leg: (leg.takeoff or leg.first_seen, leg.id)))

    def legs_of(self, icao24: str, since: datetime, until: datetime) -> tuple[Leg, ...]:
        """One airframe's legs that start in [since, until), oldest first."""
        return self.legs(since, until, icao24=icao24)

    def changed_legs(self, since_rev: int) -> tuple[tuple[Leg, ...], int]:
        """Legs changed after that revision, oldest first, and the revision to ask with next."""
        with self.read() as connection:
            rev = _revision(connection)
            query = select(*COLUMNS).where(legs.c.rev > since_rev, legs.c.rev <= rev)
            rows = connection.execute(query.order_by(legs.c.start_s, legs.c.id))
            return tuple(_leg(*row) for row in rows), rev

    def changed_days(self, since_rev: int) -> tuple[tuple[date, ...], int]:
        """UTC days on which some count may have changed after that revision, and the revision to
        ask with next: days of changed legs, and days that a leg has left."""
        with self.read() as connection:
            rev = _revision(connection)
            starts = connection.scalars(
                select(legs.c.start_s).where(legs.c.rev > since_rev, legs.c.rev <= rev)
            )
            found = {moment(start).date() for start in starts}
            moves = select(leg_moves.c.day).where(
                leg_moves.c.rev > since_rev, leg_moves.c.rev <= rev
            )
            return tuple(sorted(found.union(connection.scalars(moves)))), rev

    def first_leg(self) -> datetime | None:
        """When the oldest leg starts; None: there is none."""
        with self.read() as connection:
            start_s = connection.scalar(select(func.min(legs.c.start_s)))
        return None if start_s is None else moment(start_s)

    def forget_legs(self, tx: Tx, ids: Sequence[str]) -> None:
        """Delete legs that no count rests on: their days are not marked as changed."""
        for chunk in _chunks(ids):
            tx.execute(delete(legs).where(legs.c.id.in_(chunk)))

    def _legs(self, query: Any) -> tuple[Leg, ...]:
        with self.read() as connection:
            return tuple(_leg(*row) for row in connection.execute(query))


def _related(tx: Tx, rows: Sequence[Row]) -> dict[str, Row]:
    """Stored legs by id that share an id with `rows`, or an airframe at about that time."""
    first, last = rows[0].start_s - REACH_S, rows[-1].start_s + REACH_S
    frames = {row.icao24 for row in rows}
    queries = (
        select(*COLUMNS).where(legs.c.icao24.in_(frames), legs.c.start_s.between(first, last)),
        select(*COLUMNS).where(legs.c.id.in_([row.id for row in rows])),
    )
    return {row[0]: Row._make(row) for query in queries for row in tx.execute(query)}


def _twins(changed: Sequence[Row], stored: Mapping[str, Row], others: Sequence[Row]) -> list[Row]:
    """Those of `others` that are other readings of the changed legs."""
    by_frame: defaultdict[str, list[Row]] = defaultdict(list)
    for row in others:
        by_frame[row.icao24].append(row)
    found: dict[str, Row] = {}
    for row in changed:
        near = by_frame.get(row.icao24, [])
        found.update((other.id, other) for other in near if _flies_at(row, _middle_s(other)))
        if row.id in stored:
            continue  # revised: the legs around it were told apart from it before
        best = min(near, default=None, key=lambda other: (_apart_s(row, other), other.id))
        if best is not None and _apart_s(row, best) <= SAME_START_S:
            found[best.id] = best
    return list(found.values())


def _middle_s(row: Row) -> float:
    return (row.first_seen_s + row.last_seen_s) / 2


def _flies_at(row: Row, time_s: float) -> bool:
    return row.first_seen_s < time_s < row.last_seen_s


def _apart_s(a: Row, b: Row) -> float:
    return min(abs(a.start_s - b.start_s), abs(a.first_seen_s - b.first_seen_s))


def _note_moves(tx: Tx, rev: int, left: Sequence[Row], changed: Sequence[Row]) -> None:
    """Days that lose a leg, unless a changed leg marks them anyway."""
    days = {int(row.start_s // DAY_S) for row in left}
    days -= {int(row.start_s // DAY_S) for row in changed}
    if days:
        rows = [{"rev": rev, "day": moment(day * DAY_S).date()} for day in sorted(days)]
        tx.execute(insert(tx, leg_moves), rows)


def _write(tx: Tx, rev: int, rows: Sequence[Row]) -> None:
    statement = insert(tx, legs)
    fresh = {name: statement.excluded[name] for name in ("rev", *Row._fields) if name != "id"}
    whole = statement.on_conflict_do_update(index_elements=["id"], set_=fresh)
    bulk(tx, whole, ("rev", *Row._fields), [(rev, *row) for row in rows])


def _next_revision(tx: Tx) -> int:
    """Counted in a row of its own: its lock makes writers wait, so that revisions become visible
    in their order on every database."""
    statement = insert(tx, counters).values(name="legs", value=1)
    counted = statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": counters.c.value + 1}
    )
    return int(tx.execute(counted.returning(counters.c.value)).scalar_one())


def _revision(connection: Tx) -> int:
    return connection.scalar(select(counters.c.value).where(counters.c.name == "legs")) or 0


def _chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _among(query: Any, ids: Sequence[str]) -> Any:
    return query.where(legs.c.id.in_(ids))


def pack_legs(given: Sequence[Leg]) -> bytes:
    """Legs as a small state, for `unpack_legs`."""
    return json.dumps([_row(leg) for leg in given]).encode()


def unpack_legs(blob: bytes) -> tuple[Leg, ...]:
    """The other way."""
    return tuple(_leg(*row) for row in json.loads(blob))


def _row(leg: Leg) -> Row:
    first_seen_s = seconds(leg.first_seen)
    takeoff_s = None if leg.takeoff is None else seconds(leg.takeoff)
    return Row(
        leg.id,
        leg.icao24,
        first_seen_s if takeoff_s is None else takeoff_s,
        first_seen_s,
        seconds(leg.last_seen),
        takeoff_s,
        None if leg.landing is None else seconds(leg.landing),
        leg.origin.airfield,
        leg.destination.airfield,
        end_out(leg.origin),
        end_out(leg.destination),
        leg.callsign,
        leg.registration,
        leg.type_code,
        leg.military,
        leg.source,
        leg.final,
    )


def _leg(
    leg_id: str,
    icao24: str,
    _start_s: float,
    first_seen_s: float,
    last_seen_s: float,
    takeoff_s: float | None,
    landing_s: float | None,
    origin: str | None,
    destination: str | None,
    origin_end: str | None,
    destination_end: str | None,
    callsign: str | None,
    *rest: Any,
) -> Leg:
    """The other way; the arguments are a `Row`, its tail is the tail of a `Leg`."""
    return Leg(
        leg_id,
        Icao24(icao24),
        moment(first_seen_s),
        moment(last_seen_s),
        end_in(origin, origin_end),
        end_in(destination, destination_end),
        None if takeoff_s is None else moment(takeoff_s),
        None if landing_s is None else moment(landing_s),
        None if callsign is None else Callsign(callsign),
        *rest,
    )
