"""The plan in words: what each feed is asked, what that costs against its limit, how often each
end of a watch is asked for, and what nobody sees.

Figures are the planner's own, for a day on which nothing is urgent and nothing fails; urgency
shifts requests, it adds none to a quota. Refuses to say what receivers hear: only looking tells.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot import geo, planner
from bot.config import Config
from bot.config.scalars import spoken
from bot.model.feed import FeedSettings
from bot.model.providers import is_history, provider_of, quota_per_day
from bot.model.query import Everything, Hexes, Military, Near, Query, Type
from bot.model.watch import Place, Watch
from bot.planner import Load

LISTED = 6  # of a long list in one line; the rest is counted
SHORT_NM = 25.0  # a gap that a jet crosses between two polls is none


@dataclass(frozen=True, slots=True)
class Asked:
    """One feed's plan."""

    feed: FeedSettings
    queries: tuple[Query, ...]
    load: Load
    night: float  # credits kept back for the nightly pass

    @property
    def credits(self) -> bool:
        """Whether the provider counts in credits."""
        return provider_of(self.feed).priced

    @property
    def known(self) -> bool:
        """Whether it can be told what its answers show: a receiver's horizon is not known here."""
        return self.feed.kind in ("v2", "opensky")


def plans(config: Config) -> tuple[Asked, ...]:
    """What every feed is asked."""
    found = []
    for feed in config.feeds:
        queries = planner.plan(feed, config.watches)
        night = planner.reserve(feed, config.watches)
        load = planner.load(feed, config.watches, queries)
        found.append(Asked(feed, queries, load, night))
    return tuple(found)


def looking(config: Config) -> list[str]:
    """Who looks, a line a feed."""
    return [_feed(asked) for asked in plans(config)]


def outlook(config: Config) -> list[tuple[str, list[str]]]:
    """Headings and their lines: the price of the plan, what each watch gets, what nobody sees."""
    asked = plans(config)
    return [
        ("What is asked a day, when all feeds answer:", [_bill(one) for one in asked if one.known]),
        ("How often each end is asked for:", [_gets(watch, asked) for watch in config.watches]),
        ("What nobody sees:", _unseen(config.watches, asked)),
    ]


# ----------------------------------------------------------------------------------- by feed


def _feed(asked: Asked) -> str:
    feed = asked.feed
    every = spoken(timedelta(seconds=feed.every_s))
    if feed.kind == "recorded":
        return f"{feed.name}: snapshots from {feed.folder}"
    if feed.kind == "readsb":
        text = f"{feed.name}: all that your receiver hears, every {every} ({feed.url})"
    elif not asked.queries:
        text = (
            f"{feed.name}: nothing, as no watch names a place or aircraft that it can be asked for"
        )
    else:
        text = (
            f"{feed.name}: {_many(len(asked.queries), _unit(asked))} a round, {feed.spacing_s:g} s "
            f"apart ({feed.url}); {_round(asked, every)}"
        )
    if asked.night:
        text += "; once a night the flights of the last two days"
    return f"{text}; rests while {feed.fallback_for} answers" if feed.fallback_for else text


def _unit(asked: Asked) -> str:
    """What a request of its is called."""
    if asked.feed.kind != "opensky":
        return "request"
    return "request for the whole sky" if Everything() in asked.queries else "box"


def _round(asked: Asked, every: str) -> str:
    took_s = round(asked.load.round_s)
    if took_s <= asked.feed.every_s:
        return f"a round every {every}"
    spaced_s = len(asked.queries) * asked.feed.spacing_s
    if asked.load.limit_per_day and took_s > spaced_s:
        unit = "credits" if asked.credits else "requests"
        return f"its {unit} allow a round every {took_s} s, not the {every} asked for"
    return f"a round takes {took_s} s, longer than the {every} asked for"


def _bill(asked: Asked) -> str:
    feed, load = asked.feed, asked.load
    unit = "credits" if asked.credits else "requests"
    text = f"{feed.name}: {load.per_day:,.0f} {unit}"
    if asked.night:
        text += f", and up to {asked.night:,.0f} at night"
    quota = quota_per_day(feed)
    if quota:
        share = (load.per_day + asked.night) / quota
        text += f", of {quota:,.0f} ({share:.0%})"
    elif feed.spacing_s:
        most = 86_400 / feed.spacing_s
        text += (f"; no daily limit is documented, and {feed.spacing_s:g} s between two leave "
                 f"room for {most:,.0f} ({load.per_day / most:.0%})")  # fmt: skip
    else:
        text += "; no limit is documented"
    return f"{text}; none while {feed.fallback_for} answers" if feed.fallback_for else text


# ---------------------------------------------------------------------------------- by watch


def _gets(watch: Watch, asked: Sequence[Asked]) -> str:
    """What is asked for it and how often; what comes at one pace is said together."""
    ends = [(_name(place), _asking(place, watch, asked))
            for place in (watch.origin, watch.destination)]  # fmt: skip
    if ends[0][1] == ends[1][1]:
        ends = [("both ends", ends[0][1])]
    listed = {h for kind in watch.aircraft for h in kind.hexes}
    times = [one for one in asked if _lists(one.queries, listed)]
    if times:
        many = _many(len(listed), "listed address", "listed addresses")
        ends.append((f"{many} wherever they fly", times))
    paces: dict[str, list[str]] = {}
    for name, feeds in ends:
        paces.setdefault(_every(feeds) if feeds else "never", []).append(name)
    return f"{watch.name}: " + "; ".join(f"{_listed(n)} {pace}" for pace, n in paces.items())


