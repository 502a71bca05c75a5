"""ADS-B frames as a transponder sends them, and as a receiver passes them on (Beast binary).

Enough of DO-260B for tests: airborne position (type code 11, compact position reporting),
ground velocity (19/1) and identification (4). Aircraft must move consistently: decoders reject
positions that do not follow from speed and time.
"""

import math

ALPHABET = "#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######"
GENERATOR = 0x1FFF409  # Mode S parity polynomial
ZONES = 15  # latitude zones a quarter of the globe
CPR_STEPS = 1 << 17


def parity(data: bytes) -> int:
    """The 24-bit Mode S remainder of `data`."""
    rest = 0
    for byte in data:
        rest ^= byte << 16
        for _ in range(8):
            rest <<= 1
            if rest & 0x1000000:
                rest ^= GENERATOR
    return rest & 0xFFFFFF


def extended_squitter(icao24: int, message: int) -> bytes:
    """DF17 with its parity, 14 bytes; `message` is the 56-bit ME field."""
    data = bytes([0x8D]) + icao24.to_bytes(3, "big") + message.to_bytes(7, "big")
    return data + parity(data).to_bytes(3, "big")


def longitude_zones(lat_deg: float) -> int:
    """How many longitude zones the compact format has at a latitude: 1 to 59."""
    if abs(lat_deg) < 1e-9:
        return 59
    if abs(lat_deg) > 87:
        return 1
    shrink = 1 - math.cos(math.pi / (2 * ZONES))
    return int(2 * math.pi / math.acos(1 - shrink / math.cos(math.radians(lat_deg)) ** 2))


def position(icao24: int, lat_deg: float, lon_deg: float, altitude_ft: float, odd: bool) -> bytes:
    """An airborne position; a decoder needs one even and one odd within 10 s."""
    steps = int((altitude_ft + 1000) // 25)
    altitude = ((steps >> 4) << 5) | 0x10 | (steps & 0xF)  # the Q bit: 25-ft steps
    zone_lat = 360 / (4 * ZONES - odd)
    y = math.floor(CPR_STEPS * ((lat_deg % zone_lat) / zone_lat) + 0.5)
    lat_as_sent = zone_lat * (y / CPR_STEPS + math.floor(lat_deg / zone_lat))
    zone_lon = 360 / max(longitude_zones(lat_as_sent) - odd, 1)
    x = math.floor(CPR_STEPS * ((lon_deg % zone_lon) / zone_lon) + 0.5)
    place = ((y % CPR_STEPS) << 17) | (x % CPR_STEPS)
    return extended_squitter(icao24, (11 << 51) | (altitude << 36) | (odd << 34) | place)


def velocity(icao24: int, speed_kt: float, track_deg: float, rate_fpm: float) -> bytes:
    """Speed over ground with a barometric vertical rate."""
    east = round(speed_kt * math.sin(math.radians(track_deg)))
    north = round(speed_kt * math.cos(math.radians(track_deg)))
    climb = round(rate_fpm / 64)
    axes = ((east < 0) << 21) | ((abs(east) + 1) << 11) | ((north < 0) << 10) | (abs(north) + 1)
    rate = (1 << 10) | ((climb < 0) << 9) | (abs(climb) + 1)  # first bit: barometric source
    return extended_squitter(icao24, (19 << 51) | (1 << 48) | (axes << 21) | (rate << 10))


def identification(icao24: int, callsign: str) -> bytes:
    """The callsign of a heavy aircraft, padded to eight with blanks."""
    message = (4 << 51) | (5 << 48)
    for i, letter in enumerate(f"{callsign:<8}"[:8]):
        message |= ALPHABET.index(letter) << (42 - 6 * i)
    return extended_squitter(icao24, message)


def beast(frame: bytes, ticks: int = 0, signal: int = 0x80) -> bytes:
    """A Mode S frame in Beast framing: escape, type ('2' of 7 bytes, '3' of 14), 12 MHz time,
    signal, frame, with every escape byte in the body doubled."""
    body = (ticks % (1 << 48)).to_bytes(6, "big") + bytes([signal]) + frame
    kind = b"3" if len(frame) == 14 else b"2"
    return b"\x1a" + kind + body.replace(b"\x1a", b"\x1a\x1a")


def avr(frame: bytes) -> bytes:
    """A frame as AVR text."""
    return b"*" + frame.hex().encode() + b";\n"
