"""Who looked when, and where aircraft were: looks, presence, thinned tracks.

Raw looks live for some days; what they add up to by the hour is kept for ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, case, delete, exists, func, select

from bot.model.air import Icao24, Positions, Track
from bot.model.query import Look, Outcome, Presence
from bot.store.keeper import Keeper, Tx, bulk, insert
from bot.store.schema import fixes, look_hours, looks, presence
from bot.store.when import seconds

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class LookHour:
    """One hour of asking one feed one thing."""

    feed: str
    query_key: str
    hour: datetime  # its start
    ok: int
    failed: int
    aircraft: int  # summed over the hour's successful looks
    aircraft_max: int
    last_failure: str = ""
    age_s: float | None = None  # mean age of the middle position; None: not told


class SkyKeeper(Keeper):
    """The part of the store that keeps looks, presence and tracks."""

    def add_looks(self, tx: Tx, given: Sequence[Look]) -> None:
        """Store looks and add them to their hours; one that is stored already counts once."""
        if not given:
            return
        statement = insert(tx, looks).on_conflict_do_nothing().returning(*looks.c)
        rows = [asdict(look) | {"outcome": str(look.outcome)} for look in given]
        fresh = [_look(row) for row in tx.execute(statement, rows).mappings()]
        if fresh:
            _roll_up(tx, fresh)

    def last_looks(self) -> tuple[Look, ...]:
        """The latest look of each feed and thing asked."""
        last = (
            select(looks.c.feed, looks.c.query_key, func.max(looks.c.at).label("at"))
            .group_by(looks.c.feed, looks.c.query_key)
            .subquery()
        )
        query = select(looks).join(
            last,
            (looks.c.feed == last.c.feed)
            & (looks.c.query_key == last.c.query_key)
            & (looks.c.at == last.c.at),
        )
        with self.read() as connection:
            rows = connection.execute(query.order_by(looks.c.feed, looks.c.query_key)).mappings()
            return tuple(_look(row) for row in rows)

    def look_hours(self, since: datetime, until: datetime) -> tuple[LookHour, ...]:
        """Hours that start in [since, until), oldest first."""
        query = (
            select(look_hours)
            .where(look_hours.c.hour >= since, look_hours.c.hour < until)
            .order_by(look_hours.c.hour, look_hours.c.feed, look_hours.c.query_key)
        )
        with self.read() as connection:
            return tuple(LookHour(**row) for row in connection.execute(query).mappings())

    def put_presence(self, tx: Tx, given: Iterable[Presence]) -> None:
        """Store hours around the ends of watches. A known hour only grows: what was seen before a
        restart stays seen."""
        rows = [asdict(row) for row in given]
        if not rows:
            return
        statement = insert(tx, presence)
        grown: dict[str, ColumnElement[Any]] = {
            name: _greater(presence.c[name], statement.excluded[name])
            for name in ("looked_s", "looks_ok", "looks_failed", "others")
        }
        named = statement.excluded.feeds
        grown["feeds"] = case((named != "", named), else_=presence.c.feeds)
        upserted = statement.on_conflict_do_update(index_elements=["ground", "hour_s"], set_=grown)
        tx.execute(upserted, rows)

    def presence(self, ground: str, since: datetime, until: datetime) -> tuple[Presence, ...]:
        """Hours of one ground that start in [since, until), oldest first."""
        query = (
            select(presence)
            .where(presence.c.ground == ground)
            .where(presence.c.hour_s >= seconds(since), presence.c.hour_s < seconds(until))
            .order_by(presence.c.hour_s)
        )
        with self.read() as connection:
            return tuple(Presence(**row) for row in connection.execute(query).mappings())

    def add_positions(self, tx: Tx, positions: Positions) -> None:
        """Store at most one fix a minute an aircraft: the first that is offered."""
        if not len(positions):
            return
        minute = (positions.time_s // 60).astype(np.int64)
        order = np.lexsort((positions.time_s, minute, positions.icao24))
        frame, minute = positions.icao24[order], minute[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (frame[1:] != frame[:-1]) | (minute[1:] != minute[:-1])
        chosen = positions.take(order[first])
        altitude_ft = np.where(chosen.on_ground, 0.0, chosen.altitude_ft.astype(float))
        columns = (
            chosen.icao24.tolist(), minute[first].tolist(), chosen.time_s.tolist(),
            chosen.lat_deg.tolist(), chosen.lon_deg.tolist(),
            [None if np.isnan(value) else value for value in altitude_ft.tolist()],
        )  # fmt: skip
        names = tuple(column.name for column in fixes.c)
        statement = insert(tx, fixes).on_conflict_do_nothing()
        bulk(tx, statement, names, list(zip(*columns, strict=True)))

    def track(self, icao24: str, since: datetime, until: datetime) -> Track:
        """The stored fixes of one airframe in [since, until), in time order; maybe none."""
        query = (
            select(fixes.c.time_s, fixes.c.lat_deg, fixes.c.lon_deg, fixes.c.altitude_ft)
            .where(fixes.c.icao24 == int(icao24, 16))
            .where(fixes.c.minute >= seconds(since) // 60, fixes.c.minute <= seconds(until) // 60)
            .where(fixes.c.time_s >= seconds(since), fixes.c.time_s < seconds(until))
            .order_by(fixes.c.minute)
        )
        with self.read() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
        columns: npt.NDArray[np.float64] = np.array(rows, dtype=float).reshape(-1, 4)
        time_s, lat_deg, lon_deg, altitude_ft = columns.T
        return Track(Icao24(icao24), time_s, lat_deg, lon_deg, altitude_ft.astype(np.float32))

    def prune_sky(self, tx: Tx, now: datetime, looks_days: float, tracks_days: float) -> None:
        """Forget raw looks and fixes older than that; the last look of each kind stays, so that
        `status` can say since when a feed is silent."""
        later = looks.alias()
        has_later = exists().where(
            later.c.feed == looks.c.feed,
            later.c.query_key == looks.c.query_key,
            later.c.at > looks.c.at,
        )
        old = now - timedelta(days=looks_days)
        tx.execute(delete(looks).where(looks.c.at < old, has_later))
        minute = int(seconds(now - timedelta(days=tracks_days)) // 60)
        tx.execute(delete(fixes).where(fixes.c.minute < minute))


def _look(row: Mapping[Any, Any]) -> Look:
    return Look(**{**row, "outcome": Outcome(row["outcome"])})


def _roll_up(tx: Tx, fresh: Sequence[Look]) -> None:
    hours: dict[tuple[str, str, datetime], LookHour] = {}
    for look in sorted(fresh, key=lambda look: look.at):
        hour = look.at.replace(minute=0, second=0, microsecond=0)
        key = (look.feed, look.query_key, hour)
        hours[key] = _with(hours.get(key, LookHour(*key, 0, 0, 0, 0)), look)
    statement = insert(tx, look_hours)
    new, old = statement.excluded, look_hours.c
    grown = {
        "ok": old.ok + new.ok,
        "failed": old.failed + new.failed,
        "aircraft": old.aircraft + new.aircraft,
        "aircraft_max": _greater(old.aircraft_max, new.aircraft_max),
        "last_failure": case((new.last_failure != "", new.last_failure), else_=old.last_failure),
        "age_s": case(
            (old.age_s.is_(None), new.age_s),
            (new.age_s.is_(None), old.age_s),
            else_=(old.age_s * old.ok + new.age_s * new.ok) / (old.ok + new.ok),
        ),
    }
    upserted = statement.on_conflict_do_update(index_elements=list(_HOUR_KEY), set_=grown)
    tx.execute(upserted, [asdict(hour) for hour in hours.values()])


_HOUR_KEY = ("feed", "query_key", "hour")


def _with(hour: LookHour, look: Look) -> LookHour:
    if look.outcome is not Outcome.OK:
        why = look.detail or str(look.outcome)
        return replace(hour, failed=hour.failed + 1, last_failure=why)
    ages = [age for age in (hour.age_s,) * hour.ok + (look.age_s,) if age is not None]
    return replace(
        hour,
        age_s=sum(ages) / len(ages) if ages else None,
        ok=hour.ok + 1,
        aircraft=hour.aircraft + look.aircraft,
        aircraft_max=max(hour.aircraft_max, look.aircraft),
    )


def _greater(a: ColumnElement[float], b: ColumnElement[float]) -> ColumnElement[float]:
    return case((a >= b, a), else_=b)
