"""Days and the legs flown on them: spans, runs, and a shelf that fetches each month once."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from bot.model.air import Leg
from bot.store import Store

DAY = timedelta(days=1)
MONTH = timedelta(days=31)  # of the sky's legs are held in memory at a time
SHELF = 3  # such months


def midnight(day: date) -> datetime:
    """The start of a UTC day."""
    return datetime.combine(day, time(), UTC)


class Shelf:
    """Legs by days, fetched once for all watches of a recount; only the latest are held."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[tuple[date, date], tuple[Leg, ...]] = {}

    def between(self, first: date, last: date) -> tuple[Leg, ...]:
        """The legs of those UTC days, both included."""
        if (first, last) not in self._held:
            while len(self._held) >= SHELF:
                del self._held[next(iter(self._held))]
            found = self._store.legs(midnight(first), midnight(last + DAY))
            self._held[first, last] = found
        return self._held[first, last]


def span(first: date, last: date) -> set[date]:
    """The days from the first to the last, both included."""
    return {first + k * DAY for k in range((last - first).days + 1)}


def runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Consecutive days as (first, last) pairs, a month at most: one query each."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] == DAY and day - found[-1][0] < MONTH:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
