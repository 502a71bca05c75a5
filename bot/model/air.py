"""The sky: positions, aircraft, airfields, legs.

Positions are columns, never an object each: a world snapshot has 17,000 of them every minute.
Times in nouns are aware UTC datetimes; times in columns are epoch seconds. Units live in names.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, NewType

import numpy as np
import numpy.typing as npt

Icao24 = NewType("Icao24", str)  # 24-bit address, six lower-case hex digits
Callsign = NewType("Callsign", str)  # stripped, upper case, never empty

SOURCES = ("adsb_icao", "adsb_icao_nt", "adsr_icao", "tisb_icao", "adsc", "mlat", "other",
           "mode_s", "adsb_other", "adsr_other", "tisb_other", "tisb_trackfile")  # fmt: skip
"""Where a position comes from, best first (readsb's `type`); `Positions.source` is the index."""


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Position reports as columns; every array has shape (n,). Unknown numbers are NaN.

    Rows have a position and a true 24-bit address; rows of one aircraft are in time order
    within one `Positions` only if its maker says so.
    """

    icao24: npt.NDArray[np.uint32]
    time_s: npt.NDArray[np.float64]  # epoch s of the fix itself (now - seen_pos), not of the reply
    lat_deg: npt.NDArray[np.float64]
    lon_deg: npt.NDArray[np.float64]
    altitude_ft: npt.NDArray[np.float32]  # barometric; NaN on the ground or unknown
    on_ground: npt.NDArray[np.bool_]
    ground_speed_kt: npt.NDArray[np.float32]
    track_deg: npt.NDArray[np.float32]
    vertical_rate_fpm: npt.NDArray[np.float32]
    source: npt.NDArray[np.uint8]  # index into SOURCES
    callsign: npt.NDArray[np.bytes_]  # S8, stripped, b"" = none heard
    registration: npt.NDArray[np.bytes_]  # S12, b"" = not told by the feed
    type_code: npt.NDArray[np.bytes_]  # S4 ICAO designator, b"" = not told
    military: npt.NDArray[np.bool_]  # the feed's database flag; False = not flagged, NOT civil

    def __len__(self) -> int:
        return len(self.icao24)

    @classmethod
    def of(cls, icao24: npt.ArrayLike, time_s: npt.ArrayLike, lat_deg: npt.ArrayLike,
           lon_deg: npt.ArrayLike, **columns: npt.ArrayLike) -> "Positions":  # fmt: skip
        """Build from whatever columns are at hand; the rest becomes 'unknown'."""
        given = {**columns, "icao24": icao24, "time_s": time_s, "lat_deg": lat_deg,
                 "lon_deg": lon_deg}  # fmt: skip
        n = len(np.asarray(icao24))
        return cls(**{
            k: np.asarray(given[k]).astype(t, copy=False) if k in given
            else np.full(n, _UNKNOWN.get(k, 0), t) for k, t in _DTYPES.items()
        })  # fmt: skip

    @classmethod
    def empty(cls) -> "Positions":
        """No rows."""
        return cls.of([], [], [], [])

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Positions":
        """The chosen rows (mask or indices)."""
        return Positions(*(getattr(self, k)[rows] for k in _DTYPES))


_DTYPES: dict[str, npt.DTypeLike] = {
    "icao24": np.uint32, "time_s": np.float64, "lat_deg": np.float64, "lon_deg": np.float64,
    "altitude_ft": np.float32, "on_ground": np.bool_, "ground_speed_kt": np.float32,
    "track_deg": np.float32, "vertical_rate_fpm": np.float32, "source": np.uint8,
    "callsign": "S8", "registration": "S12", "type_code": "S4", "military": np.bool_,
}  # fmt: skip
_UNKNOWN = {
    **dict.fromkeys(("altitude_ft", "ground_speed_kt", "track_deg", "vertical_rate_fpm"), np.nan),
    **dict.fromkeys(("callsign", "registration", "type_code"), b""),
}


def hex_of(icao24: int) -> Icao24:
    """The address as text: 0x154076 -> '154076'."""
    return Icao24(f"{int(icao24):06x}")


# ------------------------------------------------------------------------- places and aircraft


@dataclass(frozen=True, slots=True)
class Airfield:
    """A place where aircraft land. `ident` is an ICAO code or a local stand-in (HL59)."""

    ident: str
    name: str
    lat_deg: float
    lon_deg: float
    elevation_ft: float | None  # None: unknown or refused by validation
    runway_ft: float | None  # longest hard runway; None: unknown
    country: str = ""  # ISO 3166-1 alpha-2
    kind: str = ""  # the table's `type`: never used to judge size (al-Khadim is 'small_airport')


@dataclass(frozen=True, slots=True)
class Aircraft:
    """What is known of an airframe on one leg. None is unknown, not 'no'."""

    icao24: Icao24
    callsign: Callsign | None = None
    registration: str | None = None
    type_code: str | None = None
    military: bool | None = None
    operator: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2 of the state whose block the address is in


# ------------------------------------------------------------------------------------------ legs


class How(StrEnum):
    """How an end of a leg is known, best first."""

    SURFACE = "surface"  # seen on the ground there
    LOW = "low"  # seen low and close, climbing away or descending to it
    STOP = "stop"  # inferred jointly from both sides of an unseen stop
    PROJECTED = "projected"  # inferred from one side only
    UNKNOWN = "unknown"


class Report(NamedTuple):
    """A report next to a stop: epoch seconds, degrees, knots."""

    time_s: float
    lat_deg: float
    lon_deg: float
    speed_kt: float


@dataclass(frozen=True, slots=True)
class Between:
    """A stop heard from both sides whose field is open, as a habit is asked of it.

    `ends`: the fields of the stops before and after it, '' where unknown; `calls`: of the flights
    to and from it; `first_s`: first report of the flight to it, NaN where there was none; `least`:
    how likely a field must be to be named without a habit; `odds`: (ident, probability) by all that
    was seen of the airframe, best first.
    """

    lost: Report
    found: Report
    ends: tuple[str, str]
    calls: tuple[str, str]
    first_s: float
    light: bool
    least: float
    odds: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a leg. Unknown is an answer.

    `airfield` is the best candidate when one may be named, else None. `candidates` is the whole
    calibrated belief: (ident, probability), best first, summing to at most 1; what is missing is
    'somewhere else'. `area` names where it is when no field can be ('Libya'). `lat_deg`/`lon_deg`/
    `altitude_ft` are the last (first) fix that the belief rests on.
    """

    airfield: str | None = None
    how: How = How.UNKNOWN
    confidence: float = 0.0  # that `airfield` is right, 0..1; 0 when it is None
    area: str | None = None
    candidates: tuple[tuple[str, float], ...] = ()
    lat_deg: float | None = None
    lon_deg: float | None = None
    altitude_ft: float | None = None
    # course (degrees) and speed (kt) there while a habit may still tell the field; never stored
    going: tuple[float, float] | None = None
    between: Between | None = None  # of a stop heard from both sides, in the same case


NOWHERE = End()


@dataclass(frozen=True, slots=True)
class Leg:
    """One airframe's flight between two stops.

    `id` is stable while a live leg is revised. An unknown end is not a different airfield, and is
    never guessed silently. `takeoff`/`landing` are observed or estimated; None when unknown.
    """

    id: str
    icao24: Icao24
    first_seen: datetime
    last_seen: datetime
    origin: End = NOWHERE
    destination: End = NOWHERE
    takeoff: datetime | None = None
    landing: datetime | None = None
    callsign: Callsign | None = None
    registration: str | None = None
    type_code: str | None = None
    military: bool | None = None
    source: str = ""  # feed names, comma-joined
    final: bool = False  # no later observation can revise it

    @property
    def day(self) -> date:
        """The UTC day it counts on: of its take-off, else of when it was first seen."""
        return (self.takeoff or self.first_seen).date()


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """An observed path, thinned for drawing; arrays of shape (n,), in time order."""

    icao24: Icao24
    time_s: npt.NDArray[np.float64]
    lat_deg: npt.NDArray[np.float64]
    lon_deg: npt.NDArray[np.float64]
    altitude_ft: npt.NDArray[np.float32]  # NaN unknown, 0 on the ground
