"""The rows of a trace, from decoded structs to columns, by way of msgpack.

To take the values out of a million structs, one Python object after another, takes longer than to
decode them. Encoded again as msgpack they are bytes in which a known number stands at a known
place: a row is its mark, then its fields, a float with its mark in nine bytes, an unknown one in a
single byte. numpy finds the rows and copies whole columns out of them. Promises: the rows found are
exactly the rows encoded, because each is seen to end where the next begins. Refuses (Odd): texts
for which there is no place, in rows that nobody sends.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from bot import columns, scan

Number = float | None
Floats = columns.Floats
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.intp]


class Odd(Exception):
    """Rows with other than numbers, 'ground' and short callsigns in them."""


class Detail(msgspec.Struct, gc=False, omit_defaults=True):
    """What is told of an aircraft only now and then."""

    flight: str | None = None


class Row(msgspec.Struct, array_like=True, gc=False):
    """A report. Of readsb's row only the leading nine fields: older archives have no more, and what
    is not declared is skipped without being built."""

    t: float
    lat: float
    lon: float
    alt: float | str | None = None
    gs: Number = None
    trk: Number = None
    flags: int = 0
    vr: Number = None
    detail: Detail | None = None


_encode = msgspec.msgpack.Encoder().encode

# Marks of msgpack: of nine fields, of a float, of nothing, of a small whole number (itself), of a
# map of none and of one, of texts of six bytes ('flight', 'ground') and of no byte.
ROW, FLOAT, NIL, SMALL, NONE, ONE, SIX, TEXT = 0x99, 0xCB, 0xC0, 0x7F, 0x80, 0x81, 0xA6, 0xA0


# Bytes of a field by its mark; 0: it has no such mark.
_OF_NUMBER, _OF_HEIGHT, _OF_FLAGS, _OF_DETAIL, _OF_TEXT = np.zeros((5, 256), np.intp)
_OF_NUMBER[FLOAT], _OF_NUMBER[NIL] = 9, 1
_OF_HEIGHT[FLOAT], _OF_HEIGHT[NIL], _OF_HEIGHT[SIX] = 9, 1, 7
_OF_FLAGS[: SMALL + 1] = 1
_OF_DETAIL[NIL], _OF_DETAIL[NONE], _OF_DETAIL[ONE] = 1, 1, 8  # and the text
_OF_TEXT[TEXT : TEXT + 32] = np.arange(1, 33)
# Where the numbers stand in a row that knows them all: six in a line, the flags, one.
_LINE, _HEIGHT, _FLAGS, _RATE, _WIDE = 1, 28, 55, 56, 65
_MAYBE = [28, 37, 46, 56]  # numbers that may be unknown
_NAMES = ("seen_pos", "lat", "lon", "alt_baro", "gs", "track", "baro_rate")  # of `scan.Rows`
_AFTER = ((3, _OF_HEIGHT), (4, _OF_NUMBER), (5, _OF_NUMBER), (None, _OF_FLAGS), (6, _OF_NUMBER))
_ROOM = bytes(2 * _WIDE)  # to look past the end


def rows(lists: Iterable[list[Row]]) -> scan.Rows:
    """Their columns, in this order, with possible numbers only; a list may be gone when the next is
    asked for. Raises Odd."""
    packed: list[bytes | memoryview] = []
    n = 0
    for some in lists:
        packed.append(_packed(some))
        n += len(some)
        del some  # so that the next are built in its place
    data = b"".join((*packed, _ROOM))
    b, size = np.frombuffer(data, np.uint8), len(data) - len(_ROOM)
    begin = _begins(b, size)
    numbers, past = _columns(data, b, begin)
    if len(begin) > n:  # some were the inside of a number
        good = np.flatnonzero(past)
        begin, past, numbers = begin[good], past[good], numbers.take(good, axis=1)
    calls, past = _calls(data, b, past)
    if len(begin) != n or (n and not (begin[0] == 0 and past[-1] == size)):
        raise Odd
    if (past[:-1] != begin[1:]).any():
        raise Odd
    number = dict(zip(_NAMES, columns.possible(numbers), strict=True))
    return scan.Rows(b"", number, _ground(data, b, begin), calls)


def _packed(some: list[Row]) -> memoryview:
    """The bytes of rows, without those before a list. Raises Odd."""
    try:
        told = _encode(some)
    except OverflowError as exc:  # flags of more than 64 bits
        raise Odd from exc
    return memoryview(told)[1 if len(some) < 16 else 3 if len(some) < 1 << 16 else 5 :]


def _begins(b: Bytes, size: int) -> Ints:
    """Where rows may begin, by their mark and three floats: all that do, and seldom the inside of
    a number."""
    may = b[:size] == ROW
    for ahead in (1, 10, 19):
        may &= b[ahead : size + ahead] == FLOAT
    return np.flatnonzero(may)


def _columns(data: bytes, b: Bytes, begin: Ints) -> tuple[Floats, Ints]:
    """The numbers of rows, and where each is past its last (0: it is no row)."""
    n = len(begin)
    if not n:
        return np.empty((len(_NAMES), 0)), begin
    wide = np.ndarray((len(data) - _WIDE,), f"V{_WIDE}", data, strides=(1,))[begin]
    byte = wide.view(np.uint8).reshape(n, _WIDE)
    numbers = np.empty((len(_NAMES), n))
    numbers[:6] = np.ndarray((6, n), ">f8", wide, _LINE + 1, (9, _WIDE))
    numbers[6] = np.ndarray((n,), ">f8", wide, _RATE + 1, (_WIDE,))
    whole = (byte.T[_MAYBE] == FLOAT).all(axis=0) & (byte[:, _FLAGS] <= SMALL)
    past, rest = begin + _WIDE, np.flatnonzero(~whole)
    if len(rest):
        past[rest] = _walk(data, b, begin[rest], rest, numbers)
    return numbers, past


def _walk(data: bytes, b: Bytes, begin: Ints, rows: Ints, numbers: Floats) -> Ints:
    """The same for rows in which something is unknown: field by field."""
    eight = np.ndarray((len(data) - 8,), ">f8", data, strides=(1,))
    at, good = begin + _HEIGHT, np.ones(len(begin), bool)
    for column, sizes in _AFTER:
        mark = b[at]
        if column is not None:
            numbers[column, rows] = np.where(mark == FLOAT, eight[at + 1], np.nan)
        size = sizes[mark]
        good &= size > 0
        at = at + size
    return np.where(good, at, 0)


def _ground(data: bytes, b: Bytes, begin: Ints) -> columns.Bools:
    """Where a word stands in place of the altitude. Raises Odd when it is not 'ground'."""
    ground = b[begin + _HEIGHT] == SIX
    if ground.any():
        six = np.ndarray((len(data) - 6,), "S6", data, strides=(1,))[begin[ground] + _HEIGHT + 1]
        if (six != columns.GROUND.encode()).any():
            raise Odd
    return np.asarray(ground)


def _calls(data: bytes, b: Bytes, at: Ints) -> tuple[tuple[tuple[int, str], ...], Ints]:
    """From which row on each other callsign is told; and where each row ends. Raises Odd."""
    mark = b[at]
    end = at + _OF_DETAIL[mark]
    told = np.flatnonzero(mark == ONE)
    at = end[told]
    size = _OF_TEXT[b[at]]
    past = at + size
    end[told] = past
    eight = np.ndarray((len(data) - 8,), "u8", data, strides=(1,))[at + 1]
    new = np.ones(len(told), bool)
    new[1:] = (eight[1:] != eight[:-1]) | (size[1:] != 9) | (size[:-1] != 9)
    calls = zip(told[new].tolist(), (at + 1)[new].tolist(), past[new].tolist(), strict=True)
    return tuple((row, data[i:j].decode()) for row, i, j in calls), end
