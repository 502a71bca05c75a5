"""Legs that a feed hands out, joined with our own: one flight is one leg.

Promises: the same airframe at the same time is one leg with the better known of both ends and all
sources named; a stop that we saw is never joined away by a feed that did not see it; repeating any
of it changes nothing. Refuses to forget early: a handed leg is remembered for as long as our own
reading of the flight may still be revised, so that a revision does not lose what the feed knew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model.air import End, How, Icao24, Leg

SAME_SHARE = 0.5  # of the shorter leg: flights of one airframe do not overlap by half
# Two readings of one end differ by what the receivers of each hear: the climb, or the descent.
EDGE = timedelta(minutes=30)
# Below even odds an airfield between two of our legs is a guess, and no proof that it landed.
STOP_FROM = 0.5
REMEMBERED = timedelta(days=4)  # the two days of a pass, and 36 h until our legs are final

_BEST_FIRST = list(How)


def reconcile(ours: Sequence[Leg], theirs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Our legs and a feed's as one list: the same airframe at the same time is one leg.

    A joined leg keeps our id and our times of take-off and landing, takes the better known of both
    ends, spans both, and names both sources. Parts of ours that one of theirs spans are one leg,
    unless we know of a stop between them. A feed's leg that meets none of ours stands alone.
    """
    joined = list(ours)
    alone = []
    for leg in sorted(theirs, key=lambda leg: (leg.icao24, leg.first_seen)):
        parts = sorted(
            (mine for mine in joined if mine.icao24 == leg.icao24 and _overlap(mine, leg)),
            key=lambda mine: mine.first_seen,
        )
        if not parts:
            alone.append(leg)
            continue
        whole = _chained(parts)
        whole[0] = _begun(whole[0], leg)
        whole[-1] = _ended(whole[-1], leg)
        named = {one.id: _named(one, leg) for one in whole}
        lost = {part.id for part in parts} - named.keys()
        joined = [named.get(mine.id, mine) for mine in joined if mine.id not in lost]
    return (*joined, *alone)


def _overlap(a: Leg, b: Leg) -> bool:
    """Whether they share most of the time of the shorter."""
    shared = (min(a.last_seen, b.last_seen) - max(a.first_seen, b.first_seen)).total_seconds()
    shorter = min((leg.last_seen - leg.first_seen).total_seconds() for leg in (a, b))
    return shared >= 0 if shorter <= 0 else shared / shorter >= SAME_SHARE


def _chained(parts: Sequence[Leg]) -> list[Leg]:
    """Parts in time order as whole flights: joined, but where a stop between them is known."""
    whole = [parts[0]]
    for part in parts[1:]:
        last = whole[-1]
        middle = part.first_seen + (part.last_seen - part.first_seen) / 2
        if middle <= last.last_seen or not (_known(last.destination) or _known(part.origin)):
            whole[-1] = _with(last, part, last.origin, _later_end(last, part))
        else:
            whole.append(part)
    return whole


def _known(end: End) -> bool:
    return end.airfield is not None and end.confidence >= STOP_FROM


def _later_end(first: Leg, second: Leg) -> End:
    """Of two parts of one flight, where it ended."""
    return second.destination if second.last_seen > first.last_seen else first.destination


def _begun(mine: Leg, other: Leg) -> Leg:
    """With the other's origin, unless it was first seen well after ours was."""
    if other.first_seen > mine.first_seen + EDGE:
        return mine
    first = min(mine.first_seen, other.first_seen)
    return replace(mine, first_seen=first, origin=_better(mine.origin, other.origin))


def _ended(mine: Leg, other: Leg) -> Leg:
    """With the other's destination, unless it was last seen well before ours was."""
    if other.last_seen < mine.last_seen - EDGE:
        return mine
    last = max(mine.last_seen, other.last_seen)
    return replace(mine, last_seen=last, destination=_better(mine.destination, other.destination))


def _named(mine: Leg, other: Leg) -> Leg:
    return _with(mine, other, mine.origin, mine.destination, span=False)


def _with(mine: Leg, other: Leg, origin: End, destination: End, *, span: bool = True) -> Leg:
    """One leg of two readings, with these ends."""
    sources = dict.fromkeys([*mine.source.split(","), *other.source.split(",")])
    return replace(
        mine,
        first_seen=min(mine.first_seen, other.first_seen) if span else mine.first_seen,
        last_seen=max(mine.last_seen, other.last_seen) if span else mine.last_seen,
        origin=origin,
        destination=destination,
        takeoff=mine.takeoff or (other.takeoff if span else None),
        landing=(other.landing or mine.landing) if span else mine.landing,
        callsign=mine.callsign or other.callsign,
        registration=mine.registration or other.registration,
        type_code=mine.type_code or other.type_code,
        military=mine.military if mine.military is not None else other.military,
        source=",".join(name for name in sources if name),
    )


def _better(mine: End, other: End) -> End:
    """The end that is known better; ours when they are equal."""
    if other.airfield is None:
        return mine
    rank = [(end.confidence, -_BEST_FIRST.index(end.how)) for end in (mine, other)]
    return other if rank[1] > rank[0] else mine


class Handed:
    """The legs that feeds handed out lately, by airframe. Not thread-safe."""

    def __init__(self, legs: Iterable[Leg] = ()) -> None:
        self._legs: dict[Icao24, dict[str, Leg]] = {}
        self.add(legs)

    def add(self, legs: Iterable[Leg]) -> None:
        """Remember; what was known of a leg better before stays."""
        for leg in legs:
            frame = self._legs.setdefault(leg.icao24, {})
            known = frame.get(leg.id)
            frame[leg.id] = leg if known is None else _with(
                leg, known, _better(leg.origin, known.origin),
                _better(leg.destination, known.destination),
            )  # fmt: skip

    def of(self, icao24: Icao24) -> tuple[Leg, ...]:
        """Of one airframe, oldest first."""
        found = self._legs.get(icao24, {}).values()
        return tuple(sorted(found, key=lambda leg: (leg.first_seen, leg.id)))

    def all(self) -> tuple[Leg, ...]:
        """Of every airframe."""
        return tuple(leg for icao24 in sorted(self._legs) for leg in self.of(icao24))

    def forget(self, now: datetime) -> None:
        """What no revision of ours can meet any more."""
        old = now - REMEMBERED
        kept = [leg for leg in self.all() if leg.last_seen > old]
        self._legs = {}
        self.add(kept)
