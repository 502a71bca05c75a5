"""The keeper: the only SQL of the bot. SQLite by default, PostgreSQL by URL.

    store = open_store("data/airbridge.db", now=now)
    with store.begin() as tx:            # one transaction: all or nothing
        store.put_legs(tx, legs)
        store.add_looks(tx, looks)
    store.legs(since, until)             # reads need no transaction
    store.close()

Datetimes go in and come out aware and in UTC; unknown is None or NaN and never zero. Whatever is
wrong with the database itself is a `StoreError` fit for a human.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.store.connect import connect
from bot.store.days import Day, DayKeeper, Said
from bot.store.desk import AlertEvent, DeskKeeper
from bot.store.keeper import Tx
from bot.store.legs import LegKeeper, pack_legs, unpack_legs
from bot.store.looking import LookingKeeper
from bot.store.post import Chat, Head, OutboxState, Post, PostKeeper
from bot.store.sky import LookHour, SkyKeeper

__all__ = [
    "AlertEvent", "Chat", "Day", "Head", "LookHour", "OutboxState", "Post", "Retention", "Said",
    "Store", "Tx", "open_store", "pack_legs", "unpack_legs",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what grows fast is kept. Days, findings, alerts and the legs of watches are kept for
    ever, and so is every message that was not delivered. (Which legs those are, the book knows.)"""

    looks_days: float = 14.0  # raw; their hours stay
    tracks_days: float = 90.0
    sent_days: float = 90.0  # messages that arrived, and their pictures


class Store(SkyKeeper, LookingKeeper, LegKeeper, DayKeeper, DeskKeeper, PostKeeper):
    """Everything the bot knows. Safe to use from any number of threads."""

    def prune(self, tx: Tx, now: datetime, retention: Retention = Retention()) -> None:
        """Forget what is older than its time."""
        self.prune_sky(tx, now, retention.looks_days, retention.tracks_days)
        self.prune_post(tx, now, retention.sent_days)


def open_store(target: str | Path, *, now: datetime, thorough: bool = True) -> Store:
    """Open, check, copy if a migration is due, migrate. Raises StoreError.

    `target`: a file's path or a `postgresql+psycopg://` URL. Reading a file of years through for
    damage takes seconds: what only asks leaves it (`thorough` false) to the service.
    """
    return Store(connect(target, now=now, thorough=thorough))
