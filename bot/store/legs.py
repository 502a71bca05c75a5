"""Legs, each once: revised under its id, replaced when a day is read again, asked by time.

Every change carries a revision, counted up one transaction after another, so that "what changed
since" is a query and a reader that stops half way loses nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select

from bot.model.air import Callsign, Icao24, Leg
from bot.store.codec import end_in, end_out
from bot.store.keeper import Keeper, Tx, insert, upsert
from bot.store.schema import counters, leg_moves, legs, moment, seconds

# Two readings of one flight (other feeds, other polls) disagree about its start by a few minutes;
# one airframe needs longer than this to land, turn and leave again.
SAME_START_S = 600.0
# How far a leg's start may lie from its first sight and still be found again.
REACH_S = 36 * 3600.0
CHUNK = 500  # parameters of one IN (...); SQLite before 3.32 takes 999

Row = dict[str, Any]


class LegKeeper(Keeper):
    """The part of the store that keeps legs."""

    def put_legs(self, tx: Tx, given: Sequence[Leg]) -> int:
        """Store legs, new or revised; returns how many changed anything.

        A leg with a known id replaces it. A leg of the same airframe that starts within
        `SAME_START_S` of a stored one is another reading of the same flight: the stored one gives
        way, and its day is remembered as changed. What is stored already, to the last field,
        keeps its revision.
        """
        rows = {leg.id: _row(leg) for leg in given}
        ordered = sorted(rows.values(), key=lambda row: row["start_s"])
        stored: dict[str, Row] = {}
        for start in range(0, len(ordered), CHUNK):
            stored |= _related(tx, ordered[start : start + CHUNK])
        changed = [row for row in ordered if stored.get(row["id"]) != row]
        if not changed:
            return 0
        twins = _twins([row for row in changed if row["id"] not in stored],
                       [row for row in stored.values() if row["id"] not in rows])  # fmt: skip
        rev = _next_revision(tx)
        _forget(tx, twins)
        left = [stored[row["id"]] for row in changed if row["id"] in stored] + twins
        _note_moves(tx, rev, left, {_day(row) for row in changed})
        upsert(tx, legs, ({**row, "rev": rev} for row in changed))
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
        query = select(legs).order_by(legs.c.start_s, legs.c.id)
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
            query = select(legs).where(legs.c.rev > since_rev, legs.c.rev <= rev)
            rows = connection.execute(query.order_by(legs.c.start_s, legs.c.id)).mappings()
            return tuple(_leg(row) for row in rows), rev

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

    def _legs(self, query: Any) -> tuple[Leg, ...]:
        with self.read() as connection:
            return tuple(_leg(row) for row in connection.execute(query).mappings())


def _related(tx: Tx, rows: Sequence[Row]) -> dict[str, Row]:
    """Stored legs by id that share an id with `rows`, or an airframe at about that time."""
    times = [row["start_s"] for row in rows] + [row["first_seen_s"] for row in rows]
    near = legs.c.start_s.between(min(times) - REACH_S, max(times) + REACH_S)
    columns = [column for column in legs.c if column.name != "rev"]
    frames = sorted({row["icao24"] for row in rows})
    queries = (
        select(*columns).where(legs.c.icao24.in_(frames), near),
        select(*columns).where(legs.c.id.in_([row["id"] for row in rows])),
    )
    return {row["id"]: dict(row) for query in queries for row in tx.execute(query).mappings()}


def _twins(fresh: Sequence[Row], stored: Sequence[Row]) -> list[Row]:
    """Stored legs of which a fresh one is another reading; each fresh one takes the nearest."""
    by_frame: defaultdict[str, list[Row]] = defaultdict(list)
    for row in stored:
        by_frame[row["icao24"]].append(row)
    found: dict[str, Row] = {}
    for row in fresh:
        near = [(_apart_s(row, other), other["id"], other) for other in by_frame[row["icao24"]]]
        best = min(near, default=None, key=lambda entry: entry[:2])
        if best is not None and best[0] <= SAME_START_S:
            found[best[1]] = best[2]
    return list(found.values())


def _apart_s(a: Row, b: Row) -> float:
    starts, sights = (abs(a[name] - b[name]) for name in ("start_s", "first_seen_s"))
    return float(min(starts, sights))


def _forget(tx: Tx, rows: Sequence[Row]) -> None:
    for chunk in _chunks([row["id"] for row in rows]):
        tx.execute(delete(legs).where(legs.c.id.in_(chunk)))


def _note_moves(tx: Tx, rev: int, left: Sequence[Row], kept: set[date]) -> None:
    """Days that lose a leg, unless a changed leg marks them anyway."""
    days = {_day(row) for row in left} - kept
    if days:
        tx.execute(insert(tx, leg_moves), [{"rev": rev, "day": day} for day in sorted(days)])


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


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _among(query: Any, ids: Sequence[str]) -> Any:
    return query.where(legs.c.id.in_(ids))


def _day(row: Row) -> date:
    return moment(row["start_s"]).date()


def _row(leg: Leg) -> Row:
    first_seen_s = seconds(leg.first_seen)
    takeoff_s = None if leg.takeoff is None else seconds(leg.takeoff)
    return {
        "id": leg.id,
        "icao24": leg.icao24,
        "start_s": first_seen_s if takeoff_s is None else takeoff_s,
        "first_seen_s": first_seen_s,
        "last_seen_s": seconds(leg.last_seen),
        "takeoff_s": takeoff_s,
        "landing_s": None if leg.landing is None else seconds(leg.landing),
        "origin": leg.origin.airfield,
        "destination": leg.destination.airfield,
        "origin_end": end_out(leg.origin),
        "destination_end": end_out(leg.destination),
        "callsign": leg.callsign,
        "registration": leg.registration,
        "type_code": leg.type_code,
        "military": leg.military,
        "source": leg.source,
        "final": leg.final,
    }


def _leg(row: Any) -> Leg:
    takeoff_s, landing_s, callsign = row["takeoff_s"], row["landing_s"], row["callsign"]
    return Leg(
        id=row["id"],
        icao24=Icao24(row["icao24"]),
        first_seen=moment(row["first_seen_s"]),
        last_seen=moment(row["last_seen_s"]),
        origin=end_in(row["origin"], row["origin_end"]),
        destination=end_in(row["destination"], row["destination_end"]),
        takeoff=None if takeoff_s is None else moment(takeoff_s),
        landing=None if landing_s is None else moment(landing_s),
        callsign=None if callsign is None else Callsign(callsign),
        registration=row["registration"],
        type_code=row["type_code"],
        military=row["military"],
        source=row["source"],
        final=row["final"],
    )
