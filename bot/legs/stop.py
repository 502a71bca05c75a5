"""One stop as it was seen: the end of the leg before it and the origin of the leg after it.

`Asking.stop` holds what was seen of a stop against the fields (`belief.odds`); what is made of it,
in the light of the airframe's other stops, is `resolve`'s.
"""

import math
from dataclasses import dataclass

from bot.geo import distance_km
from bot.legs import belief
from bot.legs.belief import Belief, Question, Weights
from bot.legs.places import LOW_FT, LOW_KM, Places
from bot.legs.side import Side

SURE = 0.995  # no habit changes odds like these
SURE_LOW = 0.9
STANDS = 50_000  # places on the ground remembered: a few MB


@dataclass(frozen=True, slots=True)
class Spell:
    """Seen on the ground: from when to when, and where at last."""

    since: float
    until: float
    lat: float
    lon: float


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

    @property
    def sure(self) -> bool:
        """Whether no other stop could change anything."""
        return bool(self.odds) and self.odds[0][1] >= SURE


class Asking:
    """What a stop is held against: the fields, and how much each kind of evidence weighs."""

    def __init__(self, places: Places, weights: dict[str, Weights], heed: bool) -> None:
        """`heed`: whether a mere direction is worth asking (areas may be told from it)."""
        self.places, self.weights, self._heed = places, weights, heed
        self._stands: dict[tuple[float, float, str], Belief] = {}

    def stop(self, before: Side | None, after: Side | None, spell: Spell | None,
             craft: str) -> Stop:  # fmt: skip
        """The stop between the two sides (`spell`: and was seen on the ground)."""
        q = Question(before, after, None, craft)
        if spell is not None:
            odds = self._parked(spell, craft)
        elif not self._heed and belief.only_a_direction(q):
            odds = belief.NOTHING  # nothing could be made of it
        else:
            odds = belief.odds(self.places, q, self.weights)
        idents = self.places.airfields.idents
        pairs = zip(odds.rows, odds.share, strict=True)
        return Stop(before, after, spell, craft, tuple((idents[r], p) for r, p in pairs))

    def _parked(self, spell: Spell, craft: str) -> Belief:
        """The odds for a place on the ground, to a hundred metres: asked over and over."""
        key = (round(spell.lat, 3), round(spell.lon, 3), craft)
        known = self._stands.get(key)
        if known is None:
            if len(self._stands) >= STANDS:
                self._stands.clear()
            q = Question(None, None, key[:2], craft)
            known = self._stands[key] = belief.odds(self.places, q, self.weights)
        return known

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
