"""The nightly pass: yesterday's completed flights from a feed that hands them out.

Promises: each of the night's questions is answered once, restarts included; nothing it spends
touches the credits for looking at the present; what it stores joins our own legs (`Sky`), so that
asking again adds no flight. A few flights that a watch would count if their other end were known
are settled by their track. Refuses to ask for a day before its flights are made.
"""

import json
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.allowance import Gate
from bot.lane import Lane, LaneState, Now, Sleep
from bot.model.air import Leg, Positions
from bot.model.feed import Feed, FeedSettings
from bot.model.providers import HISTORY_CREDITS
from bot.model.query import Flights, Flown, Look, Outcome, Query, Snapshot
from bot.model.watch import Watch
from bot.pipeline import Sky
from bot.planner import TRACKS, nightly
from bot.reconcile import reconcile
from bot.store import Store

log = logging.getLogger(__name__)

# OpenSky makes a day's flights in the night after it and does not say when it is done.
READY_AFTER = timedelta(hours=6)
AGAIN_S = 1800.0  # after an answer that could not be read
DAY = timedelta(days=1)


class Night:
    """One feed's pass. Used by one thread at a time; `state` may be read from others."""

    def __init__(
        self,
        feed: Feed,
        settings: FeedSettings,
        watches: Sequence[Watch],
        store: Store,
        sky: Sky,
        *,
        quota: float,
        spent: Iterable[tuple[datetime, float]] = (),
        gate: Gate | None = None,
        wanted: Callable[[Leg], bool],
        unsettled: Callable[[Leg], bool],
        legs_of: Callable[[Positions], list[Leg]],
        rng: random.Random | None = None,
    ) -> None:
        """`quota`: credits a day for this alone. `wanted`: whether a watch may count or show a
        leg; `unsettled`: whether one would if both its ends were known; `legs_of`: the legs of a
        track."""
        self.name = settings.name
        self._watches, self._store, self._sky = tuple(watches), store, sky
        self._fit = int(quota // HISTORY_CREDITS)
        self._wanted, self._unsettled, self._legs_of = wanted, unsettled, legs_of
        self._lane = Lane(feed, replace(settings, every_s=AGAIN_S), (), rng, spent,
                          quota=quota, gate=gate)  # fmt: skip
        self._day: date | None = None
        self._done: set[str] = set()
        self._tracks: tuple[Flown, ...] | None = None  # None: not chosen yet

    @property
    def state(self) -> LaneState:
        """As a feed of its own: its troubles are not those of looking at the present."""
        return replace(self._lane.state, feed=f"{self.name} (yesterday's flights)")

    def round(self, now: Now, sleep: Sleep, beat: Callable[[], None] = lambda: None) -> bool:
        """Ask what is due; False: there was nothing to do."""
        day = ready_day(now())
        if day != self._day:
            self._begin(day, now())
        due = self._lane.next_due
        if not self._lane.plan or (due is not None and due > now()):
            return False

        def take(look: Look, snapshot: Snapshot | None) -> None:
            self._take(look, snapshot)
            self._sky.flush(now())
            self._remember()
            beat()

        self._lane.round(now, sleep, take)
        self._go_on(now())
        return True

    def _begin(self, day: date, at: datetime) -> None:
        mark = json.loads(self._store.state(self._key) or b"{}")
        self._day, self._tracks = day, None
        self._done = set(mark["done"]) if mark.get("day") == day.isoformat() else set()
        self._go_on(at)

    def _go_on(self, at: datetime) -> None:
        """Plan what is left: the flights, and when they are there the tracks."""
        pending: Sequence[Query] = self._left(self._asked())
        if not pending:
            if self._tracks is None:
                self._tracks = self._choose()
            pending = self._left(self._tracks)
        if pending or self._lane.plan:
            self._lane.replan(pending, at)
        if not pending:
            log.debug("night done feed=%s day=%s", self.name, self._day)

    def _asked(self) -> tuple[Flights, ...]:
        """The night's questions; where the credits do not pay for all, every night begins with
        those that the night before left out."""
        assert self._day is not None
        asked = nightly(self._watches, self._day)
        if len(asked) <= self._fit:
            return asked
        first = self._day.toordinal() * self._fit % len(asked)
        return (*asked[first:], *asked[:first])[: self._fit]

    def _left(self, asked: Iterable[Query]) -> tuple[Query, ...]:
        return tuple(query for query in asked if query.key() not in self._done)

    def _take(self, look: Look, snapshot: Snapshot | None) -> None:
        query = next(q for q in self._lane.plan if q.key() == look.query_key)
        if snapshot is not None and isinstance(query, Flown):
            snapshot = replace(snapshot, legs=self._flown(query, snapshot.positions),
                               positions=Positions.empty())  # fmt: skip
        elif snapshot is not None and isinstance(query, Flights) and query.kind == "all":
            # the flights of the whole world: kept are those that somebody asked about
            snapshot = replace(snapshot, legs=tuple(filter(self._wanted, snapshot.legs)))
        self._sky.take(look, query, snapshot)
        if look.outcome is Outcome.OK:
            self._done.add(look.query_key)

    def _choose(self) -> tuple[Flown, ...]:
        """Flights of the day for whose track to ask: joined with our own they still lack an end."""
        room = TRACKS - sum(key.startswith("track:") for key in self._done)
        found: list[Flown] = []
        for leg in self._sky.handed():
            if leg.day == self._day and self._unsettled(leg) and len(found) < room:
                ours = self._store.legs_of(leg.icao24, leg.first_seen - DAY, leg.last_seen)
                whole = next(
                    one for one in reconcile(ours, [leg]) if one.last_seen >= leg.last_seen
                )
                if self._unsettled(whole):
                    found.append(Flown(leg.icao24, leg.first_seen))
        return tuple(found)

    def _flown(self, query: Flown, track: Positions) -> tuple[Leg, ...]:
        """The handed flight with what its track says of the ends."""
        flight = [leg for leg in self._sky.handed()
                  if (leg.icao24, leg.first_seen) == (query.icao24, query.at)]  # fmt: skip
        legs = self._legs_of(track) if len(track) else []
        known = reconcile(flight, [replace(leg, source=self.name) for leg in legs])
        return tuple(leg for leg in known if flight and leg.id == flight[0].id)

    @property
    def _key(self) -> str:
        return f"night:{self.name}"

    def _remember(self) -> None:
        """After its legs are stored: what is asked again after a crash adds nothing."""
        assert self._day is not None
        mark = {"day": self._day.isoformat(), "done": sorted(self._done)}
        with self._store.begin() as tx:
            self._store.put_state(tx, self._key, json.dumps(mark).encode())


def ready_day(now: datetime) -> date:
    """The last UTC day whose flights should be made by now."""
    return (now - READY_AFTER).date() - DAY
