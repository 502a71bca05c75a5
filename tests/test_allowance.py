"""What a provider allows is kept, whatever happens to us: the purse, the gate, and all lanes."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import lookout, planner
from bot.allowance import TOLD_HOLDS_S, Gate, Purse
from bot.errors import Refused, Throttled, Unavailable
from bot.lane import Lane
from bot.model.air import Positions
from bot.model.feed import FeedSettings
from bot.model.providers import cost, quota_per_day
from bot.model.query import Look, Outcome, Query, Snapshot
from bot.model.watch import Place
from bot.standby import Standby
from bot.store import LookHour
from tests.nouns import HL59, watch

T0 = datetime(2024, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WATCHES = (watch(destination=Place((HL59,))),)
SKY = FeedSettings("sky", "opensky", "https://os.example", every_s=60.0, spacing_s=5.0, key="{}")
LOL = FeedSettings("lol", "v2", "https://api.adsb.lol", every_s=60.0, spacing_s=10.0,
                   fallback_for="sky", quota_per_day=2000.0)  # fmt: skip


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_a_purse_is_a_sliding_day() -> None:
    """What was spent comes back a day later, to the second, in the order it was spent."""
    purse = Purse(10)
    purse.charge(T0, 6)
    purse.charge(after(3600), 4)
    assert purse.wait_s(after(7200), 1) == 86_400 - 7200
    assert purse.wait_s(after(7200), 7) == 86_400 - 3600
    assert purse.wait_s(after(86_400), 6) == 0
    assert Purse(10).wait_s(T0, 11) == 86_400, "more than a day's whole quota"
    assert Purse(None).wait_s(T0, 1e9) == 0


def test_the_servers_count_is_believed_when_it_is_lower() -> None:
    """Somebody else spends of the same account: what is left is what the server says, until it
    says otherwise or the word is old; a higher count changes nothing."""
    purse = Purse(100)
    purse.charge(T0, 10)
    purse.told(T0, 3)
    assert purse.wait_s(T0, 3) == 0
    assert purse.wait_s(T0, 4) == TOLD_HOLDS_S
    assert purse.wait_s(after(TOLD_HOLDS_S), 4) == 0
    purse.told(after(60), 4000)
    assert purse.wait_s(after(60), 90) == 0
    assert purse.wait_s(after(60), 91) == 86_400 - 60


def test_a_gate_keeps_two_lanes_apart() -> None:
    """The time since anybody's last request counts, never more than the spacing, even when the
    clock was set back."""
    gate = Gate()
    assert gate.left_s(T0, 5) == 0
    gate.asked_at = T0
    assert gate.left_s(after(2), 5) == 3
    assert gate.left_s(after(-3600), 5) == 5
    assert Gate(T0).left_s(after(9), 5) == 0


class Killed(Exception):
    """The process died in the middle of a round."""


class Ledger:
    """A provider's own books, and a bot in front of it that is ill, killed and restarted. What a
    round asked is stored when it ends, as the service does."""

    def __init__(self, feed: FeedSettings, seed: int, clock: "Clock") -> None:
        self.settings, self.clock, self.rng = feed, clock, random.Random(seed)
        self.name = feed.name
        self.mood = "fine"
        self.asked: list[tuple[float, float]] = []  # when, and its price: as the provider counts
        self.stored: list[Look] = []
        self.unstored: list[Look] = []
        self.restart()

    def restart(self) -> None:
        """Only what was stored is known."""
        self.unstored = []
        gate = lookout._gates([self.settings], self, self.clock.now)[self.name]  # type: ignore[arg-type]
        self.lanes = [lookout._lane(self.settings, WATCHES, self, self.clock.now, gate)]  # type: ignore[arg-type]
        if night := planner.reserve(self.settings, WATCHES):
            past = lookout.spent(self, self.settings, self.clock.now, history=True)  # type: ignore[arg-type]
            asked = planner.nightly(WATCHES, self.clock.now.date())
            self.lanes.append(Lane(self, replace(self.settings, every_s=1800.0), asked,
                                   spent=past, quota=night, gate=gate))  # fmt: skip
        for lane in self.lanes:
            lane.feed = self

    def look_hours(self, since: datetime, until: datetime) -> list[LookHour]:
        """As the store tells them."""
        hours = Counter((look.query_key, look.at.replace(minute=0, second=0, microsecond=0))
                        for look in self.stored if since <= look.at < until)  # fmt: skip
        return [LookHour(self.name, key, at, n, 0, 0, 0) for (key, at), n in hours.items()]

    def poll(self, query: Query, now: datetime) -> Snapshot:
        self.asked.append(((now - T0).total_seconds(), cost(self.settings, query.key())))
        self.clock.wind(self.rng.uniform(0.1, 2.0))
        if self.mood == "killed" and self.rng.random() < 0.5:
            raise Killed
        if self.mood in _ILL:
            raise _ILL[self.mood]
        return Snapshot(self.name, query, now.timestamp(), Positions.empty(), 0)

    def sink(self, look: Look, snapshot: Snapshot | None) -> None:
        self.unstored.append(look)

    def tick(self) -> None:
        for lane in self.lanes:
            with self._survived():
                if lane is self.lanes[0] and self.rng.random() < 0.3:
                    lane.heed({q.key(): self.rng.choice([0.5, 1.0, 3.0]) for q in lane.plan})
                lane.round(self.clock.read, self.clock.sleep, self.sink)
                self.stored += self.unstored
                self.unstored = []

    @contextmanager
    def _survived(self) -> Iterator[None]:
        try:
            yield
        except Killed:
            self.mood = "fine"
            self.restart()

    def most(self, span_s: float) -> float:
        """The most that was spent in any span of that length."""
        times = [at for at, _ in self.asked]
        return max((sum(p for at, p in self.asked if t <= at < t + span_s - 1e-5) for t in times),
                   default=0.0)  # fmt: skip


_ILL = {"down": Unavailable("down"), "refused": Refused("403"), "busy": Throttled("429", 1800.0)}


class Clock:
    """Wound by sleeping and by replies."""

    def __init__(self) -> None:
        self.now = T0

    def read(self) -> datetime:
        return self.now

    def wind(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> bool:
        self.wind(seconds)
        return False


_STORY = st.lists(
    st.tuples(st.integers(300, 20_000),
              st.sampled_from(["fine", "fine", "down", "refused", "busy", "killed", "restart"])),
    min_size=1, max_size=10,
)  # fmt: skip


@given(_STORY, st.integers(0, 99), st.sampled_from([400.0, 1200.0, 4000.0]))
@settings(max_examples=12, deadline=None)
def test_no_schedule_exceeds_a_providers_limits(
    story: list[tuple[int, str]], seed: int, quota: float
) -> None:
    """Looking, nights, urgency, the way between the ends, outages, kills, restarts and a fallback
    that takes over: in any hour no more requests than the spacing allows, in any 24 hours no more
    credits than the quota, counted by the provider."""
    clock = Clock()
    feeds = (replace(SKY, quota_per_day=quota), LOL)
    primary, fallback = (Ledger(feed, seed, clock) for feed in feeds)
    standby = Standby(feeds)
    for seconds, what in story:
        primary.mood = what
        if what == "restart":
            primary.restart()
            fallback.restart()
        end = clock.now + timedelta(seconds=seconds)
        while clock.now < end:
            primary.tick()
            standby.note([ledger.lanes[0].state for ledger in (primary, fallback)], clock.now)
            if not standby.rests(fallback.name):
                fallback.tick()
            clock.wind(30.0)
    for ledger in (primary, fallback):
        spacing_s, limit = ledger.settings.spacing_s, quota_per_day(ledger.settings)
        assert all(b - a >= spacing_s - 1e-5 for (a, _), (b, _) in pairwise(ledger.asked))
        assert limit is not None
        assert ledger.most(86_400) <= limit
        hours = Counter(int(at // 3600) for at, _ in ledger.asked)
        assert max(hours.values(), default=0) <= 3600 / spacing_s


def test_a_restart_asks_no_sooner_and_no_more() -> None:
    """Restarted every ten minutes for a day, a lane stays within its quota and still looks."""
    clock = Clock()
    ledger = Ledger(replace(SKY, quota_per_day=1200.0), 1, clock)
    while clock.now < T0 + 24 * HOUR:
        ledger.tick()
        clock.wind(60.0)
        if clock.now.minute % 10 == 0:
            ledger.restart()
    assert ledger.most(86_400) <= 1200
    assert len(ledger.asked) > 100


def test_looking_goes_on_at_night() -> None:
    """The nightly pass takes its own credits: the lane keeps its pace while it runs."""
    clock = Clock()
    ledger = Ledger(SKY, 1, clock)
    while clock.now < T0 + HOUR:
        ledger.tick()
        clock.wind(5.0)
    states = [at for at, price in ledger.asked if price < 30]
    assert max(b - a for a, b in pairwise(states)) < 130, "cold at most"
    assert sum(price == 30 for _, price in ledger.asked) == 2


def test_hours_count_from_their_end() -> None:
    """Stored by the hour, an expense is kept until the last minute of it is a day old."""
    ledger = Ledger(LOL, 1, Clock())
    ledger.stored = [Look("lol", "near:1", T0 + timedelta(minutes=59), Outcome.OK)]
    now = T0 + 5 * HOUR
    assert lookout.spent(ledger, LOL, now, history=False) == [(T0 + HOUR, 1.0)]  # type: ignore[arg-type]
    soon = T0 + timedelta(minutes=59, seconds=30)
    assert lookout.spent(ledger, LOL, soon, history=None) == [(soon, 1.0)]  # type: ignore[arg-type]
    assert lookout.spent(ledger, LOL, now, history=True) == []  # type: ignore[arg-type]
