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

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import numpy as np

from bot.airfields import Airfields
from bot.geo import KM_PER_NM, distance_km
from bot.legs import ahead, usage
from bot.legs.ahead import KNOWN_AT, Going
from bot.legs.belief import TOLD_SHARE
from bot.legs.recall import FACT, NONE, Facts, Recall
from bot.legs.side import INBOUND
from bot.model.air import Between, End, How, Leg

DUE_S = 36 * 3600.0
TOGETHER = 16  # ends at a time: with a hub among the fields of each that is some MB
Told = dict[int, Any]  # by the `id` of what was asked
T = TypeVar("T")


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
        self._fields, self._recall = airfields, Recall()
        self.asked: list[tuple[int, Between, usage.Columns]] | None = None  # the fitting listens

    def learn(self, t: float, flown: Iterable[Flown]) -> None:
        """Flights that were known at `t`, by the reports."""
        row_of = self._fields.row_of
        rows = [(t, f.first, f.icao24, row_of.get(f.origin, NONE), row_of.get(f.destination, NONE),
                 f.light, f.call) for f in flown]  # fmt: skip
        if rows:
            self.take(np.array(rows, FACT))

    def take(self, facts: Facts) -> None:
        """What another's `facts` say, too."""
        self._recall.take(facts)

    @property
    def facts(self) -> Facts:
        """All that is remembered."""
        return self._recall.facts

    def forget(self, before_s: float) -> None:
        """What was known earlier than that counts no more."""
        self._recall.forget(before_s)

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

    def named(self, legs: Iterable[Leg]) -> list[Leg]:
        """The legs with the ends named that a habit tells, and none open."""
        legs = list(legs)
        told = {**self._used(legs), **self._ahead(legs)}
        return [self._named(leg, told) if is_open(leg) else leg for leg in legs]

    def _used(self, legs: Iterable[Leg]) -> Told:
        """Of the stops heard from both sides, who else uses the fields there. Both legs that meet
        at one ask."""
        stops = {id(b): (int(leg.icao24, 16), b) for leg in legs
                 for end in (leg.origin, leg.destination) if (b := end.between)}  # fmt: skip
        found = [column for some in _batches(list(stops.values()))
                 for column in usage.columns(self._recall, self._fields, some)]  # fmt: skip
        if self.asked is not None:
            self.asked += [(*stop, column)
                           for stop, column in zip(stops.values(), found, strict=True)]  # fmt: skip
        return dict(zip(stops, found, strict=True))

    def _ahead(self, legs: Iterable[Leg]) -> Told:
        """Of the ends that one side is all there is of, which field lies ahead."""
        row_of = self._fields.row_of
        asked = {id(end): Going(leg, end is leg.destination, row_of.get(other.airfield or "", NONE),
                                other.confidence >= KNOWN_AT)
                 for leg in legs
                 for end, other in ((leg.origin, leg.destination), (leg.destination, leg.origin))
                 if end.going is not None and end.between is None}  # fmt: skip
        found = [one for some in _batches(list(asked.values()))
                 for one in ahead.found(self._recall, self._fields, some)]  # fmt: skip
        return dict(zip(asked, found, strict=True))

    def _named(self, leg: Leg, told: Told) -> Leg:
        origin, destination = (self._end(end, told) for end in (leg.origin, leg.destination))
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

    def _end(self, end: End, told: Told) -> End:
        """One end as custom tells it."""
        if end.going is None:
            return end
        if end.between is not None:
            return _weighed(end, end.between, told[id(end.between)])
        found = told[id(end)]
        if found is None:
            return _shut(end)
        row, sure = found
        ident = self._fields.idents[row]
        rest = [(i, p) for i, p in end.candidates if i != ident]
        scale = min((1 - sure) / max(sum(p for _, p in rest), 1e-9), 1.0)
        less = [(i, round(p * scale, 4)) for i, p in rest]
        return End(ident, How.PROJECTED, sure, None,
                   ((ident, sure), *((i, p) for i, p in less if p >= TOLD_SHARE)),
                   end.lat_deg, end.lon_deg, end.altitude_ft)  # fmt: skip

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


def _batches(asked: Sequence[T]) -> Iterator[Sequence[T]]:
    return (asked[k : k + TOGETHER] for k in range(0, len(asked), TOGETHER))


def _weighed(end: End, b: Between, column: usage.Columns) -> End:
    """A stop heard from both sides, in the light of who else uses the fields there."""
    if not column.any():  # nobody was seen at any of them: that is no news
        return _shut(end)
    p = usage.weighed(b, column, usage.fitted())
    best = p.index(max(p))
    known = column[best, usage.KNOWN].any()
    least = min(b.least, usage.NAME_AT) if known else b.least
    pairs = sorted(zip(p, (i for i, _ in b.odds), strict=True), key=lambda x: -x[0])
    told = tuple((i, round(x, 4)) for x, i in pairs if x >= TOLD_SHARE or x == p[best])
    name = told[0][0] if told[0][1] >= least else None
    return replace(_shut(end), airfield=name, how=How.STOP, candidates=told,
                   confidence=told[0][1] if name else 0.0,
                   area=None if name else end.area)  # fmt: skip


def _shut(end: End) -> End:
    return end if end.going is None else replace(end, going=None, between=None)


def _place(end: End) -> tuple[float, float]:
    assert end.lat_deg is not None
    assert end.lon_deg is not None
    return end.lat_deg, end.lon_deg
