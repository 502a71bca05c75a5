"""One feed's lane: its queries one after another, with manners, through the provider's moods.

A lane has no thread and no clock of its own; a conductor calls `round` again when `next_due` has
come. Promises: never two requests closer than the spacing, across rounds too; every attempt is a
Look; a wait that the server names is kept in full by pausing the lane, never by sleeping in a
request; the daily quota holds over any 24 hours, restarts included, and rounds are spread so that
it lasts the day; failures back off with full jitter; a refusal opens the circuit for long, and
single probes close it again; a query that always fails never starves the others.
Refuses: nothing a feed can do leaves the lane as an exception, if it is a FeedError.
"""

import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.allowance import DAY_S, Gate, Purse
from bot.errors import FeedError, Garbled, Refused, Throttled, Unavailable
from bot.model.feed import Feed, FeedSettings
from bot.model.providers import cost, quota_per_day
from bot.model.query import Look, Outcome, Query, Snapshot

Sink = Callable[[Look, Snapshot | None], None]
Now = Callable[[], datetime]
Sleep = Callable[[float], bool]
"""Waits the seconds; True at once when the program is to stop (`threading.Event.wait`)."""

BACKOFF_FIRST_S, BACKOFF_CAP_S = 10.0, 900.0  # the bound doubles with each failure in a row
REFUSED_FIRST_S, REFUSED_CAP_S = 900.0, 6 * 3600.0  # a 403 repeated quickly makes it worse
GARBLED_TOLERATED = 3  # one odd reply may be one odd query; three in a row are the provider
SPACING_CAP_S = 60.0  # the widest spacing that throttling leads to, unless configured wider
CALM_AFTER = 10  # successes in a row that halve a widened spacing
SLOWEST_S = 600.0  # what is cold is asked no less often than this: a look speaks for 15 minutes
_MONTH_S = 31 * DAY_S
_TICK_S = 0.001  # clocks count in microseconds, and rounding must not make a query never due

log = logging.getLogger(__name__)


class Mood(StrEnum):
    """How the lane stands with its provider."""

    NEW = "new"  # not asked yet
    OK = "ok"
    FAILING = "failing"  # temporary; backing off or waiting as told
    REFUSED = "refused"  # not allowed; a human should look


@dataclass(frozen=True, slots=True)
class LaneState:
    """What `status` shows."""

    feed: str
    mood: Mood
    since: datetime | None  # when this mood began
    why: str  # the last error while failing or refused
    last_ok: datetime | None
    next_due: datetime | None  # None: at once
    spacing_s: float  # as it is now; above the configured one after throttling
    failures: int  # in a row
    blocked_until: datetime | None = None  # a failure, a server's wait or the quota; None: free


