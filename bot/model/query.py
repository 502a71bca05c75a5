"""What a feed is asked, what it says, and the fact that somebody looked.

Every kind of question names itself in stored looks (`key`). A reply that failed is no look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from bot.model.air import Icao24, Leg, Positions


@dataclass(frozen=True, slots=True)
class Everything:
    """All that the feed sees."""

    def key(self) -> str:
        return "all"


@dataclass(frozen=True, slots=True)
class Near:
    """A circle; public v2 feeds take at most 250 nm."""

    lat_deg: float
    lon_deg: float
    radius_nm: float

    def key(self) -> str:
        return f"near:{self.lat_deg:.3f},{self.lon_deg:.3f},{self.radius_nm:.0f}"


@dataclass(frozen=True, slots=True)
class Hexes:
    """Named airframes, wherever they are."""

    icao24: tuple[Icao24, ...]

    def key(self) -> str:
        return f"hex:{self.icao24[0]}+{len(self.icao24) - 1}"


@dataclass(frozen=True, slots=True)
class Military:
    """All airframes that the feed's database flags as military, wherever they are."""

    def key(self) -> str:
        return "mil"


@dataclass(frozen=True, slots=True)
class Type:
    """All airframes of one ICAO type designator, wherever they are."""

    code: str

    def key(self) -> str:
        return f"type:{self.code}"


@dataclass(frozen=True, slots=True)
class Flights:
    """Completed flights up to the end of one UTC day, from feeds that hand out legs."""

    kind: str  # 'departure' or 'arrival' at an airfield, 'aircraft', or 'all' of two hours
    of: str  # the airfield's ident, the address, or the hour in which the two begin ('04')
    day: date

    def key(self) -> str:
        return f"flights:{self.kind}:{self.of}"  # of any day: the same question every night


@dataclass(frozen=True, slots=True)
class Flown:
    """The path that one airframe flew at a time past, from feeds that keep tracks."""

    icao24: Icao24
    at: datetime

    def key(self) -> str:
        return f"track:{self.icao24}:{int(self.at.timestamp())}"


Query = Everything | Near | Hexes | Military | Type | Flights | Flown
"""What a feed can be asked; `key()` names it in stored looks."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One successful reply. `positions` may be empty: looked, and saw none."""

    feed: str
    query: Query
    time_s: float  # the feed's own clock for this reply, epoch s
    positions: Positions
    listed: int  # aircraft in the reply, with or without a usable position
    skipped: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    legs: tuple[Leg, ...] = ()  # feeds that hand out completed legs
    credits_left: float | None = None  # of the day's quota, as the feed told it; None: it did not
    drift: str = ""  # what was odd about the reply: junk, a form that has changed; never a secret


class Outcome(StrEnum):
    """How a poll ended. Only OK is a look; all else means nobody looked."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class Look:
    """The stored fact of one request: somebody looked, or could not."""

    feed: str
    query_key: str
    at: datetime
    outcome: Outcome
    aircraft: int = 0  # with a position; 0 unless OK
    detail: str = ""  # why not; never a secret
    age_s: float | None = None  # of the middle position when answered; None: none, or not known


@dataclass(frozen=True, slots=True)
class Presence:
    """One hour around one end of a watch, as stored."""

    ground: str  # names the place, not the watch
    hour_s: int  # epoch s of its start
    looked_s: float  # seconds of it for which somebody looked, 0..3600
    looks_ok: int
    looks_failed: int
    others: int  # distinct aircraft seen there that nobody watches
    feeds: str = ""  # names of those that looked, comma-joined; '' for nobody, or not known
