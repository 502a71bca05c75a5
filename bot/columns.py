"""Lists of values, as a decoder tells them, to columns: a whole array at a time.

A world snapshot is 17,000 values a field every minute, and one pass of Python over a field costs
milliseconds. So values of the usual shape go through numpy together, and only the odd ones (they
are looked for, never assumed away) one by one. Promises: the same as value by value. Refuses
nothing: what makes no sense is unknown (NaN, b"", 0), never a guess.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import repeat
from operator import eq

import numpy as np
import numpy.typing as npt

from bot.model.air import SOURCES, Positions

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.bytes_]
Bools = npt.NDArray[np.bool_]

GROUND = "ground"  # readsb's word in place of an altitude
NOBODY = 0xFFFFFF  # with zero, what a transponder without an address sends
NO_DIGIT = 255

_HEX = np.full(256, NO_DIGIT, np.uint8)
for _digit in b"0123456789abcdefABCDEF":
    _HEX[_digit] = int(chr(_digit), 16)
_CALLSIGN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def joined(parts: Sequence[Positions]) -> Positions:
    """Several positions as one."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Positions.empty()
    names = Positions.__dataclass_fields__
    return Positions(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def numbers(told: Sequence[float | None]) -> Floats:
    """NaN where there is none."""
    try:
        return np.fromiter(told, np.float64, len(told))
    except TypeError:
        return np.array(told, np.float64)


def possible(column: Floats) -> Floats:
    """Without numbers that no instrument tells and that a single-precision column cannot hold."""
    far = np.abs(column) >= 1e9
    return np.where(far, np.nan, column) if far.any() else column


def flagged(told: Sequence[int | None], bit: int) -> Bools:
    """Where this bit is set; an unknown number has none."""
    try:
        return np.asarray(np.fromiter(told, np.int64, len(told)) & bit > 0)
    except (TypeError, OverflowError):
        return np.array([bool((t or 0) & bit) for t in told], bool)


def heights(told: Sequence[float | str | None]) -> tuple[Floats, Bools]:
    """Altitudes, NaN where unknown; and where the word 'ground' stood in their place."""
    try:
        return numbers(told), np.zeros(len(told), bool)  # type: ignore[arg-type]
    except ValueError:  # there is text among them
        ground = np.fromiter(map(eq, told, repeat(GROUND)), bool, len(told))
    values = list(told)
    for i in np.flatnonzero(ground).tolist():
        values[i] = math.nan
    try:
        return numbers(values), ground  # type: ignore[arg-type]
    except ValueError:
        return numbers([_number(v) for v in values]), ground


def _number(value: float | str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


class _Sources(dict[str | None, int]):
    def __missing__(self, key: str | None) -> int:
        return SOURCES.index("other") if key else 0


_SOURCE = _Sources({name: i for i, name in enumerate(SOURCES)})


def sources(told: Sequence[str | None]) -> npt.NDArray[np.uint8]:
    """readsb's `type` as index in SOURCES; without one it is what a receiver heard itself."""
    return np.fromiter(map(_SOURCE.__getitem__, told), np.uint8, len(told))


def vehicles(told: Sequence[str | None]) -> Bools:
    """Emitter categories of surface vehicles and obstacles: C0 to C7."""
    kinds = {c for c in set(told) if c and c[0] in "Cc"}
    return np.array([c in kinds for c in told] if kinds else np.zeros(len(told)), bool)


def addresses(told: Sequence[str | None]) -> npt.NDArray[np.uint32]:
    """Of six hexadecimal digits; 0 for anything else, and for the addresses of nobody."""
    raw = _raw(told, 7)
    if raw is None:
        return np.array([address(t) for t in told], np.uint32)
    chars = raw.view(np.uint8).reshape(len(told), 7)
    good = chars[:, 6] == 0
    value = np.zeros(len(told), np.uint32)
    for k in range(6):  # numpy is slow along a short axis
        digit = _HEX[chars[:, k]]
        good &= digit != NO_DIGIT
        value = value << np.uint32(4) | digit
    value[~good | (value == NOBODY)] = 0
    return value


def address(text: str | None) -> int:
    """Of one aircraft; 0 when it is not six hexadecimal digits (or nobody's)."""
    raw = text.encode("ascii", "replace") if text else b""
    value = int(raw, 16) if len(raw) == 6 and raw.isalnum() and _is_hex(raw) else 0
    return value if value != NOBODY else 0


def _is_hex(raw: bytes) -> bool:
    return all(_HEX[b] != NO_DIGIT for b in raw)


def texts(told: Sequence[str | None], width: int) -> Texts:
    """Stripped, upper case, ASCII, cut to `width` bytes; b"" where there is none."""
    return _texts(told, width, lambda t: text(t, width))


def callsigns(told: Sequence[str | None]) -> Texts:
    """Stripped, upper case, S8; what no crew can key in (N/A, @@@@@@@@) is 'none heard'."""
    out = _texts(told, 8, callsign)
    if out.tobytes().translate(None, _CALLSIGN + b"\0"):
        for i in np.flatnonzero(~np.strings.isalnum(out)).tolist():
            out[i] = b""
    return out


@lru_cache(maxsize=65_536)  # the same aircraft come with every poll
def callsign(told: str | None) -> bytes:
    """As sent, without padding; what no crew can key in (N/A, @@@@@@@@) is 'none heard'."""
    clean = told.strip().upper() if told else ""
    return clean.encode()[:8] if clean.isascii() and clean.isalnum() else b""


@lru_cache(maxsize=65_536)
def text(told: str | None, width: int) -> bytes:
    """Stripped, upper case, ASCII, cut to `width` bytes."""
    return told.strip().upper().encode("ascii", "ignore")[:width] if told else b""


def same(text: bytes, width: int, n: int) -> Texts:
    """A column of one text. numpy fills texts one by one: so, it takes a twentieth of the time."""
    return np.frombuffer(bytearray(text.ljust(width, b"\0") * n), f"S{width}")


def _texts(told: Sequence[str | None], width: int,
           one: Callable[[str | None], bytes]) -> Texts:  # fmt: skip
    """The column; `one` reads what is longer than it."""
    raw = _raw(told, width + 1)
    if raw is None:
        return np.array([one(t) for t in told], f"S{width}")
    long = np.flatnonzero(raw.view(np.uint8)[width :: width + 1])
    upper = np.frombuffer(raw.tobytes().upper(), raw.dtype)
    out: Texts = np.strings.strip(upper).astype(f"S{width}")
    for i in long.tolist():
        out[i] = one(told[i])
    return out


def _raw(told: Sequence[str | None], width: int) -> Texts | None:
    """The first `width` characters of each; None if some are not ASCII or not printable."""
    try:
        joined = "".join(told)  # type: ignore[arg-type]
    except TypeError:  # None among them
        return _raw([t or "" for t in told], width)
    if not (joined.isascii() and joined.isprintable()):
        return None
    return np.array(told, f"S{width}")
