"""Who looks: every feed's lane, its nightly pass, and the fallbacks, wired for one configuration.

Promises: lanes that ask one host share its gate; what was spent before a restart, and what may
have been asked and not stored when it came, is charged again; the night's credits are taken from
the day's before the lanes get theirs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot import feeds, planner
from bot.airfields import Airfields
from bot.allowance import Gate
from bot.book import Book
from bot.config import Config
from bot.lane import Lane, LaneState
from bot.legs.history import History, legs_of
from bot.matching import POSSIBLE_FROM, aircraft_fits, end_confidence
from bot.model.air import Leg, Positions
from bot.model.feed import FeedSettings
from bot.model.providers import HISTORY_CREDITS, cost, is_history
from bot.model.query import Look, Outcome, Query, Snapshot
from bot.model.watch import Watch
from bot.night import Night
from bot.pipeline import Sky
from bot.reconcile import STOP_FROM
from bot.standby import Standby
from bot.store import Store

HOUR = timedelta(hours=1)
HEED_EVERY = timedelta(seconds=15)
Spent = list[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Lookout:
    """The parts that ask."""

    watches: tuple[Watch, ...]
    lanes: tuple[Lane, ...]
    nights: tuple[Night, ...]
    standby: Standby
    heeded: dict[str, datetime] = field(default_factory=dict)  # when each lane was last told

    def rests(self, lane: Lane) -> bool:
        """Whether this lane is a fallback that is not needed now."""
        return self.standby.rests(lane.feed.name)

    def note(self, now: datetime) -> tuple[str, ...]:
        """Let fallbacks take over or go back; the names of those that did."""
        return self.standby.note([lane.state for lane in self.lanes], now)

    def heed(self, lane: Lane, sky: Sky, now: datetime) -> None:
        """Hurry where a watched aircraft comes, go slow where none flies; looked at again when
        `HEED_EVERY` has passed, in which no aircraft gets far."""
        last = self.heeded.get(lane.feed.name)
        if last is not None and timedelta(0) <= now - last < HEED_EVERY:
            return
        self.heeded[lane.feed.name] = now
        lane.heed(planner.urgency(lane.plan, *sky.aloft(now), self.watches))

    def states(self) -> list[LaneState]:
        """Of all that is asked now, as operators should hear of it."""
        found = [self.standby.told(lane.state) for lane in self.lanes if not self.rests(lane)]
        return [*found, *(night.state for night in self.nights)]


def post(settings: Config, fields: Airfields, store: Store, book: Book, sky: Sky,
         now: datetime) -> Lookout:  # fmt: skip
    """Wire everything that the configuration's feeds ask."""
    gates = _gates(settings.feeds, store, now)
    return Lookout(
        settings.watches,
        tuple(_lane(feed, settings.watches, store, now, gates[feed.name])
              for feed in settings.feeds),
        tuple(_night(feed, settings, fields, store, book, sky, now, gates[feed.name])
              for feed in settings.feeds if planner.reserve(feed, settings.watches)),
        Standby(settings.feeds),
    )  # fmt: skip


def sink(sky: Sky, lane: Lane) -> Callable[[Look, Snapshot | None], None]:
    """What a lane hands its looks to."""
    queries = {query.key(): query for query in lane.plan}

    def take(look: Look, snapshot: Snapshot | None) -> None:
        sky.take(look, queries[look.query_key], snapshot)

    return take


def last_looks(store: Store, lanes: Sequence[Lane]) -> Iterator[tuple[Query, float]]:
    """What was last looked at before this start, and when (epoch s)."""
    queries = {(lane.feed.name, query.key()): query for lane in lanes for query in lane.plan}
    for look in store.last_looks():
        query = queries.get((look.feed, look.query_key))
        if query is not None and look.outcome is Outcome.OK:
            yield query, look.at.timestamp()


