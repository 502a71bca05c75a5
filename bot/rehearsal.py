"""The whole line on a hand-wound clock: for the demo and for replaying recordings.

The same wiring, lanes, judging and outbox as the service; only the time is wound by the recording.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from bot import app, lookout, outbox
from bot.airfields import Airfields
from bot.assess import Letter
from bot.channels.base import Channel
from bot.config import Config
from bot.feeds import Recorded
from bot.greeting import greet
from bot.lane import Lane, Mood
from bot.model.air import Leg
from bot.model.feed import FeedSettings
from bot.model.query import Everything, Presence
from bot.store import Store

ASSESS_EVERY = timedelta(hours=2)
FLUSH_EVERY = timedelta(hours=1)  # a crash costs nothing here, and writing costs time


class Rehearsal:
    """One run over recorded or reconstructed time."""

    def __init__(
        self,
        settings: Config,
        fields: Airfields,
        store: Store,
        channels: Mapping[str, Channel],
        start: datetime,
        *,
        label: str = "",
        draw: bool = True,
        source: str = "recording",
    ) -> None:
        self.on_tick: Callable[[datetime], None] = lambda _: None
        self.label = label
        self._now = start
        self.wiring = app.wire(
            settings, fields, store, start, label=label, draw=draw, source=source
        )
        self._channels = channels
        self._settings = settings
        self._store = store
        self._assessed = start
        self._flushed = start

    def clock(self) -> datetime:
        """The wound time."""
        return self.now

    @property
    def now(self) -> datetime:
        """The wound time."""
        return self._now

    @now.setter
    def now(self, value: datetime) -> None:
        self._now = value
        self.on_tick(value)

    def greet(self) -> None:
        """The message that every audience gets on start."""
        book = self.wiring.desk.book
        greet(self._store, self._settings, book, self.now, label=self.label)
        self.deliver()

    def pass_day(self, end: datetime, legs: Iterable[Leg], hours: Iterable[Presence]) -> None:
        """A day of ready legs with proof of looking, judged once at its end."""
        self.now = end
        rows = list(hours)
        with self._store.begin() as tx:
            self._store.put_legs(tx, list(legs))
            self._store.put_presence(tx, rows)
        self.wiring.desk.book.hours.add(rows)
        self.assess()

    def fly(self, feed: Recorded, progress: Callable[[datetime], None]) -> int:
        """Poll the recording to its end, judging every other hour of its own time; returns how many
        snapshots could not be read."""
        bad = 0
        settings = FeedSettings(feed.name, "recorded", every_s=0.0, spacing_s=0.0)
        lane = Lane(feed, settings, (Everything(),))
        take = lookout.sink(self.wiring.sky, lane)
        while feed.next_at is not None:
            self.now = max(self.now, datetime.fromtimestamp(feed.next_at, UTC))
            lane.round(self.clock, lambda _: False, take)
            if lane.state.mood is not Mood.OK:
                bad += 1
                lane = Lane(feed, settings, (Everything(),))  # a bad file must not pause the film
            self._keep_up(progress)
        self._let_land()
        return bad

    def _keep_up(self, progress: Callable[[datetime], None]) -> None:
        due = self.now - self._assessed >= ASSESS_EVERY
        if due or self.now - self._flushed >= FLUSH_EVERY:
            self.wiring.sky.flush(self.now)
            self._flushed = self.now
        if due:
            self.assess()
            progress(self.now)

    def _let_land(self) -> None:
        """Let the open legs land: time passes, and nobody is heard any more."""
        self.now += timedelta(hours=2)
        self.wiring.sky.rest(self.now)
        self.wiring.sky.flush(self.now)
        self.assess()

    def assess(self) -> tuple[Letter, ...]:
        """Judge, and deliver what there is to say."""
        self._assessed = self.now
        letters = self.wiring.assessor.assess(self.now)
        if letters:
            self.deliver()
        return letters

    def deliver(self) -> outbox.Report:
        """Send what is due on the wound clock."""
        return outbox.deliver_due(self._store, self._channels, self.clock)
