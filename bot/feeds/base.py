"""What feeds share: unpacking within bounds, judging a clock, answering a query from a whole sky.

Promises: no reply, however packed, grows past its limit in memory. Refuses (Garbled): a body
that is too large, or damaged gzip.
"""

from datetime import datetime

import numpy as np
from isal import isal_zlib

from bot import geo
from bot.errors import Garbled, Unavailable
from bot.model.air import Positions
from bot.model.query import Everything, Flights, Flown, Military, Near, Query, Type

CLOCK_TOLERANCE_S = 300.0
"""A reply this far from our clock is a frozen server, a cache, or a wrong clock (theirs or ours):
none of them tells what is in the air now. Five minutes is far past any upstream delay seen."""

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's code for 'gzip wrapper, largest window'
_DAMAGED: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub names no class


def unpack(body: bytes, max_bytes: int, what: str) -> bytes:
    """Plain bytes as they are, gzip bytes inflated (told by their first two bytes, not by name).

    Raises Garbled when the result would be larger than `max_bytes`, or the gzip is damaged.
    """
    parts: list[bytes] = []
    room = max_bytes
    while body.startswith(_GZIP):  # a gzip file may be several members in a row
        inflater = isal_zlib.decompressobj(_GZIP_WINDOW)
        try:
            part = inflater.decompress(body, room + 1)
        except _DAMAGED as exc:
            raise Garbled(f"{what}: damaged gzip ({exc})") from exc
        parts.append(part)
        room -= len(part)
        if room < 0:
            raise Garbled(f"{what}: more than {max_bytes} bytes when unpacked")
        if not inflater.eof:
            raise Garbled(f"{what}: truncated gzip")
        body = inflater.unused_data
    if parts:
        return b"".join(parts)
    if len(body) > max_bytes:
        raise Garbled(f"{what}: more than {max_bytes} bytes")
    return body


def check_clock(time_s: float, now: datetime, what: str) -> None:
    """Raise Unavailable when a reply with the clock `time_s` is not about the present."""
    behind_s = now.timestamp() - time_s
    if abs(behind_s) > CLOCK_TOLERANCE_S:
        way = "behind" if behind_s > 0 else "ahead of"
        raise Unavailable(
            f"{what}: its clock is {abs(behind_s) / 60:.0f} min {way} ours: "
            "the data is frozen, or one of the two clocks is wrong"
        )


def select(positions: Positions, query: Query) -> Positions:
    """The rows that `query` asks for, from a source that can only give everything."""
    if isinstance(query, Everything):
        return positions
    if isinstance(query, Near):
        lat, lon = np.array(query.lat_deg), np.array(query.lon_deg)
        km = geo.distances_km(lat, lon, positions.lat_deg, positions.lon_deg)
        return positions.take(km <= query.radius_nm * geo.KM_PER_NM)
    if isinstance(query, Military):
        return positions.take(positions.military)
    if isinstance(query, Type):
        return positions.take(positions.type_code == query.code.encode())
    if isinstance(query, Flights | Flown):
        return Positions.empty()  # the sky of the moment holds nothing of the past
    wanted = [int(icao24, 16) for icao24 in query.icao24]
    return positions.take(np.isin(positions.icao24, wanted))
