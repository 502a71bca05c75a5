"""What every feed's rows go through: sane addresses, callsigns, values, places and times.

Promises: nothing is dropped without being counted under one of the reasons below; what makes no
sense becomes 'unknown', never a zero.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.model.air import Positions, hex_of

Floats = npt.NDArray[np.float64]

# Why a listed aircraft gave no position row (the keys of `Snapshot.skipped`).
ANONYMOUS = "not an aircraft address"  # '~': TIS-B or anonymised, not a 24-bit ICAO address
BAD_ADDRESS = "bad address"
NO_POSITION = "no position"
VEHICLE = "ground vehicle"  # emitter category C
BAD_POSITION = "impossible position"
BAD_TIME = "impossible time"
DUPLICATE = "duplicate"
UNREADABLE = "unreadable record"
BAD_FIELD = "unreadable field"  # the record was kept, the field is unknown
BAD_UNITS = "unlikely units"  # the rows were kept, the field is unknown
GONE = "missing field"  # the rows were kept; a field they always had is in none of them
CLOCK_AHEAD = "clock ahead"  # the rows were kept, their times set back
ORDINARY = frozenset({ANONYMOUS, NO_POSITION, VEHICLE, DUPLICATE})
"""What every healthy feed sends; anything else is junk, or a form that has changed."""

_HEX = re.compile(r"[0-9a-f]{6}\Z")
_NOBODY = ("000000", "ffffff")  # what a transponder without an address sends
_CLOCK_SLACK_S = 5.0  # a decoder rounds: a fix may be 'younger than now' by less than this
_OLDEST_S = 3600.0  # the longest that any server keeps a fix is 40 min (ADS-C, by satellite)
_SAMPLE = 160  # characters of a record: enough to see what is wrong with it
# Beyond these a value is noise, not flight. The altitude bounds are those that Mode S can encode,
# with room for pressure altitude at a deep low; the rate is past any aircraft's.
BOUNDS = {"altitude": (-2000.0, 130_000.0), "speed": (0.0, 3000.0), "track": (0.0, 360.0),
          "rate": (-30_000.0, 30_000.0)}  # fmt: skip


class Skips(Counter[str]):
    """How many records or fields were skipped, by reason, and one sample of each reason."""

    def __init__(self) -> None:
        super().__init__()
        self.samples: dict[str, str] = {}

    def note(self, why: str, sample: object, count: int = 1) -> None:
        """Count some, and keep the first sample."""
        self[why] += count
        if count and why not in self.samples:
            self.samples[why] = repr(sample)[:_SAMPLE]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply in columns. `time_s` is the feed's own clock, epoch s."""

    time_s: float
    positions: Positions
    listed: int
    skipped: Mapping[str, int]  # by reason
    samples: Mapping[str, str] = field(default_factory=dict)  # of what was skipped, by reason

    @classmethod
    def of(cls, time_s: float, positions: Positions, listed: int, skips: Skips) -> "Parsed":
        """With the reasons that occurred."""
        counts = {why: n for why, n in skips.items() if n}
        return cls(time_s, positions, listed, counts, skips.samples)


def addressed(text: str | None, counts: Skips) -> bool:
    """Whether this is an aircraft's own 24-bit address; counts why not."""
    if text and _HEX.match(text) and text not in _NOBODY:  # nearly all: one look is enough
        return True
    address = text.strip().lower() if text else ""
    if address.startswith("~"):
        counts[ANONYMOUS] += 1
        return False
    if not _HEX.match(address) or address in _NOBODY:
        counts.note(BAD_ADDRESS, text)
        return False
    return True


@lru_cache(maxsize=65_536)  # the same aircraft come with every poll
def callsign(text: str | None) -> bytes:
    """As sent, without padding; what no crew can key in (N/A, @@@@@@@@) is 'none heard'."""
    if not text:
        return b""
    clean = text.strip().upper()
    return clean.encode()[:8] if clean.isascii() and clean.isalnum() else b""


def within(values: Floats, kind: str) -> Floats:
    """What lies outside the possible (`BOUNDS`) becomes unknown."""
    low, high = BOUNDS[kind]
    return np.where((values >= low) & (values <= high), values, np.nan)


def sound(positions: Positions, age_s: Floats, counts: Skips) -> Positions:
    """Without impossible places and times, and with one row an aircraft: its newest.

    `age_s`: of each fix at the time of the reply, as it was sent.
    """
    lat, lon = positions.lat_deg, positions.lon_deg
    placed = (np.abs(lat) <= 90) & (np.abs(lon) <= 180) & ~((lat == 0) & (lon == 0))
    timed = (age_s >= -_CLOCK_SLACK_S) & (age_s <= _OLDEST_S) & (positions.time_s > 0)  # not NaN
    good = np.flatnonzero(placed & timed)
    if len(good) < len(positions):
        _note_rows(positions, ~placed, BAD_POSITION, age_s, counts)
        _note_rows(positions, placed & ~timed, BAD_TIME, age_s, counts)
    address = np.sort(positions.icao24[good])
    if not (address[1:] == address[:-1]).any():
        return positions if len(good) == len(positions) else positions.take(good)
    order = good[np.lexsort((positions.time_s[good], positions.icao24[good]))]
    address = positions.icao24[order]
    newest = order[np.append(address[1:] != address[:-1], True)]
    counts[DUPLICATE] += len(good) - len(newest)
    return positions.take(np.sort(newest))


def _note_rows(positions: Positions, rows: npt.NDArray[np.bool_], why: str, age_s: Floats,
               counts: Skips) -> None:  # fmt: skip
    if rows.any():
        i = int(np.argmax(rows))
        sample = {"hex": hex_of(int(positions.icao24[i])), "lat": float(positions.lat_deg[i]),
                  "lon": float(positions.lon_deg[i]), "age_s": float(age_s[i])}  # fmt: skip
        counts.note(why, sample, int(rows.sum()))
