"""What looking was worth: a day of a ground, and the habit to go on from. A day's row is some
60 bytes, kept for ever; a ground has one habit."""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from bot.model.looking import GroundDay, Habit
from bot.store.keeper import Keeper, Tx, upsert
from bot.store.schema import ground_days, habits


class LookingKeeper(Keeper):
    """The part of the store that keeps estimates of looking."""

    def put_ground_days(self, tx: Tx, given: Iterable[GroundDay]) -> None:
        """Store days; one that was estimated anew replaces what was stored of it."""
        upsert(tx, ground_days, [_row(day) for day in given])

    def ground_days(self, ground: str, since: date) -> tuple[GroundDay, ...]:
        """The days of one ground from that one on, oldest first."""
        query = (
            select(ground_days)
            .where(ground_days.c.ground == ground, ground_days.c.day >= since)
            .order_by(ground_days.c.day)
        )
        with self.read() as connection:
            return tuple(_day(row) for row in connection.execute(query).mappings())

    def put_habits(self, tx: Tx, given: Iterable[Habit]) -> None:
        """Store what each ground goes on from."""
        rows = [
            {"ground": h.ground, "day": h.day, "feeds": ";".join(h.feeds), "habit": h.state}
            for h in given
        ]
        upsert(tx, habits, rows)

    def habits(self) -> dict[str, Habit]:
        """Every stored habit, by its ground."""
        with self.read() as connection:
            rows = connection.execute(select(habits)).all()
        return {
            ground: Habit(ground, day, tuple(feeds.split(";")) if feeds else (), bytes(state))
            for ground, day, feeds, state in rows
        }


def _row(day: GroundDay) -> dict[str, Any]:
    return {
        "ground": day.ground, "day": day.day, "looked": day.looked,
        "exposure": _null(day.exposure), "low": day.low, "high": day.high, "others": day.others,
        "expected": _null(day.expected), "dark": sum(1 << hour for hour in day.dark),
        "feeds": day.feeds,
    }  # fmt: skip


def _day(row: Mapping[Any, Any]) -> GroundDay:
    dark = tuple(hour for hour in range(24) if row["dark"] >> hour & 1)
    known = {
        name: math.nan if row[name] is None else row[name] for name in ("exposure", "expected")
    }
    return GroundDay(**{**row, **known, "dark": dark})


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value
