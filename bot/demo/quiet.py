"""The quiet year before the airlift, invented: few direct legs, and proof that somebody looked.

Handed out ready made (legs, and hour by hour what the looking brought) because a year of polls
would take minutes to replay. Ends are as honest as live ones: near Libya they are inferred.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from bot.demo import tables
from bot.demo.civil import airliners
from bot.demo.ears import Ears
from bot.demo.sky import Flight, Path, Place
from bot.demo.wire import Sky
from bot.model.air import Callsign, End, How, Icao24, Leg, Positions

FIRST_DAY = date(2023, 12, 1)
LAST_DAY = date(2024, 12, 10)
SEED = 2024
EVERY_S = 300.0  # a coarse round
DARK_DAY = date(2024, 3, 18)  # the whole day without one answer
DIM_WEEK = (date(2024, 6, 24), date(2024, 6, 30))  # answers only every other hour
_PATTERN_FROM = date(2024, 10, 7)  # a Monday: the week whose airliners every quiet week repeats


@dataclass(frozen=True, slots=True, eq=False)
class QuietHour:
    """One hour of looking. `others`: the fixes of the airliners heard in it (an aircraft has
    several; count distinct addresses); hours alike share one object, so results may be cached by
    `pattern`. Empty when nobody looked."""

    hour_s: int  # epoch s of its start
    looked_s: float  # 0..3600
    looks_ok: int
    looks_failed: int
    others: Positions
    pattern: int


def quiet_year() -> tuple[list[Leg], Iterator[QuietHour]]:
    """The legs of 2023-12-01 .. 2024-12-10 by first sight, and its hours in order."""
    return quiet_legs(), _hours()


# --------------------------------------------------------------------------------------- looking


def _hours() -> Iterator[QuietHour]:
    week = _pattern_week()
    dark = Positions.empty()
    luck = np.random.default_rng([SEED, 1])
    for day in _days():
        lost = luck.binomial(60, 0.004, 24)
        for hour in range(24):
            start = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
            planned = int(3600 / EVERY_S)
            failed = planned if _blind(day, hour) else min(int(lost[hour]), planned - 1)
            ok = planned - failed
            pattern = day.weekday() * 24 + hour if ok else -1
            yield QuietHour(
                int(start.timestamp()),
                ok * EVERY_S,
                ok,
                failed,
                week[pattern] if ok else dark,
                pattern,
            )


def _blind(day: date, hour: int) -> bool:
    return day == DARK_DAY or (DIM_WEEK[0] <= day <= DIM_WEEK[1] and hour % 2 == 1)


def _days() -> list[date]:
    return [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]


def _pattern_week() -> list[Positions]:
    """Fixes of the airliners for each of the 168 hours of a week, Monday 00 UTC first."""
    last = _PATTERN_FROM + timedelta(days=6)
    flights = airliners(_PATTERN_FROM - timedelta(days=1), last, SEED)
    start_s = datetime(*_PATTERN_FROM.timetuple()[:3], tzinfo=UTC).timestamp()
    poll_s = start_s + np.arange(0, 7 * 86400, EVERY_S)
    heard = Sky(list(flights), Ears(tables.receivers(), SEED)).positions(poll_s)
    hour = ((heard.time_s - start_s) // 3600).astype(int)
    return [heard.take(hour == h) for h in range(168)]


# ------------------------------------------------------------------------------------------ legs


def quiet_legs() -> list[Leg]:
    """Direct flights (rare), the regular run from Russia to Hmeimim, and Benghazi's airliners."""
    places = tables.places()
    legs = [_transport(row, places) for row in tables.rows("quiet_2024.csv")]
    legs += [_leg(flight, how, "RA-00031") for flight, how in _express(places)]
    legs += [_leg(flight, "stop", "") for flight in _benghazi()]
    return sorted((leg for leg in legs if _seen(leg)), key=lambda leg: leg.first_seen)


def _seen(leg: Leg) -> bool:
    """Whether somebody looked when it took off or when it landed."""
    return not all(_blind(when.date(), when.hour) for when in (leg.first_seen, leg.last_seen))


def _transport(row: dict[str, str], places: dict[str, Place]) -> Leg:
    flight = Flight(
        Icao24(row["hex"]), places[row["from"]], places[row["to"]],
        tables.moment(row["takeoff_utc"]).timestamp(), cruise_ft=31_000, cruise_kt=430,
        callsign=row["callsign"], type_code=row["type"],
    )  # fmt: skip
    return _leg(flight, row["seen"], row["registration"])


def _express(places: dict[str, Place]) -> Iterator[tuple[Flight, str]]:
    """Russia to Hmeimim and back, once or twice a week, by one placeholder airframe."""
    luck = np.random.default_rng([SEED, 2])
    day = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    russia, hmeimim = places["UUMU"], places["OSLK"]
    while True:
        day += timedelta(days=int(luck.integers(3, 8)))
        if day.date() >= LAST_DAY:
            return
        out_s = day.timestamp() + float(luck.uniform(4, 9)) * 3600
        for start_s, a, b in ((out_s, russia, hmeimim), (out_s + 12 * 3600, hmeimim, russia)):
            yield Flight(
                Icao24("14001f"), a, b, start_s, cruise_ft=31_000, cruise_kt=430,
                callsign=f"RFF70{int(luck.integers(40, 99))}", type_code="IL76",
            ), "low"  # fmt: skip


def _benghazi() -> Iterator[Flight]:
    pairs = frozenset({frozenset({"HLLB", "LTFM"}), frozenset({"HLLB", "HECA"})})
    yield from airliners(FIRST_DAY, LAST_DAY - timedelta(days=1), SEED, pairs)


def _leg(flight: Flight, libya: str, registration: str) -> Leg:
    """The finished leg. `libya`: how its Libyan end, if it has one, is known."""
    path = Path(flight)
    ends = [_end(flight.origin, libya), _end(flight.destination, libya)]
    takeoff, landing = (datetime.fromtimestamp(round(s), UTC)
                        for s in (path.takeoff_s, path.landing_s))  # fmt: skip
    return Leg(
        id=f"quiet-{flight.icao24}-{int(flight.takeoff_s)}",
        icao24=flight.icao24,
        first_seen=takeoff,
        last_seen=landing,
        origin=ends[0],
        destination=ends[1],
        takeoff=takeoff,
        landing=landing,
        callsign=Callsign(flight.callsign),
        registration=registration or None,
        type_code=flight.type_code,
        military=bool(registration),
        source="reconstruction",
        final=True,
    )


def _end(place: Place, libya: str) -> End:
    """An end as well known as an observer could know it."""
    if place.ident == "HL59" and libya == "projected":
        # lost at 19,000 ft over the sea, and seen again only days later: could be several fields
        guesses = (("HL59", 0.36), ("HL69", 0.21), ("HLLB", 0.14))
        return End(None, How.PROJECTED, 0.0, "Libya", guesses, 32.36, 23.1, 19_000.0)
    if place.ident == "HL59":
        guesses = (("HL59", 0.78), ("HLLB", 0.10), ("HLLQ", 0.05))
        return End("HL59", How.STOP, 0.78, None, guesses, 32.2, 22.3, 14_000.0)
    on_surface = place.ident in ("UUMU", "LTFM", "HECA")
    how, sure = (How.SURFACE, 0.97) if on_surface else (How.LOW, 0.92)
    height_ft = place.elevation_ft + (0 if on_surface else 1_200)
    spot = place.lat_deg, place.lon_deg, height_ft
    return End(place.ident, how, sure, None, ((place.ident, sure),), *spot)
