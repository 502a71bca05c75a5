"""A lane's manners, minute by minute, on a hand-wound clock."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import FeedError, Garbled, Refused, Throttled, Unavailable
from bot.lane import BACKOFF_CAP_S, REFUSED_CAP_S, Lane, Mood
from bot.model.air import Positions
from bot.model.feed import FeedSettings
from bot.model.providers import cost
from bot.model.query import Look, Near, Outcome, Query, Snapshot

T0 = datetime(2024, 12, 1, tzinfo=UTC)
PLAN = tuple(Near(10.0 * i, 20.0, 250.0) for i in range(3))
Mind = Callable[[Query, datetime], FeedError | None]


def fine(query: Query, at: datetime) -> FeedError | None:
    """A provider in good health."""


def failing(error: FeedError, seconds: float = float("inf"), only: Query | None = None) -> Mind:
    """A provider that raises `error` for so long, to one query or to all."""

    def mind(query: Query, at: datetime) -> FeedError | None:
        ill = (at - T0).total_seconds() < seconds and (only is None or query is only)
        return error if ill else None

    return mind


class Sky:
    """A feed with a mind, a clock that sleeping winds, and a notebook."""

    def __init__(self, mind: Mind = fine, *, every_s: float = 60.0,
                 spacing_s: float = 10.0, quota: float | None = None) -> None:  # fmt: skip
        self.name = "sky"
        self.mind = mind
        self.at = T0
        self.asked: list[tuple[float, Query]] = []
        self.looks: list[Look] = []
        self.snapshots: list[Snapshot] = []
        self.stop_after_s = float("inf")
        self.settings = FeedSettings(
            "sky", "v2", every_s=every_s, spacing_s=spacing_s, quota_per_day=quota
        )
        self.lane = Lane(self, self.settings, PLAN, random.Random(1))

    def restart(self) -> None:
        """A new lane that knows only what was stored: when was asked, and at what price."""
        spent = [(look.at, cost(self.settings, look.query_key)) for look in self.looks]
        self.lane = Lane(self, self.settings, PLAN, random.Random(2), spent)

    def poll(self, query: Query, now: datetime) -> Snapshot:
        self.asked.append(((now - T0).total_seconds(), query))
        self.at += timedelta(seconds=1)  # a reply takes a second
        error = self.mind(query, now)
        if error:
            raise error
        return Snapshot("sky", query, now.timestamp(), Positions.empty(), 0)

    def sleep(self, seconds: float) -> bool:
        assert seconds >= 0
        self.at += timedelta(seconds=seconds)
        return (self.at - T0).total_seconds() >= self.stop_after_s

    def sink(self, look: Look, snapshot: Snapshot | None) -> None:
        self.looks.append(look)
        if snapshot:
            self.snapshots.append(snapshot)

    def round(self) -> datetime | None:
        return self.lane.round(lambda: self.at, self.sleep, self.sink)

    def run(self, seconds: float) -> None:
        """Live for a while as a conductor does: call when due."""
        end = self.at + timedelta(seconds=seconds)
        while self.at < end:
            due = self.round()
            self.at = max(self.at, due) if due else self.at + timedelta(seconds=1)


def gaps(sky: Sky) -> list[float]:
    times = [at for at, _ in sky.asked]
    return [b - a for a, b in pairwise(times)]


def test_a_round_asks_each_query_once_with_spacing() -> None:
    """Three queries, ten seconds apart, a Look and a Snapshot each; the next round a minute on."""
    sky = Sky()
    due = sky.round()
    assert [q for _, q in sky.asked] == list(PLAN)
    assert gaps(sky) == [10.0, 10.0]
    assert [look.outcome for look in sky.looks] == [Outcome.OK] * 3
    assert [look.query_key for look in sky.looks] == [q.key() for q in PLAN]
    assert len(sky.snapshots) == 3
    assert due == T0 + timedelta(seconds=60)
    assert sky.lane.state.mood is Mood.OK


def test_spacing_holds_across_rounds_and_early_calls() -> None:
    """A round longer than `every`, and a conductor that calls too early, never crowd requests."""
    sky = Sky(every_s=5.0)
    sky.run(600)
    assert min(gaps(sky)) >= 10.0
    quick = Sky()
    quick.round()
    asked = len(quick.asked)
    quick.round()
    assert len(quick.asked) == asked, "called before it is due, a lane does nothing"


def test_a_stop_ends_the_round_at_once() -> None:
    """When sleep says stop, no further request goes out."""
    sky = Sky()
    sky.stop_after_s = 5.0
    sky.round()
    assert len(sky.asked) == 1


def test_a_servers_wait_is_kept_in_full() -> None:
    """Six hours asked for are six hours without a request, and nobody sleeps in one."""
    sky = Sky(failing(Throttled("429", 22_688.0), seconds=3600))
    sky.round()
    assert len(sky.asked) == 1
    assert (sky.at - T0).total_seconds() < 2
    sky.run(86_400)
    assert gaps(sky)[0] >= 22_688.0
    assert sky.lane.state.mood is Mood.OK


def test_failures_back_off_with_jitter_and_a_cap() -> None:
    """A dead provider is asked ever less often, never more than the cap apart, never in step."""
    sky = Sky(failing(Unavailable("no answer")))
    sky.run(86_400)
    between = gaps(sky)
    assert max(between) <= BACKOFF_CAP_S + 1
    assert min(between) >= 10.0
    late = between[10:]
    assert len(set(late)) > len(late) / 2, "jittered"
    assert len(sky.asked) < 86_400 / 300
    state = sky.lane.state
    assert (state.mood, state.why, state.since) == (
        Mood.FAILING,
        "no answer",
        T0 + timedelta(seconds=1),
    )
    assert {look.outcome for look in sky.looks} == {Outcome.UNAVAILABLE}
    assert sky.looks[0].detail == "no answer"


def test_a_query_that_always_fails_starves_no_other() -> None:
    """The round goes on behind the failing query, not on it."""
    sky = Sky(failing(Unavailable("timeout"), only=PLAN[0]))
    sky.run(7200)
    ok = [look.query_key for look in sky.looks if look.outcome is Outcome.OK]
    assert ok.count(PLAN[1].key()) > 50
    assert ok.count(PLAN[2].key()) > 50
    assert any(look.query_key == PLAN[0].key() for look in sky.looks[-6:])


def test_a_refusal_opens_the_circuit_and_one_probe_closes_it() -> None:
    """A 403 is repeated after a quarter of an hour at the soonest, by a single probe, ever less
    often; when allowed again the whole round follows."""
    sky = Sky(failing(Refused("403: write to them"), seconds=2 * 86_400))
    sky.run(86_400)
    assert min(gaps(sky)) >= 600.0
    assert len(sky.asked) < 12
    assert sky.lane.state.mood is Mood.REFUSED
    assert "write to them" in sky.lane.state.why
    sky.run(2 * 86_400)
    assert sky.lane.state.mood is Mood.OK
    first_ok = next(i for i, look in enumerate(sky.looks) if look.outcome is Outcome.OK)
    assert max(gaps(sky)) <= REFUSED_CAP_S * 1.25
    after = [q for _, q in sky.asked[first_ok : first_ok + 4]]
    assert set(after) == set(PLAN)


def test_throttling_widens_the_spacing_and_calm_narrows_it() -> None:
    """A 429 doubles the spacing; ten good replies halve it, down to the configured one."""
    sky = Sky(failing(Throttled("429"), seconds=1))
    sky.round()
    assert sky.lane.state.spacing_s == 20.0
    sky.run(300)
    assert min(gaps(sky)[1:8]) >= 20.0
    sky.run(3600)
    assert sky.lane.state.spacing_s == 10.0
    stubborn = Sky(failing(Throttled("429")))
    stubborn.run(86_400)
    assert stubborn.lane.state.spacing_s == 60.0


def test_one_odd_reply_does_not_stop_the_round() -> None:
    """Garbled is told and the next query asked; three in a row are taken for the provider."""
    sky = Sky(failing(Garbled("HTML"), only=PLAN[1]))
    sky.round()
    assert [look.outcome for look in sky.looks] == [Outcome.OK, Outcome.GARBLED, Outcome.OK]
    broken = Sky(failing(Garbled("HTML")))
    broken.run(3600)
    assert broken.lane.state.mood is Mood.FAILING
    assert len(broken.asked) < 40


def test_a_clock_that_jumps_back_does_not_stop_the_lane() -> None:
    """After a correction of the clock the pause begins anew, no longer than it was."""
    sky = Sky()
    sky.round()
    sky.at -= timedelta(days=1)
    due = sky.round()
    assert due is not None
    assert due <= sky.at + timedelta(seconds=60)
    sky.run(120)
    assert len(sky.asked) > 3


def most_in_a_day(sky: Sky) -> int:
    times = [at for at, _ in sky.asked]
    return max(sum(1 for t in times if at <= t < at + 86_400 - 1e-5) for at in times)


def test_a_quota_lasts_the_whole_day() -> None:
    """300 requests a day are spread evenly: never more in any 24 hours, and no dark evening."""
    sky = Sky(quota=300)
    sky.run(3 * 86_400)
    assert 290 <= most_in_a_day(sky) <= 300
    assert max(gaps(sky)) <= 900


@given(st.lists(st.tuples(st.integers(60, 20_000), st.sampled_from(["fine", "ill", "restart"])),
                min_size=1, max_size=12), st.integers(5, 200))  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_no_quota_or_spacing_is_ever_broken(story: list[tuple[int, str]], quota: int) -> None:
    """Whatever outages and restarts come, any 24 hours stay within the quota, any two requests
    apart."""
    sky = Sky(quota=quota)
    for seconds, what in story:
        sky.mind = failing(Unavailable("down")) if what == "ill" else fine
        if what == "restart":
            sky.restart()
        sky.run(seconds)
    assert most_in_a_day(sky) <= quota
    assert min(gaps(sky), default=10.0) >= 10.0 - 1e-5


def test_what_was_odd_about_a_reply_is_stored_with_its_look() -> None:
    """A form that drifts is no failure: the look counts, and says what was odd."""
    sky = Sky()

    def poll(query: Query, now: datetime) -> Snapshot:
        sky.at += timedelta(seconds=1)
        return Snapshot("sky", query, now.timestamp(), Positions.empty(), 12,
                        drift="unreadable field 9")  # fmt: skip

    sky.poll = poll  # type: ignore[method-assign]
    sky.run(70)
    assert {(look.outcome, look.detail) for look in sky.looks} == {
        (Outcome.OK, "unreadable field 9")
    }


def test_an_urgent_query_is_asked_more_often() -> None:
    """A factor of three: three times as often; the others keep their pace, the spacing holds."""
    sky = Sky(spacing_s=2.0)
    sky.lane.heed({PLAN[1].key(): 3.0, PLAN[2].key(): 0.5})
    sky.run(3600)
    often = [sum(1 for _, q in sky.asked if q is query) for query in PLAN]
    assert often == [pytest.approx(60, abs=3), pytest.approx(180, abs=15), pytest.approx(30, abs=2)]
    assert min(gaps(sky)) >= 2.0 - 1e-5


def test_urgency_counts_where_the_spacing_alone_sets_the_pace() -> None:
    """A round that takes longer than asked for: the urgent one is still asked three times as
    often, from the middle of a round on, and the others share what is left evenly."""
    sky = Sky(every_s=15.0)
    sky.run(600)
    before = len(sky.asked)
    sky.lane.heed({PLAN[1].key(): 3.0})
    sky.run(6000)
    often = [sum(1 for _, q in sky.asked[before:] if q is query) for query in PLAN]
    assert often[1] == pytest.approx(3 * often[0], rel=0.1)
    assert often[0] == pytest.approx(often[2], rel=0.05)
    assert min(gaps(sky)) >= 10.0 - 1e-5


def test_urgency_is_paid_from_the_same_quota() -> None:
    """What one query gains the others give: the day's quota still lasts the day."""
    sky = Sky(quota=300)
    sky.lane.heed({PLAN[0].key(): 4.0})
    sky.run(2 * 86_400)
    assert 280 <= most_in_a_day(sky) <= 300
    assert max(gaps(sky)) <= 1200


