"""What the user asked to be told about: places, kinds of aircraft, watches, audiences."""

from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from bot import geo
from bot.model.air import Aircraft


@dataclass(frozen=True, slots=True)
class Area:
    """A named region: a polygon of (lat, lon) corners, or a circle."""

    name: str
    polygon: tuple[tuple[float, float], ...] = ()
    centre: tuple[float, float] | None = None
    radius_nm: float = 0.0

    def contains(self, lat_deg: float, lon_deg: float) -> bool:
        """Whether the point lies inside."""
        if self.centre is not None:
            return geo.distance_nm(*self.centre, lat_deg, lon_deg) <= self.radius_nm
        return geo.in_polygon(lat_deg, lon_deg, self.polygon)

    def overlaps(self, other: "Area") -> bool:
        """Whether a point may lie in both."""
        if self.centre is None and other.centre is None:
            inside = any(self.contains(*p) for p in other.polygon)
            inside = inside or any(other.contains(*p) for p in self.polygon)
            return inside or geo.outlines_cross(self.polygon, other.polygon)
        if self.centre is None or other.centre is None:
            return other.overlaps(self) if self.centre is None else self._reaches(other)
        apart = geo.distance_nm(*self.centre, *other.centre)
        return apart < self.radius_nm + other.radius_nm

    def _reaches(self, other: "Area") -> bool:
        """Whether this circle lies partly or wholly within that polygon, or round it."""
        centre = self.centre or (0.0, 0.0)
        to_edge_nm = geo.to_outline_nm(*centre, other.polygon)
        return other.contains(*centre) or to_edge_nm < self.radius_nm

    def shape(self) -> tuple[object, ...]:
        """What is the same for the same area by another name."""
        return self.polygon, self.centre, self.radius_nm


@dataclass(frozen=True, slots=True)
class Spot:
    """An airfield as a watch needs it: where, and what to call it."""

    ident: str
    name: str
    lat_deg: float
    lon_deg: float

    def where(self) -> tuple[float, float]:
        """The same for the same airfield by another name; 0.01 degrees are half a mile."""
        return round(self.lat_deg, 2), round(self.lon_deg, 2)


@dataclass(frozen=True, slots=True)
class Place:
    """One end of a watch: airfields and areas together."""

    airfields: tuple[Spot, ...] = ()
    areas: tuple[Area, ...] = ()

    def overlaps(self, other: "Place") -> bool:
        """Whether a leg could count for both."""
        if {spot.where() for spot in self.airfields} & {spot.where() for spot in other.airfields}:
            return True
        inside = any(
            area.contains(spot.lat_deg, spot.lon_deg)
            for one, two in ((self, other), (other, self))
            for area in one.areas
            for spot in two.airfields
        )
        return inside or any(a.overlaps(b) for a in self.areas for b in other.areas)

    def where(self) -> tuple[frozenset[object], frozenset[object]]:
        """The same for the same place by another name."""
        fields, areas = self.airfields, self.areas
        return frozenset(spot.where() for spot in fields), frozenset(area.shape() for area in areas)

    def label(self) -> str:
        """For a human: 'Hmeimim, eastern-libya'."""
        return ", ".join([*(s.name for s in self.airfields), *(a.name for a in self.areas)])


@dataclass(frozen=True, slots=True)
class AircraftClass:
    """A kind of aircraft: the union of its keys, narrowed by `only`, less `excluded`.

    Globs (`RA-82*`, `RFF*`) are matched on upper case. `matches` answers None where the facts
    that would decide are not known: such a leg is *possible*, never counted.
    """

    name: str
    types: frozenset[str] = frozenset()
    hexes: frozenset[str] = frozenset()
    registrations: tuple[str, ...] = ()
    callsigns: tuple[str, ...] = ()
    military: bool = False
    only: "AircraftClass | None" = None
    excluded: "AircraftClass | None" = None
    # states (ISO alpha-2) whose aircraft alone can carry `registrations`; empty: cannot be told
    registration_states: frozenset[str] = frozenset()

    def matches(self, craft: Aircraft) -> bool | None:
        """True, False, or None: cannot be told from what is known."""
        answer = self._union(craft)
        if self.only is not None:
            answer = _all(answer, self.only.matches(craft))
        if self.excluded is not None:
            out = self.excluded.matches(craft)
            # an unheard callsign is no reason to doubt: exclusion needs evidence
            answer = _all(answer, out is not True)
        return answer

    def _union(self, craft: Aircraft) -> bool | None:
        found: list[bool | None] = []
        if self.hexes:
            found.append(craft.icao24 in self.hexes)
        if self.types:
            found.append(None if craft.type_code is None else craft.type_code in self.types)
        if self.registrations:
            found.append(self._registered(craft))
        if self.callsigns:
            # A callsign that was not heard may be anything, but it is never grounds for 'possible':
            # half the sky sends none.
            found.append(bool(_glob(craft.callsign, self.callsigns)))
        if self.military:
            found.append(craft.military)
        if any(answer is True for answer in found):
            return True
        return None if any(answer is None for answer in found) else False

    def _registered(self, craft: Aircraft) -> bool | None:
        """A registration that is not known still begins with the mark of the state whose block
        the address lies in: outside Russia's block nobody is RA-82*."""
        if craft.registration is None and craft.country and self.registration_states:
            return None if craft.country in self.registration_states else False
        return _glob(craft.registration, self.registrations)


def _glob(value: str | None, patterns: tuple[str, ...]) -> bool | None:
    if value is None:
        return None
    return any(fnmatchcase(value.upper(), pattern) for pattern in patterns)


def _all(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """What may fire. None is off."""

    surge_per_year: float | None = 1.0  # false alarms a year the owner accepts
    first_after_days: int | None = None
    lull_per_year: float | None = None
    sightings: bool = False


@dataclass(frozen=True, slots=True)
class Peak:
    """Days that the owner knows to be unusual, by name. Spans hold first and last day."""

    name: str
    yearly: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()  # (month, day); may pass 1 Jan
    dated: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """A directional question about traffic. An end of None is 'anywhere'; no classes: all."""

    name: str
    origin: Place | None
    destination: Place | None
    aircraft: tuple[AircraftClass, ...] = ()
    usual_per_day: float | None = None  # what the owner holds normal, until data replaces it
    usual_text: str = ""  # as the owner typed it: '1 per month'
    alerts: AlertPolicy = field(default_factory=AlertPolicy)
    min_confidence: float = 0.7
    audience: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()  # ISO alpha-2: countries whose public holidays are allowed for
    peaks: tuple[Peak, ...] = ()

    def label(self) -> str:
        """'Hmeimim → eastern-libya'."""
        ends = [end.label() if end else "anywhere" for end in (self.origin, self.destination)]
        return " → ".join(ends)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: `channel` is 'telegram' or 'console'; `to` is that channel's address.

    For Telegram `to` is the chat id or @name, with '/TOPIC' behind it for a forum topic.
    """

    channel: str
    to: str = ""

    def key(self) -> str:
        return f"{self.channel}:{self.to}"
