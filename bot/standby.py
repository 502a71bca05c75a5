"""Which lanes rest: a fallback while the feed that it stands in for answers.

Promises: a fallback takes over when its primary is refused, has failed for `DOWN_AFTER`, or will
not be asked for as long (its server's wait, its quota); it rests again when the primary has
answered for `WELL_FOR` without a break, so that a primary that comes and goes does not make two
sources alternate. Fallbacks of fallbacks follow the same rule, one behind the other. Refuses to
judge a lane that rests: one that is not asked is neither well nor ill.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.lane import LaneState, Mood
from bot.model.feed import FeedSettings

# A watched circle takes an aircraft half an hour to cross: five minutes without looking lose none,
# and most troubles of a provider are over by then.
DOWN_AFTER = timedelta(minutes=5)
WELL_FOR = timedelta(minutes=10)


@dataclass(slots=True)
class _Turn:
    """How one fallback stands."""

    primary: str
    on: bool = False
    well_since: datetime | None = None  # the primary, while the fallback is on


class Standby:
    """The fallbacks of a configuration. Used under the caller's own order of lanes; `rests` and
    `note` may be called from several threads: each touches whole values only."""

    def __init__(self, feeds: Iterable[FeedSettings]) -> None:
        """A fallback whose primary is not asked at all (its key is missing) never rests."""
        feeds = tuple(feeds)
        asked = {feed.name for feed in feeds}
        self._turns = {
            feed.name: _Turn(feed.fallback_for) for feed in feeds if feed.fallback_for in asked
        }

    def rests(self, name: str) -> bool:
        """Whether that lane is not to be asked now."""
        turn = self._turns.get(name)
        return turn is not None and not turn.on

    def note(self, states: Sequence[LaneState], now: datetime) -> tuple[str, ...]:
        """Judge the primaries; the names of the fallbacks that took over or went back just now."""
        by_name = {state.feed: state for state in states}
        changed = []
        for name, turn in self._turns.items():
            primary = by_name.get(turn.primary)
            was = turn.on
            if primary is None or self.rests(turn.primary):
                turn.on, turn.well_since = False, None
            else:
                _judge(turn, primary, now)
            if turn.on is not was:
                changed.append(name)
        return tuple(changed)

    def behind(self, name: str) -> tuple[str, ...]:
        """The feeds that this one stands in for, the nearest first."""
        chain: list[str] = []
        while (turn := self._turns.get(name)) is not None:
            chain.append(name := turn.primary)
        return tuple(chain)

    def in_place_of(self, name: str) -> tuple[str, ...]:
        """The fallbacks that are asked in that feed's place."""
        return tuple(own for own, turn in self._turns.items() if turn.on and turn.primary == name)

    def told(self, state: LaneState) -> LaneState:
        """The state as operators should hear it: with who is asked in its place."""
        instead = self.in_place_of(state.feed)
        if not instead or not state.why:
            return state
        return replace(state, why=f"{state.why}; {', '.join(instead)} is asked in its place")


def _judge(turn: _Turn, primary: LaneState, now: datetime) -> None:
    if _down(primary, now):
        turn.on, turn.well_since = True, None
    elif turn.on and (primary.mood is not Mood.OK or primary.blocked_until is not None):
        turn.well_since = None
    elif turn.on:
        turn.well_since = turn.well_since or now
        turn.on = now - turn.well_since < WELL_FOR


def _down(lane: LaneState, now: datetime) -> bool:
    if lane.mood is Mood.REFUSED:
        return True
    if lane.blocked_until is not None and lane.blocked_until - now >= DOWN_AFTER:
        return True
    failing = lane.mood is Mood.FAILING and lane.since is not None
    return failing and lane.since is not None and now - lane.since >= DOWN_AFTER
