"""Where positions come from. `KINDS` names every kind of feed; `make` builds one."""

from collections.abc import Callable

from bot.feeds.opensky import OpenSky
from bot.feeds.readsb import Readsb
from bot.feeds.recorded import Exhausted, Recorded
from bot.feeds.v2 import V2
from bot.model.feed import Feed, FeedSettings

KINDS: dict[str, Callable[[FeedSettings], Feed]] = {
    "v2": V2,
    "readsb": Readsb,
    "recorded": Recorded,
    "opensky": OpenSky,
}


def make(settings: FeedSettings) -> Feed:
    """The feed that `settings` describe; KeyError for a kind that does not exist."""
    return KINDS[settings.kind](settings)


__all__ = ["KINDS", "Exhausted", "Recorded", "make"]
