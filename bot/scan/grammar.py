"""readsb's JSON, byte by byte, straight to columns: machine code by numba, no object per value.

It reads the plain form only: what every readsb writes. At the first byte that is anything else (an
escape where text is wanted, an exponent, a number of more than 15 digits, a wrong type, broken
JSON) it returns GAVE_UP, and the whole document belongs to the ordinary parser. So it may refuse
what is right, but never reads what is wrong. Numbers are exact: below 2**53 over a power of ten up
to 22 is one correctly rounded division.

Every function takes the bytes `b` and where to begin, and returns where it ended, or GAVE_UP. `b`
is the memory of a `bytes`, which ends in a zero that does not count; no step goes past a zero, so
nothing has to ask where the end is.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import numba
import numpy as np

GAVE_UP = -1
DIGITS = 15
DEEP = 30  # objects and lists within each other
_TENS = 10.0 ** np.arange(DIGITS + 2)

# Rows of `numbers`
LAT, LON, ALT, GS, TRACK, RATE, AGE, GEOM_RATE, SEEN = range(9)
T = AGE  # of a trace
NO_SOURCE = 255  # the decoder does not say


def _cache() -> Path:
    """Where the machine code is kept: apart for each version of these sources, since numba itself
    looks only at the file in which a function stands."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    texts = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    digest = hashlib.sha256(b"".join(texts)).hexdigest()[:12]
    return Path(base).expanduser() / "airbridge" / f"scan-{digest}"


numba.config.CACHE_DIR = str(_cache())
jit: Any = numba.njit(cache=True, nogil=True, error_model="numpy")

QUOTE, BACK, COMMA, COLON = 34, 92, 44, 58
OPEN, CLOSE, LIST, END = 123, 125, 91, 93
ZERO, NINE, MINUS, POINT = 48, 57, 45, 46
NULL = 110  # its first letter


@jit
def blank(b, i):
    """Past white space."""
    while True:
        c = b[i]
        if c != 32 and c != 10 and c != 13 and c != 9:
            return i
        i += 1


@jit
def word(b, i, word):
    """Past exactly these bytes."""
    for k in range(len(word)):
        if b[i + k] != word[k]:
            return GAVE_UP
    return i + len(word)


@jit
def _text(b, i):
    """Past a string whose content nobody wants; `i` is at its quote."""
    if b[i] != QUOTE:
        return GAVE_UP
    i += 1
    while True:
        c = b[i]
        if c == QUOTE:
            return i + 1
        if c < 32:
            return GAVE_UP
        if c == BACK:
            i += 1
            e = b[i]
            # \b \f \n \r \t \" \/ \\; of \u the rest would have to be checked
            if not (e == 98 or e == 102 or e == 110 or e == 114 or e == 116 or e == QUOTE
                    or e == 47 or e == BACK):  # fmt: skip
                return GAVE_UP
        i += 1


@jit
def plain(b, i):
    """Past a string of printable ASCII without escapes; `i` is at its quote."""
    if b[i] != QUOTE:
        return GAVE_UP
    i += 1
    while True:
        c = b[i]
        if c == QUOTE:
            return i + 1
        if c < 32 or c > 126 or c == BACK:
            return GAVE_UP
        i += 1


@jit
def digits(b, i):
    """Past one digit or more."""
    start = i
    while ZERO <= b[i] <= NINE:
        i += 1
    return i if i > start else GAVE_UP


@jit
def _skip_number(b, i):
    if b[i] == MINUS:
        i += 1
    i = i + 1 if b[i] == ZERO else digits(b, i)
    if i != GAVE_UP and b[i] == POINT:
        i = digits(b, i + 1)
    if i != GAVE_UP and (b[i] == 69 or b[i] == 101):
        i += 1
        if b[i] == 43 or b[i] == MINUS:
            i += 1
        i = digits(b, i)
    return i


