"""A leg in words: when, which aircraft, and each end with how it is known.

Every airfield name, registration and callsign comes from strangers and is treated as text.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot import geo
from bot.message import words
from bot.model.air import End, How, Leg
from bot.model.alert import Line, Section, Span

TRACK_URL = "https://adsb.lol/?icao={hex}&showTrace={day}"  # tar1090's parameters; a UTC day
TITLES = re.compile(r"( International)?( Airport| Airfield)?$")
NEAR_KM = 150  # farther than this a fix is not 'near' anything
BRIEFLY_SHOWN = 15  # legs in half a line each: four lines of a phone
STOPS_SHOWN = 7  # of one story: three lines of a phone
OBSERVED = (How.SURFACE, How.LOW)


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What to call a place and where it is; the reader's clock."""

    names: Mapping[str, str]
    spots: Mapping[str, tuple[float, float]]
    now: datetime
    tz: tzinfo

    def name(self, ident: str) -> str:
        """What people call it: 'Benina International Airport' is Benina; a code without a name."""
        name = self.names.get(ident) or ident
        return words.stranger(TITLES.sub("", name).strip() or name)

    def away_km(self, end: End, ident: str | None) -> float | None:
        """From the fix that an end rests on to a field; None when either is unknown."""
        spot = self.spots.get(ident or "")
        if spot is None or end.lat_deg is None or end.lon_deg is None:
            return None
        return geo.distance_km(*spot, end.lat_deg, end.lon_deg)

    def near(self, end: End) -> str:
        """'near Benina', or coordinates, or nothing."""
        if end.lat_deg is None or end.lon_deg is None:
            return ""
        found = [(self.away_km(end, ident) or 0.0, ident) for ident in self.spots]
        if found and min(found)[0] <= NEAR_KM:
            return f"near {self.name(min(found)[1])}"
        ns, ew = "N" if end.lat_deg >= 0 else "S", "E" if end.lon_deg >= 0 else "W"
        return f"at {abs(end.lat_deg):.1f}{words.NBSP}{ns} {abs(end.lon_deg):.1f}{words.NBSP}{ew}"


def registration(leg: Leg) -> str:
    """What to call the airframe."""
    return words.stranger(leg.registration) if leg.registration else f"hex {leg.icao24}"


def craft(leg: Leg) -> Line:
    """'RA-82038 · A124 · RFF7082 · military'."""
    callsign = words.stranger(leg.callsign or "")
    facts = [
        words.stranger(leg.type_code or "") or "type unknown",
        callsign if callsign != leg.registration else "",
        "military" if leg.military else "",
    ]
    return words.line(words.bold(registration(leg)), *(f" · {fact}" for fact in facts if fact))


def times(leg: Leg, book: Gazetteer) -> str:
    """'26 Dec 18:05 → 20:00'; '~' before an estimate, 'seen' before a first or last sight."""
    start, end = leg.takeoff or leg.first_seen, leg.landing or leg.last_seen
    begun = _time(start, leg.takeoff, leg.origin, book)
    done = _time(end, leg.landing, leg.destination, book)
    first, last = start.astimezone(book.tz).date(), end.astimezone(book.tz).date()
    later = "" if last == first else f"{words.day(last, book.now)} "
    return f"{words.day(first, book.now)} {begun} → {later}{done}"


def _time(at: datetime, known: datetime | None, end: End, book: Gazetteer) -> str:
    mark = "seen " if known is None else "" if end.how in OBSERVED else "~"
    return mark + words.clock(at, book.tz)


def place(end: End, book: Gazetteer) -> str:
    """Where, without how it is known."""
    if end.airfield:
        return book.name(end.airfield)
    if end.area:
        return words.stranger(end.area)
    return "unknown"


def _belief(end: End, book: Gazetteer) -> str:
    """The place with its probability, or the likeliest two, or the region."""
    if end.airfield:
        name = book.name(end.airfield)
        return name if end.how is How.SURFACE else f"{name} {words.percent(end.confidence)}"
    if end.candidates:
        guesses = [f"{book.name(i)} {words.percent(p)}" for i, p in end.candidates[:2]]
        where = f" in {words.stranger(end.area)}" if end.area else ""
        return f"{' or '.join(guesses)}{where}"
    return place(end, book)


def ending(end: End, book: Gazetteer, *, arriving: bool) -> str:
    """'al-Khadim 72 % (inferred: last seen at 24,000 ft, 140 km short)'."""
    told = ": ".join(fact for fact in (_how(end), _fix(end, book, arriving)) if fact)
    return _belief(end, book) + (f" ({told})" if told else "")


