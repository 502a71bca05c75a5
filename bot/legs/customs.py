"""Customs: an end that one side cannot tell, told by where this airframe and others fly.

A report at cruise names no field. But it has a course, and where the airframe surely stopped at one
field straight ahead on another flight, or other aircraft surely fly there from the field at the
leg's other end, that is the second side. `Customs` remembers flights with sure ends (`Flown`) and
names such ends.

Promises: what counts for an end is what was known from `BACK_S` before the last report there to
`ON_S` after it, by the times of the reports and not by when they were read; so live polls and
history name alike, in whatever order aircraft are read. `DUE_S` after it nothing more can come.
Refuses: naming where two such fields lie ahead, or none.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from bot.airfields import Airfields
from bot.geo import KM_PER_NM, bearing_deg, distance_km
from bot.legs import usage
from bot.legs.belief import LIGHT, TOLD_SHARE
from bot.legs.pieces import take, where
from bot.legs.recall import Recall
from bot.legs.side import INBOUND, craft_class
from bot.legs.usage import FACT, Facts
from bot.model.air import Between, End, How, Leg

BACK_S, ON_S, DUE_S = 5 * 86400.0, 24 * 3600.0, 36 * 3600.0
# so far ahead (NM), and so straight (degrees): airways bend little, approaches more
AHEAD = ((60.0, 25.0), (250.0, 12.0), (500.0, 5.0))
SWEEP_S = 3600.0
KNOWN_AT = 0.9  # what others do counts where the other end is as sure as this
# so often each was right in seven worlds of one simulator and three of another: 162 of 164, 283 of
# 305, 66 of 80, 19 of 19 (believed less: so few)
BOTH_SURE, OWN_SURE, FLEET_SURE, CALL_SURE = 0.97, 0.92, 0.8, 0.9


class Flown(NamedTuple):
    """A flight of which an end is sure. `first`: its first report; empty idents are not sure."""

    icao24: int
    first: float
    light: bool
    origin: str
    destination: str
    call: bytes = b""


def is_open(leg: Leg) -> bool:
    """Whether a habit may still name an end."""
    return leg.origin.going is not None or leg.destination.going is not None


def due_s(leg: Leg) -> float:
    """When nothing that counts for the open ends can come any more, epoch seconds."""
    last = leg.first_seen if leg.destination.going is None else leg.last_seen
    return last.timestamp() + DUE_S


class Customs:
    """What is known of who flies where."""

    def __init__(self, airfields: Airfields) -> None:
        self._fields = airfields
        self._store, self._n = np.empty(64, FACT), 0
        self._recall, self._swept_s = Recall(), -math.inf
        self._last: tuple[Between | None, int, usage.Columns] = None, 0, np.empty(0)
        self.asked: list[tuple[str, Between, usage.Columns]] | None = None  # the fitting listens

    def learn(self, t: float, flown: Iterable[Flown]) -> None:
        """Flights that were known at `t`, by the reports."""
        row_of = self._fields.row_of
        rows = [(t, f.first, f.icao24, row_of.get(f.origin, -1), row_of.get(f.destination, -1),
                 f.light, f.call) for f in flown]  # fmt: skip
        if rows:
            self.take(np.array(rows, FACT))

    def take(self, facts: Facts) -> None:
        """What another's `facts` say, too."""
        n = self._n + len(facts)
        if n > len(self._store):
            more = np.empty(max(n, len(self._store) * 3 // 2) - len(self._store), FACT)
            self._store = np.concatenate([self._store, more])
        self._store[self._n : n], self._n = facts, n

    @property
    def facts(self) -> Facts:
        """All that is remembered."""
        return self._store[: self._n]

    def forget(self, before_s: float) -> None:
        """What was known earlier than that counts no more; swept now and then."""
        if self._swept_s <= before_s < self._swept_s + SWEEP_S:
            return
        facts = self.facts
        self._store = facts[facts["t"] >= before_s]
        self._n, self._swept_s, self._recall = len(self._store), before_s, Recall()

    def dump(self) -> tuple[bytes, list[str]]:
        """What is remembered, and the fields it tells by number."""
        facts = self.facts.copy()
        rows = np.unique(np.concatenate([facts["origin"], facts["destination"]]))
        rows = rows[rows >= 0]
        for name in ("origin", "destination"):
            known = facts[name] >= 0
            facts[name][known] = np.searchsorted(rows, facts[name][known])
        return facts.tobytes(), [self._fields.idents[r] for r in rows.tolist()]

    @classmethod
    def restored(cls, airfields: Airfields, dumped: bytes, idents: list[str]) -> "Customs":
        """From a `dump`; another table of airfields may number them anew. Raises ValueError."""
        out, facts = cls(airfields), np.frombuffer(dumped, FACT).copy()
        rows = np.array([*(airfields.row_of.get(i, -1) for i in idents), -1], "i4")
        for name in ("origin", "destination"):
            if len(facts) and not -1 <= facts[name].min() <= facts[name].max() < len(idents):
                raise ValueError("a flight to a field that is not told")
            facts[name] = rows[facts[name]]
        out.take(facts)
        return out

    def named(self, leg: Leg) -> Leg:
        """The leg with the ends named that a habit tells, and none open."""
        if not is_open(leg):
            return leg
        origin, destination = self._end(leg, 1), self._end(leg, -1)
        if origin.airfield is not None and origin.airfield == destination.airfield:
            origin, destination = (_shut(end) if end.between is None else new for end, new in (
                (leg.origin, origin), (leg.destination, destination)))  # fmt: skip
        takeoff, landing = leg.takeoff, leg.landing
        if origin.airfield != leg.origin.airfield:
            takeoff = self._when(leg.origin, origin, leg.first_seen, -1)
        if destination.airfield != leg.destination.airfield:
            landing = self._when(leg.destination, destination, leg.last_seen, 1)
        return replace(leg, origin=origin, destination=destination, takeoff=takeoff,
                       landing=landing)  # fmt: skip

    def _end(self, leg: Leg, way: int) -> End:
        """One end as custom tells it; `way` 1: the origin, -1: the destination."""
        end, other = (leg.origin, leg.destination) if way > 0 else (leg.destination, leg.origin)
        if end.going is None:
            return end
        if end.between is not None:
            return self._weighed(leg, end, end.between)
        t = (leg.first_seen if way > 0 else leg.last_seen).timestamp()
        found = self._found(leg, end, other, t, way)
        if found is None:
            return _shut(end)
        row, sure = found
        ident = self._fields.idents[row]
        rest = [(i, p) for i, p in end.candidates if i != ident]
        scale = min((1 - sure) / max(sum(p for _, p in rest), 1e-9), 1.0)
        told = [(i, round(p * scale, 4)) for i, p in rest]
        return End(ident, How.PROJECTED, sure, None,
                   ((ident, sure), *((i, p) for i, p in told if p >= TOLD_SHARE)),
                   end.lat_deg, end.lon_deg, end.altitude_ft)  # fmt: skip

    def _found(self, leg: Leg, end: End, other: End, t: float,
               way: int) -> tuple[int, float] | None:  # fmt: skip
        """The field that custom tells, and how surely."""
        left, address = self._fields.row_of.get(other.airfield or "", -1), int(leg.icao24, 16)
        facts = self._window(t, address, [left], leg.callsign or "")
        own = facts["icao24"] == address
        mine = where(facts, own & (np.abs(facts["first"] - leg.first_seen.timestamp()) >= 1))
        home = self._ahead({*mine["origin"].tolist(), *mine["destination"].tolist()} - {left},
                           end, way)  # fmt: skip
        fleet: list[int] = []
        if left >= 0 and other.confidence >= KNOWN_AT and not _light(leg, end):
            theirs, a, b = ~own & ~facts["light"], facts["origin"], facts["destination"]
            there = b[theirs & (a == left)].tolist()
            fleet = self._ahead({*there, *a[theirs & (b == left)].tolist()}, end, way)
        call = self._ahead(self._called(leg, facts, left, way), end, way)
        return _agreed(home, fleet, call)

    def _called(self, leg: Leg, facts: Facts, left: int, way: int) -> set[int]:
        """Where others' flights under its callsign began (`way` 1) or ended, if their other end is
        not known to be another."""
        if not leg.callsign:
            return set()
        theirs = facts[facts["call"] == leg.callsign.encode()]
        theirs = theirs[theirs["icao24"] != int(leg.icao24, 16)]
        here, there = ("origin", "destination") if way > 0 else ("destination", "origin")
        if left >= 0:
            theirs = theirs[(theirs[there] == left) | (theirs[there] < 0)]
        return set(theirs[here].tolist())

    def _ahead(self, rows: set[int], end: End, way: int) -> list[int]:
        """Those that lie straight ahead of the last report (behind the first)."""
        return [row for row in sorted(rows - {-1}) if self._lies_ahead(row, end, way)]

    def _lies_ahead(self, row: int, end: End, way: int) -> bool:
        course, nm = self._way(row, end)
        assert end.going is not None
        off = abs((course - end.going[0] + (360 if way > 0 else 180)) % 360 - 180)
        return any(nm < far and off < wide for far, wide in AHEAD)

    def _way(self, row: int, end: End) -> tuple[float, float]:
        """Course (degrees) and distance (NM) from an open end to a field."""
        here = _place(end)
        there = float(self._fields.lat_deg[row]), float(self._fields.lon_deg[row])
        return bearing_deg(*here, *there), distance_km(*here, *there) / KM_PER_NM

    def _weighed(self, leg: Leg, end: End, b: Between) -> End:
        """A stop heard from both sides, in the light of who else uses the fields there."""
        if self._last[0] is not b or self._last[1] != self._n:  # both legs that meet there ask
            address, row_of = int(leg.icao24, 16), self._fields.row_of
            rows = [row_of.get(ident, -1) for ident, _ in b.odds]
            facts = self._window(b.lost.time_s, address, rows)
            self._last = b, self._n, usage.columns(facts, self._fields, address, b)
        column = self._last[2]
        if self.asked is not None:
            self.asked.append((leg.icao24, b, column))
        if not column.any():  # nobody was seen at any of them: that is no news
            return _shut(end)
        p = usage.weighed(b, column, usage.fitted())
        best = int(np.argmax(p))
        known = column[best, usage.KNOWN].any()
        least = min(b.least, usage.NAME_AT) if known else b.least
        pairs = sorted(zip(p, (i for i, _ in b.odds), strict=True), key=lambda x: -x[0])
        told = tuple((i, round(x, 4)) for x, i in pairs if x >= TOLD_SHARE or x == p[best])
        name = told[0][0] if told[0][1] >= least else None
        return replace(_shut(end), airfield=name, how=How.STOP, candidates=told,
                       confidence=told[0][1] if name else 0.0,
                       area=None if name else end.area)  # fmt: skip

    def _window(self, t: float, icao24: int, fields: Iterable[int], call: str = "") -> Facts:
        """What counts for a report at `t` and tells of any of these, maybe with more."""
        rows = self._recall.about(self.facts, icao24, [row for row in fields if row >= 0], call)
        facts = take(self.facts, rows)
        return where(facts, (facts["t"] >= t - BACK_S) & (facts["t"] <= t + ON_S))

    def _when(self, lost: End, named: End, seen: datetime, way: int) -> datetime | None:
        """When it landed (`way` 1) or took off at the field that is named now."""
        if named.airfield is None:
            return None
        row = self._fields.row_of[named.airfield]
        if lost.between is None:
            assert lost.going is not None
            return seen + timedelta(seconds=way * self._way_s(_place(lost), lost.going[1], row))
        b = lost.between
        landing, takeoff = (r.time_s + sign * self._way_s(r[1:3], r.speed_kt, row)
                            for r, sign in ((b.lost, 1), (b.found, -1)))  # fmt: skip
        if landing > takeoff:
            middle = (landing + takeoff) / 2
            landing = takeoff = min(max(middle, b.lost.time_s), b.found.time_s)
        return datetime.fromtimestamp(landing if way > 0 else takeoff, UTC)

    def _way_s(self, here: tuple[float, float], speed_kt: float, row: int) -> float:
        """How long it flies between a place and a field."""
        there = float(self._fields.lat_deg[row]), float(self._fields.lon_deg[row])
        return distance_km(*here, *there) / KM_PER_NM / (INBOUND * speed_kt) * 3600


def _agreed(home: list[int], fleet: list[int], call: list[int]) -> tuple[int, float] | None:
    """The field that the airframe's own flights, others' from the other end and those under its
    callsign point to, and how surely; none where they leave a choice."""
    both = [row for row in home if row in fleet or row in call]
    if len(home) == 1:
        return home[0], BOTH_SURE if both else OWN_SURE
    if home:
        return (both[0], OWN_SURE) if len(both) == 1 else None
    if call:
        sure = BOTH_SURE if call[0] in fleet else CALL_SURE
        return (call[0], sure) if len(call) == 1 else None
    return (fleet[0], FLEET_SURE) if len(fleet) == 1 else None


def _light(leg: Leg, end: End) -> bool:
    """A light aircraft or helicopter: what others do says little of it."""
    speed = end.going[1] if end.going else 0.0
    craft = craft_class(leg.type_code or "", bool(leg.military), speed, end.altitude_ft or 0.0)
    return craft in LIGHT


def _shut(end: End) -> End:
    return end if end.going is None else replace(end, going=None, between=None)


def _place(end: End) -> tuple[float, float]:
    assert end.lat_deg is not None
    assert end.lon_deg is not None
    return end.lat_deg, end.lon_deg