@jit
def number(b, i):
    """(value, past it)"""
    negative = b[i] == MINUS
    if negative:
        i += 1
    start, whole, fraction = i, np.int64(0), 0
    while ZERO <= b[i] <= NINE:
        whole = whole * 10 + (b[i] - ZERO)
        i += 1
    count = i - start
    if count == 0 or (count > 1 and b[start] == ZERO):
        return 0.0, GAVE_UP
    if b[i] == POINT:
        i += 1
        start = i
        while ZERO <= b[i] <= NINE:
            whole = whole * 10 + (b[i] - ZERO)
            i += 1
        fraction = i - start
        if fraction == 0:
            return 0.0, GAVE_UP
    if count + fraction > DIGITS or b[i] == 69 or b[i] == 101:
        return 0.0, GAVE_UP
    value = whole / _TENS[fraction]
    if negative and (whole or fraction):  # an integer zero has no sign
        value = -value
    return value, i


@jit
def maybe(b, i):
    """A number, or null as NaN: (value, past it)"""
    if b[i] == NULL:
        return np.nan, word(b, i, b"null")
    return number(b, i)


@jit
def _scalar(b, i):
    """Past a value that is neither object nor list."""
    c = b[i]
    if c == QUOTE:
        return _text(b, i)
    if c == NULL:
        return word(b, i, b"null")
    if c == 116:
        return word(b, i, b"true")
    if c == 102:
        return word(b, i, b"false")
    return _skip_number(b, i)


@jit
def _name(b, i):
    """Past a key that nobody wants, its colon, and the blanks around."""
    i = _text(b, i)
    if i == GAVE_UP:
        return GAVE_UP
    i = blank(b, i)
    return blank(b, i + 1) if b[i] == COLON else GAVE_UP


@jit
def skip(b, i):
    """Past any value. What is open is kept as bits (1: an object), the innermost last."""
    depth, inside = 0, 0
    while i != GAVE_UP:
        c = b[i]
        if c == OPEN or c == LIST:
            i = blank(b, i + 1)
            if b[i] != (CLOSE if c == OPEN else END):
                depth, inside = depth + 1, inside * 2 + (1 if c == OPEN else 0)
                if depth > DEEP:
                    return GAVE_UP
                if c == OPEN:
                    i = _name(b, i)
                continue
            i += 1
        else:
            i = _scalar(b, i)
        while depth and i != GAVE_UP:  # what follows a value inside
            i = blank(b, i)
            c = b[i]
            if c == COMMA:
                i = blank(b, i + 1)
                if inside & 1:
                    i = _name(b, i)
                break
            if c != (CLOSE if inside & 1 else END):
                return GAVE_UP
            depth, inside, i = depth - 1, inside // 2, i + 1
        else:
            return i
    return GAVE_UP


@jit
def key(b, i):
    """A key and its colon: (its last eight bytes as a number, its length, start of the value)"""
    if b[i] != QUOTE:
        return np.uint64(0), 0, GAVE_UP
    i += 1
    start, packed = i, np.uint64(0)
    while True:
        c = b[i]
        if c == QUOTE:
            break
        if c < 32 or c == BACK:
            return np.uint64(0), 0, GAVE_UP
        packed = (packed << np.uint64(8)) | np.uint64(c)
        i += 1
    length = i - start
    i = blank(b, i + 1)
    if b[i] != COLON:
        return np.uint64(0), 0, GAVE_UP
    return packed, length, blank(b, i + 1)


def packed_key(key: str) -> np.uint64:
    return np.uint64(int.from_bytes(key.encode()[-8:], "big"))


@jit
def find(b, name, other):
    """The bracket of the first list under one of these keys of the document's own object."""
    i = blank(b, 0)
    if b[i] != OPEN:
        return GAVE_UP
    i = blank(b, i + 1)
    while True:
        start = i + 1
        _, length, i = key(b, i)
        if i == GAVE_UP:
            return GAVE_UP
        named = (length == len(name) and word(b, start, name) != GAVE_UP) or (
            length == len(other) and word(b, start, other) != GAVE_UP
        )
        if named and b[i] == LIST:
            return i
        i = skip(b, i)
        if i == GAVE_UP:
            return GAVE_UP
        i = blank(b, i)
        if b[i] != COMMA:
            return GAVE_UP
        i = blank(b, i + 1)


@jit
def altitude(b, i, numbers, ground, row):
    if b[i] == QUOTE:
        numbers[ALT, row], ground[row] = np.nan, True
        return word(b, i, b'"ground"')
    numbers[ALT, row], i = maybe(b, i)
    ground[row] = False
    return i
