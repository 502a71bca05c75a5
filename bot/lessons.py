"""What all watches teach a new one, week by week: made when first needed, kept for ever.

A week's lesson rests on the days before it. Once stored it stands, whatever is learnt later, until
an import replaces the past.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from bot import pool
from bot.book import IMPORTED, Book
from bot.model.alert import Series
from bot.model.prior import Pooled


class Lessons:
    """The priors of a book's watches. Used by one thread at a time."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._read()

    def _read(self) -> None:
        self._imported = self._book.store.state(IMPORTED)
        self._known = self._book.store.priors()
        self._unsaved: tuple[Pooled, ...] = ()

    def needed_by(self, known: Iterable[Series], today: date) -> Mapping[date, Pooled]:
        """By its Monday, the lesson of every week that these series need, and others."""
        if self._book.store.state(IMPORTED) != self._imported:
            self._read()
        watches = self._book.watches
        asked = {week for one in known for week in pool.weeks(watches[one.watch], one)}
        missing = sorted(asked - self._known.keys())
        if missing:
            every = [self._book.series(watch, today) for watch in watches.values()]
            taught = [series for series in every if series is not None]
            made = {week: pool.pooled(week, taught) for week in missing}
            self._known |= made
            self._unsaved += tuple(made.values())
        return self._known

    def unsaved(self) -> tuple[Pooled, ...]:
        """Those made since the last time they were stored."""
        return self._unsaved

    def saved(self, stored: tuple[Pooled, ...]) -> None:
        """They are stored."""
        self._unsaved = tuple(one for one in self._unsaved if one not in stored)
