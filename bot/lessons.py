"""What all watches teach a new one, week by week: made when first needed, kept for ever.

A week's lesson rests on the days before it. Once stored it stands, whatever is learnt later, until
an import replaces the past.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from bot import pool
from bot.book import IMPORTED, Book
from bot.model.alert import Series
from bot.model.prior import Pooled
from bot.store import Tx

log = logging.getLogger(__name__)


class Lessons:
    """The priors of a book's watches. Used by one thread at a time."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._read()

    def _read(self) -> None:
        self._imported = self._book.imported
        self._known = self._book.store.priors()
        self._unsaved: tuple[Pooled, ...] = ()

    def needed_by(self, known: Iterable[Series], today: date) -> Mapping[date, Pooled]:
        """By its Monday, the lesson of every week that these series need, and others; one that
        cannot be drawn is left out, for a lesson must not stop the judging."""
        if self._book.imported != self._imported:
            self._read()
        watches = self._book.watches
        asked = {week for one in known for week in pool.weeks(watches[one.watch], one)}
        missing = sorted(asked - self._known.keys())
        if missing:
            every = [self._book.series(watch, today) for watch in watches.values()]
            taught = [series for series in every if series is not None]
            made = [one for week in missing if (one := _drawn(week, taught)) is not None]
            self._known |= {one.week: one for one in made}
            self._unsaved += tuple(made)
        return self._known

    def store(self, tx: Tx, now: datetime) -> tuple[Pooled, ...]:
        """Store those made since the last time; returns them, for `stored` after the commit.

        None, when an import of another process has meanwhile replaced the past they rest on.
        """
        if self._book.store.state(IMPORTED) != self._imported:
            return ()
        self._book.store.put_priors(tx, self._unsaved, now)
        return self._unsaved

    def stored(self, kept: tuple[Pooled, ...]) -> None:
        """They are committed."""
        self._unsaved = tuple(one for one in self._unsaved if one not in kept)


def _drawn(week: date, taught: list[Series]) -> Pooled | None:
    try:
        return pool.pooled(week, taught)
    except Exception:
        log.exception("no lesson could be drawn of the watches before week=%s", week)
        return None
