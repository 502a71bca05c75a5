"""Composition root: a configuration in, the parts of the bot wired together out."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import airfields, config, lookout
from bot.aircraft import Registry
from bot.airfields import Airfields
from bot.assess import Assessor
from bot.book import EPOCH, Book
from bot.config import Config
from bot.coverage import HOUR_S, Hours, grounds_of
from bot.desk import Desk
from bot.errors import Busy, StoreError
from bot.lane import Lane
from bot.legs.live import LiveLegs
from bot.lookout import Lookout
from bot.model.query import Presence
from bot.pipeline import Sky
from bot.shelf import DAY, midnight
from bot.store import Store, open_store

DATABASE = "airbridge.sqlite"
PRESENCE_LOADED = timedelta(days=70)  # days of looking held for what may be re-judged


def clock() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)


def load_config(path: Path) -> tuple[Config, Airfields]:
    """The configuration and the airfields it speaks of."""
    found = config.load(path, airfields.load())
    return found, airfields.load(found.airfields)


def open_data(settings: Config, now: datetime, *, thorough: bool = True) -> Store:
    """The store in the configured data folder, migrated, and with `thorough` read for damage."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise StoreError(f"{settings.data}: cannot be made: {exc.strerror}") from exc
    return open_store(settings.data / DATABASE, now=now, thorough=thorough)


@contextmanager
def only_instance(settings: Config) -> Iterator[None]:
    """Hold the data folder's lock; raises Busy when another instance does."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (settings.data / "lock").open("w")
    except OSError as exc:
        raise StoreError(f"{settings.data}: cannot be written: {exc.strerror}") from exc
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise Busy(f"{settings.data}: another airbridge runs on this data folder") from exc
        yield


@dataclass(slots=True)
class Wiring:
    """The parts of a running bot, wired for one configuration."""

    settings: Config
    airfields: Airfields
    store: Store
    desk: Desk
    sky: Sky
    assessor: Assessor
    lookout: Lookout

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """One a feed."""
        return self.lookout.lanes


def wire(
    settings: Config,
    fields: Airfields,
    store: Store,
    now: datetime,
    *,
    label: str = "",
    draw: bool = True,
    source: str = "",
) -> Wiring:
    """Wire the parts. `label` is printed in every message and picture (RECONSTRUCTION ...);
    with a `source` no feed is opened: the sky comes from there."""
    registry = Registry.load(settings.data)
    places = {ground.key for watch in settings.watches for ground in grounds_of(watch)}
    rows, hours = _looking(store, sorted(places), now)
    live = LiveLegs(fields, tuple(settings.areas.values()), lookout.named_by(settings.watches))
    names = (source,) if source else tuple(feed.name for feed in settings.feeds)
    book = Book(store, settings.watches, fields, registry, hours)
    desk = Desk(book, fields, feeds=names, label=label)
    asked = replace(settings, feeds=()) if source else settings
    sky = Sky(store, live, registry, settings.watches, hours, fused=len(asked.feeds) > 1)
    posted = lookout.post(asked, fields, store, book, sky, now)
    running = [row for row in rows if row.hour_s > now.timestamp() - HOUR_S]
    sky.resume(running, lookout.last_looks(store, posted.lanes))
    return Wiring(
        settings=settings,
        airfields=fields,
        store=store,
        desk=desk,
        sky=sky,
        assessor=Assessor(desk, settings, draw=draw),
        lookout=posted,
    )


def _looking(store: Store, places: Sequence[str], now: datetime) -> tuple[list[Presence], Hours]:
    """What is known of these grounds; the rows are those since each one's stored habit, or all."""
    habits = {key: habit for key, habit in store.habits().items() if key in places}
    rows: list[Presence] = []
    for place in places:
        since = midnight(habits[place].day + DAY) if place in habits else EPOCH
        rows += store.presence(place, since, now + DAY)
    since_day = (now - PRESENCE_LOADED).date()
    days = [day for place in places for day in store.ground_days(place, since_day)]
    return rows, Hours(rows, days, habits.values())
