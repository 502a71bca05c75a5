"""Short ways to make nouns for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model.air import Callsign, End, How, Icao24, Leg
from bot.model.watch import AircraftClass, AlertPolicy, Area, Place, Spot, Watch

OSLK = Spot("OSLK", "Hmeimim", 35.4011, 35.9487)
HL59 = Spot("HL59", "al-Khadim", 31.9985, 21.1918)
HLLB = Spot("HLLB", "Benina", 32.0968, 20.2695)
LIBYA = Area("eastern-libya", polygon=((33.2, 19.5), (33.2, 25.2), (29.5, 25.2), (29.5, 19.5)))
FIELDS = {spot.ident: (spot.lat_deg, spot.lon_deg) for spot in (OSLK, HL59, HLLB)}


def at(text: str) -> datetime:
    """'2024-12-26 18:10' as aware UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def end(ident: str | None, confidence: float = 0.95, **more: Any) -> End:
    if ident is None:
        return End(**more)
    how = more.pop("how", How.LOW)
    return End(ident, how, confidence, candidates=((ident, confidence),), **more)


def leg(origin: str | End | None, destination: str | End | None, when: str = "2024-12-26 18:10",
        icao24: str = "154076", minutes: int = 110, **more: Any) -> Leg:  # fmt: skip
    start = at(when)
    fields: dict[str, Any] = {
        "id": f"{icao24}-{int(start.timestamp())}",
        "icao24": Icao24(icao24),
        "first_seen": start,
        "last_seen": start + timedelta(minutes=minutes),
        "takeoff": start,
        "origin": origin if isinstance(origin, End) else end(origin),
        "destination": destination if isinstance(destination, End) else end(destination),
        "callsign": Callsign("RFF8254"),
        "registration": "RA-82038",
        "type_code": "A124",
    }
    return Leg(**{**fields, **more})


def watch(name: str = "Hmeimim to eastern Libya", **more: Any) -> Watch:
    fields: dict[str, Any] = {
        "origin": Place((OSLK,)),
        "destination": Place((HL59, HLLB), (LIBYA,)),
        "aircraft": (AircraftClass("transports", types=frozenset({"IL76", "A124"})),),
        "alerts": AlertPolicy(surge_per_year=1.0, first_after_days=90),
        "audience": ("desk",),
    }
    return Watch(name, **{**fields, **more})