class Lane:
    """One feed and its plan. Not for several threads at once; `state` may be read from others."""

    def __init__(self, feed: Feed, settings: FeedSettings, plan: Sequence[Query],
                 rng: random.Random | None = None,
                 spent: Iterable[tuple[datetime, float]] = (), *,
                 quota: float | None = None, gate: Gate | None = None) -> None:  # fmt: skip
        """`rng` draws the jitter; give a seeded one to make a run repeatable. `spent`: when and
        how much of the quota an earlier run used (see `providers.cost`). `quota`: this lane's
        share of a day, if not the whole. `gate`: the host's, if other lanes ask it too."""
        self.feed = feed
        self.plan = tuple(plan)
        self._settings = settings
        self._rng = rng or random.Random()
        self._spacing_s = settings.spacing_s
        self._asked: dict[str, datetime] = {}  # when each query was last asked
        self._again: set[str] = set()  # those that ended a round: due again when the pause ends
        self._urgency: Mapping[str, float] = {}
        self._paused_at: datetime | None = None
        self._pause_s = 0.0
        self._calm = 0
        self._garbled = 0
        self._refusals = 0
        past = sorted(spent)
        self._gate = gate or Gate(past[-1][0] if past else None)
        self._purse = Purse(quota_per_day(settings) if quota is None else quota, past)
        self.state = LaneState(feed.name, Mood.NEW, None, "", None, None, self._spacing_s, 0)

    @property
    def next_due(self) -> datetime | None:
        """When to call `round` again; None: at once."""
        return self.state.next_due

    def heed(self, urgency: Mapping[str, float]) -> None:
        """Ask some queries more often than others from now on: factors by query key, 1 if not
        named. The quota and the spacing stay; may be called from another thread."""
        self._urgency = dict(urgency)

    def replan(self, plan: Sequence[Query], now: datetime) -> None:
        """Ask this from now on; a pause that a failure or the quota set is kept."""
        self.plan = tuple(plan)
        keys = {query.key() for query in self.plan}
        self._asked = {key: at for key, at in self._asked.items() if key in keys}
        self._again &= keys
        if self.plan and self.state.blocked_until is None:
            self._pause(now, max(0.0, min(self._waits_s(now))))

    def round(self, now: Now, sleep: Sleep, sink: Sink) -> datetime | None:
        """Ask every query that is due, longest due first, as far as the provider allows; returns
        `next_due`.

        `sink` is handed each Look with its Snapshot (None unless OK) right after the attempt, and
        its own exceptions pass through. Called early, it does nothing.
        """
        started = now()
        if self._must_wait(started) or not self.plan:
            return self.next_due
        probing = self.state.mood is Mood.REFUSED
        for _ in self.plan:
            due = self._due(now())  # anew each time: what is urgent may have changed meanwhile
            if not due:
                break
            with self._gate.turn:
                if not self._ask(due[0], now, sleep, sink):
                    return self.next_due
            if probing:
                break  # half open: after one good probe everything is due at once
        self._pause(now(), max(0.0, min(self._waits_s(now()))))
        return self.next_due

    def _ask(self, query: Query, now: Now, sleep: Sleep, sink: Sink) -> bool:
        """When its time has come. False: leave the round; it stops, or the pause is set."""
        if sleep(self._gate.left_s(now(), self._spacing_s)):
            return False
        if dear := self._purse.wait_s(now(), self._price(query)):
            self._pause(now(), dear, blocked=True)
            self.state = replace(self.state, why="the quota of the last 24 hours is used up")
            return False
        return self._attempt(query, now, sink)

    def _due(self, at: datetime) -> list[Query]:
        """What to ask now: never asked first, in the plan's order, then the longest due."""
        waits = [(wait, i) for i, wait in enumerate(self._waits_s(at))]
        return [self.plan[i] for wait, i in sorted(waits) if wait <= _TICK_S]

    def _waits_s(self, at: datetime) -> list[float]:
        """By query of the plan: seconds until it is due, below 0 for how long it has been."""
        prices = [self._price(query) for query in self.plan]
        plain_s = self._round_s(len(prices), sum(prices))
        coldest = min(1.0, plain_s / SLOWEST_S)
        factors = [max(self._urgency.get(query.key(), 1.0), coldest) for query in self.plan]
        bill = sum(f * price for f, price in zip(factors, prices, strict=True))
        every_s = self._round_s(sum(factors), bill)
        return [self._wait_for_s(query.key(), every_s / factor, at)
                for query, factor in zip(self.plan, factors, strict=True)]  # fmt: skip

    def _round_s(self, requests: float, bill: float) -> float:
        """How long a round of so many requests takes, at the spacing and out of the quota."""
        spaced_s = requests * self._spacing_s
        return max(self._settings.every_s, self._purse.spread_s(bill), spaced_s)

    def _wait_for_s(self, key: str, period_s: float, at: datetime) -> float:
        asked = self._asked.get(key)
        if asked is None:
            return -_MONTH_S
        left = period_s - max(0.0, (at - asked).total_seconds())
        return min(left, 0.0) if key in self._again else left

    # -------------------------------------------------------------------------- one attempt

    def _attempt(self, query: Query, now: Now, sink: Sink) -> bool:
        """Ask once and report. False: leave the round, the pause is set."""
        at = self._gate.asked_at = self._asked[query.key()] = now()
        self._purse.charge(at, self._price(query))
        try:
            snapshot = self.feed.poll(query, at)
        except FeedError as error:
            sink(Look(self.feed.name, query.key(), at, _outcome(error), detail=str(error)), None)
            goes_on = self._failed(error, now())
            if not goes_on:
                self._again.add(query.key())
            return goes_on
        self._again.discard(query.key())
        if snapshot.credits_left is not None:
            self._purse.told(at, snapshot.credits_left)
        self._succeeded(at)
        look = Look(self.feed.name, query.key(), at, Outcome.OK, len(snapshot.positions),
                    detail=snapshot.drift)  # fmt: skip
        sink(look, snapshot)
        return True

    def _succeeded(self, at: datetime) -> None:
        if self.state.mood is not Mood.OK:
            log.info("feed answers feed=%s after=%s", self.feed.name, self.state.mood)
        self._garbled = self._refusals = 0
        self._calm += 1
        if self._calm >= CALM_AFTER and self._spacing_s > self._settings.spacing_s:
            self._calm = 0
            self._spacing_s = max(self._settings.spacing_s, self._spacing_s / 2)
        since = self.state.since if self.state.mood is Mood.OK else at
        self._show(Mood.OK, since, "", at, 0)

    def _failed(self, error: FeedError, at: datetime) -> bool:
        """Note the failure and choose the pause. True: the round may go on."""
        self._calm = 0
        failures = self.state.failures + 1
        mood = Mood.REFUSED if isinstance(error, Refused) else Mood.FAILING
        if mood is not self.state.mood:
            log.warning("feed %s feed=%s why=%s", mood, self.feed.name, error)
        since = self.state.since if mood is self.state.mood else at
        self._show(mood, since, str(error), self.state.last_ok, failures)
        if isinstance(error, Garbled):
            self._garbled += 1
            if self._garbled < GARBLED_TOLERATED:
                return True
        if isinstance(error, Throttled):
            cap = max(SPACING_CAP_S, self._settings.spacing_s)
            self._spacing_s = min(cap, self._spacing_s * 2 or 1.0)
        self._pause(at, self._wait_s(error, failures), blocked=True)
        return False

    def _wait_s(self, error: FeedError, failures: int) -> float:
        if isinstance(error, Refused):
            self._refusals += 1
            bound = min(REFUSED_CAP_S, REFUSED_FIRST_S * 2.0 ** min(self._refusals - 1, 10))
            return bound * self._rng.uniform(0.75, 1.25)  # never soon, so no full jitter
        bound = min(BACKOFF_CAP_S, BACKOFF_FIRST_S * 2.0 ** min(failures - 1, 10))
        wait = max(self._spacing_s, self._rng.uniform(0.0, bound))
        if isinstance(error, Unavailable) and error.retry_after_s is not None:
            wait = max(error.retry_after_s, self._spacing_s)
        return wait

    def _show(self, mood: Mood, since: datetime | None, why: str, last_ok: datetime | None,
              failures: int) -> None:  # fmt: skip
        """Replaced as a whole, so that a reader in another thread never sees half of it."""
        self.state = replace(self.state, mood=mood, since=since, why=why, last_ok=last_ok,
                             spacing_s=self._spacing_s, failures=failures)  # fmt: skip

    # ---------------------------------------------------------------------------- waiting

    def _pause(self, at: datetime, seconds: float, *, blocked: bool = False) -> None:
        self._paused_at, self._pause_s = at, min(seconds, _MONTH_S)
        due = at + timedelta(seconds=self._pause_s)
        self.state = replace(self.state, next_due=due, spacing_s=self._spacing_s,
                             blocked_until=due if blocked else None)  # fmt: skip

    def _must_wait(self, now: datetime) -> bool:
        """Whether the pause lasts; a clock that jumped back only starts the pause anew."""
        if self._paused_at is None or self.next_due is None:
            return False
        if now < self._paused_at:
            self._pause(now, self._pause_s, blocked=self.state.blocked_until is not None)
            self._asked = {key: min(when, now) for key, when in self._asked.items()}
        return now < self.next_due

    def _price(self, query: Query) -> float:
        return cost(self._settings, query.key())


def _outcome(error: FeedError) -> Outcome:
    if isinstance(error, Refused):
        return Outcome.REFUSED
    return Outcome.GARBLED if isinstance(error, Garbled) else Outcome.UNAVAILABLE
