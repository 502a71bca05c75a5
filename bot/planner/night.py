"""The nightly pass: which of yesterday's completed flights to ask for, and what that may cost."""

from collections.abc import Sequence
from datetime import date

from bot.model.feed import FeedSettings
from bot.model.providers import HISTORY_CREDITS, quota_per_day
from bot.model.query import Flights
from bot.model.watch import Watch

# `/flights/all` takes two hours at a time: twelve requests show a day whole, so that no more than
# as many are ever asked by airfield and address.
WINDOWS = tuple(f"{hour:02}" for hour in range(0, 24, 2))
MOST_SHARE = 0.25  # of the day's credits for the night: looking at the present comes first
TRACKS = 5  # a night, for flights whose end is not known


def nightly(watches: Sequence[Watch], day: date) -> tuple[Flights, ...]:
    """Completed flights that the watches ask for: departures from their origins, arrivals at
    their destinations, and those of listed aircraft; or all of the day where that is less."""
    ends = [("departure", w.origin) for w in watches] + [
        ("arrival", w.destination) for w in watches
    ]
    asked = {(kind, spot.ident) for kind, place in ends if place for spot in place.airfields}
    asked |= {("aircraft", h) for w in watches for c in w.aircraft for h in c.hexes}
    if len(asked) > len(WINDOWS):
        asked = {("all", hour) for hour in WINDOWS}
    return tuple(Flights(kind, of, day) for kind, of in sorted(asked))


def reserve(settings: FeedSettings, watches: Sequence[Watch]) -> float:
    """Credits a day kept back for the nightly pass; 0 for a feed that hands out no flights."""
    quota = quota_per_day(settings)
    if settings.kind != "opensky" or not settings.key or not quota:
        return 0.0
    count = len(nightly(watches, date.min))
    return min(MOST_SHARE * quota, HISTORY_CREDITS * (count + TRACKS)) if count else 0.0
