"""One stop, resolved: which field or area it was, or neither, and when.

`Sky.resolve` adds what the airframe's other stops say to the odds of a stop (`habits`), and names
the field or area the two legs share that meet there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from bot.geo import KM_PER_NM
from bot.legs import belief, habits
from bot.legs.belief import (
    CRUISE_FT,
    LIGHT,
    ONE_SIDED_FT,
    TOLD_SHARE,
    WRONG_WAY_FPM,
    Belief,
    Question,
    Weights,
)
from bot.legs.places import LOW_FT, Places
from bot.legs.side import INBOUND, Side
from bot.legs.stop import Asking, Spell, Stop
from bot.model.air import Between, End, How, Report
from bot.model.watch import Area

HAZY = ((280.0, 0.95), (110.0, 0.75))  # km from a field, how likely it must be to be named
CROWD = 20  # Crete has 12 such fields within 300 km, Nevada 26
NAME_AT = 0.5  # a field is named when it is likelier than all others together
# never seen near it must be likelier, unless so many of the airframe's other stops were heard near:
# in a recording with few listeners half of the names between the two bars are wrong
FAR_NAME_AT, HEARD = 0.65, 0.75
LIGHT_NAME_AT = 0.65  # strips and pads lie side by side: half of the names below are wrong pairs
HIGH_NAME_AT = 0.7  # from one side, out of cruise but not low
AREA_AT = 0.5  # so is an area
COUNTRY_AT = 0.6
ASK_BELOW, HELD_SHARE = 0.985, 0.001  # what others do may change less sure odds; kept for that
CUSTOM_AT = 0.7  # a stop this sure shows where the airframe flies
ADJACENT_S = 300.0  # a surface report this close to the flight times the landing or take-off
Others = Sequence[tuple[int, Stop]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """The two ends that meet at a stop. Times are epoch seconds, None where unknown."""

    arrival: End
    departure: End
    landing: float | None
    takeoff: float | None
    doubtful: bool = False  # heard from both sides, far off: what others do may tell it
    shares: tuple[tuple[str, float], ...] = ()
    least: float = 0.0


class Neighbours(NamedTuple):
    """Of the flights to and from a stop: the sure fields at their other ends, their callsigns, and
    the first report of the one to it; '' and NaN where unknown."""

    come_from: str
    go_to: str
    call_to: str
    call_from: str
    first_s: float


class Sky(Asking):
    """All that resolving a stop needs to know of the world."""

    def __init__(self, places: Places, weights: dict[str, Weights],
                 areas: tuple[Area, ...] = ()) -> None:  # fmt: skip
        super().__init__(places, weights, bool(areas))
        self._areas = tuple((area.name, self._inside(area), area) for area in areas)
        self.asked: list[tuple[Stop, Others]] | None = None  # the fitting script listens

    def resolve(self, stop: Stop, others: Others = ()) -> Resolved:
        """Where it was, and when. `others`: how many stops away, and what was seen there."""
        before, after, spell = stop.before, stop.after, stop.spell
        q = Question(before, after, (spell.lat, spell.lon) if spell else None, stop.craft)
        found = self._believed(q, stop, others)
        row = self._named(q, found)
        landing, takeoff = self._times(before, after, spell, row)
        ends = self._end(q, found, row, before, spell), self._end(q, found, row, after, spell)
        if not self._doubtful(q, found):
            return Resolved(*ends, landing, takeoff)
        idents = self.places.airfields.idents
        odds = tuple((idents[r], p) for r, p in zip(found.rows, found.share, strict=True))
        return Resolved(*ends, landing, takeoff, True, odds, self._least(q, found))

    def _doubtful(self, q: Question, found: Belief) -> bool:
        if q.context != "both" or q.craft in LIGHT or not found.rows:
            return False
        return found.share[0] < ASK_BELOW and not self.low(q, found.rows[0])

    @staticmethod
    def asking(stop: Stop, found: Resolved, near: Neighbours) -> Resolved:
        """The stop with all that customs need to weigh it."""
        assert stop.before is not None
        assert stop.after is not None
        lost, heard = (Report(s.t, s.lat, s.lon, _speed(s)) for s in (stop.before, stop.after))
        between = Between(lost, heard, near[:2], near[2:4], near.first_s, stop.craft in LIGHT,
                          found.least, found.shares)  # fmt: skip
        arrival, departure = (
            replace(end, going=(math.nan, r.speed_kt), between=between)
            for end, r in ((found.arrival, lost), (found.departure, heard))
        )
        return replace(found, arrival=arrival, departure=departure)

    def _believed(self, q: Question, stop: Stop, others: Others) -> Belief:
        row_of = self.places.airfields.row_of
        known = [(row_of[i], i, p) for i, p in stop.odds if i in row_of]
        if not known:
            return belief.NOTHING
        visits = [habits.Visit(away, other.itself, dict(other.odds))
                  for away, other in others if other.odds]  # fmt: skip
        acquaintance = habits.acquaintance(visits)
        share = habits.settled(
            [p for _, _, p in known], habits.columns([i for _, i, _ in known], visits),
            acquaintance, self.weights[q.table], lambda i: self.curve(q, known[i][0]),
        )  # fmt: skip
        best = sorted(((p, -i) for i, p in enumerate(share) if p >= HELD_SHARE or i == 0),
                      reverse=True)  # fmt: skip
        return Belief(tuple(known[-i][0] for _, i in best),
                      tuple(round(p, 4) for p, _ in best), acquaintance[1])  # fmt: skip

    def _named(self, q: Question, found: Belief) -> int | None:
        """The field to name: the likeliest, if it may be named and is likely enough."""
        if not found.rows:
            return None
        likely = found.share[0] >= self._least(q, found)
        return found.rows[0] if likely and self._may_name(q) else None

    def _going(self, q: Question) -> tuple[float, float] | None:
        """Course and speed, where one side is all there is and it may be on its way to a field."""
        side, way = (q.before, -1) if q.before is not None else (q.after, 1)
        if q.context not in ("before", "after") or side is None or side.trk != side.trk:
            return None
        return None if side.rate * way < -WRONG_WAY_FPM else (side.trk, _speed(side))

    def sure(self, stop: Stop) -> str:
        """The field, where what was seen of the stop alone leaves little doubt; else empty."""
        if not stop.odds or stop.odds[0][1] < CUSTOM_AT:
            return ""
        row = self.places.airfields.row_of[stop.odds[0][0]]
        both = stop.before is not None and stop.after is not None
        if both or stop.spell is not None or self.low(Question(stop.before, stop.after), row):
            return stop.odds[0][0]
        return ""

    def near_ground(self, side: Side) -> bool:
        """Whether a report may be low over some field."""
        return side.alt - self.places.ground_ft(side.lat, side.lon) < LOW_FT

    def _may_name(self, q: Question) -> bool:
        side = q.before or q.after
        return belief.may_name(q, self.places.ground_ft(side.lat, side.lon) if side else 0.0)

    def _least(self, q: Question, found: Belief) -> float:
        """How likely a field must be to be named: an inferred one more than one flown low over."""
        if q.context == "both":
            return max(self._plain(q, found), self._hazy(q, found.rows[0]))
        side = q.before or q.after
        if q.context in ("before", "after") and side is not None and side.alt > ONE_SIDED_FT:
            return HIGH_NAME_AT
        return self._plain(q, found)

    def _plain(self, q: Question, found: Belief) -> float:
        if q.craft in LIGHT:
            return LIGHT_NAME_AT
        near = q.ground or self.low(q, found.rows[0]) or found.heard >= HEARD
        return NAME_AT if near else FAR_NAME_AT

    def _hazy(self, q: Question, row: int) -> float:
        """Lost and found far off at cruise over land full of airfields: the recording has few
        listeners, any of a hundred fields was as dark, and the fitted odds say too much."""
        assert q.before is not None
        assert q.after is not None
        sides = (q.before, q.after)
        if not all(s.alt > CRUISE_FT for s in sides):
            return 0.0
        near = min(self.km(s, row) for s in sides)
        least = next((share for km, share in HAZY if near > km), 0.0)
        return least if least and all(self.places.crowd(s) > CROWD for s in sides) else 0.0

    def _end(self, q: Question, found: Belief, row: int | None, side: Side | None,
             spell: Spell | None) -> End:  # fmt: skip
        idents = self.places.airfields.idents
        lat, lon, alt = (spell.lat, spell.lon, None) if spell else _place(side)
        candidates = tuple((idents[r], p) for r, p in zip(found.rows, found.share, strict=True)
                           if p >= TOLD_SHARE or r == found.rows[0])  # fmt: skip
        if row is None:
            # how the likeliest field would be known, where one may be named at all
            best = found.rows[0] if found.rows and self._may_name(q) else None
            how = How.UNKNOWN if best is None else self._how(q, best, side, spell)
            # a leg that must have been but was not heard begins at a stop seen from before only
            going = self._going(q) if side is not None else None
            return End(None, how, 0.0, self._area(found, spell), candidates, lat, lon, alt, going)
        return End(idents[row], self._how(q, row, side, spell), found.share[0], None, candidates,
                   lat, lon, alt)  # fmt: skip

    def _how(self, q: Question, row: int, side: Side | None, spell: Spell | None) -> How:
        if spell:
            return How.SURFACE
        if side is not None and self.over(side, row):
            return How.LOW
        return How.STOP if q.context == "both" else How.PROJECTED

    def _area(self, found: Belief, spell: Spell | None) -> str | None:
        pairs = list(zip(found.rows, found.share, strict=True))
        for name, rows, area in self._areas:
            if spell and area.contains(spell.lat, spell.lon):
                return name
            if sum(p for r, p in pairs if r in rows) >= AREA_AT:
                return name
        a = self.places.airfields
        country: dict[str, float] = {}
        for r, p in pairs:
            country[a.countries[r]] = country.get(a.countries[r], 0.0) + p
        best = max(country, key=lambda c: country[c], default="")
        if best and country[best] >= COUNTRY_AT:
            return a.country_names.get(best, best)
        return None

    def _inside(self, area: Area) -> frozenset[int]:
        a = self.places.airfields
        if area.centre is not None:
            return frozenset(a.rows_within(*area.centre, area.radius_nm * KM_PER_NM).tolist())
        lats = [lat for lat, _ in area.polygon]
        rows = [r for r in range(len(a)) if min(lats) <= a.lat_deg[r] <= max(lats)]
        return frozenset(r for r in rows if area.contains(float(a.lat_deg[r]), float(a.lon_deg[r])))

    def _times(self, before: Side | None, after: Side | None, spell: Spell | None,
               row: int | None) -> tuple[float | None, float | None]:  # fmt: skip
        """When it landed and took off: seen, else estimated from where it was heading."""
        landing = takeoff = None
        if before is not None and row is not None:
            landing = before.t + self._way_s(before, row)
        if after is not None and row is not None:
            takeoff = after.t - self._way_s(after, row)
        if spell is not None:
            if before is None or spell.since - before.t <= ADJACENT_S or landing is None:
                landing = spell.since
            if after is None or after.t - spell.until <= ADJACENT_S or takeoff is None:
                takeoff = spell.until
            return min(landing, spell.since), max(takeoff, spell.until)
        if before and after and landing is not None and takeoff is not None and landing > takeoff:
            middle = (landing + takeoff) / 2
            landing = takeoff = min(max(middle, before.t), after.t)
        return landing, takeoff

    def _way_s(self, side: Side, row: int) -> float:
        return self.km(side, row) / KM_PER_NM / (INBOUND * _speed(side)) * 3600


def _speed(side: Side) -> float:
    speed = side.gs if side.gs == side.gs and side.gs > 60 else max(side.cruise, 90.0)
    return 120.0 if math.isnan(speed) else speed


def _place(side: Side | None) -> tuple[float | None, float | None, float | None]:
    if side is None:
        return None, None, None
    return side.lat, side.lon, None if side.alt != side.alt else side.alt


def at(t: float) -> datetime:
    """Epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(t, UTC)


def when(t: float | None) -> datetime | None:
    """`at`, where unknown stays unknown."""
    return None if t is None else at(t)