def test_the_cold_are_asked_often_enough_to_count_as_looked_at() -> None:
    """A slow round is not halved: a look speaks for a quarter of an hour."""
    for every_s, slowest_s in ((60.0, 120.0), (400.0, 600.0), (1800.0, 1800.0)):
        sky = Sky(every_s=every_s)
        sky.lane.heed(dict.fromkeys((q.key() for q in PLAN), 0.5))
        sky.run(20_000)
        first = [at for at, query in sky.asked if query is PLAN[0]]
        assert max(b - a for a, b in pairwise(first)) == pytest.approx(slowest_s, abs=15)


def test_a_lane_says_until_when_it_is_blocked() -> None:
    """By a failure, a server's wait or the quota; a rest between two rounds blocks nothing."""
    sky = Sky()
    sky.round()
    assert sky.lane.state.blocked_until is None
    busy = Sky(failing(Throttled("429", 3600.0)))
    busy.round()
    assert busy.lane.state.blocked_until == busy.lane.next_due
    poor = Sky(quota=2)
    poor.round()
    assert poor.lane.state.blocked_until == T0 + timedelta(days=1)
    assert poor.lane.state.mood is Mood.OK


def test_a_new_plan_keeps_what_holds() -> None:
    """What was asked is not due again, what is new is due at once, and a block stays a block."""
    sky = Sky()
    sky.round()
    other = Near(50.0, 20.0, 250.0)
    sky.lane.replan([PLAN[0], other], sky.at)
    assert sky.lane.next_due == sky.at
    sky.round()
    assert [query for _, query in sky.asked[3:]] == [other]
    sky.lane.replan([], sky.at)
    sky.round()
    assert len(sky.asked) == 4
    shut = Sky(failing(Refused("403")))
    shut.round()
    before = shut.lane.next_due
    shut.lane.replan([other], shut.at)
    assert shut.lane.next_due == before


def test_the_servers_count_of_credits_is_obeyed() -> None:
    """Told that two are left, the lane asks twice and then waits, though its own books say more."""
    sky = Sky(quota=1000)

    def poll(query: Query, now: datetime) -> Snapshot:
        sky.asked.append(((now - T0).total_seconds(), query))
        return Snapshot("sky", query, now.timestamp(), Positions.empty(), 0,
                        credits_left=max(0.0, 3.0 - len(sky.asked)))  # fmt: skip

    sky.poll = poll  # type: ignore[method-assign]
    sky.run(1800)
    assert len(sky.asked) == 3
    sky.run(3600)
    assert len(sky.asked) == 4, "an hour later the server is asked what it says now"


def test_an_error_that_is_not_a_feeds_passes_through() -> None:
    """A bug is not hidden as a failed look: the conductor's job logs it."""

    def bug(query: Query, at: datetime) -> FeedError | None:
        raise ZeroDivisionError

    sky = Sky(bug)
    with pytest.raises(ZeroDivisionError):
        sky.round()
