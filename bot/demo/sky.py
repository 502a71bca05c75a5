"""How a simulated aircraft moves: taxi, take-off, climb, cruise, a three-degree descent, taxi in.

Promises: motion is physical (distance flown = speed x time, height = rate x time, no jumps) and a
pure function of the flight. Refuses: wind, turns of finite radius, holding; none changes where a
leg begins or ends. Nothing here knows who hears the aircraft; that is `ears.py`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.geo import Floats
from bot.model.air import Icao24

Bools = npt.NDArray[np.bool_]
EARTH_NM = geo.EARTH_KM / geo.KM_PER_NM
GLIDE_FT_PER_NM = 318.4  # tan 3 degrees x 6076 ft
LIFT_OFF_KT, TOUCHDOWN_KT, TAXI_KT = 150.0, 140.0, 12.0
ROLL_S = 42.0  # brakes released to lift-off, and touchdown to taxi speed
HOLD_S = 150.0  # standing with the transponder on, before taxi and after
DEPARTURE_FIX_NM, APPROACH_FIX_NM = 4.0, 7.0  # flown in line with the runway
_ROLL_OUT_NM = LIFT_OFF_KT * ROLL_S / 7200  # constant acceleration: half the last speed
_ROLL_IN_NM = TOUCHDOWN_KT * ROLL_S / 7200
TOUCHDOWN_NM = _ROLL_IN_NM / 2  # before the reference point, so that the roll straddles it
BEFORE_S = HOLD_S + _ROLL_OUT_NM / TAXI_KT * 3600 + ROLL_S  # first heard to lift-off


@dataclass(frozen=True, slots=True)
class Place:
    """An airfield of the simulated sky. `runway_deg`: true direction of one runway end."""

    ident: str
    lat_deg: float
    lon_deg: float
    elevation_ft: float = 0.0
    runway_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Flight:
    """One flight as planned. Texts are "" where the world does not know them.

    `takeoff_s` is the moment of lift-off, epoch s. The transponder is silent until the climb
    passes `on_above_ft`, again once the descent passes `off_below_ft`, and in the `holes`
    (pairs of epoch s); None: on all the time, on the ground too.
    """

    icao24: Icao24
    origin: Place
    destination: Place
    takeoff_s: float
    cruise_ft: float = 35_000.0
    cruise_kt: float = 450.0
    climb_fpm: float = 2_300.0
    via: tuple[tuple[float, float], ...] = ()
    callsign: str = ""
    registration: str = ""
    type_code: str = ""
    military: bool = False
    on_above_ft: float | None = None
    off_below_ft: float | None = None
    holes: tuple[tuple[float, float], ...] = ()


class State(NamedTuple):
    """Where an aircraft truly is; arrays of shape (n,)."""

    lat_deg: Floats
    lon_deg: Floats
    height_ft: Floats  # above sea level
    ground_speed_kt: Floats
    track_deg: Floats
    rate_fpm: Floats
    on_ground: Bools

    def take(self, kept: npt.NDArray[np.intp]) -> "State":
        """The moments with these indices."""
        return State(*(np.asarray(column)[kept] for column in self))  # type: ignore[arg-type]


class Path:
    """A flight made continuous: `at` any moment between `begin_s` and `end_s`."""

    __slots__ = ("_along_nm", "_cruise_s", "_height_ft", "_line", "_speed_kt", "_time_s",
                 "begin_s", "end_s", "flight", "landing_s", "takeoff_s")  # fmt: skip

    def __init__(self, flight: Flight) -> None:
        self.flight = flight
        self._line = _Line(_corners(flight))
        knots, marks_s = _profile(flight, self._line.length_nm)
        self._time_s, self._along_nm, self._height_ft, self._speed_kt = knots
        self._time_s = self._time_s + flight.takeoff_s
        self.takeoff_s = flight.takeoff_s
        self.begin_s, self.end_s = float(self._time_s[0]), float(self._time_s[-1])
        top_s, down_s, self.landing_s = (flight.takeoff_s + mark_s for mark_s in marks_s)
        self._cruise_s = (top_s, down_s)

    def at(self, time_s: Floats) -> State:
        """The state at each moment (epoch s, shape (n,)); outside the flight: its first or last."""
        speed = np.interp(time_s, self._time_s, self._speed_kt)
        lat, lon, track = self._line.at(np.interp(time_s, self._time_s, self._along_nm))
        around = np.interp(np.stack([time_s - 5, time_s + 5]), self._time_s, self._height_ft)
        return State(
            lat_deg=lat,
            lon_deg=lon,
            height_ft=np.interp(time_s, self._time_s, self._height_ft),
            ground_speed_kt=np.abs(speed),
            track_deg=np.where(speed < 0, track + 180, track) % 360,  # taxies back along the runway
            rate_fpm=(around[1] - around[0]) * 6,
            on_ground=(time_s < self.takeoff_s) | (time_s > self.landing_s),
        )

    def transponder_on(self, time_s: Floats, height_ft: Floats) -> Bools:
        """Whether it transmits at each moment, shape (n,) bool."""
        on = (time_s >= self.begin_s) & (time_s <= self.end_s)
        flight, (top_s, down_s) = self.flight, self._cruise_s
        if flight.on_above_ft is not None:
            on &= (time_s > top_s) | (height_ft >= flight.on_above_ft) & (time_s > self.takeoff_s)
        if flight.off_below_ft is not None:
            on &= (time_s < down_s) | (height_ft >= flight.off_below_ft) & (time_s < self.landing_s)
        for start_s, stop_s in flight.holes:
            on &= (time_s < start_s) | (time_s > stop_s)
        return on


class _Line:
    """A chain of great circles through corners (lat, lon), measured along in nm."""

    def __init__(self, corners: list[tuple[float, float]]) -> None:
        lat, lon = zip(*corners, strict=True)
        self._v = geo.unit_vectors(lat, lon)
        dots = np.clip((self._v[:-1] * self._v[1:]).sum(axis=1), -1, 1)
        self._angle = np.maximum(np.arccos(dots), 1e-9)
        self._start_nm = np.concatenate([[0.0], np.cumsum(self._angle) * EARTH_NM])
        self.length_nm = float(self._start_nm[-1])

    def at(self, along_nm: Floats) -> tuple[Floats, Floats, Floats]:
        """(lat, lon, track), degrees; before 0 and past the end the outer circles go on."""
        i = np.clip(np.searchsorted(self._start_nm, along_nm, "right") - 1, 0, len(self._angle) - 1)
        angle = self._angle[i][:, None]
        done = ((along_nm - self._start_nm[i]) / EARTH_NM)[:, None]
        a, b = self._v[i], self._v[i + 1]
        here = (np.sin(angle - done) * a + np.sin(done) * b) / np.sin(angle)
        ahead = np.cos(done) * b - np.cos(angle - done) * a  # tangent, any length
        x, y, z = here.T
        lat, lon = np.arcsin(np.clip(z, -1, 1)), np.arctan2(y, x)
        east = ahead[:, 1] * np.cos(lon) - ahead[:, 0] * np.sin(lon)
        north = ahead[:, 2] * np.cos(lat) - np.sin(lat) * (
            ahead[:, 0] * np.cos(lon) + ahead[:, 1] * np.sin(lon)
        )
        return np.degrees(lat), np.degrees(lon), np.degrees(np.arctan2(east, north)) % 360


def offset(lat: float, lon: float, bearing_deg: float, nm: float) -> tuple[float, float]:
    """The point so many nm away on a bearing: (lat, lon)."""
    p, b, d = np.radians(lat), np.radians(bearing_deg), nm / EARTH_NM
    q = np.arcsin(np.sin(p) * np.cos(d) + np.cos(p) * np.sin(d) * np.cos(b))
    turn = np.arctan2(np.sin(b) * np.sin(d) * np.cos(p), np.cos(d) - np.sin(p) * np.sin(q))
    return float(np.degrees(q)), float((lon + np.degrees(turn) + 180) % 360 - 180)


def _corners(flight: Flight) -> list[tuple[float, float]]:
    """Fields, way points, and the fixes that line the aircraft up with its runways."""
    a, b = flight.origin, flight.destination
    ends = [(a.lat_deg, a.lon_deg), *flight.via, (b.lat_deg, b.lon_deg)]
    out = _in_line(a, geo.bearing_deg(*ends[0], *ends[1]), DEPARTURE_FIX_NM)
    back = _in_line(b, geo.bearing_deg(*ends[-1], *ends[-2]), APPROACH_FIX_NM)
    return [ends[0], *out, *flight.via, *back, ends[-1]]


def _in_line(place: Place, towards_deg: float, nm: float) -> list[tuple[float, float]]:
    """The fix off that runway end which is nearer to the wanted direction."""
    if place.runway_deg is None:
        return []
    off_deg = abs((towards_deg - place.runway_deg + 180) % 360 - 180)
    heading = place.runway_deg if off_deg <= 90 else place.runway_deg + 180
    return [offset(place.lat_deg, place.lon_deg, heading, nm)]


def _speed_kt(height_ft: Floats, elevation_ft: float, cruise_ft: float, cruise_kt: float) -> Floats:
    """A transport's habit: slow near the field, 280 kt about 10,000 ft, then up to cruise."""
    top = max(cruise_ft, elevation_ft + 10_001)
    steps = [elevation_ft + h for h in (0, 1_500, 3_000, 10_000)]
    return np.interp(height_ft, [*steps, top], [145, 170, 205, 280, cruise_kt])


