"""The rows of a readsb trace to columns."""

import numpy as np

from bot.scan.grammar import (
    CLOSE,
    COMMA,
    END,
    GAVE_UP,
    GS,
    LAT,
    LIST,
    LON,
    NULL,
    OPEN,
    RATE,
    TRACK,
    ZERO,
    T,
    altitude,
    blank,
    digits,
    jit,
    key,
    maybe,
    number,
    packed_key,
    plain,
    skip,
    word,
)  # fmt: skip

_FLIGHT = packed_key("flight")


@jit
def _detail(b, i, flight):
    """The object of a trace's row; `flight` becomes where its callsign stands."""
    flight[0] = flight[1] = 0
    if b[i] == NULL:
        return word(b, i, b"null")
    if b[i] != OPEN:
        return GAVE_UP
    i = blank(b, i + 1)
    if b[i] == CLOSE:
        return i + 1
    while True:
        packed, length, i = key(b, i)
        if i == GAVE_UP:
            return GAVE_UP
        if length == 6 and packed == _FLIGHT:
            end = word(b, i, b"null") if b[i] == NULL else plain(b, i)
            flight[0], flight[1] = (0, 0) if b[i] == NULL else (i + 1, end - 1)
        else:
            end = skip(b, i)
        if end == GAVE_UP:
            return GAVE_UP
        i = blank(b, end)
        if b[i] == CLOSE:
            return i + 1
        if b[i] != COMMA:
            return GAVE_UP
        i = blank(b, i + 1)


@jit
def _step(b, i):
    """After a value: the next one, or, when the row is over, -2 - (past its bracket)."""
    if i == GAVE_UP:
        return GAVE_UP
    i = blank(b, i)
    if b[i] == COMMA:
        return blank(b, i + 1)
    return -3 - i if b[i] == END else GAVE_UP


@jit
def _over(i):
    """Where a row ended of which `_step` said so."""
    return GAVE_UP if i == GAVE_UP else -2 - i


@jit
def _row(b, i, row, numbers, ground, flight):
    """One report, from its bracket: t, lat, lon, alt, gs, track, flags, rate, detail, ...

    Straight on: as a loop over the columns it takes half as long again.
    """
    if b[i] != LIST:
        return GAVE_UP
    numbers[T, row], i = number(b, blank(b, i + 1))
    i = _step(b, i)
    if i < 0:
        return GAVE_UP
    numbers[LAT, row], i = number(b, i)
    i = _step(b, i)
    if i < 0:
        return GAVE_UP
    numbers[LON, row], i = number(b, i)
    i = _step(b, i)
    if i < 0:
        return _over(i)
    i = _step(b, altitude(b, i, numbers, ground, row))
    if i < 0:
        return _over(i)
    numbers[GS, row], i = maybe(b, i)
    i = _step(b, i)
    if i < 0:
        return _over(i)
    numbers[TRACK, row], i = maybe(b, i)
    i = _step(b, i)
    if i < 0:
        return _over(i)
    i = _step(b, _flags(b, i))
    if i < 0:
        return _over(i)
    numbers[RATE, row], i = maybe(b, i)
    i = _step(b, i)
    if i < 0:
        return _over(i)
    i = _step(b, _detail(b, i, flight))
    while i >= 0:
        i = _step(b, skip(b, i))
    return _over(i)


@jit
def _flags(b, i):
    """Past a small whole number; a point or an exponent is no end of a value."""
    end = digits(b, i)
    if end - i > 9 or (end - i > 1 and b[i] == ZERO):
        return GAVE_UP
    return end


@jit
def trace(b, i, numbers, ground, calls):
    """The rows of a trace from their bracket: (how many, past it, how many of `calls`).

    `calls`: row, begin and end of each callsign that is not the one told before it.
    """
    i = blank(b, i + 1)
    if b[i] == END:
        return 0, i + 1, 0
    flight, row, told = np.zeros(2, np.int64), 0, 0
    while row < len(ground):
        flight[:] = 0
        numbers[:, row], ground[row] = np.nan, False
        i = _row(b, i, row, numbers, ground, flight)
        if i == GAVE_UP:
            break
        if flight[0] and not _same(b, flight, calls, told):
            calls[told, 0], calls[told, 1], calls[told, 2] = row, flight[0], flight[1]
            told += 1
        row += 1
        i = blank(b, i)
        if b[i] == END:
            return row, i + 1, told
        if b[i] != COMMA:
            break
        i = blank(b, i + 1)
    return 0, GAVE_UP, 0


@jit
def _same(b, flight, calls, told):
    if told == 0 or calls[told - 1, 2] - calls[told - 1, 1] != flight[1] - flight[0]:
        return False
    for k in range(flight[1] - flight[0]):
        if b[calls[told - 1, 1] + k] != b[flight[0] + k]:
            return False
    return True