def _gates(settings: Sequence[FeedSettings], store: Store, now: datetime) -> dict[str, Gate]:
    """One for each server, whichever feeds ask it."""
    hosts: dict[str, Gate] = {}
    by_feed = {}
    for feed in settings:
        host = urlsplit(feed.url).netloc or feed.name
        asked = [at for at, _ in spent(store, feed, now, history=None)]
        gate = hosts.setdefault(host, Gate())
        gate.asked_at = max((at for at in (*asked, gate.asked_at) if at), default=None)
        by_feed[feed.name] = gate
    return by_feed


def _lane(feed: FeedSettings, watches: Sequence[Watch], store: Store, now: datetime,
          gate: Gate) -> Lane:  # fmt: skip
    plan = planner.plan(feed, watches)
    past = spent(store, feed, now, history=False)
    if past:  # asked since the last flush of a run that was killed: a round at most
        past.append((now, sum(cost(feed, query.key()) for query in plan)))
    quota = planner.live_quota(feed, watches)
    return Lane(feeds.make(feed), feed, plan, spent=past, quota=quota, gate=gate)


def _night(feed: FeedSettings, settings: Config, fields: Airfields, store: Store, book: Book,
           sky: Sky, now: datetime, gate: Gate) -> Night:  # fmt: skip
    past = spent(store, feed, now, history=True)
    if past:
        past.append((now, HISTORY_CREDITS))
    named = named_by(settings.watches)

    def unsettled(leg: Leg) -> bool:
        return any(_lacks_an_end(watch, leg, book) for watch in settings.watches)

    def flown(track: Positions) -> list[Leg]:
        return legs_of(track, History(fields, tuple(settings.areas.values()), named))

    def wanted(leg: Leg) -> bool:
        return any(_may_count(watch, leg, book) for watch in settings.watches)

    return Night(
        feeds.make(feed), feed, settings.watches, store, sky,
        quota=planner.reserve(feed, settings.watches), spent=past, gate=gate,
        wanted=wanted, unsettled=unsettled, legs_of=flown,
    )  # fmt: skip


def named_by(watches: Sequence[Watch]) -> frozenset[str]:
    """The airfields that watches name."""
    ends = [end for watch in watches for end in (watch.origin, watch.destination) if end]
    return frozenset(spot.ident for end in ends for spot in end.airfields)


def _may_count(watch: Watch, leg: Leg, book: Book) -> bool:
    """Whether an end of the leg lies where the watch looks, and its aircraft may be of its kind."""
    ends = ((leg.origin, watch.origin), (leg.destination, watch.destination))
    near = any(place and end_confidence(end, place, book.locate) >= POSSIBLE_FROM
               for end, place in ends)  # fmt: skip
    return near and aircraft_fits(watch, book.identify(leg)) is not False


def _lacks_an_end(watch: Watch, leg: Leg, book: Book) -> bool:
    """Whether the watch would count the leg, if its one unknown end were the right one."""
    ends = ((leg.origin, watch.origin), (leg.destination, watch.destination))
    lacking = [
        end for end, place in ends
        if end_confidence(end, place, book.locate) < watch.min_confidence
    ]  # fmt: skip
    if len(lacking) != 1 or (lacking[0].airfield and lacking[0].confidence >= STOP_FROM):
        return False
    return aircraft_fits(watch, book.identify(leg)) is True


def spent(store: Store, feed: FeedSettings, now: datetime, *, history: bool | None) -> Spent:
    """What was asked of a feed in the last 24 hours, by the nightly pass or by its lane (None:
    both): a restart does not renew a quota. Hours are kept, not minutes: each counts from its end,
    so that none is forgotten early."""
    hours = store.look_hours(now - timedelta(hours=25), now + HOUR)
    return [
        (min(hour.hour + HOUR, now), (hour.ok + hour.failed) * cost(feed, hour.query_key))
        for hour in hours
        if hour.feed == feed.name and history in (None, is_history(hour.query_key))
    ]
