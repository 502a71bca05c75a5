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
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import FeedError, Garbled, Refused, Throttled, Unavailable
from bot.model.air import Look, Outcome, Query, Snapshot
from bot.model.feed import Feed, FeedSettings
from bot.model.providers import cost, quota_per_day

Sink = Callable[[Look, Snapshot | None], None]
Now = Callable[[], datetime]
Sleep = Callable[[float], bool]
"""Waits the seconds; True at once when the program is to stop (`threading.Event.wait`)."""

BACKOFF_FIRST_S, BACKOFF_CAP_S = 10.0, 900.0  # the bound doubles with each failure in a row
REFUSED_FIRST_S, REFUSED_CAP_S = 900.0, 6 * 3600.0  # a 403 repeated quickly makes it worse
GARBLED_TOLERATED = 3  # one odd reply may be one odd query; three in a row are the provider
SPACING_CAP_S = 60.0  # the widest spacing that throttling leads to, unless configured wider
CALM_AFTER = 10  # successes in a row that halve a widened spacing
DAY_S = 86_400.0
_MONTH_S = 31 * DAY_S
_TICK_S = 0.001  # clocks count in microseconds, and rounding must not make a query never due
DRIFT_TOLD_EVERY_S = 3600.0  # a provider that changes its form says so with every reply

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
    skipped: Mapping[str, int] = field(default_factory=dict)  # of the last reply, by reason


class Purse:
    """What was spent of a quota in the last 24 hours.

    A sliding day keeps the limit whenever the provider's own day begins.
    """

    def __init__(self, per_day: float | None, spent: Iterable[tuple[datetime, float]] = ()) -> None:
        """`spent`: (when, how much) of an earlier run, in time order."""
        self._per_day = per_day
        self._entries = deque(spent)

    def spread_s(self, price: float) -> float:
        """Time that `price` must last for the quota to last the day."""
        return price * DAY_S / self._per_day if self._per_day else 0.0

    def charge(self, at: datetime, price: float) -> None:
        """Note an expense."""
        if self._per_day:
            self._entries.append((at, price))

    def wait_s(self, at: datetime, price: float) -> float:
        """Seconds until `price` can be paid; 0: now."""
        if not self._per_day:
            return 0.0
        if self._entries and self._entries[-1][0] > at:  # the clock was set back
            self._entries = deque((min(when, at), paid) for when, paid in self._entries)
        while self._entries and (at - self._entries[0][0]).total_seconds() >= DAY_S:
            self._entries.popleft()
        over = sum(paid for _, paid in self._entries) + price - self._per_day
        for when, paid in self._entries:
            if over <= 0:
                break
            over -= paid
            wait = DAY_S - (at - when).total_seconds()
            if over <= 0:
                return wait
        return 0.0 if over <= 0 else DAY_S


