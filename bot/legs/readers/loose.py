"""Values that have not the type they should have: read as far as they make sense.

One odd value must cost no more than the row it stands in. These functions see only what the typed
decoders refused. Promises: a value, or None where there is none; never an exception.
"""

import math
from typing import Any

import msgspec

from bot.legs.readers import table

# what any bytes can make the decoder raise; nested a thousand deep they end its recursion
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def value(raw: msgspec.Raw) -> Any:
    """Some JSON, whatever it is; None where it cannot be read."""
    try:
        return msgspec.json.decode(raw)
    except UNREADABLE:
        return None


def number(told: Any) -> float | None:
    """A finite number, maybe told as text."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        found = float(told)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def text(told: Any) -> str | None:
    """Text, or nothing."""
    return told if isinstance(told, str) else None


def time_s(told: Any) -> float:
    """The number, or the epoch seconds of ISO text; NaN for anything else."""
    return table.time_of(told)