def _name(place: Place | None) -> str:
    if place is None:
        return "anywhere"
    return _listed([*(spot.name for spot in place.airfields), *(a.name for a in place.areas)])


def _asking(place: Place | None, watch: Watch, asked: Sequence[Asked]) -> list[Asked]:
    """The feeds that are asked for that end."""
    if place is not None:
        return [one for one in asked if not one.known or _shows(one.queries, place)]
    return [one for one in asked if one.known and _worldwide(one.queries, watch)]


def _worldwide(queries: Iterable[Query], watch: Watch) -> bool:
    return any(isinstance(query, Everything) or _means(query, watch) for query in queries)


def _lists(queries: Iterable[Query], addresses: Collection[str]) -> bool:
    lists = [query for query in queries if isinstance(query, Hexes)]
    return any(icao24 in addresses for query in lists for icao24 in query.icao24)


def _means(query: Query, watch: Watch) -> bool:
    """Whether the query is for aircraft of the watch, wherever they fly."""
    if isinstance(query, Military):
        return any(kind.military for kind in watch.aircraft)
    return isinstance(query, Type) and any(query.code in kind.types for kind in watch.aircraft)


def _shows(queries: Iterable[Query], place: Place) -> bool:
    """Whether the feed is asked for that place: plans hold all of a place or nothing of it."""
    spots = [(spot.lat_deg, spot.lon_deg) for spot in place.airfields]
    spots += [area.centre or area.polygon[0] for area in place.areas]
    lat, lon = spots[0]
    return any(
        isinstance(query, Everything) or (
            isinstance(query, Near)
            and geo.distance_nm(lat, lon, query.lat_deg, query.lon_deg) <= query.radius_nm
        )
        for query in queries
    )  # fmt: skip


def _every(times: Sequence[Asked]) -> str:
    return "every " + _listed([_period(one) for one in times])


def _period(one: Asked) -> str:
    text = f"{one.load.round_s:.0f} s by {one.feed.name}"
    if one.feed.kind == "readsb":
        return f"{text} as far as it hears"
    return f"{text} in place of {one.feed.fallback_for}" if one.feed.fallback_for else text


# --------------------------------------------------------------------------- what nobody sees


def _unseen(watches: Sequence[Watch], asked: Sequence[Asked]) -> list[str]:
    queries = [query for one in asked if one.known and not one.feed.fallback_for
               for query in one.queries if not is_history(query.key())]  # fmt: skip
    if any(one.feed.kind == "recorded" for one in asked):
        queries.append(Everything())
    gaps: dict[str, list[str]] = {}
    for watch in watches:
        for why in (*_gaps(watch, queries), *_open(watch, asked)):
            gaps.setdefault(why, []).append(watch.name)
    lines = [f"{why} ({_listed(names)})" for why, names in gaps.items()]
    lines = lines or ["nothing between the ends is left out of what is asked for"]
    if any(one.feed.kind == "readsb" for one in asked):
        lines.append("what your own receiver hears is not known here, and comes on top")
    return [*lines, "what is asked for is not yet heard: `airbridge coverage` tells what was"]


def _gaps(watch: Watch, queries: Sequence[Query]) -> list[str]:
    """Told from east to west, so that the way out and the way back share a line."""
    gaps = [
        sorted(((lat1, lon1), (lat2, lon2)), key=lambda point: -point[1])
        for lat1, lon1, lat2, lon2 in planner.blind(watch, queries)
        if geo.distance_nm(lat1, lon1, lat2, lon2) >= SHORT_NM
    ]
    return [
        f"no feed covers the corridor between {_point(*east)} and {_point(*west)}; legs will be "
        "joined from both ends"
        for east, west in gaps
    ]


def _open(watch: Watch, asked: Sequence[Asked]) -> list[str]:
    if watch.origin is not None and watch.destination is not None:
        return []
    if _asking(None, watch, asked):
        return []
    return ["no feed is asked for the open end: none shows the whole sky, or these aircraft by "
            "type or flag; where such a leg began or ended is known only by chance"]  # fmt: skip


def _point(lat_deg: float, lon_deg: float) -> str:
    """
    >>> _point(33.4, -28.2)
    '33N 28W'
    """
    return (f"{abs(lat_deg):.0f}{'N' if lat_deg >= 0 else 'S'} "
            f"{abs(lon_deg):.0f}{'E' if lon_deg >= 0 else 'W'}")  # fmt: skip


def _listed(words: Sequence[str]) -> str:
    """'a, b and c', cut after a few."""
    shown = list(words)
    if len(shown) > LISTED:
        shown = [*shown[: LISTED - 1], f"{len(words) - LISTED + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _many(n: int, one: str, more: str = "") -> str:
    plural = more or (f"{one}es" if one.endswith("x") else f"{one}s")
    return f"{n} {one if n == 1 else plural}"