def _profile(
    flight: Flight, length_nm: float
) -> tuple[tuple[Floats, Floats, Floats, Floats], tuple[float, float, float]]:
    """Knots (time from lift-off s, along nm, height ft, signed speed kt), and the marks: top of
    climb, top of descent, touchdown, s. A leg too short for its cruise height cruises lower.
    Raises ValueError when it is too short for any."""
    cruise_ft = flight.cruise_ft
    lowest_ft = max(flight.origin.elevation_ft, flight.destination.elevation_ft) + 1_000
    while True:
        climb, descent = _climb(flight, cruise_ft), _descent(flight, cruise_ft)
        level_nm = length_nm - TOUCHDOWN_NM - climb[1][-1] - descent[1][-1]
        if level_nm >= 0:
            break
        if cruise_ft <= lowest_ft:
            ends = f"{flight.origin.ident} to {flight.destination.ident}"
            raise ValueError(f"{ends}: {length_nm:.0f} nm is too short for a climb and a descent")
        cruise_ft = max(0.93 * cruise_ft, lowest_ft)
    top_s = float(climb[0][-1])
    down_s = top_s + level_nm / ((climb[3][-1] + descent[3][0]) / 7200)
    touch_s = down_s + float(descent[0][-1])
    descent[0] += down_s
    descent[1] += length_nm - TOUCHDOWN_NM - descent[1][-1]
    parts = [_taxi_out(flight), climb, descent, _taxi_in(flight, touch_s, length_nm)]
    time_s, along_nm, height_ft, speed_kt = (np.concatenate(c) for c in zip(*parts, strict=True))
    return (time_s, along_nm, height_ft, speed_kt), (top_s, down_s, touch_s)