class Lane:
    """One feed and its plan. Not for several threads at once; `state` may be read from others."""

    def __init__(self, feed: Feed, settings: FeedSettings, plan: Sequence[Query],
                 rng: random.Random | None = None,
                 spent: Iterable[tuple[datetime, float]] = ()) -> None:  # fmt: skip
        """`rng` draws the jitter; give a seeded one to make a run repeatable. `spent`: when and
        how much of the quota an earlier run used (see `providers.cost`)."""
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
        self._drift_told_at: datetime | None = None
        past = sorted(spent)
        self._asked_at = past[-1][0] if past else None
        self._purse = Purse(quota_per_day(settings), past)
        self.state = LaneState(feed.name, Mood.NEW, None, "", None, None, self._spacing_s, 0)

    @property
    def next_due(self) -> datetime | None:
        """When to call `round` again; None: at once."""
        return self.state.next_due

    def heed(self, urgency: Mapping[str, float]) -> None:
        """Ask some queries more often than others from now on: factors by query key, 1 if not
        named. The quota and the spacing stay; may be called from another thread."""
        self._urgency = dict(urgency)

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
        for query in self._due(started):
            if self._space_out(now, sleep):
                return self.next_due  # stopping
            if dear := self._purse.wait_s(now(), self._price(query)):
                self._pause(now(), dear)
                self.state = replace(self.state, why="the quota of the last 24 hours is used up")
                return self.next_due
            if not self._attempt(query, now, sink):
                return self.next_due
            if probing:
                break  # half open: after one good probe everything is due at once
        self._pause(now(), max(0.0, min(self._waits_s(now()))))
        return self.next_due

    def _due(self, at: datetime) -> list[Query]:
        """What to ask now: never asked first, in the plan's order, then the longest due."""
        waits = [(wait, i) for i, wait in enumerate(self._waits_s(at))]
        return [self.plan[i] for wait, i in sorted(waits) if wait <= _TICK_S]

    def _waits_s(self, at: datetime) -> list[float]:
        """By query of the plan: seconds until it is due, below 0 for how long it has been."""
        factors = [self._urgency.get(query.key(), 1.0) for query in self.plan]
        bill = sum(f * self._price(query) for f, query in zip(factors, self.plan, strict=True))
        every_s = max(self._settings.every_s, self._purse.spread_s(bill))
        return [self._wait_for_s(query.key(), every_s / factor, at)
                for query, factor in zip(self.plan, factors, strict=True)]  # fmt: skip

    def _wait_for_s(self, key: str, period_s: float, at: datetime) -> float:
        asked = self._asked.get(key)
        if asked is None:
            return -_MONTH_S
        left = period_s - max(0.0, (at - asked).total_seconds())
        return min(left, 0.0) if key in self._again else left

    # -------------------------------------------------------------------------- one attempt

    def _attempt(self, query: Query, now: Now, sink: Sink) -> bool:
        """Ask once and report. False: leave the round, the pause is set."""
        at = self._asked_at = self._asked[query.key()] = now()
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
        self._succeeded(at)
        self._note_drift(snapshot, at)
        look = Look(self.feed.name, query.key(), at, Outcome.OK, len(snapshot.positions))
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

    def _note_drift(self, snapshot: Snapshot, at: datetime) -> None:
        """Show what was skipped; tell the log, now and then, when records could not be read."""
        self.state = replace(self.state, skipped=dict(snapshot.skipped))
        odd = {why: n for why, n in snapshot.skipped.items() if why.startswith("unreadable")}
        told = self._drift_told_at
        if odd and (told is None or (at - told).total_seconds() >= DRIFT_TOLD_EVERY_S):
            self._drift_told_at = at
            counts = " ".join(f"{why.replace(' ', '_')}={n}" for why, n in odd.items())
            log.warning("feed form drifts feed=%s listed=%d %s", self.feed.name, snapshot.listed,
                        counts)  # fmt: skip

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
        self._pause(at, self._wait_s(error, failures))
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

    def _pause(self, at: datetime, seconds: float) -> None:
        self._paused_at, self._pause_s = at, min(seconds, _MONTH_S)
        due = at + timedelta(seconds=self._pause_s)
        self.state = replace(self.state, next_due=due, spacing_s=self._spacing_s)

    def _must_wait(self, now: datetime) -> bool:
        """Whether the pause lasts; a clock that jumped back only starts the pause anew."""
        if self._paused_at is None or self.next_due is None:
            return False
        if now < self._paused_at:
            self._pause(now, self._pause_s)
            self._asked = {key: min(when, now) for key, when in self._asked.items()}
        return now < self.next_due

    def _price(self, query: Query) -> float:
        return cost(self._settings, query.key())

    def _space_out(self, now: Now, sleep: Sleep) -> bool:
        """Wait until the spacing since the last request is over. True: stop."""
        left = 0.0
        if self._asked_at is not None:
            gone = (now() - self._asked_at).total_seconds()
            left = min(self._spacing_s, max(0.0, self._spacing_s - gone))
        return sleep(left)


def _outcome(error: FeedError) -> Outcome:
    if isinstance(error, Refused):
        return Outcome.REFUSED
    return Outcome.GARBLED if isinstance(error, Garbled) else Outcome.UNAVAILABLE
