"""The list of aircraft of a snapshot (readsb's `aircraft.json` and its relatives) to columns.

Decoders leave out what they do not know. One that writes null is another dialect: given up.
"""

import numpy as np

from bot.scan.grammar import (
    AGE,
    CLOSE,
    COMMA,
    END,
    GAVE_UP,
    GEOM_RATE,
    GS,
    LAT,
    LON,
    NINE,
    NO_SOURCE,
    NULL,
    OPEN,
    POINT,
    RATE,
    SEEN,
    TRACK,
    ZERO,
    altitude,
    blank,
    digits,
    jit,
    key,
    number,
    packed_key,
    plain,
    skip,
)  # fmt: skip

_HEX, _TYPE, _FLIGHT, _R, _T = map(packed_key, ("hex", "type", "flight", "r", "t"))
_FLAGS, _CATEGORY, _LAT, _LON = map(packed_key, ("dbFlags", "category", "lat", "lon"))
_ALT, _GS, _TRACK, _BARO = map(packed_key, ("alt_baro", "gs", "track", "baro_rate"))
_GEOM, _SEEN_POS, _SEEN = map(packed_key, ("geom_rate", "seen_pos", "seen"))


@jit
def _keep(b, i, end, out, call):
    """Printable text without blanks around it, upper case, cut to `out`; a `call`sign that no crew
    can key in is left out."""
    out[:] = 0
    while i < end and b[i] == 32:
        i += 1
    while end > i and b[end - 1] == 32:
        end -= 1
    for k in range(end - i):
        c = b[i + k]
        if 97 <= c <= 122:
            c -= 32
        if call and not (ZERO <= c <= NINE or 65 <= c <= 90):
            out[:] = 0
            return
        if k < len(out):
            out[k] = c


@jit
def _address(b, i, end):
    """Of six hexadecimal digits that are somebody's, else 0."""
    value = np.uint32(0)
    if end - i != 6:
        return value
    for k in range(i, end):
        c = b[k]
        if ZERO <= c <= NINE:
            c -= ZERO
        elif 97 <= c <= 102:
            c -= 87
        elif 65 <= c <= 70:
            c -= 55
        else:
            return np.uint32(0)
        value = value * np.uint32(16) + np.uint32(c)
    return value if value != 0xFFFFFF else np.uint32(0)


@jit
def _source(b, i, end, sources):
    """Which of `sources` (rows padded with zeros) it is; their number if none; NO_SOURCE if ''."""
    if i == end:
        return NO_SOURCE
    for k in range(len(sources)):
        if end - i < sources.shape[1] and sources[k, end - i] == 0 and sources[k, 0] == b[i]:
            same = True
            for m in range(end - i):
                same = same and sources[k, m] == b[i + m]
            if same:
                return k
    return len(sources)


@jit
def _column(packed, length):
    """Which row of `numbers` a key fills, or -1."""
    if length == 3:
        return LAT if packed == _LAT else LON if packed == _LON else -1
    if length == 2:
        return GS if packed == _GS else -1
    if length == 5:
        return TRACK if packed == _TRACK else -1
    if length == 8:
        return AGE if packed == _SEEN_POS else -1
    if length == 9:
        return RATE if packed == _BARO else GEOM_RATE if packed == _GEOM else -1
    return SEEN if length == 4 and packed == _SEEN else -1


@jit
def _wanted(packed, length):
    """Whether a key's value is text or flags that we use."""
    if length == 1:
        return packed == _R or packed == _T
    if length == 3:
        return packed == _HEX
    if length == 4:
        return packed == _TYPE
    if length == 6:
        return packed == _FLIGHT
    return (length == 7 and packed == _FLAGS) or (length == 8 and packed == _CATEGORY)


@jit
def _field(b, i, packed, row, sources, texts, marks, hex_at):
    """The value of a `_wanted` key."""
    flight, reg, kind = texts
    address, military, vehicle, source = marks
    if packed == _FLAGS:
        end = digits(b, i)  # whole, not negative
        if end == GAVE_UP or end - i > 9 or (end - i > 1 and b[i] == ZERO):
            return GAVE_UP
        if b[end] == POINT or b[end] == 69 or b[end] == 101:
            return GAVE_UP
        military[row] = ((b[end - 1] - ZERO) & 1) == 1
        return end
    end = plain(b, i)
    if end == GAVE_UP:
        return GAVE_UP
    start, stop = i + 1, end - 1
    if packed == _HEX:
        address[row] = _address(b, start, stop)
        hex_at[row, 0], hex_at[row, 1] = start, stop
    elif packed == _TYPE:
        source[row] = _source(b, start, stop, sources)
    elif packed == _CATEGORY:
        vehicle[row] = start < stop and (b[start] == 67 or b[start] == 99)
    elif packed == _FLIGHT:
        _keep(b, start, stop, flight[row], True)
    elif packed == _R:
        _keep(b, start, stop, reg[row], False)
    else:
        _keep(b, start, stop, kind[row], False)
    return end


@jit
def _craft(b, i, row, sources, numbers, ground, texts, marks, hex_at):
    """One aircraft, from its brace."""
    if b[i] != OPEN:
        return GAVE_UP
    i = blank(b, i + 1)
    if b[i] == CLOSE:
        return i + 1
    while True:
        start = i + 1
        packed, length, i = key(b, i)
        if i == GAVE_UP:
            return GAVE_UP
        column = _column(packed, length)
        if length == 9 and b[start] != 98 and b[start] != 103:  # only eight letters were compared
            column = -1
        if column >= 0:
            numbers[column, row], i = number(b, i)
        elif length == 8 and packed == _ALT:
            i = GAVE_UP if b[i] == NULL else altitude(b, i, numbers, ground, row)
        elif _wanted(packed, length):
            i = _field(b, i, packed, row, sources, texts, marks, hex_at)
        else:
            i = skip(b, i)
        if i == GAVE_UP:
            return GAVE_UP
        i = blank(b, i)
        if b[i] == CLOSE:
            return i + 1
        if b[i] != COMMA:
            return GAVE_UP
        i = blank(b, i + 1)


@jit
def _forget(row, numbers, ground, texts, marks, hex_at):
    """Nothing is known of this row."""
    flight, reg, kind = texts
    address, military, vehicle, source = marks
    numbers[:, row], ground[row], hex_at[row] = np.nan, False, 0
    flight[row], reg[row], kind[row] = 0, 0, 0
    address[row], military[row], vehicle[row], source[row] = 0, False, False, NO_SOURCE


@jit
def snapshot(b, i, sources, numbers, ground, texts, marks, hex_at):
    """The list of aircraft from its bracket: (how many, past it)."""
    i = blank(b, i + 1)
    if b[i] == END:
        return 0, i + 1
    row = 0
    while row < len(ground):
        _forget(row, numbers, ground, texts, marks, hex_at)
        i = _craft(b, i, row, sources, numbers, ground, texts, marks, hex_at)
        row += 1
        if i == GAVE_UP:
            break
        i = blank(b, i)
        if b[i] == END:
            return row, i + 1
        if b[i] != COMMA:
            break
        i = blank(b, i + 1)
    return 0, GAVE_UP
