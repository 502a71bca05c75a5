"""One stop as it was seen: the end of the leg before it and the origin of the leg after it.

`Asking` holds what was seen of a stop against the fields (`belief.odds`); what is made of it, in
the light of the airframe's other stops, is `resolve`'s. One stop costs numpy a hundred calls and a
hundred stops together hardly more: so whoever needs a stop is a `Walk` that yields what was `Seen`
and is sent the `Stop`, and the walks of many airframes go in step.
"""

import math
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple, TypeVar

from bot.geo import distance_km
from bot.legs import belief
from bot.legs.belief import Belief, Question, Weights
from bot.legs.places import LOW_FT, LOW_KM, Places
from bot.legs.side import Side

SURE = 0.995  # no habit changes odds like these
SURE_LOW = 0.9
NEAR_KM = 278.0  # 150 NM: two sides this near share no far line that both could be wrong about
STANDS = 50_000  # places on the ground remembered: a few MB


@dataclass(frozen=True, slots=True)
class Spell:
    """Seen on the ground: from when to when, and where at last."""

    since: float
    until: float
    lat: float
    lon: float


class Seen(NamedTuple):
    """A stop that was not held against the fields yet."""

    before: Side | None
    after: Side | None
    spell: Spell | None
    craft: str


T = TypeVar("T")
_Stand = tuple[float, float, str]
Walk = Generator[Seen, "Stop", T]


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop as it was seen: the last report before, the first after, reports from the ground.

    `odds`: (ident, share) by what was seen of this stop alone, best first.
    """

    before: Side | None
    after: Side | None
    spell: Spell | None
    craft: str
    odds: tuple[tuple[str, float], ...]
    itself: bool = False  # known by what was seen of it alone, on the ground or near

    @property
    def sure(self) -> bool:
        """Whether no other stop could change anything."""
        return bool(self.odds) and self.odds[0][1] >= SURE


class Asking:
    """What a stop is held against: the fields, and how much each kind of evidence weighs."""

    def __init__(self, places: Places, weights: dict[str, Weights], heed: bool) -> None:
        """`heed`: whether a mere direction is worth asking (areas may be told from it)."""
        self.places, self.weights, self._heed = places, weights, heed
        self._stands: dict[_Stand, Belief] = {}

    def alone(self, walk: Walk[T]) -> T:
        """What one walk comes to."""
        return self.together([walk])[0]

    def together(self, walks: Sequence[Walk[T]]) -> list[T]:
        """What each of these walks comes to; each round the questions of all at once."""
        ends: dict[int, T] = {}
        asking: Iterable[tuple[int, Stop | None]] = zip(range(len(walks)), repeat(None))
        while asking:
            asked: dict[int, Seen] = {}
            for i, stop in asking:
                try:
                    asked[i] = walks[i].send(stop)  # type: ignore[arg-type]  # None begins a walk
                except StopIteration as end:
                    ends[i] = end.value
            asking = list(zip(asked, self._stops(list(asked.values())), strict=True))
        return [ends[i] for i in range(len(walks))]

    def known(self, seen: Seen) -> Stop | None:
        """The stop, where nothing needs to be asked."""
        if seen.spell is not None:
            odds = self._stands.get(_stand(seen.spell, seen.craft))
        else:
            nothing = not self._heed and belief.only_a_direction(_question(seen))
            odds = belief.NOTHING if nothing else None  # nothing could be made of it
        return None if odds is None else self._held(seen, odds)

    def _stops(self, asked: Sequence[Seen]) -> list[Stop]:
        """Each stop, held against the fields. A place on the ground is asked over and over."""
        found = belief.odds(self.places, [_question(seen) for seen in asked], self.weights)
        if len(self._stands) > STANDS:
            self._stands.clear()
        for seen, odds in zip(asked, found, strict=True):
            if seen.spell is not None:
                self._stands[_stand(seen.spell, seen.craft)] = odds
        return [self._held(seen, odds) for seen, odds in zip(asked, found, strict=True)]

    def _held(self, seen: Seen, odds: Belief) -> Stop:
        idents = self.places.airfields.idents
        pairs = zip(odds.rows, odds.share, strict=True)
        itself = seen.spell is not None or self._known_itself(seen, odds)
        return Stop(*seen, tuple((idents[r], p) for r, p in pairs), itself)

    def _known_itself(self, seen: Seen, odds: Belief) -> bool:
        if not odds.rows or odds.share[0] < SURE_LOW:
            return False
        return self.curve(Question(seen.before, seen.after), odds.rows[0]) > 0

    def curve(self, q: Question, row: int) -> int:
        """Which calibration holds for a field: one of belief.CURVES."""
        if self.low(q, row):
            return 1
        sides = q.before is not None and q.after is not None
        near = sides and all(self.km(s, row) < NEAR_KM for s in (q.before, q.after) if s)
        return 2 if near else 0

    def torn(self, stop: Stop) -> bool:
        """Whether one side of a stop is low, but not over the field that both sides together make
        the likeliest. Quick: nearly every stop is not."""
        best = self.places.airfields.row_of[stop.odds[0][0]] if stop.odds else None
        for side in (stop.before, stop.after):
            if side is None or not side.alt - self.places.ground_ft(side.lat, side.lon) < LOW_FT:
                continue
            if best is None or not self.over(side, best):
                return True
        return False

    def seen_low(self, stop: Stop, side: Side) -> bool:
        """Whether one side alone leaves no doubt: low and close over a field."""
        if not stop.odds or stop.odds[0][1] < SURE_LOW:
            return False
        return self.over(side, self.places.airfields.row_of[stop.odds[0][0]])

    def low(self, q: Question, row: int) -> bool:
        """Whether the aircraft was seen low and close over the field."""
        return any(s is not None and self.over(s, row) for s in (q.before, q.after))

    def over(self, side: Side, row: int) -> bool:
        """Whether the report is low and close."""
        elevation = self.places.elevation_ft[row]
        height = side.alt - (0.0 if math.isnan(elevation) else elevation)
        return bool(height < LOW_FT) and self.km(side, row) < LOW_KM

    def km(self, side: Side, row: int) -> float:
        a = self.places.airfields
        return distance_km(side.lat, side.lon, float(a.lat_deg[row]), float(a.lon_deg[row]))


def _question(seen: Seen) -> Question:
    if seen.spell is None:
        return Question(seen.before, seen.after, None, seen.craft)
    return Question(None, None, _stand(seen.spell, seen.craft)[:2], seen.craft)


def _stand(spell: Spell, craft: str) -> _Stand:
    """A place on the ground, to a hundred metres."""
    return round(spell.lat, 3), round(spell.lon, 3), craft
