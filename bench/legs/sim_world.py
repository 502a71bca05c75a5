"""A world for the simulator: fields that aircraft use, and receivers that thin out by country.

Four kinds of world (`LIKE`), by who listens:

- `usual`: receivers stand where people live, so in thinly covered and in dark countries every
  second town with scheduled flights has one, and hardly any other field does. The one half is set
  by what a published rule finds, not by what the leg builder does: OpenSky's is reported to find
  about a third of the pairs into dark regions, and here finds 0.25 to 0.41 a world, 0.32 over the
  three it was set on and 0.22 over the two judging seeds. Four in ten military aircraft go silent
  40 to 250 km from a goal in the dark: 'near the destination' is what is reported, and off the
  coast of Libya is 100 to 270 km from its bases.
- `dark`: nobody listens in dark countries, and transponders are off up to 420 km away. OpenSky's
  rule finds a twentieth there; harsher than what is reported, and kept as the bad case.
- `lit`: a listener at every third field, at one in 25 in dark countries, in towns or not.
- `few`: a handful of hobbyists, holes over the best covered land.

Nothing here is taken from the leg builder but the airfield table.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from bot.airfields import Airfields
from bot.geo import EARTH_KM, unit_vectors

_BRIGHT = "DE FR GB NL BE CH AT IT ES PT PL CZ DK SE NO FI HU IE US CA JP AU LU SK SI"
_DARK = "LY SY SD SS TD NE ML CF BF ER YE AF SO TM KP CD MR EH GN DJ"
BRIGHT = set(_BRIGHT.split())
DARK = set(_DARK.split())


@dataclass(frozen=True, slots=True)
class Like:
    """A kind of world: the chance of a receiver at a field by grade of country, and (not in bright
    ones) at a town with scheduled flights; the share of the forces' aircraft that switch their
    transponder off near a goal in the dark, and how near (km)."""

    bright: float
    dim: float
    dark: float
    town: float = 0.0
    off: float = 0.4
    off_km: tuple[float, float] = (60.0, 420.0)


LIKE = {
    "usual": Like(0.35, 0.12, 0.004, 0.5, 0.4, (40.0, 250.0)),
    "dark": Like(0.35, 0.12, 0.004),
    "few": Like(0.021, 0.0072, 0.00024),
    "lit": Like(0.35, 0.3, 0.04, 0.0, 0.2),
}


@dataclass(frozen=True, slots=True)
class Receivers:
    """Line-of-sight receivers with a horizon of their own in sixteen directions."""

    lat: np.ndarray
    lon: np.ndarray
    tree: cKDTree
    horizon: np.ndarray  # (n, 16) share of the geometric range
    reach_km: np.ndarray
    off_from: np.ndarray  # hours of the day without this receiver
    off_hours: np.ndarray


@dataclass(frozen=True, slots=True)
class World:
    """The fields by use, and who listens."""

    like: Like
    fields: Airfields
    light: dict[str, np.ndarray]  # rows by use
    receivers: Receivers
    hears_ground: np.ndarray  # per field row
    dark: np.ndarray  # per field row: whether a flight from or to it is one into the dark


def grade(country: str) -> str:
    """How well a country is covered."""
    return "bright" if country in BRIGHT else "dark" if country in DARK else "dim"


def build(fields: Airfields, rng: np.random.Generator, like: str = "usual") -> World:
    """A new set of receivers and of fields that are heard on the ground."""
    grades = np.array([grade(c) for c in fields.countries])
    chance = np.array([getattr(LIKE[like], g) for g in grades])
    chance[np.isnan(fields.runway_ft)] *= 0.3
    towns = (grades != "bright") & fields.scheduled
    chance[towns] = np.maximum(chance[towns], LIKE[like].town)
    sites = np.flatnonzero(rng.random(len(fields)) < chance)
    lat = fields.lat_deg[sites] + rng.normal(0, 0.15, len(sites))
    lon = fields.lon_deg[sites] + rng.normal(0, 0.15, len(sites))
    n = len(sites)
    receivers = Receivers(
        lat, lon, cKDTree(unit_vectors(lat, lon)), rng.uniform(0.65, 1.0, (n, 16)),
        rng.uniform(230, 440, n), rng.uniform(0, 24, n),
        np.where(rng.random(n) < 0.25, rng.uniform(0.5, 8, n), 0.0),
    )  # fmt: skip
    near = np.isfinite(receivers.tree.query(unit_vectors(fields.lat_deg, fields.lon_deg),
                                            distance_upper_bound=12 / EARTH_KM)[0])  # fmt: skip
    hears = near & (rng.random(len(fields)) < 0.6)
    uses = _uses(fields)
    dark = np.zeros(len(fields), bool)
    dark[uses["dark"]] = True
    return World(LIKE[like], fields, uses, receivers, hears, dark)


def bridge_base(world: World, rng: np.random.Generator, airline: bool) -> int:
    """Where an air bridge begins: a large field with at least some coverage, or a dark one."""
    fields = world.light["airline_here" if airline else "forces"]
    grades = [grade(world.fields.countries[r]) for r in fields]
    pool = fields[np.array(grades) != "dark"]
    return int(rng.choice(pool if rng.random() < 0.93 else world.light["dark"]))


def _uses(f: Airfields) -> dict[str, np.ndarray]:
    runway = np.nan_to_num(f.runway_ft)
    soft = np.nan_to_num(f.soft_ft)
    country = np.array(f.countries)
    dark = np.array([grade(c) == "dark" for c in f.countries])
    base = np.array(["air base" in n.lower() or "air force" in n.lower() for n in f.names])
    region = (f.lat_deg > -10) & (f.lat_deg < 62) & (f.lon_deg > -20) & (f.lon_deg < 62)
    near = np.isin(country, ["LY", "SY", "SD", "TD", "NE", "ML", "CF", "BF", "SS"])
    near |= region & dark & (rng_mix(f) < 0.15)
    large = runway >= 7000
    return {
        "hub": np.array([k == "large_airport" for k in f.kinds]),
        "airline": np.flatnonzero(f.scheduled & (runway >= 6000)),
        "airline_here": np.flatnonzero(f.scheduled & (runway >= 6000) & region),
        "prop": np.flatnonzero((f.scheduled & (runway >= 4000) & region)
                               | ((runway >= 3500) & (region | (country == "US"))
                                  & (rng_mix(f) < 0.2))),
        "business": np.flatnonzero((runway >= 5000) & (region | (country == "US"))),
        "forces": np.flatnonzero(large & region & (base | dark | (rng_mix(f) < 0.25))),
        "dark": np.flatnonzero(near & (runway >= 6500)),
        "dark_airline": np.flatnonzero(near & (runway >= 6500) & f.scheduled),
        # strips of which the table knows no runway are as real, and less used
        "light": np.flatnonzero(((runway >= 1500) | (soft >= 1500)
                                 | (np.isnan(f.runway_ft) & np.isnan(f.soft_ft)
                                    & (rng_mix(f) < 0.4)))
                                & ~f.heliport & np.isin(country, list(BRIGHT))),
        "pads": np.flatnonzero(np.isin(country, list(BRIGHT))),
    }  # fmt: skip


def rng_mix(f: Airfields) -> np.ndarray:
    """A fixed number in 0..1 for each field."""
    return (np.arange(len(f)) * 2654435761 % 1000) / 1000


def heard(r: Receivers, lat: np.ndarray, lon: np.ndarray, alt_ft: np.ndarray,
          hour: np.ndarray) -> np.ndarray:  # fmt: skip
    """How many receivers see each place: beyond the horizon, out of range, or off is unseen."""
    full = len(lat)
    every = 4 if full > 200 else 1  # receivers do not come and go within 20 s
    lat, lon, alt_ft, hour = lat[::every], lon[::every], alt_ft[::every], hour[::every]
    places = unit_vectors(lat, lon)
    chord, rows = r.tree.query(places, k=8, distance_upper_bound=430 / EARTH_KM)
    ok = np.isfinite(chord)
    rows = np.where(ok, rows, 0)
    km = chord * EARTH_KM
    sight = 4.12 * (np.sqrt(25.0) + np.sqrt(np.maximum(alt_ft, 0) * 0.3048))
    east = (lon[:, None] - r.lon[rows]) * np.cos(np.radians(lat))[:, None]
    north = lat[:, None] - r.lat[rows]
    sector = ((np.degrees(np.arctan2(east, north)) % 360) // 22.5).astype(int)
    limit = np.minimum(sight[:, None] * r.horizon[rows, sector], r.reach_km[rows])
    off = (hour[:, None] - r.off_from[rows]) % 24 < r.off_hours[rows]
    return np.repeat((ok & (km < limit) & ~off).sum(axis=1), every)[:full]