def _taxi_out(flight: Flight) -> list[Floats]:
    """Stands, taxies back along the runway, rolls; lift-off at the reference point, time 0."""
    moving_s, low = HOLD_S - BEFORE_S, flight.origin.elevation_ft
    standing = [
        np.array([-BEFORE_S, moving_s, moving_s + 1, -ROLL_S - 1]),
        np.array([0.0, 0.0, -TAXI_KT / 3600, -_ROLL_OUT_NM]),
        np.full(4, low),
        np.array([0.0, 0.0, -TAXI_KT, -TAXI_KT]),
    ]
    return _joined(standing, _roll(-ROLL_S, -_ROLL_OUT_NM, low, 0.0, LIFT_OFF_KT))


def _taxi_in(flight: Flight, touch_s: float, length_nm: float) -> list[Floats]:
    """Touches down, rolls out, taxies back to the reference point, stands."""
    touch_nm, low = length_nm - TOUCHDOWN_NM, flight.destination.elevation_ft
    stop_s, stop_nm = touch_s + ROLL_S, touch_nm + _ROLL_IN_NM
    taxi_s = (stop_nm - length_nm) / TAXI_KT * 3600
    standing = [
        stop_s + np.array([1, 1 + taxi_s, 2 + taxi_s, 2 + taxi_s + HOLD_S]),
        np.array([stop_nm, length_nm, length_nm, length_nm]),
        np.full(4, low),
        np.array([-TAXI_KT, -TAXI_KT, 0.0, 0.0]),
    ]
    return _joined(_roll(touch_s, touch_nm, low, TOUCHDOWN_KT, 0.0), standing)


def _joined(first: list[Floats], then: list[Floats]) -> list[Floats]:
    return [np.concatenate(pair) for pair in zip(first, then, strict=True)]


def _roll(
    start_s: float, start_nm: float, height_ft: float, from_kt: float, to_kt: float
) -> list[Floats]:
    """A runway roll at constant acceleration."""
    t = np.linspace(0, ROLL_S, 15)
    speed = from_kt + (to_kt - from_kt) * t / ROLL_S
    along_nm = start_nm + (from_kt + speed) / 2 * t / 3600
    return [start_s + t, along_nm, np.full(len(t), height_ft), speed]


def _climb(flight: Flight, cruise_ft: float) -> list[Floats]:
    low = flight.origin.elevation_ft
    height = np.linspace(low, cruise_ft, 60)
    speed = _speed_kt(height, low, flight.cruise_ft, flight.cruise_kt)
    time_s = (height - low) / flight.climb_fpm * 60
    steps = np.diff(time_s) * (speed[1:] + speed[:-1]) / 7200
    return [time_s, np.concatenate([[0.0], np.cumsum(steps)]), height, speed]


def _descent(flight: Flight, cruise_ft: float) -> list[Floats]:
    low = flight.destination.elevation_ft
    height = np.linspace(cruise_ft, low, 60)
    speed = _speed_kt(height, low, flight.cruise_ft, flight.cruise_kt)
    along = (cruise_ft - height) / GLIDE_FT_PER_NM
    steps = np.diff(along) / (speed[1:] + speed[:-1]) * 7200
    return [np.concatenate([[0.0], np.cumsum(steps)]), along, height, speed]
