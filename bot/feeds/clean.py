"""What every feed's rows go through: sane addresses, callsigns, values, places and times.

Promises: nothing is dropped without being counted under one of the reasons below; what makes no
sense becomes 'unknown', never a zero.
"""

import re
from collections import Counter
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.model.air import Positions

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

_HEX = re.compile(r"[0-9a-f]{6}\Z")
_NOBODY = ("000000", "ffffff")  # what a transponder without an address sends
_CLOCK_SLACK_S = 5.0  # a decoder rounds: a fix may be 'younger than now' by less than this
# Beyond these a value is noise, not flight. The altitude bounds are those that Mode S can encode,
# with room for pressure altitude at a deep low; the rate is past any aircraft's.
BOUNDS = {"altitude": (-2000.0, 130_000.0), "speed": (0.0, 3000.0), "track": (0.0, 360.0),
          "rate": (-30_000.0, 30_000.0)}  # fmt: skip


def addressed(text: str | None, counts: Counter[str]) -> bool:
    """Whether this is an aircraft's own 24-bit address; counts why not."""
    if text and _HEX.match(text) and text not in _NOBODY:  # nearly all: one look is enough
        return True
    address = text.strip().lower() if text else ""
    if address.startswith("~"):
        counts[ANONYMOUS] += 1
        return False
    if not _HEX.match(address) or address in _NOBODY:
        counts[BAD_ADDRESS] += 1
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


def sound(positions: Positions, age_s: Floats, counts: Counter[str]) -> Positions:
    """Without impossible places and times, and with one row an aircraft: its newest.

    `age_s`: of each fix at the time of the reply, as it was sent.
    """
    lat, lon = positions.lat_deg, positions.lon_deg
    placed = (np.abs(lat) <= 90) & (np.abs(lon) <= 180) & ~((lat == 0) & (lon == 0))
    timed = np.isfinite(age_s) & (age_s >= -_CLOCK_SLACK_S) & (positions.time_s > 0)
    counts[BAD_POSITION] += int(np.sum(~placed))
    counts[BAD_TIME] += int(np.sum(placed & ~timed))
    good = np.flatnonzero(placed & timed)
    order = good[np.lexsort((positions.time_s[good], positions.icao24[good]))]
    address = positions.icao24[order]
    newest = order[np.append(address[1:] != address[:-1], True)] if len(order) else order
    counts[DUPLICATE] += len(good) - len(newest)
    return positions.take(np.sort(newest))