def _how(end: End) -> str:
    return {
        How.SURFACE: "seen on the ground",
        How.LOW: "",  # the fix says it
        How.STOP: "inferred from both sides of an unseen stop",
        How.PROJECTED: "inferred",
        How.UNKNOWN: "",
    }[end.how]


def _fix(end: End, book: Gazetteer, arriving: bool) -> str:
    """The last (first) sight that the belief rests on."""
    if end.how is How.SURFACE:
        return ""
    height = end.altitude_ft
    if height is None or not math.isfinite(height):
        high = ""
    elif end.how is How.LOW:
        high = f"{'descending' if arriving else 'climbing'} through {words.feet(height)}"
    else:
        high = f"at {words.feet(height)}"
    away = book.away_km(end, end.airfield)
    if away is None:
        far = book.near(end)
    else:
        far = f"{words.kilometres(away)} {'short' if arriving else 'out'}" if away >= 1 else ""
    seen = " ".join(part for part in (high, far if away is None else "") if part)
    told = ", ".join(part for part in (seen, far if away is not None else "") if part)
    low = "low" if end.how is How.LOW and not high else ""
    if not (told or low):
        return ""
    return f"{'last' if arriving else 'first'} seen {', '.join(x for x in (low, told) if x)}"


def entry(leg: Leg, book: Gazetteer) -> Line:
    """Two printed lines: time and aircraft, then both ends and the link to the day's track."""
    href = TRACK_URL.format(hex=leg.icao24, day=leg.day.isoformat())
    from_ = ending(leg.origin, book, arriving=False)
    to = ending(leg.destination, book, arriving=True)
    if leg.origin.how is leg.destination.how is How.SURFACE:
        from_, to = (
            place(leg.origin, book),
            f"{place(leg.destination, book)}, both seen on the ground",
        )
    return words.line(
        f"{times(leg, book)}  ", *craft(leg), f"\n{from_} → {to} · ", Span("track", "", href)
    )


def spaced(line: Line) -> Line:
    """With an empty line behind it: entries of two lines need air between them."""
    return (*line, Span("\n"))


def listed(
    legs: Sequence[Leg], book: Gazetteer, heading: str, *, most: int, essential: bool = False
) -> Section | None:
    """Newest first; of what does not fit in `most` only when and who, of still more the count."""
    if not legs:
        return None
    newest = sorted(legs, key=lambda leg: leg.takeoff or leg.first_seen, reverse=True)
    shown = [entry(leg, book) for leg in newest[:most]]
    lines = [*(spaced(leg) for leg in shown[:-1]), shown[-1]]
    if len(newest) > most:
        lines[-1] = spaced(lines[-1])
        lines.append(_before(newest[most:], book))
    return Section(tuple(lines), heading, essential)


def _before(legs: Sequence[Leg], book: Gazetteer) -> Line:
    """'Before these: 25 Dec 08:05 RA-82038, 24 Dec 18:05 RA-82039 and 3 more'."""
    told = []
    for leg in legs[:BRIEFLY_SHOWN]:
        start = leg.takeoff or leg.first_seen
        at = _time(start, leg.takeoff, leg.origin, book)
        day = words.day(start.astimezone(book.tz).date(), book.now)
        told.append(f"{day} {at} {registration(leg)}")
    if len(legs) > BRIEFLY_SHOWN:
        told.append(f"{len(legs) - BRIEFLY_SHOWN} more")
    return words.line(words.italic(f"Before these: {words.join(told)}"))


def _shortened(stops: list[str]) -> list[str]:
    """A shuttle is told by how it begins and where it is now."""
    if len(stops) <= STOPS_SHOWN:
        return stops
    left = len(stops) - STOPS_SHOWN + 1
    return [*stops[:3], f"… {words.count(left, 'more stop')} …", *stops[4 - STOPS_SHOWN :]]


def chain(legs: Sequence[Leg], book: Gazetteer) -> Line:
    """'RA-82038: Hmeimim → al-Khadim → Bamako, 26 Dec 18:05 – 27 Dec 05:40'."""
    stops = [place(legs[0].origin, book)]
    for leg, after in zip(legs, [*legs[1:], None], strict=True):
        stop = place(leg.destination, book)
        if stop == "unknown" and after is not None:
            stop = place(after.origin, book)
        stops.append(stop)
    start = legs[0].takeoff or legs[0].first_seen
    end = legs[-1].landing or legs[-1].last_seen
    first, last = (t.astimezone(book.tz).date() for t in (start, end))
    until = "" if first == last else f"{words.day(last, book.now)} "
    when = (
        f"{words.day(first, book.now)} {words.clock(start, book.tz)}"
        f" – {until}{words.clock(end, book.tz)}"
    )
    return words.line(
        words.bold(registration(legs[0])), f": {' → '.join(_shortened(stops))}, {when}"
    )
