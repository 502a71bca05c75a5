"""What the bot says of itself: hello to its audiences, and word to its operators."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from bot import __version__, explain, message, outbox
from bot.book import Book
from bot.config import Config
from bot.store import Store


def greet(store: Store, settings: Config, book: Book, now: datetime, *, label: str = "") -> None:
    """One message to each audience, once for a configuration: a restart is not news."""
    looked = {watch.name: book.days_looked(watch.name) for watch in settings.watches}
    with store.begin() as tx:
        for name, addresses in settings.audiences.items():
            lines = explain.explain(settings, explain.Facts(looked), name)
            if not lines:
                continue
            plain = explain.explain(settings, None, name)  # without what changes by the day
            mark = hashlib.sha256("\n".join([__version__, *plain]).encode()).hexdigest()
            outbox.enqueue(
                store, tx, event=f"welcome/{name}/{mark[:12]}", now=now, addresses=addresses,
                message=message.welcome(lines, label=label),
            )  # fmt: skip


def tell_operators(
    store: Store, settings: Config, title: str, lines: Sequence[str], now: datetime,
    event: str = "",
) -> None:  # fmt: skip
    """A notice; those of one `event` are one."""
    with store.begin() as tx:
        outbox.enqueue(
            store, tx, event=event or f"service/{title}/{int(now.timestamp())}", now=now,
            message=message.service(title, lines),
            addresses=settings.addresses(settings.operators),
        )  # fmt: skip
