"""A fallback rests while its primary answers, and takes its place while it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import FeedError, Refused, Throttled, Unavailable
from bot.lane import Lane, LaneState, Mood
from bot.model.air import Positions
from bot.model.feed import FeedSettings
from bot.model.query import Look, Near, Query, Snapshot
from bot.standby import DOWN_AFTER, WELL_FOR, Standby

T0 = datetime(2024, 12, 1, tzinfo=UTC)
FEEDS = (FeedSettings("a", "v2"), FeedSettings("b", "v2", fallback_for="a"),
         FeedSettings("c", "v2", fallback_for="b"))  # fmt: skip
SECOND = timedelta(seconds=1)


def state(name: str = "a", mood: Mood = Mood.OK, since: datetime = T0, **more: Any) -> LaneState:
    return LaneState(name, mood, since, "", None, None, 1.0, 0, **more)


def test_a_fallback_rests_until_its_primary_is_down() -> None:
    """A new lane and a healthy one are not down; a failure is, once it has lasted."""
    standby = Standby(FEEDS[:2])
    assert (standby.rests("a"), standby.rests("b")) == (False, True)
    failing = state(mood=Mood.FAILING)
    assert standby.note([replace(failing, mood=Mood.NEW)], T0) == ()
    assert standby.note([failing], T0 + DOWN_AFTER - SECOND) == ()
    assert standby.note([failing], T0 + DOWN_AFTER) == ("b",)
    assert standby.in_place_of("a") == ("b",)


@pytest.mark.parametrize("ill", [
    state(mood=Mood.REFUSED), state(mood=Mood.FAILING, blocked_until=T0 + timedelta(hours=6)),
    state(blocked_until=T0 + timedelta(hours=2)),
], ids=["refused", "a server's wait", "quota"])  # fmt: skip
def test_what_will_last_is_down_at_once(ill: LaneState) -> None:
    """An open circuit, a long wait and a spent quota need no proof by time."""
    assert Standby(FEEDS[:2]).note([ill], T0) == ("b",)


def test_it_goes_back_when_the_primary_has_been_well_for_a_while() -> None:
    """One good probe is not enough, and a relapse starts the count anew."""
    standby = Standby(FEEDS[:2])
    standby.note([state(mood=Mood.REFUSED)], T0)
    assert standby.note([state()], T0) == ()
    assert standby.note([state()], T0 + WELL_FOR - SECOND) == ()
    standby.note([state(mood=Mood.FAILING, since=T0 + WELL_FOR)], T0 + WELL_FOR)
    assert standby.note([state()], T0 + WELL_FOR + SECOND) == ()
    assert standby.note([state()], T0 + 2 * WELL_FOR) == ()
    assert standby.note([state()], T0 + 2 * WELL_FOR + SECOND) == ("b",)
    assert standby.rests("b")


def test_fallbacks_stand_in_a_row() -> None:
    """The second one is asked only while the first is asked and down."""
    standby = Standby(FEEDS)
    down = [state("a", Mood.REFUSED), state("b", Mood.REFUSED), state("c", Mood.NEW)]
    assert standby.note([state("a"), *down[1:]], T0) == ()
    assert standby.note(down, T0) == ("b", "c")
    assert standby.note([state("a"), *down[1:]], T0) == ()
    assert standby.note([state("a"), *down[1:]], T0 + WELL_FOR) == ("b", "c")


def test_without_its_primary_it_never_rests() -> None:
    """A primary that lacks its key is not asked: its fallback is an ordinary feed."""
    assert not Standby(FEEDS[1:2]).rests("b")


def test_operators_hear_who_is_asked_instead() -> None:
    """The trouble's text names the feed that stands in."""
    standby = Standby(FEEDS[:2])
    ill = replace(state(mood=Mood.REFUSED), why="403")
    standby.note([ill], T0)
    assert standby.told(ill).why == "403; b is asked in its place"
    assert standby.told(state()).why == ""


class Host:
    """A lane on a hand-wound clock, whose provider raises what `mind` says."""

    def __init__(self, feed: FeedSettings, mind: Callable[[float], FeedError | None]) -> None:
        self.name, self.mind = feed.name, mind
        self.asked: list[float] = []
        self.lane = Lane(self, feed, (Near(1.0, 2.0, 3.0),))

    def poll(self, query: Query, now: datetime) -> Snapshot:
        self.asked.append((now - T0).total_seconds())
        error = self.mind(self.asked[-1])
        if error:
            raise error
        return Snapshot(self.name, query, now.timestamp(), Positions.empty(), 0)

    def tick(self, at: datetime) -> None:
        self.lane.round(lambda: at, lambda _: False, _drop)


def _drop(look: Look, snapshot: Snapshot | None) -> None: ...


@pytest.mark.parametrize("error", [Refused("403"), Unavailable("timeout"),
                                   Throttled("429", 3600.0)])  # fmt: skip
def test_somebody_looks_through_an_outage(error: FeedError) -> None:
    """Two hours without the primary: the fallback fills them within its patience, and both are
    not asked for longer than it takes to trust the primary again."""
    primary = Host(FEEDS[0], lambda s: error if 3600 <= s < 10_800 else None)
    fallback = Host(FEEDS[1], lambda _: None)
    standby = Standby(FEEDS[:2])
    for second in range(0, 8 * 3600, 5):
        at = T0 + timedelta(seconds=second)
        primary.tick(at)
        standby.note([primary.lane.state, fallback.lane.state], at)
        if not standby.rests("b"):
            fallback.tick(at)
    assert min(fallback.asked) <= 3600 + DOWN_AFTER.total_seconds() + 60
    assert max(b - a for a, b in zip(fallback.asked, fallback.asked[1:], strict=False)) <= 65
    back = min(s for s in primary.asked if s > 10_800)
    assert back - 60 <= max(fallback.asked) <= back + WELL_FOR.total_seconds() + 60


@given(st.lists(st.tuples(st.integers(1, 1200), st.sampled_from(list(Mood))), max_size=40))
@settings(max_examples=50, deadline=None)
def test_sources_never_alternate_quickly(story: list[tuple[int, Mood]]) -> None:
    """Whatever moods the primary has, the fallback once on stays on for `WELL_FOR` at least."""
    standby = Standby(FEEDS[:2])
    at, on_since = T0, None
    for seconds, mood in story:
        at += timedelta(seconds=seconds)
        changed = standby.note([state(mood=mood, since=at)], at)
        if changed and not standby.rests("b"):
            on_since = at
        elif changed:
            assert on_since is not None
            assert at - on_since >= WELL_FOR
