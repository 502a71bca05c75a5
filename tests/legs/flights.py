"""Shared by the leg tests: the airfield table, read once, and a hand-made flight."""

from collections.abc import Callable

import numpy as np
import pytest

from bot import airfields, geo
from bot.airfields import Airfields
from bot.model.air import Airfield, Positions

T0 = 1_735_200_000.0  # 2024-12-26 08:00 UTC
Fly = Callable[..., Positions]


@pytest.fixture(scope="session")
def table() -> Airfields:
    """The shipped airfields."""
    return airfields.load()


def place(table: Airfields, ident: str) -> Airfield:
    """A field that must be there."""
    found = table.get(ident)
    assert found is not None, ident
    return found


def flight(table: Airfields, origin: str, destination: str, start_s: float = T0, *,
           icao24: int = 0x154076, step_s: float = 30.0, cruise_ft: float = 33_000.0,
           speed_kt: float = 430.0, taxi_s: float = 300.0, callsign: str = "RFF1234",
           type_code: str = "A124") -> Positions:  # fmt: skip
    """A straight flight: taxi, climb, cruise, a three-degree descent, taxi."""
    a, b = place(table, origin), place(table, destination)
    nm = geo.distance_nm(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
    air_s = nm / speed_kt * 3600
    t = np.arange(-taxi_s, air_s + taxi_s, step_s)
    gone = np.clip(t / air_s, 0, 1) * nm
    line = geo.great_circle(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg, 2000)
    at = gone / nm * (len(line) - 1)
    lat = np.interp(at, np.arange(len(line)), line[:, 0])
    lon = np.interp(at, np.arange(len(line)), np.unwrap(line[:, 1], period=360))
    e1, e2 = a.elevation_ft or 0.0, b.elevation_ft or 0.0
    alt = np.minimum(np.minimum(e1 + gone * 400, e2 + (nm - gone) * 318), cruise_ft)
    ground = (t < 0) | (t > air_s)
    after = np.roll(line, -1, axis=0)
    course = np.array([geo.bearing_deg(*p, *q) for p, q in zip(line[:-1], after[:-1], strict=True)])
    track = course[np.clip(at.astype(int), 0, len(course) - 1)]
    n = len(t)
    return Positions.of(
        np.full(n, icao24), start_s + t, lat, (lon + 180) % 360 - 180,
        altitude_ft=np.where(ground, np.nan, alt), on_ground=ground,
        ground_speed_kt=np.where(ground, 12.0, speed_kt), track_deg=track,
        vertical_rate_fpm=np.where(ground, np.nan, np.gradient(alt, t) * 60),
        callsign=np.full(n, callsign.encode()), type_code=np.full(n, type_code.encode()),
    )  # fmt: skip


def join(*parts: Positions) -> Positions:
    """Several reports after one another."""
    names = Positions.__dataclass_fields__
    return Positions(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def between(p: Positions, begin_s: float, end_s: float) -> Positions:
    """The reports of a span of time."""
    return p.take((p.time_s >= begin_s) & (p.time_s < end_s))


def without(p: Positions, begin_s: float, end_s: float) -> Positions:
    """The reports outside a span of time."""
    return p.take(~((p.time_s >= begin_s) & (p.time_s < end_s)))
