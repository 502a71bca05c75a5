"""Invented airliners on well-known routes of the eastern Mediterranean: the other traffic.

They earn exposure and nothing else. Addresses lie in F00000-F07FFF, which ICAO keeps for
temporary use, so none can be a real airframe's; callsigns start with XDM, no airline's code.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np

from bot.demo import tables
from bot.demo.sky import Flight, Place
from bot.geo import distance_nm
from bot.model.air import Icao24

FIRST_HEX = 0xF00000
PREFIX = "XDM"
JITTER_S = 600.0  # standard deviation of a departure against its schedule
CANCELLED = 0.04
TURN_S = 3300.0  # on the ground at the outstation


def airliners(
    first: date, last: date, seed: int = 0, pairs: frozenset[frozenset[str]] = frozenset()
) -> Iterator[Flight]:
    """Every flight of the days first..last: each departure is an airframe that flies there and
    back, the same airframe every day. `pairs`: only lines between these fields."""
    places = tables.places()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    number = 0
    for line in tables.rows("civil.csv"):
        for departure in line["departures_utc"].split():
            number += 1
            if pairs and frozenset((line["base"], line["outstation"])) not in pairs:
                continue
            for day in days:
                yield from _rotation(line, departure, number, day, places, seed)


def _rotation(
    line: dict[str, str], departure: str, number: int, day: date, places: dict[str, Place],
    seed: int,
) -> Iterator[Flight]:  # fmt: skip
    luck = np.random.default_rng([seed, number, day.toordinal()])
    if luck.random() < CANCELLED:
        return
    base, outstation = places[line["base"]], places[line["outstation"]]
    hour, minute = map(int, departure.split(":"))
    start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp()
    start += float(np.clip(luck.normal(0, JITTER_S), -1200, 2400))
    aside = luck.normal(0, 0.05, 2)  # airways are some miles wide
    via = tuple((lat + aside[0], lon + aside[1]) for lat, lon in tables.way(line["via"]))
    cruise_kt = float(line["cruise_kt"])
    for k, (a, b, points) in enumerate(((base, outstation, via), (outstation, base, via[::-1]))):
        yield Flight(
            Icao24(f"{FIRST_HEX + number:06x}"),
            a,
            b,
            start,
            cruise_ft=float(line["cruise_ft"]) + 1000 * k,
            cruise_kt=cruise_kt,
            via=points,
            callsign=f"{PREFIX}{2 * number + k}",
            type_code=line["type"],
        )
        start += _length_nm(a, b, points) / cruise_kt * 3600 + 1200 + TURN_S


def _length_nm(a: Place, b: Place, via: tuple[tuple[float, float], ...]) -> float:
    corners = [(a.lat_deg, a.lon_deg), *via, (b.lat_deg, b.lon_deg)]
    return sum(distance_nm(*p, *q) for p, q in pairwise(corners))
